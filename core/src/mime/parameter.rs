use super::{
    encoded_word::{decode_words, hex_octet},
    evidence::{self, Evidence},
    token::unquoted,
};
use crate::order;
use std::borrow::Cow;

/// The parameters of a `Content-Type` or `Content-Disposition` (RFC 2045 §5.1, RFC 2183 §2), sections joined (RFC 2231).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parameter {
    /// In lower case.
    name: Vec<u8>,
    value: Vec<u8>,
    /// `None` where the value is as it stands, without RFC 2231.
    charset: Option<Vec<u8>>,
}

impl Parameters {
    /// The value of the parameter as text; of several with one name, the first.
    ///
    /// Its charset is the one it declares (RFC 2231 §4); encoded words, which have no place here but are common, are decoded.
    pub fn text(&self, name: &str) -> Option<String> {
        self.text_by(name, &Evidence::default)
    }

    /// The same, octets that are of no declared charset, or not of theirs, read by evidence.
    pub(super) fn text_by(&self, name: &str, evidence: &dyn Fn() -> Evidence) -> Option<String> {
        let parameter = self.find(name)?;
        let read = |charset: &[u8]| evidence::read(charset, &parameter.value, evidence).text.into_owned();
        Some(match parameter.charset.as_deref() {
            Some(charset) => read(charset),
            None if parameter.value.is_ascii() => decode_words(&parameter.value),
            None => decode_words(read(b"").as_bytes()),
        })
    }

    /// The value of the parameter as octets.
    pub fn octets(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|parameter| parameter.value.as_slice())
    }

    fn find(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The parameters in what follows the first semicolon of an unfolded field value.
    pub(super) fn parse(value: &[u8]) -> Self {
        let mut sections: Vec<Section> = Attributes { rest: value }.filter_map(Section::new).collect();
        // Stable, so that of equal sections the first stays first.
        order::sort_by(&mut sections, |a, b| (&a.base, a.form).cmp(&(&b.base, b.form)));
        let parameters = sections.chunk_by(|a, b| a.base == b.base).filter_map(Parameter::joined);
        Self(parameters.collect())
    }
}

impl Parameter {
    /// The parameter that sections with one name make, the best form first: `name*`, `name*0` and its followers, `name`.
    fn joined(sections: &[Section]) -> Option<Self> {
        let first = sections.first()?;
        let mut joined = Self { name: first.base.clone(), value: Vec::new(), charset: None };
        let numbered = matches!(first.form, Form::Section(_));
        let mut sections: Vec<&Section> =
            sections.iter().take_while(|section| numbered == matches!(section.form, Form::Section(_))).collect();
        sections.dedup_by_key(|section| section.form);
        sections.truncate(if numbered { sections.len() } else { 1 });
        for (at, section) in sections.into_iter().enumerate() {
            match (section.extended, at) {
                (false, _) => joined.value.extend_from_slice(&section.value),
                (true, 0) => {
                    let (charset, text) = split_charset(&section.value);
                    joined.charset = Some(charset.to_vec());
                    decode_percent(text, &mut joined.value);
                }
                (true, _) => decode_percent(&section.value, &mut joined.value),
            }
        }
        Some(joined)
    }
}

/// `name`, `name*`, `name*1` or `name*1*` with its value.
struct Section<'a> {
    base: Vec<u8>,
    form: Form,
    extended: bool,
    value: Cow<'a, [u8]>,
}

/// The forms of a parameter, the one to be believed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Extended,
    Section(u32),
    Plain,
}

impl<'a> Section<'a> {
    fn new((name, value): (&'a [u8], Cow<'a, [u8]>)) -> Option<Self> {
        let (name, extended) = match name {
            [name @ .., b'*'] => (name, true),
            _ => (name, false),
        };
        let mut parts = name.splitn(2, |&octet| octet == b'*');
        let base = parts.next()?.trim_ascii().to_ascii_lowercase();
        let form = match parts.next() {
            Some(number) => Form::Section(std::str::from_utf8(number).ok()?.parse().ok()?),
            None if extended => Form::Extended,
            None => Form::Plain,
        };
        (!base.is_empty()).then_some(Self { base, form, extended, value })
    }
}

/// `charset'language'text`; without quotation marks, all is text.
fn split_charset(value: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = value.splitn(3, |&octet| octet == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(text)) => (charset, text),
        _ => (b"", value),
    }
}

fn decode_percent(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((&octet, behind)) = rest.split_first() {
        let decoded = match (octet, behind) {
            (b'%', [high, low, after @ ..]) => hex_octet(*high, *low).map(|decoded| (decoded, after)),
            _ => None,
        };
        let (octet, behind) = decoded.unwrap_or((octet, behind));
        out.push(octet);
        rest = behind;
    }
}

/// The `name=value` pairs of a field value, in order.
struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.rest.iter().position(|&octet| octet != b';' && !octet.is_ascii_whitespace())?;
            let rest = self.rest.get(start..)?;
            let end = rest.iter().position(|&octet| octet == b';' || octet == b'=').unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end)?;
            let Some(value) = behind.strip_prefix(b"=") else {
                self.rest = behind;
                continue;
            };
            let value = value.trim_ascii_start();
            let (value, behind) = quoted(value).unwrap_or_else(|| bare(value));
            self.rest = behind;
            return Some((name.trim_ascii(), value));
        }
    }
}

/// A quoted value and what is behind it. Without its second quotation mark it ends at the next semicolon.
fn quoted(value: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let inside = value.strip_prefix(b"\"")?;
    let mut escaped = false;
    let close = inside.iter().position(|&octet| {
        let closes = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        closes
    });
    let Some(close) = close else {
        let end = inside.iter().position(|&octet| octet == b';').unwrap_or(inside.len());
        let (value, behind) = inside.split_at_checked(end)?;
        return Some((Cow::Borrowed(value.trim_ascii()), behind));
    };
    let (inside, behind) = (inside.get(..close)?, inside.get(close + 1..)?);
    let value = if inside.contains(&b'\\') { Cow::Owned(unquoted(inside).collect()) } else { Cow::Borrowed(inside) };
    Some((value, behind))
}

/// A value without quotation marks and what is behind it. It ends at a semicolon, or before what must be the next parameter;
/// a comment at its end is no part of it.
fn bare(value: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let end = value.iter().position(|&octet| octet == b';').unwrap_or(value.len());
    let (whole, behind) = value.split_at_checked(end).unwrap_or_default();
    let mut at = 0;
    for word in whole.split_inclusive(u8::is_ascii_whitespace) {
        let name_len = word.iter().position(|&octet| octet == b'=').unwrap_or(0);
        let is_name = word.iter().take(name_len).all(|octet| octet.is_ascii_alphanumeric() || b"-_*".contains(octet));
        if at > 0 && name_len > 0 && is_name {
            let (value, behind) = value.split_at_checked(at).unwrap_or_default();
            return (Cow::Borrowed(value.trim_ascii()), behind);
        }
        at += word.len();
    }
    let whole = whole.trim_ascii();
    let comment = if whole.ends_with(b")") { memchr::memmem::rfind(whole, b" (") } else { None };
    (Cow::Borrowed(whole.get(..comment.unwrap_or(whole.len())).unwrap_or_default().trim_ascii()), behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: &str, name: &str) -> String {
        Parameters::parse(value.as_bytes()).text(name).unwrap_or_else(|| "none".into())
    }

    #[test]
    fn sections_and_charsets_of_rfc_2231() {
        let section_3 = "access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"";
        assert_eq!(text(section_3, "url"), "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar");
        let section_4 = "title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A";
        assert_eq!(text(section_4, "title"), "This is ***fun***");
        let section_4_1 =
            "title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"";
        assert_eq!(text(section_4_1, "Title"), "This is even more ***fun*** isn't it!");
        for (value, name) in [
            ("filename*1=b; filename*0=a; filename*2=c", "abc"),
            ("filename*0*=utf-8''%E2%9C; filename*1*=%93", "✓"),
            ("filename*0*=utf-8''a%20; filename*1=b%20", "a b%20"),
            ("filename=plain; filename*=utf-8''%E2%9C%93", "✓"),
            ("filename=plain; filename*0=a; filename*1=b", "ab"),
            ("filename*0=a; filename*0=x; filename*1=b", "ab"),
            ("filename*=\"utf-8''%E2%9C%93\"", "✓"),
            ("filename*=%E2%9C%93", "✓"),
            ("filename*=''%E2%9C%93", "✓"),
            ("filename*=utf-8'de'100%", "100%"),
            ("filename*0=\"=?utf-8?Q?gr=C3?=\"; filename*1=\" =?utf-8?Q?=BC=C3=9Fe?=\"", "grüße"),
        ] {
            assert_eq!(text(value, "filename"), name, "{value}");
        }
    }

    #[test]
    fn values_as_real_mail_has_them() {
        for (value, name) in [
            ("filename=a.txt", "a.txt"),
            ("FileName = \"a b.txt\" ", "a b.txt"),
            ("filename=a b.txt", "a b.txt"),
            ("filename=a b.txt size=3", "a b.txt"),
            ("charset=utf-8 filename=a", "a"),
            ("charset=\"utf-8\" filename=a", "a"),
            ("filename=\"a;b.txt\"; x=y", "a;b.txt"),
            ("filename=\"a.txt; x=y", "a.txt"),
            ("filename=\"a \\\"b\\\".txt\"", "a \"b\".txt"),
            ("filename=\"C:\\dir\\a.txt\"", "C:dira.txt"),
            ("filename==?utf-8?Q?a_b?=", "a b"),
            ("filename=\"=?utf-8?B?4pyT?=\"", "✓"),
            ("filename==?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
            ("filename=us-ascii (plain)", "us-ascii"),
            ("filename=a; filename=b", "a"),
            (";;filename=a", "a"),
            ("x; filename=a", "a"),
            ("filename=", ""),
            ("x=y", "none"),
        ] {
            assert_eq!(text(value, "filename"), name, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_panic(value: Vec<u8>) {
            Parameters::parse(&value).text("name");
        }

        #[test]
        fn a_value_cut_into_sections_comes_back(value in "\\PC{0,40}", cut in 1_usize..9) {
            let sections: String = value
                .as_bytes()
                .chunks(cut)
                .enumerate()
                .map(|(at, section)| {
                    let text: String = section.iter().map(|octet| format!("%{octet:02X}")).collect();
                    format!("; name*{at}*={}{text}", if at == 0 { "utf-8''" } else { "" })
                })
                .collect();
            prop_assert_eq!(text(&sections, "name"), if value.is_empty() { "none".into() } else { value });
        }
    }
}
