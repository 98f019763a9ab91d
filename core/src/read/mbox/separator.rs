//! Which lines that start with `From ` part messages.

use super::{
    from_line::{FromLine, MAX_FROM_LINE},
    lines::{LineEnd, NextLine},
    window::Window,
};
use crate::error::Result;

/// The rules of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Separators {
    pub(super) line_end: LineEnd,
    /// Whether the file starts with a From_ line of git: then those of git count, else they are quoted patches.
    pub(super) git: bool,
}

impl Separators {
    /// The rules for a file whose first From_ line is at `at`.
    pub(super) fn of_file(window: &Window, line_end: LineEnd, at: u64) -> Result<Self> {
        let (line, _) = line_end.line(window, at, MAX_FROM_LINE + 1)?;
        Ok(Self { line_end, git: FromLine::parse(&line) == FromLine::Git })
    }

    /// Whether the line at `at`, which starts with `From `, may part messages; `after_blank` when a blank line or the start of the file precedes.
    pub(super) fn may_part(self, window: &Window, at: u64, after_blank: bool) -> Result<bool> {
        let (line, next) = self.line_end.line(window, at, MAX_FROM_LINE + 1)?;
        let Some(next) = next else { return Ok(false) };
        let from_line = FromLine::parse(&line);
        let next_line = || NextLine::read(window, self.line_end, next);
        Ok(match from_line {
            FromLine::Git if !self.git => false,
            FromLine::Dated(_) | FromLine::Git if after_blank => next_line()? != NextLine::Other,
            FromLine::Dated(_) | FromLine::Git => next_line()?.is_field(),
            FromLine::Bare => next_line()? == NextLine::KnownField,
            FromLine::Undated => after_blank && next_line()? == NextLine::KnownField,
            FromLine::Other => false,
        })
    }
}
