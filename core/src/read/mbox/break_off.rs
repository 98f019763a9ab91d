//! Whether an mbox ends where its writer ended it. Every writer ends the last line; a file that was cut off seldom ends with one.

use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    model::{Item, Message},
};

/// What shows that the file breaks off in its last message.
pub(super) struct BreakOff {
    /// Of the message.
    pub(super) of_item: Defect,
    /// Of the file, where it is sure.
    pub(super) of_source: Option<Defect>,
}

impl BreakOff {
    /// Looks at the last message of a file whose last octets are `tail` and which ends at `end`.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn of(item: &Item, tail: &[u8], end: u64) -> Result<Option<Self>> {
        // A message that was put into a file by hand may have no last line end and be whole.
        if tail.is_empty() || tail.ends_with(b"\n") || tail.ends_with(b"\r") {
            return Ok(None);
        }
        let Some(message) = item.message() else { return Ok(None) };
        let sure = evidence(message)?;
        let Some(what) = sure.or_else(|| ends_in_character(tail).then_some("in the middle of a character")) else {
            return Ok(None);
        };
        let of = |whose: &str| {
            Defect::new(DefectKind::Truncated, format!("the file ends {what}: {whose} is missing")).at(end)
        };
        Ok(Some(Self {
            of_item: of("the rest of this message"),
            of_source: sure.map(|_| of("what should follow").cutting_short()),
        }))
    }
}

/// Whether the octets end in the first ones of a character in UTF-8. In other charsets they may be a letter.
fn ends_in_character(tail: &[u8]) -> bool {
    tail.utf8_chunks().last().is_some_and(|chunk| matches!(chunk.invalid(), [0xc2..=0xf4, ..]))
}

/// What shows that the message is not whole, but for its last line end.
fn evidence(message: &Message) -> Result<Option<&'static str>> {
    let header = message.header()?;
    let structure = message.structure()?;
    let len = message.content().len();
    if structure.entities().first().is_some_and(|entity| entity.body().start >= len) && header.fields().next().is_some()
    {
        return Ok(Some("in the header section of its last message"));
    }
    if structure.defects().iter().any(|defect| defect.kind() == DefectKind::UnclosedMultipart) {
        return Ok(Some("before the last multipart is closed"));
    }
    let length = header.first("Content-Length").and_then(|field| field.text().trim().parse::<u64>().ok());
    let body = structure.entities().first().map_or(0, |entity| len.saturating_sub(entity.body().start));
    // The line end of the body may be counted.
    if length.is_some_and(|length| length > body.saturating_add(2)) {
        return Ok(Some("before the end that Content-Length gives for its last message"));
    }
    Ok(None)
}
