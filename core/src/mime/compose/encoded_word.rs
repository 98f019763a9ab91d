use super::base64::to_base64;

/// The longest encoded-word (RFC 2047 §2).
const MAX_WORD: usize = 75;

/// `=?UTF-8?Q?` and `?=`.
const FRAME: usize = 12;

/// Cuts `text` into encoded-words of UTF-8 (RFC 2047), the first no longer than `first`, each with whole characters.
///
/// Q is used where most of the text stays readable in it; only letters, digits and `!*+-/` stand for themselves, as a phrase needs.
pub(crate) fn encoded_words(text: &str, first: usize) -> Vec<String> {
    let q_length: usize = text.bytes().map(q_width).sum();
    let is_q = q_length <= text.len() * 2;
    let width = |used: usize, octets: usize| if is_q { used } else { octets.div_ceil(3) * 4 };
    let mut words = Vec::new();
    let (mut from, mut used) = (0, 0);
    let mut room = first.clamp(FRAME + 12, MAX_WORD) - FRAME;
    for (at, c) in text.char_indices() {
        let mut buffer = [0; 4];
        let q = c.encode_utf8(&mut buffer).bytes().map(q_width).sum::<usize>();
        if width(used + q, at + c.len_utf8() - from) > room {
            words.push(word(text.get(from..at).unwrap_or_default(), is_q));
            (from, used) = (at, 0);
            room = MAX_WORD - FRAME;
        }
        used += q;
    }
    words.push(word(text.get(from..).unwrap_or_default(), is_q));
    words
}

fn q_width(octet: u8) -> usize {
    if is_q_safe(octet) || octet == b' ' { 1 } else { 3 }
}

fn is_q_safe(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!*+-/".contains(&octet)
}

fn word(text: &str, is_q: bool) -> String {
    let mut word = String::from(if is_q { "=?UTF-8?Q?" } else { "=?UTF-8?B?" });
    if is_q {
        for octet in text.bytes() {
            match octet {
                b' ' => word.push('_'),
                octet if is_q_safe(octet) => word.push(char::from(octet)),
                octet => word.push_str(&format!("={octet:02X}")),
            }
        }
    } else {
        word.push_str(&to_base64(text.as_bytes()));
    }
    word.push_str("?=");
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readable_encoding_is_taken() {
        assert_eq!(encoded_words("Café au lait", 75), ["=?UTF-8?Q?Caf=C3=A9_au_lait?="]);
        assert_eq!(encoded_words("日本語", 75), ["=?UTF-8?B?5pel5pys6Kqe?="]);
    }

    #[test]
    fn words_are_short_and_characters_whole() {
        for text in ["日".repeat(200), "aé".repeat(200)] {
            let words = encoded_words(&text, 40);
            assert!(words[0].len() <= 40 && words.iter().all(|word| word.len() <= 75), "{words:?}");
            assert!(words.len() > 3);
        }
    }
}
