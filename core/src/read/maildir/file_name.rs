use crate::{DateTime, model::Keywords};

/// The name of a message file: `1700000000.M1P2.host,S=123:2,FS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) struct FileName<'n> {
    /// What stays the same when the message is moved or read.
    pub(in crate::read) unique: &'n str,
    /// The letters behind `:2,`; `None` where there is no such info.
    flags: Option<&'n str>,
}

/// What stands before the flags: a colon, or what takes its place where file systems have none.
const INFO: [&str; 4] = [":2,", ";2,", "!2,", "\u{f022}2,"];

/// The standard letters and what they say. `P`, passed, is said of a message that was resent, forwarded or bounced.
const LETTERS: [(char, &str); 6] = [
    ('D', Keywords::DRAFT),
    ('F', Keywords::FLAGGED),
    ('P', Keywords::FORWARDED),
    ('R', Keywords::ANSWERED),
    ('S', Keywords::SEEN),
    ('T', Keywords::DELETED),
];

impl<'n> FileName<'n> {
    pub(in crate::read) fn parse(name: &'n str) -> Self {
        let info = INFO.iter().filter_map(|mark| name.rfind(mark).map(|at| (at, mark.len()))).max();
        let split = info.and_then(|(at, len)| Some((name.get(..at)?, name.get(at + len..)?)));
        match split {
            Some((unique, flags)) => Self { unique: without_lengths(unique), flags: Some(flags) },
            None => Self { unique: without_lengths(name), flags: None },
        }
    }

    /// Whether a file of this name is a message of a Maildir, wherever it lies: it has flags, or a time of delivery, what
    /// tells the delivery apart, and a host.
    pub(in crate::read) fn is_certain(&self) -> bool {
        let mut parts = self.unique.splitn(3, '.');
        let digits =
            |part: Option<&str>| part.is_some_and(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_digit()));
        self.flags.is_some() || (digits(parts.next()) && parts.next().is_some() && parts.next().is_some())
    }

    /// Whether it says states.
    pub(in crate::read) fn has_flags(&self) -> bool {
        self.flags.is_some()
    }

    /// The states that its letters say; the lower-case ones stand for the words of `dovecot-keywords`, `a` for the first.
    pub(in crate::read) fn keywords(&self, words: &[String]) -> Keywords {
        let mut keywords = Keywords::default();
        for letter in self.flags.unwrap_or_default().chars() {
            match letter {
                'a'..='z' => {
                    let place = u32::from(letter).checked_sub(u32::from('a')).and_then(|n| usize::try_from(n).ok());
                    if let Some(word) = place.and_then(|n| words.get(n)) {
                        keywords.insert(word.clone());
                    }
                }
                _ => LETTERS.iter().filter(|(l, _)| *l == letter).for_each(|(_, keyword)| keywords.insert(*keyword)),
            }
        }
        keywords
    }

    /// The letters that no word is known for.
    pub(in crate::read) fn unknown_letters(&self, words: &[String]) -> String {
        let known = ('a'..='z').zip(words).filter(|(_, word)| !word.is_empty());
        let known: String = known.map(|(letter, _)| letter).collect();
        self.flags.unwrap_or_default().chars().filter(|c| c.is_ascii_lowercase() && !known.contains(*c)).collect()
    }

    /// When it was delivered: the seconds since 1970 that a unique name starts with.
    pub(in crate::read) fn delivered(&self) -> Option<DateTime> {
        // Anything before 1990 or after 2100 is a number that says something else.
        const PLAUSIBLE: std::ops::Range<i64> = 631_152_000..4_102_444_800;
        let seconds = self.unique.split('.').next()?.parse().ok().filter(|seconds| PLAUSIBLE.contains(seconds))?;
        Some(DateTime::from_unix_seconds(seconds))
    }
}

/// The unique name without the lengths that Dovecot and Courier keep behind it (`,S=` and `,W=`).
fn without_lengths(name: &str) -> &str {
    name.find(",S=").or_else(|| name.find(",W=")).and_then(|at| name.get(..at)).unwrap_or(name)
}

/// The words of a `dovecot-keywords` file, by the letter that stands for each: lines of a number from 0 and a word.
pub(in crate::read) fn words(file: &str) -> Vec<String> {
    let mut words = vec![String::new(); 26];
    for line in file.lines() {
        if let Some((number, word)) = line.split_once(' ')
            && let Some(place) = number.parse().ok().and_then(|n: usize| words.get_mut(n))
        {
            word.trim().clone_into(place);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letters(name: &str) -> Vec<String> {
        FileName::parse(name).keywords(&words("0 $Label1\n1 work\nx\n99 none\n")).iter().map(str::to_owned).collect()
    }

    #[test]
    fn flags_are_what_their_letters_say() {
        assert_eq!(
            letters("1.2.host:2,DFPRST"),
            ["$answered", "$deleted", "$draft", "$flagged", "$forwarded", "$seen"]
        );
        assert_eq!(letters("1.2.host:2,"), [""; 0]);
        assert_eq!(letters("1.2.host"), [""; 0]);
        assert_eq!(letters("1.2.host!2,S"), ["$seen"]);
        assert_eq!(letters("1.2.host;2,S"), ["$seen"]);
        assert_eq!(letters("1.2.host:1,S"), [""; 0], "experimental info has other letters");
        assert_eq!(letters("1.2.host:2,Sabc"), ["$Label1", "$seen", "work"]);
        assert_eq!(FileName::parse("1.2.host:2,Sabz").unknown_letters(&words("0 x\n1 y")), "z");
    }

    #[test]
    fn a_unique_name_outlives_what_is_added() {
        for name in
            ["1700000000.M1P2.h", "1700000000.M1P2.h,S=12", "1700000000.M1P2.h,S=12,W=14:2,S", "1700000000.M1P2.h:2,FS"]
        {
            let name = FileName::parse(name);
            assert_eq!(name.unique, "1700000000.M1P2.h");
            assert_eq!(name.delivered(), Some(DateTime::from_unix_seconds(1_700_000_000)));
            assert!(name.is_certain());
        }
        assert_eq!(FileName::parse("12.eml").delivered(), None);
        assert!(!FileName::parse("note.txt").is_certain());
        assert!(!FileName::parse("20240101.txt").is_certain());
    }

    proptest! {
        #[test]
        fn any_name_has_a_unique_part_and_flags_only_from_known_letters(name in "\\PC{0,40}", flags in "[A-Za-z]{0,8}") {
            let with = format!("{name}:2,{flags}");
            let parsed = FileName::parse(&with);
            prop_assert!(name.starts_with(parsed.unique));
            let seen = parsed.keywords(&[]).contains(Keywords::SEEN);
            prop_assert_eq!(seen, flags.contains('S'));
        }
    }
}
