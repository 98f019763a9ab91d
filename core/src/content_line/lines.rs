use crate::source::Source;
use std::{io, sync::Arc};

/// Octets of the source held at a time; a physical line longer than this is walked in pieces.
const WINDOW: usize = 256 << 10;

/// Octets of an unfolded line that are held; the rest is only walked over.
const HEAD: usize = 64 << 10;

/// A logical line of a source: one content line with its folds, or a blank line, or anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it starts, in octets from the start of the source.
    pub start: u64,
    /// Where the next line starts.
    pub end: u64,
    /// The line unfolded and without its line end; of a very long line the first 64 KiB.
    pub head: &'a [u8],
    /// Whether `head` is the whole line.
    pub whole: bool,
}

/// Walks over the logical lines of a source in a window of 256 KiB, whatever the length of a line.
///
/// A line ends with CRLF or LF, or with CR where the first window holds no LF. A line that starts with a space or a tab
/// continues the one before (RFC 5545 §3.1), and so does the line after a soft line break of a quoted-printable value
/// (vCard 2.1 §2.1.3); white space that every line after such a break of one value starts with is a fold too.
///
/// ```
/// use mailferry::content_line::ContentLines;
/// use std::sync::Arc;
///
/// let mut lines = ContentLines::new(Arc::new(b"SUMMARY:Lu\r\n nch\r\nEND:VEVENT".to_vec()))?;
/// let line = lines.next_line()?.unwrap();
/// assert_eq!((line.start, line.end, line.head), (0, 18, &b"SUMMARY:Lunch"[..]));
/// assert_eq!(lines.next_line()?.unwrap().head, b"END:VEVENT");
/// assert!(lines.next_line()?.is_none());
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct ContentLines {
    source: Source,
    len: u64,
    window: Vec<u8>,
    window_start: u64,
    at: usize,
    line_end: u8,
    unfolded: Vec<u8>,
    /// Octets of a line that are held.
    head: usize,
    capacity: usize,
}

/// The extent of a physical line: in the window, or too long for it.
enum Physical {
    InWindow { content: usize, with_line_end: usize },
    Long,
}

impl ContentLines {
    /// The lines of `source` from its start on.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when the source cannot be read.
    pub fn new(source: Source) -> crate::Result<Self> {
        Self::with_window(source, WINDOW)
    }

    /// The lines of octets in memory, which are not copied.
    pub(crate) fn over(octets: Vec<u8>) -> Self {
        let first = octets.get(..WINDOW).unwrap_or(&octets);
        let is_cr = memchr::memchr(b'\n', first).is_none() && memchr::memchr(b'\r', first).is_some();
        Self {
            source: Arc::new(Vec::new()),
            len: octets.len() as u64,
            capacity: octets.len(),
            window: octets,
            window_start: 0,
            at: 0,
            line_end: if is_cr { b'\r' } else { b'\n' },
            unfolded: Vec::new(),
            head: HEAD,
        }
    }

    /// The lines of the same source from its start on, in a window of their own.
    pub(crate) fn with_own_window(&self, capacity: usize) -> Self {
        let (source, line_end) = (self.source.clone(), self.line_end);
        Self {
            source,
            len: self.len,
            window: Vec::new(),
            window_start: 0,
            at: 0,
            line_end,
            unfolded: Vec::new(),
            head: HEAD,
            capacity,
        }
    }

    /// Holds lines of up to `octets` whole.
    pub(crate) fn hold_lines_of(&mut self, octets: usize) {
        self.head = octets;
    }

    /// Goes behind a byte-order mark, at the start of the source.
    pub(crate) fn skip_byte_order_mark(&mut self) {
        if self.window.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
    }

    fn with_window(source: Source, capacity: usize) -> crate::Result<Self> {
        let len = source.len();
        let mut lines = Self {
            source,
            len,
            window: Vec::new(),
            window_start: 0,
            at: 0,
            line_end: b'\n',
            unfolded: Vec::new(),
            head: HEAD,
            capacity,
        };
        lines.refill()?;
        if memchr::memchr(b'\n', &lines.window).is_none() && memchr::memchr(b'\r', &lines.window).is_some() {
            lines.line_end = b'\r';
        }
        Ok(lines)
    }

    /// The offset of the line that comes next.
    pub fn offset(&self) -> u64 {
        self.window_start + self.at as u64
    }

    /// Whether the octets of `range` are in the window.
    pub(crate) fn holds(&self, range: std::ops::Range<u64>) -> bool {
        self.window_start <= range.start && range.end <= self.window_start + self.window.len() as u64
    }

    /// Goes to `offset`, which must be the start of a line.
    pub fn seek(&mut self, offset: u64) {
        match offset.checked_sub(self.window_start).and_then(|at| usize::try_from(at).ok()) {
            Some(at) if at <= self.window.len() => self.at = at,
            _ => {
                self.window.clear();
                self.window_start = offset.min(self.len);
                self.at = 0;
            }
        }
    }

    /// The next logical line, or `None` at the end.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let (start, from) = (self.offset(), self.at);
        let rest = self.window.get(from..).unwrap_or_default();
        // Nearly every line: all of it in the window, with the octet behind it, which continues nothing.
        if let Some(line_end) = memchr::memchr(self.line_end, rest)
            && let Some(behind) = rest.get(line_end + 1)
            && !matches!(behind, b' ' | b'\t')
        {
            let content = trim_carriage_returns(rest.get(..line_end).unwrap_or_default());
            if !has_soft_line_break(rest.get(..content).unwrap_or_default()) {
                self.at += line_end + 1;
                let end = self.offset();
                let head = self.window.get(from..from + content).unwrap_or_default();
                return Ok(Some(Line { start, end, head, whole: true }));
            }
        }
        self.next_of_any_kind(start)
    }

    /// Goes to the next line whose first octet is `wanted`, or to one before it: as far as lines are quickly told apart.
    pub(crate) fn skip_to(&mut self, wanted: impl Fn(u8) -> bool) {
        let (mut at, mut start) = (self.at, self.at);
        while let Some(rest) = self.window.get(at..)
            && let Some(&first) = rest.first()
        {
            if !matches!(first, b' ' | b'\t') {
                start = at;
                if wanted(first) {
                    break;
                }
            }
            let Some(line_end) = memchr::memchr(self.line_end, rest) else { break };
            let content = trim_carriage_returns(rest.get(..line_end).unwrap_or_default());
            // Perhaps a soft line break: whether it is one, the whole line tells.
            if content.checked_sub(1).and_then(|last| rest.get(last)) == Some(&b'=') {
                break;
            }
            at += line_end + 1;
        }
        self.at = start;
    }

    /// The next logical line, wherever it ends.
    #[cold]
    fn next_of_any_kind(&mut self, start: u64) -> io::Result<Option<Line<'_>>> {
        let Some(physical) = self.physical_line()? else { return Ok(None) };
        if let Physical::InWindow { content, with_line_end } = physical {
            let from = self.at;
            if !self.is_continued(from, content, with_line_end) {
                self.at += with_line_end;
                let end = self.offset();
                let head = self.window.get(from..from + content).unwrap_or_default();
                return Ok(Some(Line { start, end, head, whole: true }));
            }
        }
        let whole = self.unfold(physical)?;
        Ok(Some(Line { start, end: self.offset(), head: &self.unfolded, whole }))
    }

    /// Whether the physical line at `from` goes on behind its line end.
    fn is_continued(&self, from: usize, content: usize, with_line_end: usize) -> bool {
        let continuation = matches!(self.window.get(from + with_line_end), Some(b' ' | b'\t'));
        continuation || self.window.get(from..from + content).is_some_and(has_soft_line_break)
    }

    /// Collects the physical lines of one logical line, the first of which is given, and says whether all of it is held.
    fn unfold(&mut self, first: Physical) -> io::Result<bool> {
        self.unfolded.clear();
        let mut whole = true;
        let mut quoted_printable = None;
        let mut physical = Some(first);
        let mut skip = 0;
        let (mut after_soft, mut folds, mut is_folded) = (false, Vec::new(), true);
        while let Some(line) = physical {
            let last_octet = match line {
                Physical::InWindow { content, with_line_end } => {
                    let octets = self.window.get(self.at..self.at + content).unwrap_or_default();
                    if after_soft && is_folded {
                        let blank = octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
                        is_folded = blank > 0;
                        folds.push((self.unfolded.len(), blank));
                    }
                    whole &= append(&mut self.unfolded, octets.get(skip..).unwrap_or_default(), self.head);
                    self.at += with_line_end;
                    octets.last().copied()
                }
                Physical::Long => {
                    is_folded &= !after_soft;
                    let (last, held) = self.walk_long_line(skip)?;
                    whole &= held;
                    last
                }
            };
            let soft = last_octet == Some(b'=')
                && *quoted_printable.get_or_insert_with(|| is_quoted_printable(&self.unfolded));
            let continued = matches!(self.peek()?, Some(b' ' | b'\t'));
            if soft && self.peek()?.is_some() {
                if whole {
                    self.unfolded.pop();
                }
            } else if !continued {
                break;
            }
            skip = usize::from(!soft);
            after_soft = soft;
            physical = self.physical_line()?;
        }
        if is_folded && whole && !folds.is_empty() {
            let folded = std::mem::take(&mut self.unfolded);
            let mut kept = 0;
            for (at, blank) in folds {
                self.unfolded.extend_from_slice(folded.get(kept..at).unwrap_or_default());
                kept = at + blank;
            }
            self.unfolded.extend_from_slice(folded.get(kept..).unwrap_or_default());
        }
        Ok(whole)
    }

    /// Walks over a physical line longer than the window; its first octets go to the head. Gives its last octet, and whether
    /// all of it is held.
    fn walk_long_line(&mut self, skip: usize) -> io::Result<(Option<u8>, bool)> {
        let (mut skip, mut held) = (skip, true);
        let mut last = None;
        loop {
            let octets = self.window.get(self.at..).unwrap_or_default();
            let line_end = memchr::memchr(self.line_end, octets);
            let content = octets.get(..line_end.unwrap_or(octets.len())).unwrap_or_default();
            held &= append(&mut self.unfolded, content.get(skip..).unwrap_or_default(), self.head);
            skip = 0;
            last = content.iter().rev().find(|&&octet| octet != b'\r').copied().or(last);
            if let Some(line_end) = line_end {
                self.at += line_end + 1;
                return Ok((last, held));
            }
            self.at = self.window.len();
            if !self.refill()? {
                return Ok((last, held));
            }
        }
    }

    /// The next octet.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.window.len() {
            self.refill()?;
        }
        Ok(self.window.get(self.at).copied())
    }

    /// The extent of the physical line that comes next, with the octet behind it in the window if there is one.
    fn physical_line(&mut self) -> io::Result<Option<Physical>> {
        let mut searched = 0;
        loop {
            let rest = self.window.get(self.at..).unwrap_or_default();
            let found = memchr::memchr(self.line_end, rest.get(searched..).unwrap_or_default());
            let at_end = self.window_start + self.window.len() as u64 >= self.len;
            match found.map(|found| searched + found) {
                Some(line_end) if at_end || line_end + 1 < rest.len() => {
                    let content = trim_carriage_returns(rest.get(..line_end).unwrap_or_default());
                    return Ok(Some(Physical::InWindow { content, with_line_end: line_end + 1 }));
                }
                Some(line_end) => searched = line_end,
                None if at_end && rest.is_empty() => return Ok(None),
                None if at_end => {
                    let content = trim_carriage_returns(rest);
                    return Ok(Some(Physical::InWindow { content, with_line_end: rest.len() }));
                }
                None => searched = rest.len(),
            }
            if !self.refill()? {
                return Ok(Some(Physical::Long));
            }
        }
    }

    /// Moves the window to the next line and fills it up; false when nothing could be added.
    fn refill(&mut self) -> io::Result<bool> {
        let held = self.window.len().saturating_sub(self.at);
        // What lies behind stays until it is read over: the window is not filled with zeros each time.
        if self.at < self.window.len() {
            self.window.copy_within(self.at.., 0);
        }
        self.window_start += self.at as u64;
        self.at = 0;
        let from = self.window_start + held as u64;
        let room = self.capacity.saturating_sub(held);
        let n = usize::try_from(self.len.saturating_sub(from)).unwrap_or(usize::MAX).min(room);
        self.window.resize(held + n, 0);
        let read = self.source.read_exact_at(from, self.window.get_mut(held..).unwrap_or_default());
        if read.is_err() {
            self.window.truncate(held);
        }
        read.map(|()| n > 0)
    }
}

/// Appends as much as `limit` allows, and says whether that was all.
fn append(head: &mut Vec<u8>, octets: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(head.len()).min(octets.len());
    head.extend_from_slice(octets.get(..room).unwrap_or_default());
    room == octets.len()
}

fn trim_carriage_returns(line: &[u8]) -> usize {
    match line {
        [] => return 0,
        [before @ .., last, b'\r'] if *last != b'\r' => return before.len() + 1,
        [.., last] if *last != b'\r' => return line.len(),
        _ => {}
    }
    line.iter().rposition(|&octet| octet != b'\r').map_or(0, |last| last + 1)
}

/// Whether the line ends with a soft line break of a quoted-printable value.
fn has_soft_line_break(line: &[u8]) -> bool {
    line.ends_with(b"=") && is_quoted_printable(line)
}

/// Whether the parameters of this line say that its value is quoted-printable.
fn is_quoted_printable(line: &[u8]) -> bool {
    const WORD: &[u8] = b"QUOTED-PRINTABLE";
    let parameters = line.get(..memchr::memchr(b':', line).unwrap_or(0)).unwrap_or_default();
    parameters.windows(WORD.len()).any(|window| window.eq_ignore_ascii_case(WORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn heads(octets: &[u8], window: usize) -> Vec<(u64, u64, Vec<u8>)> {
        let mut lines = ContentLines::with_window(Arc::new(octets.to_vec()), window).unwrap();
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            all.push((line.start, line.end, line.head.to_vec()));
        }
        all
    }

    fn texts(octets: &[u8]) -> Vec<String> {
        heads(octets, WINDOW).into_iter().map(|(_, _, head)| String::from_utf8(head).unwrap()).collect()
    }

    #[test]
    fn all_line_ends_are_understood() {
        for octets in
            ["A:1\r\nB:2\r\n 3\r\n\r\nC:4", "A:1\nB:2\n 3\n\nC:4", "A:1\rB:2\r 3\r\rC:4", "A:1\r\r\nB:2\r\r\n 3\n\nC:4"]
        {
            assert_eq!(texts(octets.as_bytes()), ["A:1", "B:23", "", "C:4"], "{octets:?}");
        }
    }

    #[test]
    fn soft_line_breaks_continue_only_quoted_printable_values() {
        assert_eq!(
            texts(b"NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=\nb=\n=C3\nPHOTO;BASE64:AA=\nX:=\n"),
            ["NOTE;ENCODING=QUOTED-PRINTABLE:a=0Db=C3", "PHOTO;BASE64:AA=", "X:="]
        );
    }

    #[test]
    fn white_space_after_soft_line_breaks_is_a_fold_where_each_has_it() {
        for (octets, text) in [
            ("N;QUOTED-PRINTABLE:=D0=\n =B0", "N;QUOTED-PRINTABLE:=D0=B0"),
            ("LABEL;ENCODING=QUOTED-PRINTABLE:v=E4gen =\n  2=0A", "LABEL;ENCODING=QUOTED-PRINTABLE:v=E4gen 2=0A"),
            ("N;QUOTED-PRINTABLE:a=\r\n\tb=\r\n c", "N;QUOTED-PRINTABLE:abc"),
            ("N;QUOTED-PRINTABLE:a=\nb=\n c", "N;QUOTED-PRINTABLE:ab c"),
            ("N;QUOTED-PRINTABLE:a=\nb", "N;QUOTED-PRINTABLE:ab"),
        ] {
            assert_eq!(texts(octets.as_bytes()), [text]);
        }
    }

    #[test]
    fn a_line_longer_than_the_window_keeps_its_extent_and_its_head() {
        let octets = [&b"A:"[..], &vec![b'x'; 3 * WINDOW], b"\r\n yz\r\nB:1\r\n"].concat();
        let lines = heads(&octets, WINDOW);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].0, lines[0].1, lines[0].2.len()), (0, octets.len() as u64 - 5, HEAD));
        assert_eq!(lines[1].2, b"B:1");
    }

    #[test]
    fn lines_are_skipped_but_never_parts_of_them() {
        for octets in [
            "X:1\n Y\n Z\nY:2\n",
            "X:1\n\n\tb\nY:2",
            "X;ENCODING=QUOTED-PRINTABLE:1=\nY:no\nY:2\n",
            "X:1\nX;QUOTED-PRINTABLE:\n 1=\nY:no\nY:2\n",
        ] {
            for window in 1..octets.len() {
                let mut lines = ContentLines::with_window(Arc::new(octets.as_bytes().to_vec()), window).unwrap();
                let mut seen = Vec::new();
                loop {
                    lines.skip_to(|first| first == b'Y');
                    let Some(line) = lines.next_line().unwrap() else { break };
                    seen.extend(line.head.starts_with(b"Y").then(|| line.head.to_vec()));
                }
                assert_eq!(seen, [b"Y:2"], "{octets:?} in a window of {window}");
            }
        }
    }

    #[test]
    fn any_line_can_be_gone_to_again() {
        let mut lines = ContentLines::with_window(Arc::new(b"A:1\nB:2\nC:3\n".to_vec()), 5).unwrap();
        while lines.next_line().unwrap().is_some() {}
        lines.seek(4);
        assert_eq!(lines.next_line().unwrap().unwrap().head, b"B:2");
    }

    proptest! {
        #[test]
        fn the_window_does_not_show(octets in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'A'), Just(b':'), Just(b'=')], 0..120), window in 1_usize..20) {
            let mut octets = octets;
            octets.insert(0, b'\n');
            let wide = heads(&octets, WINDOW);
            let narrow = heads(&octets, window);
            prop_assert_eq!(wide.iter().map(|line| (line.0, line.1)).collect::<Vec<_>>(), narrow.iter().map(|line| (line.0, line.1)).collect::<Vec<_>>());
            let mut at = 0;
            for (start, end, _) in &wide {
                prop_assert_eq!(*start, at);
                at = *end;
            }
            prop_assert_eq!(at, octets.len() as u64);
        }
    }
}
