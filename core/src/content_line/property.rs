use super::{
    charset::decode_text,
    fold::fold,
    line::ContentLine,
    quoted_printable::decode_quoted_printable,
    text::{decode_parameter, encode_parameter, escape_text, unescape_text},
};
use std::borrow::Cow;

/// A parameter of a property, decoded (RFC 5545 §3.2, RFC 6350 §5, RFC 6868).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name as spelled.
    pub name: String,
    /// Its values; none for a bare parameter of vCard 2.1 (`TEL;HOME:`).
    pub values: Vec<String>,
}

/// A property of a component or a card: what one content line says.
///
/// ```
/// use mailferry::content_line::Property;
///
/// let property = Property::text("SUMMARY", "Lunch; then, work").with("LANGUAGE", "en");
/// assert_eq!(property.to_string(), "SUMMARY;LANGUAGE=en:Lunch\\; then\\, work");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// The group it is in (RFC 6350 §3.3).
    pub group: Option<String>,
    /// The name as spelled.
    pub name: String,
    /// The parameters in their order.
    pub parameters: Vec<Parameter>,
    /// The value as in the line, its escapes included.
    pub value: String,
}

impl Property {
    /// A property whose value needs no escapes: a date, a URI, a structured value made of escaped parts.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { group: None, name: name.into(), parameters: Vec::new(), value: value.into() }
    }

    /// A property with a TEXT value, which is escaped.
    pub fn text(name: impl Into<String>, text: &str) -> Self {
        Self::new(name, escape_text(text))
    }

    /// The same property with one more parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push(Parameter { name: name.into(), values: vec![value.into()] });
        self
    }

    /// The same property in a group.
    #[must_use]
    pub fn in_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// What a content line says: UTF-8, or the charset it declares, or windows-1252.
    pub fn from_line(line: &ContentLine<'_>) -> Self {
        let declared = match line.parameters {
            [] => None,
            _ => line.parameter("CHARSET").and_then(|parameter| parameter.value),
        };
        let decoded = |octets| decode_text(octets, None).0;
        Self {
            group: line.group.map(|group| decoded(group).into_owned()),
            name: decoded(line.name).into_owned(),
            parameters: line
                .parameters()
                .map(|parameter| Parameter {
                    name: decoded(parameter.name).into_owned(),
                    values: parameter.values().map(|value| decode_parameter(&decoded(value)).into_owned()).collect(),
                })
                .collect(),
            value: decode_text(line.value, declared).0.into_owned(),
        }
    }

    /// Whether the name is `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The first parameter of this name, in any case.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }

    /// The first value of the parameter of this name.
    pub fn parameter_value(&self, name: &str) -> Option<&str> {
        self.parameter(name)?.values.first().map(String::as_str)
    }

    /// The value as text, its escapes undone.
    pub fn to_text(&self) -> Cow<'_, str> {
        unescape_text(&self.value)
    }

    /// The value, its escapes kept, with quoted-printable (vCard 2.1, vCalendar 1.0) undone.
    pub fn decoded_value(&self) -> Cow<'_, str> {
        let is_encoded = self.parameters.iter().any(|parameter| {
            let mut words = parameter.values.iter().chain(parameter.values.is_empty().then_some(&parameter.name));
            words.any(|word| word.eq_ignore_ascii_case("QUOTED-PRINTABLE"))
        });
        if !is_encoded {
            return Cow::Borrowed(&self.value);
        }
        let charset = self.parameter_value("CHARSET").map(str::as_bytes);
        Cow::Owned(decode_text(&decode_quoted_printable(self.value.as_bytes()), charset).0.into_owned())
    }

    /// Appends the folded content line with its CRLF.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        fold(self.to_string().as_bytes(), out);
    }
}

/// The content line, neither folded nor ended; a line end inside a value is written as `\n`.
impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(group) = &self.group {
            write!(f, "{group}.")?;
        }
        f.write_str(&self.name)?;
        for parameter in &self.parameters {
            write!(f, ";{}", parameter.name)?;
            for (i, value) in parameter.values.iter().enumerate() {
                f.write_str(if i == 0 { "=" } else { "," })?;
                let value = encode_parameter(value);
                match value.contains([',', ';', ':']) || value.trim_ascii() != value {
                    true => write!(f, "\"{value}\"")?,
                    false => f.write_str(&value)?,
                }
            }
        }
        f.write_str(":")?;
        let mut lines = self.value.split(['\r', '\n']).filter(|line| !line.is_empty());
        f.write_str(lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| write!(f, "\\n{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(line: &str) -> Property {
        Property::from_line(&ContentLine::parse(line.as_bytes()).unwrap())
    }

    #[test]
    fn a_line_end_cannot_smuggle_in_a_property() {
        assert_eq!(Property::new("URL", "x\r\nEND:VEVENT").to_string(), "URL:x\\nEND:VEVENT");
    }

    #[test]
    fn declared_charset_is_used_for_the_value() {
        let line = ContentLine::parse(b"NOTE;CHARSET=windows-1251:\xcf").unwrap();
        assert_eq!(Property::from_line(&line).value, "П");
    }

    #[test]
    fn lines_are_written_as_they_were_read() {
        for line in ["A;B=c,\"d:e\";PREF:x", "item1.X-ABLabel:_$!<HomePage>!$_", "X;P=a^'b^n:", "TEL;HOME;VOICE:1"] {
            assert_eq!(parsed(line).to_string(), line);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            group in proptest::option::of("[A-Za-z0-9-]{1,5}"),
            name in "[A-Za-z0-9-]{1,9}",
            parameters in proptest::collection::vec(("[A-Za-z0-9-]{1,5}", proptest::collection::vec("[^\r\u{feff}\u{0}-\u{9}\u{b}-\u{1f}]{0,12}", 0..3)), 0..4),
            value in "[^\r\n]{0,40}",
        ) {
            let parameters = parameters.into_iter().map(|(name, values)| Parameter { name, values }).collect();
            let property = Property { group, name, parameters, value };
            let mut octets = Vec::new();
            property.write_to(&mut octets);
            let unfolded = super::super::fold::unfold(&octets);
            let line = unfolded.strip_suffix(b"\r\n").unwrap();
            let Some(read) = ContentLine::parse(line) else { return Err(TestCaseError::fail("not a line")) };
            let mut read = Property::from_line(&read);
            // A declared charset is a statement about octets, which a written property no longer makes.
            if property.parameter("CHARSET").is_some() { read.value = property.value.clone(); }
            prop_assert_eq!(read, property);
        }
    }
}
