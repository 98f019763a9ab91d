use super::encoded_word::encoded_words;
use crate::mime::decode_text;

/// Octets of a line that a person still reads well (RFC 5322 §2.1.1).
const LINE: usize = 78;

/// The value of an unstructured field such as `Subject`, with `suffix` behind its text: what [`decode_text`] gives of it is
/// what it gave before, and `suffix`, less white space at both ends.
///
/// The octets that are there stay, but for white space at their end, unless the text cannot go on behind them. Encoded words
/// (RFC 2047) are used where they must be. Longer lines than RFC 5322 recommends are folded by `line_end`.
///
/// ```
/// use mailferry::mime::compose::append_text;
///
/// assert_eq!(append_text(b" Hello", " [moved]", "\r\n"), b" Hello [moved]");
/// assert_eq!(append_text(b" =?utf-8?Q?=C3=89t=C3=A9?=", "\u{2713}", "\r\n"), b" =?utf-8?Q?=C3=89t=C3=A9?= =?UTF-8?B?4pyT?=");
/// ```
pub fn append_text(value: &[u8], suffix: &str, line_end: &str) -> Vec<u8> {
    let kept = value.trim_ascii_end();
    let text = decode_text(value) + suffix;
    let text = text.trim();
    let suffix = suffix.trim_end();
    let bare = suffix.trim_start();
    let is_plain = bare.bytes().all(|octet| octet.is_ascii_graphic() || octet == b' ');
    let last_line = kept.rsplit(|octet| *octet == b'\n' || *octet == b'\r').next().map_or(0, <[u8]>::len);
    let used = if last_line == kept.len() { last_line + "Subject:".len() } else { last_line };
    let space = |len: usize| if used + len < LINE { " ".to_owned() } else { format!("{line_end} ") };
    let words = |text: &str| encoded_words(text, LINE).join(&format!("{line_end} "));
    let behind = |tail: String| [kept, tail.as_bytes()].concat();
    let ways: [&dyn Fn() -> Option<Vec<u8>>; 4] = [
        &|| (is_plain && (suffix.len() > bare.len() || kept.is_empty())).then(|| behind(space(bare.len()) + bare)),
        &|| (is_plain && !kept.ends_with(b"?=")).then(|| behind(bare.to_owned())),
        &|| Some(behind(space(LINE / 2) + &words(suffix))),
        &|| Some(behind(space(LINE / 2) + &words(bare))),
    ];
    let whole = || [b" ", words(text).as_bytes()].concat();
    ways.iter().filter_map(|way| way()).find(|value| decode_text(value) == text).unwrap_or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn appended(value: &str, suffix: &str) -> String {
        String::from_utf8(append_text(value.as_bytes(), suffix, "\r\n")).unwrap()
    }

    #[test]
    fn what_is_there_stays() {
        assert_eq!(appended(" Hi  ", " [x]"), " Hi [x]");
        assert_eq!(appended(" Hi", "!"), " Hi!");
        assert_eq!(appended("", " [x]"), " [x]");
        assert_eq!(appended(" =?utf-8?q?Hi?=", " [x]"), " =?utf-8?q?Hi?= [x]");
        assert_eq!(appended(" =?utf-8?q?Hi?=", "!"), " =?utf-8?q?Hi?= =?UTF-8?Q?!?=");
        assert_eq!(appended(" Hi", " é"), " Hi =?UTF-8?B?w6k=?=");
        assert_eq!(appended(" a\r\n b", " [x]"), " a\r\n b [x]");
    }

    #[test]
    fn text_that_cannot_go_on_behind_a_word_is_encoded_whole() {
        assert_eq!(appended(" Hi", "é"), " =?UTF-8?Q?Hi=C3=A9?=");
    }

    #[test]
    fn long_lines_are_folded() {
        let long = format!(" {}", "word ".repeat(14));
        assert_eq!(appended(&long, " [moved here]"), format!("{}\r\n [moved here]", long.trim_end()));
    }

    proptest! {
        #[test]
        fn the_text_is_what_it_was_and_the_suffix(
            value in "( |\r\n )([a-zé=?_ ]|=\\?utf-8\\?q\\?[a-z=]{0,4}\\?=| ){0,12}",
            suffix in " ?[a-z\\[\\]é✓=?]{1,12}( [a-zé]{1,60}){0,3}",
        ) {
            let appended = append_text(value.as_bytes(), &suffix, "\r\n");
            let expected = decode_text(value.as_bytes()) + &suffix;
            prop_assert_eq!(decode_text(&appended), expected.trim());
        }
    }
}
