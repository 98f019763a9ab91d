//! Which lines that start with `From ` part messages.

use super::{
    from_line::{FromLine, MAX_FROM_LINE},
    lines::{LineEnd, NextLine},
    window::Window,
};
use crate::{error::Result, mime::HeaderSection};

/// How a file writes its From_ lines.
///
/// The first one tells: whoever wrote a date there wrote one in all of them. It stays the same throughout the file, so that it takes
/// no memory, and a part of a file is read as in the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// With a date.
    Dated,
    /// As git does: then its From_ lines count, which elsewhere are quoted patches.
    Git,
    /// With nothing after `From `, or what a program puts there always.
    Bare,
    /// With one or two words.
    Undated,
}

/// The rules of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Separators {
    pub(super) line_end: LineEnd,
    pub(super) style: Style,
}

/// What a line that starts with `From ` looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// As one that separates messages.
    Separator,
    /// As one that does in other files: it has no date, and those of this file have.
    Doubtful,
    Text,
}

/// Octets of a header section in which fields are looked for.
const HEADER: usize = 4096;

/// Fields that programs write and nobody types.
const OF_PROGRAMS: [&str; 6] =
    ["Received", "Return-Path", "Delivered-To", "Message-ID", "MIME-Version", "X-Mozilla-Status"];

impl Separators {
    /// The rules for a file whose first From_ line is at `at`.
    pub(super) fn of_file(window: &Window, line_end: LineEnd, at: u64) -> Result<Self> {
        let (line, _) = line_end.line(window, at, MAX_FROM_LINE + 1)?;
        let style = match FromLine::parse(&line) {
            FromLine::Dated(_) => Style::Dated,
            FromLine::Git => Style::Git,
            FromLine::Bare | FromLine::Numbered => Style::Bare,
            FromLine::Undated | FromLine::Other => Style::Undated,
        };
        Ok(Self { line_end, style })
    }

    /// What the line at `at`, which starts with `From `, looks like; `after_blank` when a blank line or the start of the file precedes.
    pub(super) fn look(self, window: &Window, at: u64, after_blank: bool) -> Result<Looks> {
        let (line, next) = self.line_end.line(window, at, MAX_FROM_LINE + 1)?;
        let Some(next) = next else { return Ok(Looks::Text) };
        let from_line = FromLine::parse(&line);
        let next_line = || NextLine::read(window, self.line_end, next);
        let parts = match from_line {
            FromLine::Git if self.style != Style::Git => false,
            FromLine::Dated(_) | FromLine::Git if after_blank => next_line()? != NextLine::Other,
            FromLine::Dated(_) | FromLine::Git => next_line()?.is_field(),
            FromLine::Bare => next_line()? == NextLine::KnownField,
            FromLine::Numbered | FromLine::Undated => after_blank && next_line()? == NextLine::KnownField,
            FromLine::Other => false,
        };
        Ok(match (from_line, self.style) {
            _ if !parts => Looks::Text,
            (FromLine::Undated, Style::Dated | Style::Git) => Looks::Doubtful,
            _ => Looks::Separator,
        })
    }

    /// Whether a doubtful line, at `at`, has an address in it and behind it a header section that no person typed.
    pub(super) fn heads_a_message(self, window: &Window, at: u64) -> Result<bool> {
        let (line, next) = self.line_end.line(window, at, MAX_FROM_LINE + 1)?;
        let is_address = |word: &[u8]| {
            let at = memchr::memchr(b'@', word);
            at.is_some_and(|at| at > 0 && at + 1 < word.len()) && !word.ends_with(b":")
        };
        let first = line.get(5..).unwrap_or_default().trim_ascii_start().split(u8::is_ascii_whitespace).next();
        let Some(next) = next.filter(|_| first.is_some_and(is_address)) else { return Ok(false) };
        let octets = window.octets(next, HEADER)?;
        let header = HeaderSection::parse(&octets);
        Ok(OF_PROGRAMS.iter().any(|name| header.first(name).is_some()))
    }
}
