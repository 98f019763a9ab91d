use super::{
    charset,
    encoded_word::decode_words,
    header::unfold,
    token::{Token, Tokens, unquoted},
};

/// Someone a message is from or to (RFC 5322 §3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// One mailbox.
    Mailbox(Mailbox),
    /// A named group of mailboxes, perhaps empty, as in `undisclosed-recipients:;`.
    Group {
        /// The display name, decoded.
        name: String,
        /// Its members.
        mailboxes: Vec<Mailbox>,
    },
}

impl Address {
    /// The mailbox, or the members of the group.
    pub fn mailboxes(&self) -> &[Mailbox] {
        match self {
            Self::Mailbox(mailbox) => std::slice::from_ref(mailbox),
            Self::Group { mailboxes, .. } => mailboxes,
        }
    }
}

/// A name and an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded; where there is none, the comment after the address.
    pub name: Option<String>,
    /// The address as `local-part@domain`, without comments or route; empty where a name stands alone.
    pub address: String,
}

/// The addresses of a field value such as that of `To` (RFC 5322 §3.4), read as far as they go where they break the grammar.
///
/// ```
/// use mailferry::mime::addresses;
///
/// let to = addresses(b"Ann <ann@example.org>, Team: bob@example.org, \"Lee, C.\" <c@example.org>;");
/// assert_eq!(to.len(), 2);
/// assert_eq!(to[1].mailboxes()[1].name.as_deref(), Some("Lee, C."));
/// ```
pub fn addresses(value: &[u8]) -> Vec<Address> {
    let mut list = AddressList::default();
    let value = unfold(value);
    for token in Tokens::new(&value) {
        list.take(token);
    }
    list.end_mailbox();
    list.end_group();
    list.addresses
}

/// The list as far as it was read.
#[derive(Default)]
struct AddressList {
    addresses: Vec<Address>,
    group: Option<(String, Vec<Mailbox>)>,
    /// A mailbox whose angle bracket is closed; words behind it may be a name that stands on the wrong side.
    complete: Option<Mailbox>,
    /// The words since, for people and as parts of an address.
    phrase: Vec<u8>,
    words: Vec<Vec<u8>>,
    after_space: bool,
    comment: Option<String>,
    /// What stands between angle brackets, while they are open.
    angle: Option<Vec<u8>>,
}

impl AddressList {
    fn take(&mut self, token: Token) {
        match (token, &mut self.angle) {
            (Token::Special(b'<'), angle) => {
                *angle = Some(Vec::new());
                let earlier = self.complete.take();
                self.push(earlier);
            }
            (Token::Special(b'>'), angle) => {
                if let Some(spec) = angle.take() {
                    self.complete = Some(Mailbox { name: self.take_name(), address: address(&spec) });
                }
            }
            (Token::Special(octet @ (b',' | b';')), angle) => match angle {
                // A route (RFC 5322 §4.4) has commas of its own.
                Some(spec) if octet == b',' && spec.starts_with(b"@") => spec.push(octet),
                _ => {
                    self.end_mailbox();
                    if octet == b';' {
                        self.end_group();
                    }
                }
            },
            (Token::Special(octet), Some(spec)) => spec.push(octet),
            (Token::Special(octet), None) => self.take_colon(octet),
            (Token::Text(text), Some(spec)) => spec.extend_from_slice(text),
            (Token::Quoted(inside), Some(spec)) => push_quoted(spec, inside),
            (Token::Space, Some(_)) => {}
            (Token::Comment(inside), _) => {
                let inside: Vec<u8> = unquoted(inside).collect();
                self.comment = Some(decode_words(&inside)).filter(|comment| !comment.trim().is_empty());
            }
            (Token::Text(b"\""), None) => {}
            (Token::Text(text), None) => {
                self.phrase.extend_from_slice(text);
                self.word(text.first().copied()).extend_from_slice(text);
            }
            (Token::Quoted(inside), None) => {
                self.phrase.extend(unquoted(inside));
                push_quoted(self.word(None), inside);
            }
            (Token::Space, None) => {
                self.phrase.push(b' ');
                self.after_space = true;
            }
        }
    }

    /// The word that goes on with `next`: white space is allowed around the dots and the `@` of an address (RFC 5322 §4.4).
    fn word(&mut self, next: Option<u8>) -> &mut Vec<u8> {
        let joins = |octet: Option<&u8>| matches!(octet, Some(b'.' | b'@'));
        let goes_on =
            !self.after_space || joins(next.as_ref()) || self.words.last().is_some_and(|word| joins(word.last()));
        self.after_space = false;
        let word = if goes_on { self.words.pop() } else { None };
        self.words.push_mut(word.unwrap_or_default())
    }

    /// A colon ends the name of a group; elsewhere it is a letter like others.
    fn take_colon(&mut self, colon: u8) {
        if self.words.len() == 1 && self.words.iter().all(|word| word.eq_ignore_ascii_case(b"mailto")) {
            self.clear();
        } else if self.group.is_none() && self.complete.is_none() && !self.words.iter().any(|word| word.contains(&b'@'))
        {
            self.group = Some((self.take_name().unwrap_or_default(), Vec::new()));
        } else {
            self.phrase.push(colon);
            self.word(None).push(colon);
        }
    }

    fn clear(&mut self) {
        self.phrase.clear();
        self.words.clear();
        self.after_space = false;
        self.comment = None;
    }

    /// The words since the last mailbox as a name, or else the comment.
    fn take_name(&mut self) -> Option<String> {
        let name = decode_words(self.phrase.trim_ascii());
        let comment = self.comment.take();
        self.clear();
        let name = name.trim();
        if name.is_empty() { comment } else { Some(name.to_owned()) }
    }

    fn end_mailbox(&mut self) {
        if let Some(spec) = self.angle.take() {
            self.complete = Some(Mailbox { name: self.take_name(), address: address(&spec) });
        }
        let words = std::mem::take(&mut self.words);
        let (addresses, words): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.contains(&b'@'));
        match (self.complete.take(), addresses.as_slice()) {
            (Some(mut mailbox), []) => {
                let behind = self.take_name();
                mailbox.name = mailbox.name.or(behind);
                self.push(Some(mailbox));
            }
            (None, []) => {
                let alone = words.len() == 1 && !self.phrase.contains(&b'"');
                let comment = self.comment.take();
                if let Some(name) = self.take_name() {
                    self.push(Some(match enclosed_address(&name) {
                        Some(mailbox) => mailbox,
                        None if alone => Mailbox { name: comment, address: name },
                        None => Mailbox { name: Some(name), address: String::new() },
                    }));
                }
            }
            (complete, [addresses @ .., last]) => {
                self.push(complete);
                for spec in addresses {
                    self.push(Some(Mailbox { name: None, address: address(spec) }));
                }
                let name = decode_words(&words.join(&b' '));
                let name = if name.is_empty() { self.comment.take() } else { Some(name) };
                let encoded_whole = enclosed_address(&decode_words(last)).filter(|mailbox| mailbox.name.is_some());
                self.push(Some(encoded_whole.unwrap_or_else(|| Mailbox { name, address: address(last) })));
            }
        }
        self.clear();
    }

    fn end_group(&mut self) {
        match self.group.take() {
            Some((name, mailboxes)) if name.is_empty() => {
                self.addresses.extend(mailboxes.into_iter().map(Address::Mailbox));
            }
            Some((name, mailboxes)) => self.addresses.push(Address::Group { name, mailboxes }),
            None => {}
        }
    }

    fn push(&mut self, mailbox: Option<Mailbox>) {
        let mailbox = mailbox.filter(|mailbox| mailbox.name.is_some() || !mailbox.address.is_empty());
        match &mut self.group {
            Some((_, mailboxes)) => mailboxes.extend(mailbox),
            None => self.addresses.extend(mailbox.map(Address::Mailbox)),
        }
    }
}

/// An address as text, without a route before it or a scheme.
fn address(spec: &[u8]) -> String {
    let spec = match spec {
        [b'@', route @ ..] => route.split(|&octet| octet == b':').nth(1).unwrap_or(spec),
        _ => spec,
    };
    let text = decode_words(spec);
    let scheme = text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    text.get(if scheme { 7 } else { 0 }..).unwrap_or_default().to_owned()
}

/// The mailbox in a name that was encoded as a whole: `=?utf-8?Q?Ann_<ann@example.org>?=`.
fn enclosed_address(name: &str) -> Option<Mailbox> {
    let (before, spec) = name.strip_suffix('>').and_then(|name| name.rsplit_once('<')).unwrap_or(("", name));
    let before = before.trim().trim_matches('"');
    let alone = spec.contains('@') && !spec.contains(char::is_whitespace);
    alone.then(|| Mailbox { name: Some(before.to_owned()).filter(|name| !name.is_empty()), address: spec.to_owned() })
}

/// Adds a quoted string, without its quotation marks where the local part needs none (RFC 5322 §3.4.1).
fn push_quoted(spec: &mut Vec<u8>, inside: &[u8]) {
    let needless = inside.iter().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(octet));
    let mark: &[u8] = if needless && !inside.is_empty() { b"" } else { b"\"" };
    spec.extend_from_slice(mark);
    spec.extend_from_slice(inside);
    spec.extend_from_slice(mark);
}

/// The message identifiers of a field value such as that of `References`, without their angle brackets (RFC 5322 §3.6.4);
/// where there are no brackets, the words that hold an `@`, or the only word.
pub fn message_ids(value: &[u8]) -> Vec<String> {
    let value = unfold(value);
    let text = |octets: &[u8]| {
        let octets: Vec<u8> = octets.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
        charset::decode_undeclared(&octets).into_owned()
    };
    let opened = value.split(|&octet| octet == b'<').skip(1);
    let ids = opened.filter_map(|id| id.split(|&octet| octet == b'>').next()).map(text).filter(|id| !id.is_empty());
    let ids: Vec<String> = ids.collect();
    if ids.is_empty() {
        let alone = !value.iter().any(|octet| octet.is_ascii_whitespace() || b"<>".contains(octet));
        let words = value.split(u8::is_ascii_whitespace).filter(|word| alone || word.contains(&b'@'));
        return words.map(text).filter(|id| !id.is_empty()).collect();
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `name|address` of each mailbox, groups as `name{…}`.
    fn read(value: &str) -> String {
        let mailbox = |m: &Mailbox| format!("{}|{}", m.name.as_deref().unwrap_or_default(), m.address);
        let list: Vec<String> = addresses(value.as_bytes())
            .iter()
            .map(|address| match address {
                Address::Mailbox(m) => mailbox(m),
                Address::Group { name, mailboxes } => {
                    format!("{name}{{{}}}", mailboxes.iter().map(mailbox).collect::<Vec<_>>().join(","))
                }
            })
            .collect();
        list.join(",")
    }

    #[test]
    fn addresses_of_rfc_5322_and_of_real_mail() {
        for (value, expected) in [
            // RFC 5322 appendix A
            ("John Doe <jdoe@machine.example>", "John Doe|jdoe@machine.example"),
            ("\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public|john.q.public@example.com"),
            (
                "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
                "Mary Smith|mary@x.test,|jdoe@example.org,Who?|one@y.test",
            ),
            (
                "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
                "|boss@nil.test,Giant; \"Big\" Box|sysservices@example.net",
            ),
            (
                "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
                "A Group{Ed Jones|c@a.test,|joe@where.test,John|jdoe@one.test}",
            ),
            ("Undisclosed recipients:;", "Undisclosed recipients{}"),
            ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete|pete@silly.test"),
            (
                "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
                "A Group{Chris Jones|c@public.example,|joe@example.org,John|jdoe@one.test}",
            ),
            ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients{}"),
            ("Joe Q. Public <john.q.public@example.com>", "Joe Q. Public|john.q.public@example.com"),
            (
                "Mary Smith <@node.test:mary@example.net>, , jdoe@test   . example",
                "Mary Smith|mary@example.net,|jdoe@test.example",
            ),
            ("<@a.test,@b.test:c@d.test>", "|c@d.test"),
            // real mail
            ("ann@example.org (Ann Lee)", "Ann Lee|ann@example.org"),
            ("=?utf-8?Q?J=C3=BCrgen?= =?utf-8?Q?_M=C3=BCller?= <j@x.test>", "Jürgen Müller|j@x.test"),
            ("\"=?utf-8?Q?J=C3=BCrgen?=\" <j@x.test>", "Jürgen|j@x.test"),
            ("=?utf-8?Q?Lee,_Ann?= <a@x.test>", "Lee, Ann|a@x.test"),
            ("=?utf-8?Q?Ann_<a@x.test>?=", "Ann|a@x.test"),
            ("Jürgen <j@x.test>", "Jürgen|j@x.test"),
            ("a@x.test; b@x.test", "|a@x.test,|b@x.test"),
            ("a@x.test b@x.test", "|a@x.test,|b@x.test"),
            ("Ann <a@x.test> Bob <b@x.test>", "Ann|a@x.test,Bob|b@x.test"),
            ("<a@x.test> Ann", "Ann|a@x.test"),
            ("Ann <a@x.test", "Ann|a@x.test"),
            ("\"Ann <a@x.test>", "Ann|a@x.test"),
            ("<<a@x.test>>", "|a@x.test"),
            ("a@x.test <a@x.test>", "a@x.test|a@x.test"),
            ("'a@x.test' <a@x.test>", "'a@x.test'|a@x.test"),
            ("\"john doe\"@x.test", "|\"john doe\"@x.test"),
            ("<\"john.doe\"@x.test>", "|john.doe@x.test"),
            ("a@[IPv6:2001:db8::1]", "|a@[IPv6:2001:db8::1]"),
            ("<mailto:a@x.test>", "|a@x.test"),
            ("root", "|root"),
            ("root (Cron Daemon)", "Cron Daemon|root"),
            ("Ann Lee", "Ann Lee|"),
            ("", ""),
            (",,;:<>", ""),
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
    }

    #[test]
    fn message_ids_stand_in_angle_brackets_or_alone() {
        let ids = |value: &str| message_ids(value.as_bytes()).join(" ");
        assert_eq!(ids("<1@x>\r\n <2@x>,<3@\r\n x>"), "1@x 2@x 3@x");
        assert_eq!(ids("Your message of Monday <1@x> \"a\""), "1@x");
        assert_eq!(ids("1@x 2@x"), "1@x 2@x");
        assert_eq!(ids(" 12223"), "12223");
        assert_eq!(ids("Your message of Monday"), "");
        assert_eq!(ids("<1@x <2@x"), "1@x 2@x");
        assert_eq!(ids("<>"), "");
    }

    proptest! {
        #[test]
        fn no_octets_panic(value: Vec<u8>) {
            addresses(&value);
            message_ids(&value);
        }

        #[test]
        fn no_specials_panic(value in r#"[<>,;:"(\\)\[\]@. a=?utf8QB]{0,60}"#) {
            addresses(value.as_bytes());
            message_ids(value.as_bytes());
        }
    }
}
