use super::{
    line::{ContentLine, Parts},
    lines::{ContentLines, Line},
};
use crate::defect::{Defect, DefectKind};
use std::io;

/// How deep the names of open components are remembered; deeper ones are only counted.
const REMEMBERED_DEPTH: usize = 64;

/// First octets of the names of the lines that tell extent and identity: BEGIN, END, UID, RECURRENCE-ID, TZID.
const TELLING: &[u8] = b"BEURT";
/// Octets of a component name that are compared.
const NAME: usize = 32;

/// Defects of one component that are told; the rest is not.
const DEFECTS: usize = 32;

/// What a line is for the nesting of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker<'a> {
    /// `BEGIN:` with the name after it.
    Begin(&'a [u8]),
    /// `END:` with the name after it.
    End(&'a [u8]),
}

impl<'a> Marker<'a> {
    /// The marker that this unfolded line is, whatever its case.
    pub(crate) fn of(head: &'a [u8]) -> Option<Self> {
        Self::may_be(head).then(|| Self::of_parts(head, Parts::of(head))).flatten()
    }

    /// The same of a line whose parts are known.
    pub(crate) fn of_parts(head: &'a [u8], parts: Option<Parts>) -> Option<Self> {
        let line = parts.filter(|_| Self::may_be(head))?.line(head)?;
        let name = line.value.trim_ascii();
        if line.is("BEGIN") {
            Some(Self::Begin(name))
        } else if line.is("END") {
            Some(Self::End(name))
        } else {
            None
        }
    }

    /// Whether its first octets are those of one.
    fn may_be(head: &[u8]) -> bool {
        matches!(head, [b'B' | b'b', b'E' | b'e', b'G' | b'g', ..] | [b'E' | b'e', b'N' | b'n', b'D' | b'd', ..])
    }
}

/// Whether a component may stand inside another.
pub(crate) struct Placement<'a> {
    /// The name of the outermost component that is open.
    pub(crate) outermost: &'a [u8],
    /// The name of the component that begins.
    pub(crate) inner: &'a [u8],
    /// Whether the line before was an `AGENT` property without a value (vCard 2.1 §2.4.3).
    pub(crate) after_agent: bool,
}

/// How closely lines are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Each is split into its parts, and an invalid line is reported.
    Parsed,
    /// Only the lines that nest or identify components; others may be skipped.
    Nesting,
}

/// The extent of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Its name, as its `BEGIN` line spells it.
    pub(crate) name: Vec<u8>,
    /// The offset behind it.
    pub(crate) end: u64,
    /// The names of what was never closed, innermost first; only the outermost 64.
    pub(crate) unclosed: Vec<Vec<u8>>,
}

/// Walks over one component, whose `BEGIN` line comes next.
///
/// `visit` sees every line but the markers, with its depth (1 for the lines of the component itself). A component that is
/// never closed ends where one begins that `may_stand` refuses, where an outer one ends, or where the source does.
pub(crate) fn walk_component(
    lines: &mut ContentLines,
    detail: Detail,
    may_stand: impl Fn(&Placement<'_>) -> bool,
    defects: &mut Vec<Defect>,
    mut visit: impl FnMut(usize, &Line<'_>, Option<&ContentLine<'_>>, &mut Vec<Defect>),
) -> io::Result<Walked> {
    let mut open = OpenComponents::default();
    let mut after_agent = false;
    let mut name = Vec::new();
    loop {
        if detail == Detail::Nesting {
            lines.skip_to(|first| TELLING.contains(&first.to_ascii_uppercase()));
        }
        let Some(line) = lines.next_line()? else {
            let end = lines.offset();
            tell(defects, || Defect::new(DefectKind::MissingEnd, "the source ends inside a component").at(end));
            return Ok(Walked { name, end, unclosed: open.unclosed() });
        };
        match Marker::of(line.head) {
            Some(Marker::Begin(inner)) => {
                let outermost = open.outermost();
                if outermost.is_some_and(|outermost| !may_stand(&Placement { outermost, inner, after_agent })) {
                    let start = line.start;
                    tell(defects, || Defect::new(DefectKind::MissingEnd, "the next component begins").at(start));
                    lines.seek(start);
                    return Ok(Walked { name, end: start, unclosed: open.unclosed() });
                }
                if open.depth == 0 {
                    name = inner.to_vec();
                }
                open.push(inner);
            }
            Some(Marker::End(ended)) => match open.close(ended) {
                Closed::Innermost => {}
                Closed::Several => {
                    let start = line.start;
                    tell(defects, || Defect::new(DefectKind::MissingEnd, "an outer component ends").at(start));
                }
                Closed::None if ended.eq_ignore_ascii_case(b"VCALENDAR") => {
                    let start = line.start;
                    tell(defects, || Defect::new(DefectKind::MissingEnd, "the calendar ends").at(start));
                    lines.seek(start);
                    return Ok(Walked { name, end: start, unclosed: open.unclosed() });
                }
                Closed::None => {
                    tell(defects, || {
                        Defect::new(DefectKind::StrayEnd, "no open component has this name").at(line.start)
                    });
                }
            },
            None if detail == Detail::Nesting => {
                visit(open.depth, &line, None, defects);
                continue;
            }
            None => {
                let content = ContentLine::parse(line.head);
                if content.is_none() && !line.head.trim_ascii().is_empty() {
                    tell(defects, || {
                        Defect::new(DefectKind::ContentLine, "an invalid line: its name or colon is missing")
                            .at(line.start)
                    });
                }
                after_agent =
                    content.is_some_and(|content| content.is("AGENT") && content.value.trim_ascii().is_empty());
                visit(open.depth, &line, content.as_ref(), defects);
                continue;
            }
        }
        after_agent = false;
        if open.depth == 0 {
            return Ok(Walked { name, end: lines.offset(), unclosed: Vec::new() });
        }
    }
}

/// Adds a defect unless there are too many already.
pub(crate) fn tell(defects: &mut Vec<Defect>, defect: impl FnOnce() -> Defect) {
    if defects.len() < DEFECTS {
        defects.push(defect());
    }
}

/// The components that are open, outermost first.
#[derive(Default)]
struct OpenComponents {
    names: Vec<([u8; NAME], usize)>,
    depth: usize,
}

enum Closed {
    Innermost,
    Several,
    None,
}

impl OpenComponents {
    fn push(&mut self, name: &[u8]) {
        if self.names.len() < REMEMBERED_DEPTH {
            let mut kept = [0; NAME];
            let len = name.len().min(NAME);
            kept.iter_mut().zip(name).for_each(|(to, from)| *to = from.to_ascii_uppercase());
            self.names.push((kept, len));
        }
        self.depth += 1;
    }

    fn outermost(&self) -> Option<&[u8]> {
        self.names.first().and_then(|(name, len)| name.get(..*len))
    }

    fn unclosed(&self) -> Vec<Vec<u8>> {
        self.names.iter().rev().map(|(name, len)| name.get(..*len).unwrap_or_default().to_vec()).collect()
    }

    /// Closes the innermost component of this name and all that is open inside it.
    fn close(&mut self, name: &[u8]) -> Closed {
        if self.depth > self.names.len() {
            self.depth -= 1;
            return Closed::Innermost;
        }
        let wanted = name.get(..NAME).unwrap_or(name);
        let found = self
            .names
            .iter()
            .rposition(|(open, len)| open.get(..*len).is_some_and(|open| open.eq_ignore_ascii_case(wanted)));
        let Some(found) = found else { return Closed::None };
        let closed = if found + 1 == self.depth { Closed::Innermost } else { Closed::Several };
        self.names.truncate(found);
        self.depth = found;
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    type Seen = Vec<(usize, String)>;

    fn walk(octets: &str) -> (u64, Seen, Vec<(DefectKind, u64)>) {
        let mut lines = ContentLines::new(Arc::new(octets.as_bytes().to_vec())).unwrap();
        let (mut defects, mut seen) = (Vec::new(), Vec::new());
        let may_stand = |placement: &Placement<'_>| placement.after_agent || placement.inner != placement.outermost;
        let end = walk_component(&mut lines, Detail::Parsed, may_stand, &mut defects, |depth, line, _, _| {
            seen.push((depth, String::from_utf8_lossy(line.head).into_owned()));
        })
        .unwrap();
        (end.end, seen, defects.iter().map(|defect| (defect.kind(), defect.offset().unwrap())).collect())
    }

    #[test]
    fn the_end_of_an_outer_component_closes_the_inner_ones() {
        let (end, seen, defects) = walk("begin:A\nX:1\nBEGIN:B\nX:2\nEND:a\nX:3\n");
        assert_eq!(end, 30);
        assert_eq!(seen, [(1, "X:1".into()), (2, "X:2".into())]);
        assert_eq!(defects, [(DefectKind::MissingEnd, 24)]);
    }

    #[test]
    fn a_sibling_that_begins_closes_what_was_never_closed() {
        let (end, _, defects) = walk("BEGIN:A\nX:1\nBEGIN:A\nEND:A\n");
        assert_eq!((end, defects), (12, vec![(DefectKind::MissingEnd, 12)]));
    }

    #[test]
    fn an_agent_holds_a_card() {
        let (end, seen, defects) = walk("BEGIN:A\nAGENT:\nBEGIN:A\nX:1\nEND:A\nX:2\nEND:A\n");
        assert_eq!((end, seen.len(), defects.len()), (43, 3, 0));
        assert_eq!(seen[1], (2, "X:1".into()));
    }

    #[test]
    fn a_stray_end_and_a_line_without_a_colon_are_told() {
        let (_, _, defects) = walk("BEGIN:A\nEND:B\njunk\nEND:A\n");
        assert_eq!(defects, [(DefectKind::StrayEnd, 8), (DefectKind::ContentLine, 14)]);
    }

    #[test]
    fn a_million_open_components_take_no_memory() {
        let octets = "BEGIN:X\n".repeat(1_000_000) + &"END:X\n".repeat(1_000_000);
        let mut lines = ContentLines::new(Arc::new(octets.clone().into_bytes())).unwrap();
        let mut defects = Vec::new();
        let end = walk_component(&mut lines, Detail::Parsed, |_| true, &mut defects, |_, _, _, _| {}).unwrap();
        assert_eq!((end.end, defects.len()), (octets.len() as u64, 0));
    }
}
