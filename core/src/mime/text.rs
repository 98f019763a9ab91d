use super::{
    Entity,
    evidence::{self, Evidence},
};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    source::Content,
};
use std::{io, ops::Range};

/// Octets of a text by which its charset is known.
const SAMPLE: usize = 64 << 10;

/// The text of a `text/…` entity of `message`: decoded, its lines ending in LF, no more than [`Limits::text`] octets of it;
/// and what was wrong with its charset or transfer encoding.
///
/// Octets that are not of the charset declared are read as what they are: [`Message`](crate::model::Message), which knows what
/// the other parts and the header section say, decides better.
///
/// # Errors
/// Errors of the source.
pub fn text(entity: &Entity, message: &Content, limits: &Limits) -> Result<(String, Vec<Defect>)> {
    text_without(entity, message, limits, &[], &Evidence::default)
}

/// The same without the octets `left_out` of the decoded body, ranges in order; `evidence` is asked for where the charset is in doubt.
pub(crate) fn text_without(
    entity: &Entity,
    message: &Content,
    limits: &Limits,
    left_out: &[Range<u64>],
    evidence: &dyn Fn() -> Evidence,
) -> Result<(String, Vec<Defect>)> {
    let (octets, mut defects) = octets(entity, message, limits.text, left_out)?;
    let declared = entity.media_type().parameters().octets("charset").unwrap_or_default();
    let reading = read(entity, &octets, evidence);
    let label = String::from_utf8_lossy(declared);
    let decision = match (&reading.used, &*label) {
        (Some(used), "") => format!("8-bit text without a declared charset was read as {used}"),
        (Some(used), label) => format!("text that is not in the declared charset {label} was read as {used}"),
        (None, label) if octets.is_ascii() && !label.is_empty() => {
            format!("the declared charset {label} is unknown")
        }
        (None, "") => "octets that are invalid in the charset of the text were replaced".to_owned(),
        (None, label) => format!("octets that are invalid in the declared charset {label} were replaced"),
    };
    if reading.used.is_some() || !reading.exact {
        defects.push(Defect::new(DefectKind::Charset, decision));
    }
    Ok((with_line_feeds(&reading.text), defects))
}

/// The charset of a text: the one declared where its octets are in it, or else the one they are read in.
pub(crate) fn charset_of(
    entity: &Entity,
    message: &Content,
    evidence: &dyn Fn() -> Evidence,
) -> io::Result<Option<String>> {
    let (octets, _) = octets(entity, message, SAMPLE, &[])?;
    let declared = entity.media_type().parameters().octets("charset").unwrap_or_default();
    let reading = read(entity, &octets, evidence);
    let label = match reading.used {
        Some(used) => used.into_owned(),
        None => String::from_utf8_lossy(declared).into_owned(),
    };
    Ok(Some(label).filter(|label| !label.is_empty()))
}

/// At most `limit` octets of the decoded body.
fn octets(
    entity: &Entity,
    message: &Content,
    limit: usize,
    left_out: &[Range<u64>],
) -> io::Result<(Vec<u8>, Vec<Defect>)> {
    let mut reader = entity.reader(message);
    let mut octets = Vec::new();
    let mut at = 0;
    loop {
        let piece = reader.next_piece()?;
        let start = at;
        at += piece.len() as u64;
        let mut room = limit.saturating_sub(octets.len());
        let is_last = piece.is_empty() || (left_out.is_empty() && room <= piece.len());
        let mut from = start;
        let first = left_out.partition_point(|gap| gap.end <= start);
        let gaps = left_out.iter().skip(first).take_while(|gap| gap.start < at);
        for gap in gaps.chain([&(at..at)]) {
            let part = |octet: u64| usize::try_from(octet.saturating_sub(start)).unwrap_or(usize::MAX);
            let kept = piece.get(part(from)..part(gap.start.max(from))).unwrap_or_default();
            let kept = kept.get(..room).unwrap_or(kept);
            octets.extend_from_slice(kept);
            room -= kept.len();
            from = gap.end.min(at);
        }
        if is_last || octets.len() >= limit {
            break;
        }
    }
    Ok((octets, reader.defect().into_iter().collect()))
}

fn read<'o>(entity: &Entity, octets: &'o [u8], evidence: &dyn Fn() -> Evidence) -> evidence::Reading<'o> {
    let declared = entity.media_type().parameters().octets("charset").unwrap_or_default();
    if entity.media_type().essence() != "text/html" || octets.is_ascii() {
        return evidence::read(declared, octets, evidence);
    }
    let in_html = evidence::declared_in_html(octets);
    if declared.is_empty() && !in_html.is_empty() && std::str::from_utf8(octets).is_err() {
        // What the document declares is as good as what its header section would.
        return evidence::read(in_html, octets, evidence);
    }
    evidence::read(declared, octets, &|| evidence().led_by(in_html))
}

/// The text with every line end, CRLF or CR, as LF.
fn with_line_feeds(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}
