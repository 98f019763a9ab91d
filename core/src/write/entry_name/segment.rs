use crate::divide::divide;
use caseless::Caseless;
use std::borrow::Cow;
use twox_hash::XxHash3_64;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

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
    let mut safe = composed(name).into_owned();
    if safe.contains(|c| invisible(c) || forbidden(c)) {
        let visible = safe.chars().filter(|c| !invisible(*c)).map(|c| if forbidden(c) { '_' } else { c });
        safe = composed(&visible.collect::<String>()).into_owned();
    }
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

/// `text` in normalization form C (UAX #15), which most has already.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.into()
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// Letters, digits and marks of `text`, everything between them one hyphen.
pub(super) fn slug(text: &str, room: Room) -> String {
    let mut slug = String::new();
    for c in composed(text).chars().filter(|c| !invisible(*c)) {
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
    cut(&composed(&slug), room).trim_end_matches('-').to_owned()
}

/// A number that is the same for names which some file system takes for one: canonical caseless match (Unicode §3.13).
pub(super) fn folded_hash(parent: u64, name: &str) -> u64 {
    let mut folded = String::new();
    let mut rest = name;
    // An ASCII character is nothing's mark and composes no decomposition: what stands between two folds by itself.
    while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
        let (ascii, others) = divide(rest, at);
        folded.push_str(ascii);
        let (others, behind) = divide(others, others.find(|c: char| c.is_ascii()).unwrap_or(others.len()));
        folded.extend(others.nfd().default_case_fold().nfd());
        rest = behind;
    }
    folded.push_str(rest);
    folded.make_ascii_lowercase();
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn safe(name: &str) -> String {
        segment(name, Room::SEGMENT)
    }

    #[test]
    fn what_a_file_system_refuses_is_replaced() {
        for (name, expected) in [
            ("Inbox", "Inbox"),
            ("a<b>c:d\"e/f\\g|h?i*j", "a_b_c_d_e_f_g_h_i_j"),
            ("tab\there\u{0}\u{7f}\u{85}", "tab_here___"),
            ("Cafe\u{301}", "Café"),
            ("evil\u{202e}lme.exe", "evillme.exe"),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("dots and spaces. . .", "dots and spaces"),
            (".hidden", "_.hidden"),
            ("~temporary", "_~temporary"),
            ("..", "_"),
            (".", "_"),
            ("", "_"),
            ("   ", "_"),
            ("\u{200b}", "_"),
            ("../../etc/passwd", "_.._.._etc_passwd"),
            ("C:\\Windows", "C__Windows"),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
    }

    #[test]
    fn device_names_of_windows_are_prefixed() {
        for name in
            ["CON", "con", "Prn", "AUX", "NUL", "COM0", "COM9", "lpt1", "COM¹", "LPT²", "com³", "CONIN$", "conout$"]
        {
            assert_eq!(safe(name), format!("_{name}"));
            assert_eq!(safe(&format!("{name}.tar.gz")), format!("_{name}.tar.gz"));
            assert_eq!(safe(&format!("{name} .txt")), format!("_{name} .txt"));
        }
        for name in ["CONSOLE", "COM", "COM10", "LPT٣", "NULL", "x.CON", "COM⁴"] {
            assert_eq!(safe(name), name);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(safe(&"a".repeat(61)), "a".repeat(60));
        assert_eq!(safe(&"é".repeat(61)), "é".repeat(60), "120 octets");
        assert_eq!(safe(&"東".repeat(61)), "東".repeat(40), "120 octets");
        assert_eq!(safe(&"😀".repeat(61)), "😀".repeat(30), "60 units");
        let marked = format!("{}x\u{302}\u{323}", "a".repeat(58));
        assert_eq!(safe(&marked), "a".repeat(58), "the marks go with their letter");
        assert_eq!(safe(&format!("{} . b", "a".repeat(58))), "a".repeat(58), "what the cut bares is trimmed");
        assert!(safe(&format!("a{}", "\u{302}".repeat(100))).len() <= 120);
    }

    #[test]
    fn a_number_finds_room() {
        assert_eq!(numbered("Inbox", 2, "", Room::SEGMENT), "Inbox (2)");
        assert_eq!(numbered(&"a".repeat(60), 10, "", Room::SEGMENT), format!("{} (10)", "a".repeat(55)));
        assert_eq!(numbered("a", 3, ".eml", Room::SEGMENT), "a (3).eml");
    }

    #[test]
    fn a_slug_is_letters_digits_and_hyphens() {
        let slug = |text| super::slug(text, Room::SEGMENT);
        assert_eq!(slug("Re: [list] Été — 東京!?"), "Re-list-Été-東京");
        assert_eq!(slug("  ...  "), "");
        assert_eq!(slug("ก็หนังสือ"), "ก็หนังสือ", "marks belong to their letters");
        assert_eq!(slug(&format!("{} bc", "a".repeat(59))), "a".repeat(59));
    }

    #[test]
    fn names_are_compared_as_any_file_system_may() {
        for (a, b) in [("Inbox", "INBOX"), ("straße", "STRASSE"), ("É", "e\u{301}"), ("ΣΑΣ", "σας"), ("ﬁ", "FI")]
        {
            assert_eq!(folded_hash(1, a), folded_hash(1, b), "{a} {b}");
        }
        assert_ne!(folded_hash(1, "Inbox"), folded_hash(2, "Inbox"));
        assert_ne!(folded_hash(1, "é"), folded_hash(1, "e"));
    }

    proptest! {
        #[test]
        fn a_name_folds_as_the_whole_of_it_does(name in "([ -~]|\\PC|[\u{300}-\u{36f}]|\u{345}|\u{212a}){0,20}") {
            let whole = name.nfd().default_case_fold().nfd().collect::<String>();
            prop_assert_eq!(folded_hash(1, &name), XxHash3_64::oneshot_with_seed(1, whole.as_bytes()));
        }

        #[test]
        fn a_safe_name_is_safe_and_stays_as_it_is(
            name in "(CON|com¹|[.~]|\\PC|[ -~]|[\\x00-\\x1f]|[\u{300}-\u{36f}]|[\u{1100}-\u{11ff}]|[\u{200b}-\u{202f}]|\u{212a}|\u{37e}){0,70}",
            units in 4_usize..=60
        ) {
            let room = Room { units, octets: 120 };
            let safe = segment(&name, room);
            prop_assert!(!safe.is_empty() && safe != "." && safe != "..");
            prop_assert!(super::units(&safe) <= units && safe.len() <= 120);
            prop_assert!(!safe.chars().any(|c| forbidden(c) || invisible(c)));
            prop_assert!(!safe.starts_with(['.', '~']) && !safe.ends_with(['.', ' ']));
            prop_assert!(!is_device(&safe));
            prop_assert_eq!(safe.nfc().collect::<String>(), safe.clone());
            prop_assert_eq!(segment(&safe, room), safe);
        }

        #[test]
        fn a_slug_stays_as_it_is(text in "(\\PC|[ -~]|[\u{300}-\u{36f}]){0,90}") {
            let once = slug(&text, Room::SEGMENT);
            prop_assert!(super::units(&once) <= 60 && once.len() <= 120);
            prop_assert_eq!(slug(&once, Room::SEGMENT), once);
        }
    }
}
