use crate::{
    content_line::{
        ContentLine, ContentLines, Marker, Parameter, Property, decode_quoted_printable, decode_text, escape_text,
        split_unescaped, unescape_text,
    },
    error::{Error, ErrorKind, Result},
    model::VCardVersion,
    source::{Content, Source},
};
use std::sync::Arc;

/// Properties whose value is binary or a URI.
const BINARY: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// Lines of a card that is converted: each takes more memory than its octets.
const LINES: usize = 1 << 16;

/// A card of no version.
pub(super) struct Card {
    pub(super) fields: Vec<Field>,
}

/// A property of no version.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) group: Option<String>,
    pub(super) name: String,
    /// Parameters but for TYPE, PREF, ENCODING, CHARSET, VALUE.
    pub(super) parameters: Vec<Parameter>,
    /// In lower case.
    pub(super) types: Vec<String>,
    pub(super) pref: Option<u8>,
    /// The VALUE parameter, in lower case, where the value is neither a URI nor binary.
    pub(super) value_type: Option<String>,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Escaped as RFC 6350 §3.4 has it, `;` and `,` bare between parts.
    Text(String),
    Uri(String),
    Binary {
        media_type: Option<String>,
        base64: String,
    },
    /// A card inside a card.
    Card(String),
}

impl Field {
    pub(super) fn new(name: &str, value: String) -> Self {
        Self {
            group: None,
            name: name.to_owned(),
            parameters: Vec::new(),
            types: Vec::new(),
            pref: None,
            value_type: None,
            value: Value::Text(value),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) | Value::Uri(text) | Value::Card(text) => text,
            Value::Binary { .. } => "",
        }
    }
}

impl Card {
    pub(super) fn read(content: &Content, limit: usize) -> Result<Self> {
        let octets = content.to_vec(limit)?;
        let source: Source = Arc::new(octets);
        let mut lines = ContentLines::new(source)?;
        lines.hold_lines_of(limit);
        let mut raw = Vec::new();
        let mut depth = 0;
        while let Some(line) = lines.next_line()? {
            match Marker::of(line.head) {
                Some(Marker::Begin(_)) => depth += 1,
                Some(Marker::End(_)) => depth -= 1,
                None if line.head.trim_ascii().is_empty() => continue,
                None => {}
            }
            if raw.len() >= LINES {
                return Err(Error::new(ErrorKind::Limit, "a card with too many properties to convert"));
            }
            raw.push((depth, line.head.to_vec()));
        }
        Ok(Self::of_lines(&raw))
    }

    fn of_lines(lines: &[(i32, Vec<u8>)]) -> Self {
        let version = lines.iter().filter(|(depth, _)| *depth == 1).find_map(|(_, line)| {
            let line = ContentLine::parse(line).filter(|line| line.is("VERSION"))?;
            VCardVersion::of(&String::from_utf8_lossy(line.value))
        });
        let mut fields: Vec<Field> = Vec::new();
        let mut agent: Option<Vec<String>> = None;
        let mut continues = false;
        for (depth, line) in lines {
            if *depth > 1 || (agent.is_some() && matches!(Marker::of(line), Some(Marker::End(_)))) {
                let text = agent.get_or_insert_default();
                text.push(decode_text(line, None).0.into_owned());
                if *depth == 1
                    && let (Some(text), Some(last)) = (agent.take(), fields.last_mut())
                {
                    last.value = Value::Card(text.join("\n"));
                }
                continue;
            }
            if Marker::of(line).is_some() {
                continue;
            }
            match ContentLine::parse(line) {
                Some(parsed) if !parsed.is("VERSION") => {
                    let field = field(&parsed, version);
                    continues = matches!(field.value, Value::Binary { .. });
                    fields.push(field);
                }
                Some(_) => {}
                // Base64 of vCard 2.1 that was broken without the white space of a fold.
                None if continues => {
                    if let Some(Field { value: Value::Binary { base64, .. }, .. }) = fields.last_mut() {
                        base64.extend(
                            line.iter().filter(|octet| !octet.is_ascii_whitespace()).map(|octet| char::from(*octet)),
                        );
                    }
                }
                None => fields.push(Field::new("X-LINE", escape_text(&decode_text(line, None).0))),
            }
        }
        Self { fields }
    }
}

fn field(line: &ContentLine<'_>, version: Option<VCardVersion>) -> Field {
    let mut property = Property::from_line(line);
    let (mut types, mut pref, mut encoding, mut value_type, mut charset) = (Vec::new(), None, None, None, None);
    let mut media_type = None;
    property.parameters.retain_mut(|parameter| {
        let name = parameter.name.to_ascii_uppercase();
        let first = parameter.values.first().map(|value| value.to_ascii_lowercase());
        match (&*name, first) {
            ("TYPE", _) => types
                .extend(parameter.values.iter().flat_map(|value| value.split(',')).map(|t| t.trim().to_lowercase())),
            ("PREF", Some(first)) if first.parse::<u8>().is_ok() => pref = first.parse().ok(),
            ("ENCODING", Some(first)) => encoding = Some(first),
            ("VALUE", Some(first)) => value_type = Some(first),
            ("CHARSET", Some(first)) => charset = Some(first),
            ("MEDIATYPE", Some(first)) => media_type = Some(first),
            ("QUOTED-PRINTABLE" | "BASE64" | "B" | "8BIT" | "7BIT", None) => encoding = Some(name.to_ascii_lowercase()),
            ("URL" | "URI" | "CID" | "CONTENT-ID" | "INLINE", None) => value_type = Some(name.to_ascii_lowercase()),
            (_, None) => types.push(name.to_ascii_lowercase()),
            _ => return true,
        }
        false
    });
    types.retain(|t| !t.is_empty());
    if types.iter().any(|t| t == "pref") {
        types.retain(|t| t != "pref");
        pref.get_or_insert(1);
    }
    let name = property.name.to_ascii_uppercase();
    let is_binary = BINARY.contains(&&*name);
    let value = match encoding.as_deref() {
        Some("base64" | "b") => {
            let kind = is_binary.then(|| types.pop()).flatten();
            Value::Binary {
                media_type: media_type.take().or(kind.map(|kind| media_type_of(&name, &kind))),
                base64: property.value.chars().filter(|c| !c.is_whitespace()).collect(),
            }
        }
        Some("quoted-printable") => {
            let decoded = decode_quoted_printable(line.value);
            let text = decode_text(&decoded, charset.as_deref().map(str::as_bytes)).0.into_owned();
            Value::Text(from_2_1(&text))
        }
        _ if is_binary && property.value.to_ascii_lowercase().starts_with("data:") => data_uri(&property.value),
        _ if is_binary || matches!(value_type.as_deref(), Some("uri" | "url")) => Value::Uri(property.value.clone()),
        _ if version.is_none_or(|version| version == VCardVersion::V2_1) => Value::Text(from_2_1(&property.value)),
        _ => Value::Text(property.value.clone()),
    };
    let value = match value {
        Value::Text(text) if name == "KEY" => Value::Text(text),
        // A nested card of RFC 2426 is one line of escaped text.
        Value::Text(text)
            if name == "AGENT" && unescape_text(&text).to_ascii_uppercase().starts_with("BEGIN:VCARD") =>
        {
            Value::Card(unescape_text(&text).into_owned())
        }
        value => value,
    };
    if let Some(media_type) = media_type {
        property.parameters.push(Parameter { name: "MEDIATYPE".to_owned(), values: vec![media_type] });
    }
    let value_type = value_type.filter(|value_type| {
        !matches!(value, Value::Uri(_) | Value::Binary { .. })
            && !matches!(&**value_type, "inline" | "text" | "uri" | "url")
    });
    Field {
        group: property.group,
        name: property.name,
        parameters: property.parameters,
        types,
        pref,
        value_type,
        value,
    }
}

/// A value of vCard 2.1 with the escapes of its successors: only `;` parts it there, and a comma is a comma.
fn from_2_1(value: &str) -> String {
    let parts: Vec<_> = split_unescaped(value, ';').map(|part| escape_text(&unescape_text(part))).collect();
    parts.join(";")
}

/// The media type that a TYPE of RFC 2426 or vCard 2.1 means.
fn media_type_of(name: &str, kind: &str) -> String {
    if kind.contains('/') {
        return kind.to_owned();
    }
    match (name, kind) {
        ("KEY", "x509" | "x.509") => "application/pkix-cert".to_owned(),
        ("KEY", "pgp") => "application/pgp-keys".to_owned(),
        ("KEY", _) => format!("application/{kind}"),
        ("SOUND", _) => format!("audio/{kind}"),
        (_, "jpg") => "image/jpeg".to_owned(),
        _ => format!("image/{kind}"),
    }
}

/// The octets of a `data:` URI (RFC 2397), if they are base64.
fn data_uri(uri: &str) -> Value {
    let found = uri.get(5..).and_then(|rest| rest.split_once(',')).and_then(|(head, data)| {
        let (media_type, encoding) = head.rsplit_once(';')?;
        encoding.eq_ignore_ascii_case("base64").then_some((media_type, data))
    });
    match found {
        Some((media_type, data)) => Value::Binary {
            media_type: (!media_type.is_empty()).then(|| media_type.to_owned()),
            base64: data.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").replace('\\', ""),
        },
        None => Value::Uri(uri.to_owned()),
    }
}
