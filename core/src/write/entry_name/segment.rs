use caseless::Caseless;
use std::borrow::Cow;
use twox_hash::XxHash3_64;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How long a name may be: every file system counts either UTF-16 units or octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) units: usize,
    pub(super) octets: usize,
}

impl Room {
    /// What a folder's name, or the part of a file's name that says what it is about, has.
    pub(super) const SEGMENT: Self = Self { units: 60, octets: 120 };

    fn less(self, text: &str) -> Self {
        Self { units: self.units.saturating_sub(units(text)), octets: self.octets.saturating_sub(text.len()) }
    }
}

pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest start of `text` that fits into `room` and does not part a character from its combining marks.
pub(super) fn cut(text: &str, room: Room) -> &str {
    if text.len() <= room.units.min(room.octets) {
        return text;
    }
    let (mut units, mut boundary) = (0, 0);
    for (at, c) in text.char_indices() {
        if !extends(c) {
            boundary = at;
        }
        units += c.len_utf16();
        if units > room.units || at + c.len_utf8() > room.octets {
            // A single character with more marks than there is room for loses some of them.
            let end = if boundary == 0 { at } else { boundary };
            return text.get(..end).unwrap_or_default();
        }
    }
    text
}

/// Whether `c` belongs to the character before it (the common part of UAX #29 GB9).
fn extends(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// `name` as one segment of a path on any file system; the same again for what it gave.
pub(super) fn segment(name: &str, room: Room) -> String {
    let mut safe: String =
        name.nfc().filter(|c| !invisible(*c)).map(|c| if forbidden(c) { '_' } else { c }).nfc().collect();
    if safe.starts_with(['.', '~']) && !trimmed(&safe).is_empty() {
        safe.insert(0, '_');
    }
    safe.truncate(trimmed(cut(trimmed(&safe), room)).len());
    if is_device(&safe) {
        safe.insert(0, '_');
        safe.truncate(trimmed(cut(&safe, room)).len());
    }
    if safe.is_empty() { "_".to_owned() } else { safe }
}

/// `segment` with ` (number)` behind it, its end cut where there is no room.
pub(super) fn numbered(stem: &str, number: u32, extension: &str, room: Room) -> String {
    let suffix = format!(" ({number}){extension}");
    let stem = trimmed(cut(stem, room.less(&suffix)));
    format!("{stem}{suffix}")
}

/// Letters, digits and marks of `text`, everything between them one hyphen.
pub(super) fn slug(text: &str, room: Room) -> String {
    let mut slug = String::new();
    for c in text.nfc().filter(|c| !invisible(*c)) {
        if c.is_alphanumeric() || (is_combining_mark(c) && !slug.is_empty()) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        // Composition may still shorten what stands here, but not by so much.
        if slug.len() > 4 * room.octets {
            break;
        }
    }
    let slug: String = slug.nfc().collect();
    cut(&slug, room).trim_end_matches('-').to_owned()
}

/// A number that is the same for names which some file system takes for one: canonical caseless match (Unicode §3.13).
pub(super) fn folded_hash(parent: u64, name: &str) -> u64 {
    let folded: Cow<'_, str> = if name.is_ascii() {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Owned(name.nfd().default_case_fold().nfd().collect())
    };
    XxHash3_64::oneshot_with_seed(parent, folded.as_bytes())
}

fn trimmed(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

fn forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '\u{2028}' | '\u{2029}') || c.is_control()
}

/// Characters without width that reorder or hide others: bidirectional controls, joiners, and the like.
fn invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether Windows takes the name for a device, whatever its case and extension.
fn is_device(name: &str) -> bool {
    let base = name.split_once('.').map_or(name, |(base, _)| base).trim_end().to_ascii_uppercase();
    match base.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        _ => base.strip_prefix("COM").or_else(|| base.strip_prefix("LPT")).is_some_and(|port| {
            let mut digits = port.chars();
            matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        }),
    }
}
