use crate::{model::Keywords, order};

/// The flags of a file name, in the order in which they have to stand: that of ASCII.
const FLAGS: [(char, &str); 6] = [
    ('D', Keywords::DRAFT),
    ('F', Keywords::FLAGGED),
    ('P', Keywords::FORWARDED),
    ('R', Keywords::ANSWERED),
    ('S', Keywords::SEEN),
    ('T', Keywords::DELETED),
];

/// Keywords as IMAP registers them, where that is not in lower case (IANA "IMAP and JMAP Keywords").
const SPELLED: [&str; 6] = ["$Forwarded", "$Junk", "$NotJunk", "$MDNSent", "$Phishing", "$Important"];

/// Letters that stand for keywords: `a` for the first, up to `z`.
const LETTERS: usize = 26;

/// The keywords of one directory, and the letters that stand for them in the names of its files.
#[derive(Default)]
pub(super) struct KeywordLetters(Vec<String>);

impl KeywordLetters {
    /// The letters that a file `dovecot-keywords` tells; those that somebody has added stand for what he added.
    pub(super) fn of_file(text: &str) -> Self {
        let mut letters = Vec::new();
        for line in text.lines() {
            let known =
                line.split_once(' ').and_then(|(number, keyword)| Some((number.parse::<usize>().ok()?, keyword)));
            if let Some((number, keyword)) = known.filter(|(number, _)| *number < LETTERS) {
                // A number that is left out is nobody's, and stays so.
                letters.resize(letters.len().max(number + 1), String::new());
                if let Some(letter) = letters.get_mut(number) {
                    keyword.clone_into(letter);
                }
            }
        }
        Self(letters)
    }

    /// The flags of a message, those of its keywords behind. A 27th keyword of a directory has no letter. That it was forwarded is
    /// told as a keyword too, as Dovecot does not know that flag.
    pub(super) fn flags(&mut self, keywords: &Keywords) -> String {
        let mut flags: String =
            FLAGS.iter().filter(|(_, keyword)| keywords.contains(keyword)).map(|(flag, _)| *flag).collect();
        let mut letters: Vec<char> = Vec::new();
        let is_flag = |keyword: &str| keyword != Keywords::FORWARDED && FLAGS.iter().any(|(_, flag)| *flag == keyword);
        for keyword in keywords.iter().filter(|keyword| !is_flag(keyword)) {
            let keyword = SPELLED.into_iter().find(|known| known.eq_ignore_ascii_case(keyword)).unwrap_or(keyword);
            let known = self.0.iter().position(|known| known.eq_ignore_ascii_case(keyword));
            let at = known.or_else(|| self.learn(keyword));
            letters.extend(at.and_then(|at| char::from_digit(u32::try_from(at).ok()? + 10, 36)));
        }
        order::sort(&mut letters);
        letters.dedup();
        flags.extend(letters);
        flags
    }

    fn learn(&mut self, keyword: &str) -> Option<usize> {
        let is_atom = keyword.bytes().all(|octet| octet.is_ascii_graphic());
        (is_atom && self.0.len() < LETTERS).then(|| {
            self.0.push(keyword.to_owned());
            self.0.len() - 1
        })
    }

    /// The file `dovecot-keywords`: a number and a keyword a line; `None` where there are none.
    pub(super) fn file(&self) -> Option<Vec<u8>> {
        let known = self.0.iter().enumerate().filter(|(_, keyword)| !keyword.is_empty());
        let lines = known.map(|(number, keyword)| format!("{number} {keyword}\n"));
        (!self.0.is_empty()).then(|| lines.collect::<String>().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_get_letters_as_they_come() {
        let mut letters = KeywordLetters::default();
        let mut keywords = Keywords::default();
        for keyword in [Keywords::SEEN, Keywords::FLAGGED, "work", "$label1"] {
            keywords.insert(keyword);
        }
        assert_eq!(letters.flags(&keywords), "FSab", "in the order of the octets of the keywords");
        let mut one = Keywords::default();
        one.insert("work");
        assert_eq!(letters.flags(&one), "b");
        assert_eq!(letters.file().unwrap(), b"0 $label1\n1 work\n");
    }

    #[test]
    fn letters_go_on_where_a_file_ends() {
        let mut letters = KeywordLetters::of_file("0 $label1\n2 theirs\nx\n99 far\n");
        let mut keywords = Keywords::default();
        for keyword in ["theirs", "ours"] {
            keywords.insert(keyword);
        }
        assert_eq!(letters.flags(&keywords), "cd");
        assert_eq!(letters.file().unwrap(), b"0 $label1\n2 theirs\n3 ours\n");
    }

    #[test]
    fn keywords_are_spelled_as_imap_registers_them() {
        let mut letters = KeywordLetters::of_file("0 $junk\n");
        let mut keywords = Keywords::default();
        [Keywords::FORWARDED, Keywords::JUNK, "$notjunk"].into_iter().for_each(|keyword| keywords.insert(keyword));
        assert_eq!(letters.flags(&keywords), "Pabc");
        assert_eq!(letters.file().unwrap(), b"0 $junk\n1 $Forwarded\n2 $NotJunk\n");
    }

    #[test]
    fn there_are_no_more_than_26_letters() {
        let mut letters = KeywordLetters::default();
        let mut keywords = Keywords::default();
        (0..30).for_each(|i| keywords.insert(format!("k{i:02}")));
        assert_eq!(letters.flags(&keywords), "abcdefghijklmnopqrstuvwxyz");
    }
}
