//! Keeps an mbox that is attached to a message as text from being split.

use super::{lines::LineEnd, window::Window};
use crate::error::Result;
use memchr::memmem;
use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// Octets looked at in one step of a search.
const STEP: usize = 64 << 10;
/// Closing delimiters and boundary parameters remembered at a time.
const MAX_MARKS: usize = 1 << 16;
/// RFC 2046 §5.1.1 allows 70 octets; real ones are longer.
const MAX_BOUNDARY: usize = 512;

/// Whether the multipart of one message was closed yet.
pub(super) struct OpenMultipart {
    closing: Vec<u8>,
    /// The first octet not yet searched.
    searched: u64,
    closed: bool,
}

impl OpenMultipart {
    /// The multipart with this boundary, whose body starts at `body`.
    pub(super) fn new(boundary: &[u8], body: u64) -> Self {
        Self { closing: [b"--", boundary, b"--"].concat(), searched: body, closed: false }
    }

    /// Whether its closing delimiter stands between the start of its body and `at`.
    pub(super) fn is_closed_before(&mut self, window: &Window, line_end: LineEnd, at: u64) -> Result<bool> {
        // Nearly always it is the last thing of the message.
        let near = at.saturating_sub(STEP as u64 / 16).max(self.searched);
        if !self.closed && self.occurs(window, line_end, near, at)? {
            self.closed = true;
        }
        while !self.closed && self.searched < near {
            let to = (self.searched + STEP as u64).min(near);
            self.closed = self.occurs(window, line_end, self.searched, to)?;
            self.searched = to;
        }
        self.searched = self.searched.max(at);
        Ok(self.closed)
    }

    /// Whether a line that is the closing delimiter starts in `from..to`.
    fn occurs(&self, window: &Window, line_end: LineEnd, from: u64, to: u64) -> Result<bool> {
        let n = usize::try_from(to - from).unwrap_or(usize::MAX);
        let octets = window.octets(from, n + self.closing.len() + 1)?;
        for found in memmem::find_iter(&octets, &self.closing) {
            let start = from + found as u64;
            let behind = octets.get(found + self.closing.len()).copied();
            let line_ends = behind.is_none_or(|octet| octet.is_ascii_whitespace());
            if found < n && line_ends && line_end.starts_line(window, start)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Which multiparts are declared and which are closed in the octets ahead.
///
/// The octets of a source pass here once at most, whatever is asked, so that a mailbox full of cut messages stays linear.
#[derive(Default)]
pub(super) struct Lookahead {
    /// Where the marks end.
    to: u64,
    /// By the hash of the boundary and the offset.
    marks: BTreeMap<(u64, u64), Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Declared,
    Closed,
}

impl Lookahead {
    /// Whether the multipart, open at `at`, is closed within `distance`.
    ///
    /// A message that declares the same boundary is a second copy of it, and owns what follows.
    pub(super) fn closes(
        &mut self,
        multipart: &OpenMultipart,
        window: &Window,
        line_end: LineEnd,
        at: u64,
        distance: u64,
    ) -> Result<bool> {
        let horizon = at.saturating_add(distance).min(window.end());
        self.extend(window, line_end, at, horizon)?;
        let boundary = multipart.closing.get(2..multipart.closing.len() - 2).unwrap_or_default();
        let key = hash(boundary);
        let first = self.marks.range((key, at)..(key, horizon)).next();
        Ok(first.is_some_and(|(_, mark)| *mark == Mark::Closed))
    }

    fn extend(&mut self, window: &Window, line_end: LineEnd, at: u64, horizon: u64) -> Result<()> {
        self.to = self.to.max(at);
        if self.to >= horizon {
            return Ok(());
        }
        self.marks.retain(|(_, offset), _| *offset >= at);
        let mut buffer = vec![0; STEP + MAX_BOUNDARY];
        while self.to < horizon {
            let n = usize::try_from(window.end() - self.to).unwrap_or(usize::MAX).min(buffer.len());
            let octets = buffer.get_mut(..n).unwrap_or_default();
            window.source().read_exact_at(self.to, octets)?;
            let before = window.before(self.to)?;
            self.mark(octets, before.is_none_or(|octet| octet == line_end.octet()), line_end);
            self.to += STEP.min(n) as u64;
        }
        Ok(())
    }

    /// Marks what starts in the first [`STEP`] octets of `octets`; the rest is there to be compared only.
    fn mark(&mut self, octets: &[u8], at_line_start: bool, line_end: LineEnd) {
        let line_starts = at_line_start
            .then_some(0)
            .into_iter()
            .chain(memchr::memchr_iter(line_end.octet(), octets).map(|end| end + 1))
            .take_while(|start| *start < STEP);
        for start in line_starts {
            let line = octets.get(start..).unwrap_or_default();
            if line.starts_with(b"--") {
                let end = memchr::memchr(line_end.octet(), line).unwrap_or(line.len());
                let line = line.get(..end).unwrap_or_default().trim_ascii_end();
                if let Some(boundary) = line.get(2..).and_then(|rest| rest.strip_suffix(b"--")) {
                    self.insert(boundary, start, Mark::Closed);
                }
            }
        }
        for name in PARAMETER {
            for start in memmem::find_iter(octets, name).take_while(|start| *start < STEP) {
                let value = octets.get(start + name.len()..).unwrap_or_default().trim_ascii_start();
                if let Some(value) = value.strip_prefix(b"=") {
                    self.insert(parameter_value(value), start, Mark::Declared);
                }
            }
        }
    }

    fn insert(&mut self, boundary: &[u8], start: usize, mark: Mark) {
        if !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY && self.marks.len() < MAX_MARKS {
            self.marks.insert((hash(boundary), self.to + start as u64), mark);
        }
    }
}

/// The boundary of a multipart, by the unfolded value of its `Content-Type`.
pub(super) fn declared_boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let is_multipart = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    let name = PARAMETER.iter().find_map(|name| memmem::find(content_type, name).map(|at| at + name.len()));
    let value = content_type.get(name.filter(|_| is_multipart)?..)?.trim_ascii_start().strip_prefix(b"=")?;
    let boundary = parameter_value(value);
    (!boundary.is_empty() && boundary.len() <= MAX_BOUNDARY).then(|| boundary.to_vec())
}

/// The spellings of the parameter that occur.
const PARAMETER: [&[u8]; 3] = [b"boundary", b"BOUNDARY", b"Boundary"];

/// The quoted string or token that `value` starts with.
fn parameter_value(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii_start();
    let (value, ends): (_, fn(&u8) -> bool) = match value.strip_prefix(b"\"") {
        Some(quoted) => (quoted, |octet| *octet == b'"'),
        None => (value, |octet| octet.is_ascii_whitespace() || *octet == b';'),
    };
    let end = value.iter().position(ends).unwrap_or(value.len());
    value.get(..end).unwrap_or_default()
}

fn hash(boundary: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    boundary.hash(&mut hasher);
    hasher.finish()
}
