use crate::{
    content_line::{
        ContentLine, ContentLines, Marker, Parameter, Property, decode_quoted_printable, decode_text, escape_text,
        split_unescaped, unescape_text,
    },
    error::{Error, ErrorKind, Result},
    mend::{Kind, Media, looks_like_uri, media_kind, media_type_of, unescape_uri},
    model::VCardVersion,
    source::{Content, Source},
};
use std::sync::Arc;

/// Lines of a card that is converted: each takes more memory than its octets.
const LINES: usize = 1 << 16;

/// Values of TYPE that the standards have, which are the same in any case.
const TYPES: [&str; 31] = [
    "home",
    "work",
    "pref",
    "voice",
    "fax",
    "cell",
    "msg",
    "pager",
    "bbs",
    "modem",
    "car",
    "isdn",
    "video",
    "pcs",
    "text",
    "textphone",
    "dom",
    "intl",
    "postal",
    "parcel",
    "internet",
    "x400",
    "contact",
    "agent",
    "spouse",
    "child",
    "parent",
    "friend",
    "sibling",
    "kin",
    "other",
];

/// A card of no version.
pub(super) struct Card {
    /// The version it was.
    pub(super) version: Option<VCardVersion>,
    pub(super) fields: Vec<Field>,
}

/// A property of no version.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) group: Option<String>,
    pub(super) name: String,
    /// Parameters but for TYPE, PREF, ENCODING, CHARSET, VALUE, MEDIATYPE.
    pub(super) parameters: Vec<Parameter>,
    /// Those of the standards in lower case.
    pub(super) types: Vec<String>,
    pub(super) pref: Option<u8>,
    /// Whether TYPE says that it is preferred.
    pub(super) has_pref_type: bool,
    /// The VALUE parameter, in lower case.
    pub(super) value_type: Option<String>,
    /// The media type of what a URI refers to.
    pub(super) media_type: Option<String>,
    /// The TYPE that said the media type in RFC 2426, where that is not the one that it would get again; nothing is `none`.
    pub(super) media_word: Option<String>,
    /// Whether it had another name in the version that was read.
    pub(super) is_restored: bool,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Escaped as RFC 6350 §3.4 has it, `;` and `,` bare between parts.
    Text(String),
    Uri(String),
    Binary(Media),
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
            has_pref_type: false,
            value_type: None,
            media_type: None,
            media_word: None,
            is_restored: false,
            value: Value::Text(value),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) | Value::Uri(text) | Value::Card(text) => text,
            Value::Binary(_) => "",
        }
    }

    /// Adds a parameter.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.parameters.push(Parameter { name: name.to_owned(), values: vec![value.to_owned()] });
    }

    /// Whether it has a parameter of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }

    /// Removes a parameter.
    pub(super) fn take(&mut self, name: &str) -> Option<Parameter> {
        let found = self.parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
        Some(self.parameters.remove(found))
    }

    /// Removes a parameter and gives its first value.
    pub(super) fn take_value(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|parameter| parameter.values.into_iter().next().unwrap_or_default())
    }

    /// The values of TYPE, `pref` among them where one is preferred.
    pub(super) fn all_types(&self) -> Vec<String> {
        let mut types = self.types.clone();
        types.extend(self.pref.map(|_| "pref".to_owned()));
        types
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
                Some(parsed) if !parsed.is("VERSION") => fields.push(field(&parsed, version)),
                Some(_) => {}
                None => fields.push(Field::new("X-LINE", escape_text(&decode_text(line, None).0))),
            }
        }
        Self { version, fields }
    }
}

fn field(line: &ContentLine<'_>, version: Option<VCardVersion>) -> Field {
    let mut property = Property::from_line(line);
    let is_v2 = version.is_none_or(|version| version == VCardVersion::V2_1);
    let is_v4 = version == Some(VCardVersion::V4);
    let (mut types, mut pref, mut encoding, mut value_type, mut charset) = (Vec::new(), None, None, None, None);
    let (mut media_type, mut media_word) = (None, None);
    let spelled = |word: &str| {
        let lower = word.trim().to_lowercase();
        if is_v2 || TYPES.contains(&&*lower) { lower } else { word.trim().to_owned() }
    };
    property.parameters.retain(|parameter| {
        let name = parameter.name.to_ascii_uppercase();
        let value = parameter.values.first();
        let first = value.map(|value| value.to_ascii_lowercase());
        match (&*name, first) {
            ("TYPE", _) => {
                types.extend(parameter.values.iter().flat_map(|value| value.split(',')).map(spelled));
            }
            ("PREF", Some(first)) if first.parse::<u8>().is_ok() => pref = first.parse().ok(),
            ("X-PREF", Some(first)) if !is_v4 && first.parse::<u8>().is_ok() => pref = first.parse().ok(),
            ("ENCODING", Some(first)) => encoding = Some(first),
            ("VALUE", Some(first)) => value_type = Some(first),
            ("CHARSET", Some(first)) => charset = Some(first),
            ("MEDIATYPE", Some(_)) => media_type = value.cloned(),
            ("X-MEDIATYPE", Some(_)) if !is_v4 => media_type = value.cloned(),
            (super::V3_TYPE, Some(_)) if is_v4 => media_word = value.cloned(),
            ("QUOTED-PRINTABLE" | "BASE64" | "B" | "8BIT" | "7BIT", None) => encoding = Some(name.to_ascii_lowercase()),
            ("URL" | "URI" | "CID" | "CONTENT-ID" | "INLINE", None) => value_type = Some(name.to_ascii_lowercase()),
            (_, None) => types.push(name.to_ascii_lowercase()),
            _ => return true,
        }
        false
    });
    types.retain(|t| !t.is_empty());
    let has_pref_type = types.iter().any(|t| t == "pref");
    if has_pref_type {
        types.retain(|t| t != "pref");
        pref.get_or_insert(1);
    }
    let name = property.name.to_ascii_uppercase();
    let kind = Kind::of(&name);
    let has_word = kind == Kind::Binary && !is_v4;
    let mut take_word = || {
        let found = types.iter().rposition(|word| has_word && !matches!(&**word, "home" | "work"))?;
        Some(types.remove(found))
    };
    let is_uri = matches!(value_type.as_deref(), Some("uri" | "url" | "cid" | "content-id"));
    let value = match encoding.as_deref() {
        Some("base64" | "b") => {
            let word = take_word();
            let media_type = media_type.take().or(word.as_deref().map(|word| media_type_of(&name, word)));
            if kind == Kind::Binary || media_type.is_none() {
                media_word = media_word.or_else(|| odd_word(&name, word, media_type.as_deref()));
            }
            Value::Binary(Media { media_type, base64: crate::mend::bare_base64(&property.value) })
        }
        Some("quoted-printable") => {
            let decoded = decode_quoted_printable(line.value);
            let text = decode_text(&decoded, charset.as_deref().map(str::as_bytes)).0.into_owned();
            of_v2(&text, kind)
        }
        _ => match Media::of_uri(&property.value) {
            Some(media) if kind == Kind::Binary || (name.starts_with("X-") && is_v4) => Value::Binary(media),
            _ if is_uri || (kind == Kind::Uri && value_type.as_deref() != Some("text")) => {
                Value::Uri(unescape_uri(&property.value))
            }
            _ if kind == Kind::Binary
                && (is_v4 || looks_like_uri(&property.value))
                && value_type.as_deref() != Some("text") =>
            {
                Value::Uri(property.value.clone())
            }
            _ if is_v2 => of_v2(&property.value, kind),
            _ => Value::Text(property.value.clone()),
        },
    };
    if matches!(value, Value::Uri(_)) && kind == Kind::Binary && media_type.is_none() {
        let word = take_word();
        media_type = word.as_deref().map(|word| media_type_of(&name, word));
        media_word =
            media_word.or_else(|| odd_word(&name, word, media_type.as_deref()).filter(|word| word != super::NONE));
    }
    let value = match value {
        // A nested card of RFC 2426 is one line of escaped text.
        Value::Text(text)
            if name == "AGENT" && unescape_text(&text).to_ascii_uppercase().starts_with("BEGIN:VCARD") =>
        {
            Value::Card(unescape_text(&text).into_owned())
        }
        value => value,
    };
    Field {
        group: property.group,
        name: property.name,
        parameters: property.parameters,
        types,
        pref,
        has_pref_type,
        value_type,
        media_type,
        media_word,
        is_restored: false,
        value,
    }
}

/// The TYPE of octets, where they would not get it again by their media type.
fn odd_word(name: &str, word: Option<String>, media_type: Option<&str>) -> Option<String> {
    match (word, media_type) {
        (Some(word), Some(media_type)) if media_kind(name, media_type).eq_ignore_ascii_case(&word) => None,
        (Some(word), _) if word.eq_ignore_ascii_case("jpg") => None,
        (Some(word), _) => Some(word),
        (None, _) => Some(super::NONE.to_owned()),
    }
}

/// A value of vCard 2.1 with the escapes of its successors: only `;` separates parts there and is escaped, and a comma or a backslash
/// is what it is.
fn of_v2(value: &str, kind: Kind) -> Value {
    let escaped = |part: &str| escape_text(&part.replace("\\;", ";").replace("\\,", ","));
    Value::Text(match kind {
        Kind::Uri => return Value::Uri(unescape_uri(value)),
        Kind::Date | Kind::Stamp | Kind::Place => value.to_owned(),
        Kind::Text => escaped(value),
        Kind::List => {
            let values = split_unescaped(value, ';').flat_map(|part| split_unescaped(part, ','));
            values.map(|value| escaped(value.trim())).collect::<Vec<_>>().join(",")
        }
        _ => split_unescaped(value, ';').map(escaped).collect::<Vec<_>>().join(";"),
    })
}
