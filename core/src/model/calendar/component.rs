use super::CalendarTime;
use crate::{
    content_line::{
        ContentLine, ContentLines, Detail, Marker, Placement, Walked, decode_text, is_utf8, unescape_text,
        walk_component,
    },
    defect::{Defect, DefectKind},
    source::{Content, Source},
};
use std::{
    hash::{DefaultHasher, Hasher},
    io,
    ops::Range,
    sync::Arc,
};

/// Zones that one component may name.
const ZONES: usize = 64;

/// What a component of a calendar is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComponentKind {
    /// VEVENT.
    Event,
    /// VTODO.
    Task,
    /// VJOURNAL.
    Journal,
    /// VFREEBUSY.
    FreeBusy,
    /// Any other component that is not a VTIMEZONE.
    Other,
}

impl ComponentKind {
    /// The kind of the component of this name.
    pub fn of(name: &[u8]) -> Self {
        const NAMES: [(&[u8], ComponentKind); 4] = [
            (b"VEVENT", ComponentKind::Event),
            (b"VTODO", ComponentKind::Task),
            (b"VJOURNAL", ComponentKind::Journal),
            (b"VFREEBUSY", ComponentKind::FreeBusy),
        ];
        let known = NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map_or(Self::Other, |(_, kind)| *kind)
    }

    /// The kind as in the item log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Task => "task",
            Self::Journal => "journal",
            Self::FreeBusy => "freebusy",
            Self::Other => "component",
        }
    }
}

/// One component of a calendar object — a master, an override, a VTIMEZONE — as its octets, with what is asked of it often.
#[derive(Clone)]
pub struct CalendarComponent {
    pub(super) source: Source,
    pub(super) range: Range<u64>,
    /// Where what follows the component ends: blank lines, and calendar properties and zones that stand behind it.
    pub(super) after: u64,
    /// The names of what it leaves open, innermost first.
    pub(super) unclosed: Vec<Vec<u8>>,
    /// Shared by its copies.
    pub(super) facts: Arc<Facts>,
    /// What is written instead of its octets, where it was mended; it still stands at its place in the source.
    pub(super) mended: Option<Content>,
}

/// What the lines of a component say.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) name: Vec<u8>,
    pub(super) uid: Option<String>,
    /// A hash of its UID, the same for all components of one object; 0 of one that is empty.
    pub(super) uid_hash: Option<u64>,
    pub(super) is_override: bool,
    pub(super) summary: Option<String>,
    pub(super) start: Option<CalendarTime>,
    pub(super) due: Option<CalendarTime>,
    pub(super) repeats: bool,
    pub(super) zone_id: Option<String>,
    pub(super) zone_ids: Vec<String>,
    pub(super) years: Option<(i64, i64)>,
    pub(super) legacy_charset: bool,
    pub(super) defects: Vec<Defect>,
}

impl CalendarComponent {
    /// Reads the component whose `BEGIN` line comes next.
    pub(super) fn read(lines: &mut ContentLines, source: &Source) -> io::Result<Self> {
        let start = lines.offset();
        let mut facts = Facts::default();
        let mut defects = Vec::new();
        let walked =
            walk_component(lines, Detail::Parsed, may_stand, &mut defects, |depth, line, content, defects| {
                if let Some(content) = content {
                    facts.take(depth, content);
                }
                if !facts.legacy_charset && line.whole && !is_utf8(line.head) {
                    facts.legacy_charset = true;
                    let (_, charset) = decode_text(line.head, None);
                    defects
                        .push(Defect::new(DefectKind::Charset, format!("not UTF-8, read as {charset}")).at(line.start));
                }
            })?;
        facts.defects = defects;
        let Walked { name, end, unclosed } = walked;
        facts.name = name;
        Ok(Self {
            source: source.clone(),
            range: start..end,
            after: end,
            unclosed,
            facts: Arc::new(facts),
            mended: None,
        })
    }

    /// The component of these octets: what a component of the calendar was mended to, or was made to go with it.
    pub(crate) fn of_octets(octets: Vec<u8>) -> io::Result<Self> {
        let source: Source = Arc::new(octets.clone());
        Self::read(&mut ContentLines::over(octets), &source)
    }

    /// The same component at the same place, of other octets.
    pub(crate) fn replaced(&self, content: Content) -> io::Result<Self> {
        let mut lines = match content.as_slice() {
            Some(octets) => ContentLines::over(octets.to_vec()),
            None => ContentLines::new(Arc::new(content.clone())).map_err(io::Error::other)?,
        };
        let Self { facts, unclosed, .. } = Self::read(&mut lines, &self.source)?;
        let (source, range, after) = (self.source.clone(), self.range.clone(), self.after);
        Ok(Self { source, range, after, unclosed, facts, mended: Some(content) })
    }

    /// The same component at the same place, of octets in which no line is another that tells of it.
    pub(crate) fn rewritten(&self, content: Content) -> Self {
        Self { mended: Some(content), ..self.clone() }
    }

    /// Whether this is the same component, unchanged since it was copied.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.facts, &other.facts) && self.content().len() == other.content().len()
    }

    /// Whether a line tells of a component what is asked of it often: its extent, one of its facts.
    pub(crate) fn is_told_by(line: &ContentLine<'_>) -> bool {
        let names: &[&str] = match line.name.len() {
            3 => &["UID", "DUE", "END"],
            4 => &["TZID"],
            5 => &["BEGIN", "RRULE", "RDATE", "DTEND"],
            7 => &["SUMMARY", "DTSTART"],
            13 => &["RECURRENCE-ID"],
            _ => &[],
        };
        names.iter().any(|name| line.is(name)) || stated_zone(line).is_some()
    }

    /// Reads of the component whose `BEGIN` line comes next only its extent, and what tells which components belong together.
    pub(super) fn read_identity(lines: &mut ContentLines, source: &Source) -> io::Result<Self> {
        let start = lines.offset();
        let mut facts = Facts::default();
        let walked = walk_component(lines, Detail::Nesting, may_stand, &mut Vec::new(), |depth, line, _, _| {
            let may_tell = matches!(line.head.first(), Some(b'U' | b'u' | b'R' | b'r' | b'T' | b't'));
            if depth == 1
                && may_tell
                && let Some(content) = ContentLine::parse(line.head)
            {
                if content.is("UID") {
                    facts.take_uid_hash(&content);
                } else if content.is("RECURRENCE-ID") || content.is("TZID") {
                    facts.take_property(&content, None);
                }
            }
        })?;
        let Walked { name, end, unclosed } = walked;
        facts.name = name;
        Ok(Self {
            source: source.clone(),
            range: start..end,
            after: end,
            unclosed,
            facts: Arc::new(facts),
            mended: None,
        })
    }

    /// The same component without what follows it, if that is more than zones and properties of the calendar: blank lines, and lines
    /// that are none. The zones are found where they are named.
    pub(crate) fn without_strays(&self) -> io::Result<Option<Self>> {
        let behind = self.range.end..self.after;
        if behind.is_empty() {
            return Ok(None);
        }
        let source: Source = Arc::new(Content::new(self.source.clone(), [behind]));
        let mut lines = ContentLines::new(source).map_err(io::Error::other)?;
        let mut in_zone = false;
        while let Some(line) = lines.next_line()? {
            let is_right = match Marker::of(line.head) {
                Some(Marker::Begin(name)) => {
                    let begins_zone = name.eq_ignore_ascii_case(b"VTIMEZONE");
                    let may_stand = in_zone != begins_zone;
                    in_zone |= begins_zone;
                    may_stand
                }
                Some(Marker::End(name)) => {
                    let was_in_zone = in_zone;
                    in_zone &= !name.eq_ignore_ascii_case(b"VTIMEZONE");
                    was_in_zone
                }
                None => ContentLine::parse(line.head).is_some() && is_utf8(line.head),
            };
            if !is_right {
                return Ok(Some(Self { after: self.range.end, ..self.clone() }));
            }
        }
        Ok(None)
    }

    /// What it is.
    pub fn kind(&self) -> ComponentKind {
        ComponentKind::of(&self.facts.name)
    }

    /// Whether it stands where a calendar has no place for it: what RFC 5545 §3.6.5 and §3.6.6, RFC 7953 and RFC 9073 put into
    /// another component, such as a VALARM whose event was closed too early.
    pub fn is_misplaced(&self) -> bool {
        const INNER: [&[u8]; 7] =
            [b"VALARM", b"STANDARD", b"DAYLIGHT", b"AVAILABLE", b"PARTICIPANT", b"VLOCATION", b"VRESOURCE"];
        INNER.iter().any(|inner| self.facts.name.eq_ignore_ascii_case(inner))
    }

    /// Its octets as in the source, or as it was mended, from `BEGIN` to `END`.
    pub fn content(&self) -> Content {
        self.mended.clone().unwrap_or_else(|| Content::new(self.source.clone(), [self.range.clone()]))
    }

    /// The offset of its first octet in the source.
    pub fn offset(&self) -> u64 {
        self.range.start
    }

    /// Its UID (RFC 5545 §3.8.4.7).
    pub fn uid(&self) -> Option<&str> {
        self.facts.uid.as_deref()
    }

    /// The hash of its UID, known of one too of which only its identity was read; `None` where it has none that is not empty.
    pub(crate) fn uid_hash(&self) -> Option<u64> {
        self.facts.uid_hash.filter(|hash| *hash != 0)
    }

    /// Its SUMMARY.
    pub fn summary(&self) -> Option<&str> {
        self.facts.summary.as_deref()
    }

    /// Its DTSTART, or of a task without one its DUE.
    pub fn start(&self) -> Option<&CalendarTime> {
        self.facts.start.as_ref().or(self.facts.due.as_ref())
    }

    /// Whether it overrides one occurrence of a recurring component (it has a RECURRENCE-ID).
    pub fn is_override(&self) -> bool {
        self.facts.is_override
    }

    /// Whether it recurs by itself (it has an RRULE or an RDATE).
    pub fn repeats(&self) -> bool {
        self.facts.repeats
    }

    /// The TZIDs that its properties name, each once.
    pub fn zone_ids(&self) -> &[String] {
        &self.facts.zone_ids
    }

    /// The first and the last year of its dates: start, end, due, RECURRENCE-ID, the first RDATE and the UNTIL of an RRULE.
    pub fn years(&self) -> Option<(i64, i64)> {
        self.facts.years
    }

    /// What was wrong with it.
    pub fn defects(&self) -> &[Defect] {
        &self.facts.defects
    }
}

/// A component that belongs into a calendar directly cannot stand in another that is known; of unknown ones nobody knows.
fn may_stand(placement: &Placement<'_>) -> bool {
    let is_zone = |name: &[u8]| name.eq_ignore_ascii_case(b"VTIMEZONE");
    let direct = |name: &[u8]| is_zone(name) || ComponentKind::of(name) != ComponentKind::Other;
    let calendar = placement.inner.eq_ignore_ascii_case(b"VCALENDAR");
    !(calendar || direct(placement.outermost) && direct(placement.inner))
}

impl Facts {
    fn take(&mut self, depth: usize, line: &ContentLine<'_>) {
        let zone = stated_zone(line);
        // Nearly all name the zone that the one before has named, and only a start has to know it.
        let is_known =
            |zone: &&[u8]| !zone.contains(&b'\\') && self.zone_ids.iter().any(|known| known.as_bytes() == *zone);
        let zone = zone.filter(|zone| line.is("DTSTART") || line.is("DUE") || !is_known(zone));
        let decoded = zone.map(|zone| decode_text(zone, None).0);
        let zone = decoded.as_ref().map(|zone| unescape_text(zone.trim()));
        if depth == 1 {
            self.take_property(line, zone.as_deref());
        }
        if let Some(zone) = zone
            && !self.zone_ids.iter().any(|known| *known == zone)
            && self.zone_ids.len() < ZONES
        {
            self.zone_ids.push(zone.into_owned());
        }
    }

    fn take_property(&mut self, line: &ContentLine<'_>, zone: Option<&str>) {
        match line.name.len() {
            3 if line.is("UID") => {
                set_text(&mut self.uid, line);
                self.uid_hash = self.uid.as_deref().map(|uid| hash(uid.as_bytes()));
            }
            3 if line.is("DUE") => self.take_date(line, zone, |facts| &mut facts.due),
            4 if line.is("TZID") => set_text(&mut self.zone_id, line),
            5 if line.is("RRULE") => {
                self.repeats = true;
                let until = line.value.split(|octet| *octet == b';').find_map(|part| part.strip_prefix(b"UNTIL="));
                until.into_iter().for_each(|until| self.take_year(until));
            }
            5 if line.is("RDATE") => {
                self.repeats = true;
                self.take_year(line.value);
            }
            5 if line.is("DTEND") => self.take_year(line.value),
            7 if line.is("SUMMARY") => set_text(&mut self.summary, line),
            7 if line.is("DTSTART") => self.take_date(line, zone, |facts| &mut facts.start),
            13 if line.is("RECURRENCE-ID") => {
                self.is_override = true;
                self.take_year(line.value);
            }
            _ => {}
        }
    }

    /// Of the UID only its hash, for which nearly none has to be decoded.
    fn take_uid_hash(&mut self, line: &ContentLine<'_>) {
        if self.uid_hash.is_some() {
            return;
        }
        let is_plain = |octet: &u8| matches!(octet, b' '..=b'[' | b']'..=b'~');
        self.uid_hash = Some(match line.parameters.is_empty() && line.value.iter().all(is_plain) {
            true => hash(line.value.trim_ascii()),
            false => hash(text_of(line).trim().as_bytes()),
        });
    }

    fn take_date(
        &mut self,
        line: &ContentLine<'_>,
        zone: Option<&str>,
        slot: impl FnOnce(&mut Self) -> &mut Option<CalendarTime>,
    ) {
        self.take_year(line.value);
        let slot = slot(self);
        if slot.is_none() {
            *slot = CalendarTime::parse(&decode_text(line.value, None).0, zone);
        }
    }

    fn take_year(&mut self, value: &[u8]) {
        let digits = value.trim_ascii().get(..4).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        if let Some(year) =
            digits.map(|digits| digits.iter().fold(0, |year, digit| year * 10 + i64::from(digit - b'0')))
        {
            let (first, last) = self.years.unwrap_or((year, year));
            self.years = Some((first.min(year), last.max(year)));
        }
    }
}

/// The TZID that a line names, as it stands there.
pub(crate) fn stated_zone<'a>(line: &ContentLine<'a>) -> Option<&'a [u8]> {
    // Nearly all parameters are told from TZID by having no Z.
    memchr::memchr2(b'Z', b'z', line.parameters)?;
    line.parameter("TZID")?.values().next()
}

/// A hash of a UID; 0 of one that is empty.
fn hash(uid: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(uid);
    if uid.is_empty() { 0 } else { hasher.finish() }
}

/// The text of a line, unless the slot is filled already: the first of two properties counts. White space around it is
/// part of a SUMMARY alone.
pub(super) fn set_text(slot: &mut Option<String>, line: &ContentLine<'_>) {
    if slot.is_none() {
        let text = text_of(line);
        let is_trimmed = line.is("SUMMARY") || text.trim().len() == text.len();
        *slot = Some(if is_trimmed { text } else { text.trim().to_owned() });
    }
}

/// The value as text, its escapes undone.
pub(super) fn text_of(line: &ContentLine<'_>) -> String {
    unescape_text(&line.decoded_value()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_passes_know_a_component_by_the_same_hash(
            uids in proptest::collection::vec("(;CHARSET=UTF-8|;ENCODING=QUOTED-PRINTABLE)?:[ \\\\a,;=4é\u{b}]{0,5}", 0..3)
        ) {
            let lines: String = uids.iter().map(|uid| format!("UID{uid}\n")).collect();
            let source: Source = Arc::new(format!("BEGIN:VEVENT\n{lines}END:VEVENT\n").into_bytes());
            let mut first = ContentLines::new(source.clone())?;
            let mut second = ContentLines::new(source.clone())?;
            let identity = CalendarComponent::read_identity(&mut first, &source)?;
            let component = CalendarComponent::read(&mut second, &source)?;
            prop_assert_eq!(identity.facts.uid_hash, component.facts.uid_hash);
            prop_assert_eq!(component.facts.uid_hash.is_none(), uids.is_empty());
        }
    }
}
