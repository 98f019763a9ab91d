//! Values: escapes of text, URIs, octets, dates, places.

use super::{
    CardDate, Context, Entry, Kind, Media, YearlessDates, bare, charset::take, escape_bare, looks_like_uri, media_kind,
    media_type_of, said, unescape_uri,
};
use crate::{
    content_line::{Parameter, Property, escape_text, unescape_text},
    mend::Notes,
};

/// Mends the value of a property; whether anything was changed.
pub(super) fn mend(property: &mut Property, context: &Context, notes: &mut Notes) -> bool {
    let kind = Kind::of(&property.name);
    let value_type = said(property, "VALUE").unwrap_or_default().to_ascii_lowercase();
    if kind == Kind::Binary {
        return media(property, &value_type, context, notes);
    }
    let is_uri = matches!(&*value_type, "uri" | "url") || (kind == Kind::Uri && value_type != "text");
    let mut is_changed = false;
    if value_type == "url" && !context.is_v2() {
        set_value_type(property, "uri");
        notes.mended(format!("VALUE=url written as uri: {}", property.name));
        is_changed = true;
    }
    is_changed
        | match kind {
            _ if is_uri => uri(property, notes),
            Kind::Text | Kind::List | Kind::Structured | Kind::Parts if !context.is_v2() => {
                text(property, kind, context, notes)
            }
            Kind::Date | Kind::Stamp if !context.is_v2() => date(property, kind, context, notes),
            Kind::Place if !context.is_v2() => place(property, context, notes),
            _ => false,
        }
}

fn set_value_type(property: &mut Property, value_type: &str) {
    take(property, "VALUE");
    property.parameters.push(Parameter { name: "VALUE".to_owned(), values: vec![value_type.to_owned()] });
}

/// URIs have no escapes of text (RFC 3986).
fn uri(property: &mut Property, notes: &mut Notes) -> bool {
    let uri = unescape_uri(&property.value);
    if uri == property.value {
        return false;
    }
    property.value = uri;
    notes.mended(format!("escapes of text removed from a URI: {}", property.name));
    true
}

/// Text has `,` escaped, and in RFC 2426 `;` too.
fn text(property: &mut Property, kind: Kind, context: &Context, notes: &mut Notes) -> bool {
    let separators: &[char] = match kind {
        Kind::Text if context.is_v3() => &[',', ';'],
        Kind::Text | Kind::Parts => &[','],
        Kind::List if context.is_v3() => &[';'],
        _ => &[],
    };
    let escaped = escape_bare(&property.value, separators);
    let mended = without_escaped_colons(&escaped);
    if escaped != property.value {
        notes.mended(format!("commas and semicolons escaped: {}", property.name));
    }
    if mended != escaped {
        notes.mended(format!("escapes removed that no colon has: {}", property.name));
    }
    let is_changed = mended != property.value;
    property.value = mended;
    is_changed
}

/// `\:` of text as `:`.
fn without_escaped_colons(value: &str) -> String {
    if !value.contains("\\:") {
        return value.to_owned();
    }
    let mut text = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some(':') => text.push(':'),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            }
        } else {
            text.push(character);
        }
    }
    text
}

/// Octets: in RFC 2426 as base64 with a TYPE, in RFC 6350 as a `data:` URI.
fn media(property: &mut Property, value_type: &str, context: &Context, notes: &mut Notes) -> bool {
    let name = property.name.to_ascii_uppercase();
    let encoding = said(property, "ENCODING").unwrap_or_default().to_ascii_lowercase();
    let is_encoded = matches!(&*encoding, "b" | "base64") || (context.is_v2() && has_word(property, "BASE64"));
    let of_uri = Media::of_uri(&property.value);
    let is_plain = |media: &Media| property.value == media.to_uri(&name);
    let types = property.parameters.iter().filter(|parameter| parameter.name.eq_ignore_ascii_case("TYPE"));
    let types = types.flat_map(|parameter| parameter.values.iter()).cloned().collect::<Vec<_>>().join(",");
    let found = match &of_uri {
        Some(media) => Some(media.clone()),
        None if is_encoded => Some(Media { media_type: None, base64: bare(&property.value) }),
        // Octets without a word of how they are encoded.
        None if !looks_like_uri(&property.value) && value_type.is_empty() => {
            let media = Media { media_type: None, base64: bare(&property.value) };
            Some(media).filter(|media| media.sniffed().is_some() && media.is_valid() && media.base64.len() > 32)
        }
        None => None,
    };
    let Some(mut found) = found else {
        let is_uri = matches!(value_type, "uri" | "url") || looks_like_uri(&property.value);
        if !is_uri || value_type == "text" {
            if context.is_v4() && matches!(name.as_str(), "PHOTO" | "LOGO" | "SOUND") && value_type != "text" {
                notes.flag(format!("{name} is neither a URI nor base64"));
            }
            return false;
        }
        let mut is_changed = uri(property, notes);
        // RFC 2426 §3.1.4: octets, where nothing else is said.
        if (context.is_v3() && !value_type.eq_ignore_ascii_case("uri")) || (value_type == "url" && !context.is_v2()) {
            set_value_type(property, "uri");
            notes.mended(format!("VALUE=uri added: {name}"));
            is_changed = true;
        }
        return is_changed;
    };
    if !found.is_valid() {
        notes.flag(format!("invalid base64: {name}"));
        return false;
    }
    let was_short = found.pad();
    if found.media_type.is_none() {
        let kinds = types.split(',').map(str::trim).filter(|kind| !is_place(kind));
        let kind = kinds.rev().find(|kind| !kind.is_empty()).map(|kind| media_type_of(&name, kind));
        found.media_type = kind.or_else(|| found.sniffed().map(str::to_owned));
    }
    if context.is_v4() {
        let is_right = of_uri.as_ref().is_some_and(is_plain) && said(property, "ENCODING").is_none();
        if is_right && !was_short {
            return false;
        }
        if of_uri.is_none() {
            drop_kind(property);
        }
        take(property, "ENCODING");
        take(property, "VALUE");
        let uri = found.to_uri(&name);
        let is_changed = uri != property.value || is_encoded || was_short;
        property.value = uri;
        if is_changed {
            notes.mended(format!("written as a data: URI: {name}"));
        }
        return is_changed;
    }
    if of_uri.is_none() && was_short && (context.is_v2() || encoding == "b") {
        property.value = found.base64;
        notes.mended(format!("base64 padded: {name}"));
        return true;
    }
    if of_uri.is_none() && (context.is_v2() || (encoding == "b" && !property.value.contains([' ', '\t', '\\']))) {
        return false;
    }
    // A data: URI is as good as base64 in vCard 2.1 and RFC 2426 only where its readers know RFC 6350.
    for name in ["ENCODING", "VALUE", "MEDIATYPE"] {
        take(property, name);
    }
    let base64 = if context.is_v2() { "BASE64" } else { "b" };
    property.parameters.push(Parameter { name: "ENCODING".to_owned(), values: vec![base64.to_owned()] });
    if types.split(',').all(|kind| is_place(kind.trim()))
        && let Some(media_type) = &found.media_type
    {
        let kind = media_kind(&name, media_type);
        property.parameters.push(Parameter { name: "TYPE".to_owned(), values: vec![kind] });
    }
    property.value = found.base64;
    notes.mended(format!("written as base64: {name}"));
    true
}

fn has_word(property: &Property, word: &str) -> bool {
    property.parameters.iter().any(|parameter| parameter.values.is_empty() && parameter.name.eq_ignore_ascii_case(word))
}

/// Whether a TYPE says whose the thing is and not what.
fn is_place(kind: &str) -> bool {
    ["", "home", "work", "pref"].iter().any(|word| word.eq_ignore_ascii_case(kind))
}

/// Removes the TYPE that is a media type.
fn drop_kind(property: &mut Property) {
    for parameter in property.parameters.iter_mut().filter(|parameter| parameter.name.eq_ignore_ascii_case("TYPE")) {
        parameter.values.retain(|kind| is_place(kind));
    }
    property
        .parameters
        .retain(|parameter| !(parameter.name.eq_ignore_ascii_case("TYPE") && parameter.values.is_empty()));
}

fn date(property: &mut Property, kind: Kind, context: &Context, notes: &mut Notes) -> bool {
    let name = property.name.to_ascii_uppercase();
    let value_type = said(property, "VALUE").unwrap_or_default().to_ascii_lowercase();
    let value = unescape_text(&property.value).trim().to_owned();
    if value.is_empty() || value_type == "text" {
        return false;
    }
    let Some(mut date) = CardDate::parse(&value) else {
        if context.is_v4() && kind == Kind::Date {
            set_value_type(property, "text");
            notes.mended(format!("VALUE=text added, as it is no date: {name}"));
            return true;
        }
        notes.flag(format!("invalid date: {name}"));
        return false;
    };
    let omitted = said(property, "X-APPLE-OMIT-YEAR").map(str::to_owned);
    if kind == Kind::Date {
        date.omit_year(omitted.as_deref());
    }
    if context.is_v4() {
        let date = if kind == Kind::Stamp { date.at_midnight() } else { date };
        let is_yearless = date.is_yearless() && take(property, "X-APPLE-OMIT-YEAR").is_some();
        let written = date.to_v4();
        if written == property.value && !is_yearless {
            return false;
        }
        property.value = written;
        notes.mended(format!("date written as in vCard 4.0: {name}"));
        return true;
    }
    if date.is_yearless() && kind == Kind::Date {
        let written = match context.yearless {
            YearlessDates::Apple => date.to_v3(),
            YearlessDates::Hyphens => date.to_hyphens(),
        };
        let wants_year = context.yearless == YearlessDates::Apple;
        let Some(written) = written else { return false };
        if same_date(&written, &property.value) && wants_year == omitted.is_some() {
            return false;
        }
        property.value = written;
        take(property, "X-APPLE-OMIT-YEAR");
        if wants_year {
            property
                .parameters
                .push(Parameter { name: "X-APPLE-OMIT-YEAR".to_owned(), values: vec!["1604".to_owned()] });
        }
        notes.mended(format!("date without a year written as the target reads it: {name}"));
        return true;
    }
    // Readers take a date and a time in one format of ISO 8601, and not each in another.
    if is_mixed(&value)
        && let Some(written) = date.to_v3().filter(|written| date.is_full() && written.contains('T'))
    {
        property.value = written;
        notes.mended(format!("date written as in vCard 3.0: {name}"));
        return true;
    }
    if !date.is_full() && name == "BDAY" {
        notes.flag("BDAY is not a full date, which vCard 3.0 wants");
    }
    false
}

/// Whether a date is in the extended format and its time in the basic one, or the other way.
fn is_mixed(value: &str) -> bool {
    value.split_once(['T', 't']).is_some_and(|(date, time)| {
        let clock = time.split(['Z', 'z', '+', '-']).next().unwrap_or_default();
        date.contains('-') != clock.contains(':')
    })
}

/// Whether two dates are equal but for hyphens.
fn same_date(a: &str, b: &str) -> bool {
    a.starts_with("--") == b.starts_with("--") && a.replace('-', "") == b.trim().replace('-', "")
}

/// `37.386;-122.083` in RFC 2426, a `geo:` URI in RFC 6350.
fn place(property: &mut Property, context: &Context, notes: &mut Notes) -> bool {
    let value = unescape_uri(property.value.trim());
    let rest = value.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("geo:")).and(value.get(4..));
    let mended = match (context.is_v4(), rest) {
        (true, Some(_)) => value,
        (true, None) => match value.split_once([';', ',']) {
            Some((latitude, longitude)) => format!("geo:{},{}", latitude.trim(), longitude.trim()),
            None => value,
        },
        (false, Some(place)) => place.split(';').next().unwrap_or(place).replacen(',', ";", 1),
        (false, None) if value.contains(';') => value,
        (false, None) => value.replacen(',', ";", 1),
    };
    if mended == property.value {
        return false;
    }
    property.value = mended;
    take(property, "VALUE");
    notes.mended(format!("position written as the version has it: {}", property.name));
    true
}

/// A card inside the card, which RFC 2426 has as one text: the value of the AGENT before it.
pub(super) fn join_inner_card(entries: &mut Vec<Entry>, number: usize, lines: Vec<String>, notes: &mut Notes) {
    let value = escape_text(&lines.join("\n"));
    notes.mended("card inside the card written as one line: AGENT");
    match entries.last_mut().filter(|last| last.property.is("AGENT") && last.property.value.trim().is_empty()) {
        Some(agent) => {
            agent.property.value = value;
            agent.is_changed = true;
        }
        None => {
            let property = Property::new("X-AGENT", value);
            entries.push(Entry { number: number.saturating_sub(1), property, is_changed: true, is_removed: false });
        }
    }
}
