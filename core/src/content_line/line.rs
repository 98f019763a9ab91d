use super::{charset::decode_text, quoted_printable::decode_quoted_printable};
use std::borrow::Cow;

/// One unfolded content line, cut into its parts and not yet decoded (RFC 5545 §3.1, RFC 6350 §3.3).
///
/// ```
/// use mailferry::content_line::ContentLine;
///
/// let line = ContentLine::parse(b"item1.TEL;TYPE=\"home,voice\";PREF:+1 555;x").unwrap();
/// assert_eq!((line.group, line.name, line.value), (Some(&b"item1"[..]), &b"TEL"[..], &b"+1 555;x"[..]));
/// let names: Vec<_> = line.parameters().map(|parameter| parameter.name).collect();
/// assert_eq!(names, [&b"TYPE"[..], b"PREF"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLine<'a> {
    /// What is before the first `.` of the name (RFC 6350 §3.3, `group`).
    pub group: Option<&'a [u8]>,
    /// The name of the property as spelled, without white space around it.
    pub name: &'a [u8],
    /// Everything between the name and the colon, the first `;` included; empty without parameters.
    pub parameters: &'a [u8],
    /// Everything after the colon.
    pub value: &'a [u8],
}

/// Where the parts of a line are, in octets from its start; of a line that is found to have them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The dot behind the group.
    dot: Option<u32>,
    name: (u32, u32),
    /// The first `;` or `:` behind the name.
    name_end: u32,
    colon: u32,
}

impl Parts {
    /// Those of a line without its line end; `None` where there is no name or no colon after it.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        // Names are too short for a search by blocks to be worth its start.
        let name_end = line.iter().position(|octet| matches!(octet, b':' | b';'))?;
        let full_name = line.get(..name_end)?;
        let blank = full_name.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let full_name = full_name.trim_ascii();
        let colon = match line.get(name_end) {
            Some(b':') => name_end,
            _ => name_end + find_unquoted(line.get(name_end..)?, b':')?,
        };
        let dot = full_name.iter().position(|octet| *octet == b'.');
        let skipped = dot.map_or(0, |dot| dot + 1);
        if skipped >= full_name.len() {
            return None;
        }
        // What is longer than 4 GB is not held.
        let at = |place: usize| u32::try_from(place).ok();
        Some(Self {
            dot: dot.and_then(|dot| at(blank + dot)),
            name: (at(blank + skipped)?, at(blank + full_name.len())?),
            name_end: at(name_end)?,
            colon: at(colon)?,
        })
    }

    /// Where the name ends, its group and the white space around it included.
    pub(crate) fn name_end(self) -> usize {
        self.name_end as usize
    }

    /// The parts of the line that these are of.
    pub(crate) fn line(self, line: &[u8]) -> Option<ContentLine<'_>> {
        let place = |at: u32| at as usize;
        let group = match self.dot {
            // White space before it is none of it.
            Some(dot) => Some(line.get(..place(dot))?.trim_ascii_start()),
            None => None,
        };
        Some(ContentLine {
            group,
            name: line.get(place(self.name.0)..place(self.name.1))?,
            parameters: line.get(place(self.name_end)..place(self.colon))?,
            value: line.get(place(self.colon) + 1..)?,
        })
    }
}

impl<'a> ContentLine<'a> {
    /// Cuts a line without its line end; `None` where there is no name or no colon after it.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        Parts::of(line)?.line(line)
    }

    /// Whether the name is `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value as text: quoted-printable (vCard 2.1) undone, of the charset that the line declares, escapes kept.
    pub fn decoded_value(&self) -> Cow<'a, str> {
        if self.parameters.is_empty() {
            return decode_text(self.value, None).0;
        }
        let charset = self.parameter("CHARSET").and_then(|parameter| parameter.value);
        let is_encoded = self.parameters().any(|parameter| {
            let word = parameter.value.unwrap_or(parameter.name);
            word.eq_ignore_ascii_case(b"QUOTED-PRINTABLE")
        });
        match is_encoded {
            true => decode_text(&decode_quoted_printable(self.value), charset).0.into_owned().into(),
            false => decode_text(self.value, charset).0,
        }
    }

    /// The parameters in their order.
    pub fn parameters(&self) -> RawParameters<'a> {
        RawParameters { rest: self.parameters.get(1..) }
    }

    /// The first parameter of this name, in any case.
    pub fn parameter(&self, name: &str) -> Option<RawParameter<'a>> {
        self.parameters().find(|parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
    }
}

/// The place of the first `wanted` outside double quotes; a quote that is never closed is an ordinary octet.
pub(super) fn find_unquoted(octets: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(wanted, b'"', octets.get(at..)?)?;
        if octets.get(at) == Some(&wanted) {
            return Some(at);
        }
        at += 1;
        match memchr::memchr(b'"', octets.get(at..)?) {
            Some(closing) => at += closing + 1,
            None => return memchr::memchr(wanted, octets.get(at..)?).map(|found| at + found),
        }
    }
}

/// A parameter as in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawParameter<'a> {
    /// The name as spelled; of a bare parameter of vCard 2.1 (`TEL;HOME:`) its only word.
    pub name: &'a [u8],
    /// What follows the `=`, quotes and commas included; `None` for a bare parameter.
    pub value: Option<&'a [u8]>,
}

impl<'a> RawParameter<'a> {
    /// The values between the commas that are outside quotes, each without its quotes.
    pub fn values(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.value;
        std::iter::from_fn(move || {
            let octets = rest?;
            let comma = find_unquoted(octets, b',');
            rest = comma.and_then(|comma| octets.get(comma + 1..));
            Some(unquoted(octets.get(..comma.unwrap_or(octets.len())).unwrap_or_default()))
        })
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    let trimmed = value.trim_ascii();
    trimmed.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

/// The parameters of a line, in their order.
#[derive(Clone, Debug)]
pub struct RawParameters<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for RawParameters<'a> {
    type Item = RawParameter<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let octets = self.rest?;
        let semicolon = find_unquoted(octets, b';');
        self.rest = semicolon.and_then(|semicolon| octets.get(semicolon + 1..));
        let parameter = octets.get(..semicolon.unwrap_or(octets.len()))?;
        let equals = memchr::memchr(b'=', parameter);
        Some(RawParameter {
            name: parameter.get(..equals.unwrap_or(parameter.len()))?.trim_ascii(),
            value: equals.and_then(|equals| parameter.get(equals + 1..)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &[u8], name: &str) -> Vec<String> {
        let line = ContentLine::parse(line).unwrap();
        line.parameter(name).unwrap().values().map(|v| String::from_utf8(v.to_vec()).unwrap()).collect()
    }

    #[test]
    fn quotes_hide_commas_semicolons_and_colons() {
        assert_eq!(values(b"ATTENDEE;X=\"a,b;c:d\",e;Y=1:mailto:x", "x"), ["a,b;c:d", "e"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_hides_nothing() {
        let line = ContentLine::parse(b"ORGANIZER;CN=\"Ann;ROLE=X:mailto:ann@example.org").unwrap();
        assert_eq!(line.value, b"mailto:ann@example.org");
        assert_eq!(line.parameters().count(), 2);
    }

    #[test]
    fn white_space_before_the_colon_is_no_part_of_the_name() {
        let line = ContentLine::parse(b"DTSTART\t:20200101").unwrap();
        assert_eq!((line.name, line.value), (&b"DTSTART"[..], &b"20200101"[..]));
    }

    #[test]
    fn lines_without_a_name_or_a_colon_are_none() {
        for line in [&b""[..], b"no colon", b":x", b";A=b:x", b"A;B=\"c:d\"", b"g.:x"] {
            assert_eq!(ContentLine::parse(line), None, "{line:?}");
        }
    }
}
