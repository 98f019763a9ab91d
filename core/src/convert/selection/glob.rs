use super::fold;
use std::collections::HashSet;

/// A pattern for the path of a folder, or for a label.
///
/// The pattern is separated by `/` into patterns for one name each, outermost first, and names the folders whose path has those
/// names and no more:
///
/// | | |
/// |---|---|
/// | `*` | any characters of one name, also none |
/// | `?` | one character |
/// | `**` | as a whole name: any number of names, also none |
/// | `\` | takes the next character as it is: `\*`, `\?`, `\\`, and `\/` for a slash in a name |
///
/// All else stands for itself, brackets too (`[Gmail]/All Mail`). Letters compare without case, whatever the script, and
/// composed or not; slashes at both ends do not count. `Projects` is that folder alone, `Projects/**` all below it too,
/// `**/Alpha` a folder of this name anywhere.
///
/// ```
/// use mailferry::convert::FolderGlob;
///
/// let glob = FolderGlob::new("projects/**/20??");
/// assert!(glob.matches(["Projects", "Alpha", "2024"]));
/// assert!(glob.matches(["Projects", "2024"]));
/// assert!(!glob.matches(["Projects", "Alpha"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderGlob {
    names: Vec<Name>,
}

/// A pattern for one name, or for any number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    Of(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Star,
    One,
    Char(char),
}

impl FolderGlob {
    /// The pattern that `text` is; every text is one.
    pub fn new(text: &str) -> Self {
        let mut names = Vec::new();
        let mut tokens = Vec::new();
        let folded = fold(text);
        let mut chars = folded.chars();
        loop {
            let c = chars.next();
            match c {
                Some('/') | None => {
                    match &*tokens {
                        [] => {}
                        [Token::Star, Token::Star] => names.push(Name::Any),
                        _ => names.push(Name::Of(std::mem::take(&mut tokens))),
                    }
                    tokens.clear();
                    if c.is_none() {
                        return Self { names };
                    }
                }
                Some('*') => tokens.push(Token::Star),
                Some('?') => tokens.push(Token::One),
                Some('\\') => tokens.push(Token::Char(chars.next().unwrap_or('\\'))),
                Some(c) => tokens.push(Token::Char(c)),
            }
        }
    }

    /// Whether it names the folder of these names, outermost first.
    pub fn matches<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> bool {
        let names: Vec<String> = names.into_iter().map(|name| fold(name.as_ref())).collect();
        self.matches_folded(&as_chars(&names))
    }

    /// The folded names of the one folder that it names, where nothing in it stands for anything else.
    fn exact(&self) -> Option<Vec<String>> {
        let exact = |name: &Name| match name {
            Name::Any => None,
            Name::Of(tokens) => {
                let chars = tokens.iter().map(|token| match token {
                    Token::Char(c) => Some(*c),
                    Token::Star | Token::One => None,
                });
                chars.collect()
            }
        };
        self.names.iter().map(exact).collect()
    }

    fn matches_folded(&self, names: &[Vec<char>]) -> bool {
        wild(
            &self.names,
            names,
            |pattern| *pattern == Name::Any,
            |pattern, name| match pattern {
                Name::Any => true,
                Name::Of(tokens) => matches_name(tokens, name),
            },
        )
    }
}

fn as_chars(names: &[String]) -> Vec<Vec<char>> {
    names.iter().map(|name| name.chars().collect()).collect()
}

/// Any number of patterns for folders: those that name one folder are a set, so that a thousand of them take no longer than one.
#[derive(Clone, Debug, Default)]
pub(super) struct FolderGlobs {
    exact: HashSet<Vec<String>>,
    others: Vec<FolderGlob>,
}

impl FolderGlobs {
    pub(super) fn new<S: AsRef<str>>(texts: &[S]) -> Self {
        let mut globs = Self::default();
        for text in texts {
            let glob = FolderGlob::new(text.as_ref());
            match glob.exact() {
                Some(names) => drop(globs.exact.insert(names)),
                None => globs.others.push(glob),
            }
        }
        globs
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.others.is_empty()
    }

    /// Whether one of them names the folder of these names, outermost first.
    pub(super) fn any_matches<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> bool {
        if self.is_empty() {
            return false;
        }
        let names: Vec<String> = names.into_iter().map(|name| fold(name.as_ref())).collect();
        if self.exact.contains(&names) {
            return true;
        }
        let chars = if self.others.is_empty() { Vec::new() } else { as_chars(&names) };
        self.others.iter().any(|glob| glob.matches_folded(&chars))
    }
}

fn matches_name(tokens: &[Token], name: &[char]) -> bool {
    wild(
        tokens,
        name,
        |token| *token == Token::Star,
        |token, c| match token {
            Token::Star | Token::One => true,
            Token::Char(wanted) => wanted == c,
        },
    )
}

/// Whether `pattern` matches all of `text`, where what `is_any` names stands for any number of elements.
///
/// Only the last such place is ever come back to: what an earlier one took cannot matter any more. So the time is bounded by
/// the product of both lengths.
fn wild<P, T>(pattern: &[P], text: &[T], is_any: impl Fn(&P) -> bool, is_met: impl Fn(&P, &T) -> bool) -> bool {
    let (mut at, mut in_text) = (0, 0);
    let mut again = None;
    while let Some(element) = text.get(in_text) {
        match pattern.get(at) {
            Some(any) if is_any(any) => {
                at += 1;
                again = Some((at, in_text));
            }
            Some(one) if is_met(one, element) => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((behind_any, from)) = again else { return false };
                at = behind_any;
                in_text = from + 1;
                again = Some((behind_any, in_text));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(glob: &str, path: &str) -> bool {
        FolderGlob::new(glob).matches(path.split('/').filter(|name| !name.is_empty()))
    }

    #[test]
    fn names_match_whole_and_without_case() {
        for (glob, path) in [
            ("Inbox", "INBOX"),
            ("/Inbox/", "inbox"),
            ("boîte de réception", "Boi\u{302}te de re\u{301}ception"),
            ("STRASSE", "Straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("[Gmail]/All Mail", "[gmail]/all mail"),
            ("In*", "In"),
            ("*", "Inbox"),
            ("*b*x", "Inbox"),
            ("*ab", "aab"),
            ("?nbox", "Inbox"),
            ("caf?", "cafe\u{301}"),
            ("", ""),
            ("**", ""),
            ("**", "a/b/c"),
            ("a/**", "a"),
            ("a/**", "a/b/c"),
            ("**/c", "c"),
            ("**/c", "a/b/c"),
            ("a/**/b/**/c", "a/x/b/y/b/z/c"),
            (r"100\*", "100*"),
            (r"a\", r"a\"),
        ] {
            assert!(matches(glob, path), "{glob} {path}");
        }
        for (glob, path) in [
            ("Inbox", "Inbox/Sub"),
            ("Sub", "Inbox/Sub"),
            ("*", "a/b"),
            ("*", ""),
            ("a/**", "ab"),
            ("a/*/c", "a/c"),
            ("?", "ab"),
            ("[ab]", "a"),
            (r"100\*", "1000"),
            ("", "a"),
        ] {
            assert!(!matches(glob, path), "{glob} {path}");
        }
    }

    #[test]
    fn a_name_may_hold_a_slash() {
        assert!(FolderGlob::new(r"In\/Out/x").matches(["In/Out", "x"]));
        assert!(!FolderGlob::new("In/Out").matches(["In/Out"]));
        assert!(FolderGlob::new("In*").matches(["In/Out"]));
    }

    #[test]
    fn many_stars_take_no_longer_than_they_must() {
        let glob = FolderGlob::new(&format!("{}b", "*a".repeat(500)));
        assert!(!glob.matches(["a".repeat(20_000)]));
    }

    #[test]
    fn many_patterns_are_what_each_of_them_is() {
        let texts = ["Inbox", "**/Alpha", r"100\*", r"In\/Out/x", "boîte", "20??", ""];
        let (all, each) = (FolderGlobs::new(&texts), texts.map(FolderGlob::new));
        assert_eq!((all.exact.len(), all.others.len()), (5, 2), "those that name one folder are a set");
        for names in [
            &["INBOX"][..],
            &["Inbox", "Sub"],
            &["a", "b", "alpha"],
            &["100*"],
            &["1000"],
            &["In/Out", "X"],
            &["In", "Out", "x"],
            &["BOI\u{302}TE"],
            &["2024"],
            &[],
            &[""],
        ] {
            assert_eq!(all.any_matches(names), each.iter().any(|glob| glob.matches(names)), "{names:?}");
        }
        assert!(!FolderGlobs::default().any_matches(["Inbox"]));
    }

    #[test]
    fn thousands_of_folders_take_no_longer_than_one() {
        let texts: Vec<String> = (0..20_000).map(|n| format!("Projects/{n}")).collect();
        let globs = FolderGlobs::new(&texts);
        let found = (0..40_000).filter(|n| globs.any_matches(["projects".to_owned(), n.to_string()])).count();
        assert_eq!(found, 20_000);
    }

    /// What the grammar says, without regard to time.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|n| by_definition(rest, &text[n..])),
            ['?', rest @ ..] => !text.is_empty() && by_definition(rest, &text[1..]),
            [c, rest @ ..] => text.first() == Some(c) && by_definition(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn stars_mean_what_they_mean(pattern in "[ab*?]{1,8}", text in "[ab]{0,8}") {
            prop_assume!(pattern != "**");
            let as_chars = |text: &str| text.chars().collect::<Vec<_>>();
            let glob = FolderGlob::new(&pattern);
            prop_assert_eq!(glob.matches([&text]), by_definition(&as_chars(&pattern), &as_chars(&text)));
        }

        #[test]
        fn what_is_escaped_stands_for_itself(name in "[^/]{1,12}") {
            let escaped: String = name.chars().flat_map(|c| ['\\', c]).collect();
            prop_assert!(FolderGlob::new(&escaped).matches([name]));
        }
    }
}
