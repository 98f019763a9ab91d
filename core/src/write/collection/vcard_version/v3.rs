use super::{
    Lost, NAMED_BY_APPLE, NONE, ONCE, ONLY_V3, ONLY_V4, PARAMETERS_V4, V3_NAME, V3_VALUE, V4_NAME, V4_PARAMETER,
    agent_name, agent_text,
    neutral::{Card, Field, Value},
    property,
    v4::restored_name,
};
use crate::{
    content_line::{Parameter, Property, escape_text, unescape_text},
    mend::{CardDate, Kind, YearlessDates, escape_bare, media_kind},
    model::VCardVersion,
};
use std::collections::HashMap;

/// The properties of the card as RFC 2426 has them.
pub(super) fn properties(mut card: Card, yearless: YearlessDates, lost: &mut Lost) -> Vec<Property> {
    let from_v4 = card.version == Some(VCardVersion::V4);
    if from_v4 {
        join_agents(&mut card.fields);
        keep_one(&mut card.fields, lost);
    }
    keep_best(&mut card.fields);
    let [has_birthday, has_revision] = ["BDAY", "REV"].map(|name| card.fields.iter().any(|field| field.is(name)));
    let has = (has_birthday, has_revision);
    let mut properties = Vec::new();
    for mut field in card.fields {
        let label = field.take("LABEL");
        let label_type = field.take(super::LABEL_TYPE);
        if field.is("N") && from_v4 {
            sort_string(&mut field, &mut properties);
        }
        if let Some(label) = label {
            let types = match label_type {
                Some(types) => types.values.into_iter().filter(|word| word != NONE).collect(),
                None => types_of(&field),
            };
            let text = escape_text(&label.values.join(","));
            let mut label = property(&Field { parameters: Vec::new(), ..field.clone() }, "LABEL", text);
            add_types(&mut label, types);
            properties.push(label);
            // An address that was made for its label alone.
            if field.text().chars().all(|c| c == ';') && field.parameters.is_empty() {
                continue;
            }
        }
        properties.push(one(field, from_v4, has, yearless, lost));
    }
    properties
}

/// Takes back the card in an AGENT, and leaves out who was named for it.
fn join_agents(fields: &mut Vec<Field>) {
    let names: Vec<String> = fields
        .iter()
        .filter(|field| field.is("X-AGENT"))
        .map(|field| agent_name(&unescape_text(field.text())))
        .collect();
    if names.is_empty() {
        return;
    }
    let is_made = |field: &Field| {
        field.is("RELATED") && field.types == ["agent"] && names.iter().any(|name| *name == unescape_text(field.text()))
    };
    fields.retain(|field| !is_made(field));
    fields.iter_mut().filter(|field| field.is("X-AGENT")).for_each(|field| field.name = "AGENT".to_owned());
}

/// Keeps the first of what RFC 2426 has once under its name.
fn keep_one(fields: &mut [Field], lost: &mut Lost) {
    for name in ONCE {
        for field in fields.iter_mut().filter(|field| field.is(name)).skip(1) {
            field.name = format!("X-{name}");
            field.is_restored = true;
            lost.tell(format!("{name} may stand once in vCard 3.0; another is kept as X-{name}"));
        }
    }
}

/// RFC 2426 has one TYPE for what is preferred, which the best of each kind gets; the others keep their number.
fn keep_best(fields: &mut [Field]) {
    let mut best: HashMap<String, (u8, usize)> = HashMap::new();
    for (at, field) in fields.iter().enumerate() {
        let Some(pref) = field.pref else { continue };
        let best = best.entry(field.name.to_ascii_uppercase()).or_insert((pref, at));
        if pref < best.0 {
            *best = (pref, at);
        }
    }
    for (at, field) in fields.iter_mut().enumerate() {
        let Some(pref) = field.pref else { continue };
        let is_best = best.get(&field.name.to_ascii_uppercase()).is_some_and(|(_, best)| *best == at);
        // What had it in RFC 2426 has it again.
        let had = field.take(super::V3_TYPE).is_some() || field.media_word.as_deref() == Some("pref");
        if had {
            field.media_word = None;
        }
        if !is_best && !had {
            field.pref = None;
        }
        if !had && (!is_best || pref != 1) {
            field.add("X-PREF", &pref.to_string());
        }
    }
}

/// SORT-AS of a name as SORT-STRING (RFC 2426 §3.6.5), which has one part.
fn sort_string(field: &mut Field, properties: &mut Vec<Property>) {
    let Some(sort_as) = field.take("SORT-AS") else { return };
    let whole = sort_as.values.join(",");
    let first = whole.split(',').next().unwrap_or_default();
    properties.push(Property::text("SORT-STRING", first));
    if first != whole {
        field.parameters.push(Parameter { name: "X-SORT-AS".to_owned(), values: sort_as.values });
    }
}

/// The name in RFC 2426, and whether it is one that the other has not.
fn name_of(field: &Field, name: &str, from_v4: bool) -> (String, bool) {
    if let Some((_, apple)) = NAMED_BY_APPLE.iter().find(|(known, _)| *known == name) {
        return ((*apple).to_owned(), true);
    }
    if ONLY_V4.contains(&name) {
        return (format!("X-{name}"), true);
    }
    let bare = name.strip_prefix("X-").filter(|bare| from_v4 && ONLY_V3.contains(bare));
    (bare.map_or_else(|| field.name.clone(), str::to_owned), false)
}

fn one(mut field: Field, from_v4: bool, has: (bool, bool), yearless: YearlessDates, lost: &mut Lost) -> Property {
    let name = field.name.to_ascii_uppercase();
    let was = if from_v4 { field.take_value(V3_NAME) } else { None };
    let value_was = if from_v4 { field.take_value(V3_VALUE) } else { None };
    if from_v4 && was.is_none() {
        mark_own(&mut field, &name, has);
    }
    for parameter in &mut field.parameters {
        let parameter_name = parameter.name.to_ascii_uppercase();
        if PARAMETERS_V4.contains(&&*parameter_name) {
            lost.tell(format!("the parameter {parameter_name} of {} does not exist in vCard 3.0", field.name));
            parameter.name = format!("X-{parameter_name}");
        }
    }
    if was.as_deref() == Some("AGENT") || (name == "RELATED" && from_v4 && field.types == ["agent"]) {
        match &field.value {
            Value::Uri(uri) if field.value_type.as_deref() != Some("text") => {
                return property(&field, "AGENT", uri.clone()).with("VALUE", "uri");
            }
            value if was.is_some() => return property(&field, "AGENT", agent_text(value)),
            _ => {}
        }
    }
    let is_restored = was.is_some();
    let (spelled, is_kept) = match was {
        Some(was) => (was, false),
        None => name_of(&field, &name, from_v4),
    };
    if is_kept {
        lost.tell(format!("{name} does not exist in vCard 3.0 and is kept as {spelled}"));
    }
    let kind = Kind::of(&name);
    let mut made = match (&field.value, kind) {
        (Value::Card(_), _) => property(&field, &spelled, agent_text(&field.value)),
        (Value::Binary(media), _) => {
            let mut made = property(&field, &spelled, media.base64.clone()).with("ENCODING", "b");
            if kind == Kind::Binary {
                let sniffed = media.media_type.as_deref().or(media.sniffed());
                add_media(&mut made, &field, sniffed.map(|media_type| media_kind(&name, media_type)));
            } else if let Some(media_type) = media.media_type.as_deref().filter(|_| field.media_word.is_none()) {
                made = made.with("X-MEDIATYPE", media_type);
            }
            made
        }
        (Value::Uri(uri), _) if name == "TEL" => property(&field, &spelled, telephone(uri)).with("X-VALUE", "uri"),
        (Value::Uri(uri), Kind::Place) => property(&field, &spelled, uri.clone()),
        (Value::Uri(uri), Kind::Binary) => {
            let mut made = property(&field, &spelled, uri.clone()).with("VALUE", "uri");
            // The word of vCard 2.1 stays as it was written.
            let kind = field.media_type.as_deref().map(|media_type| media_kind(&name, media_type));
            add_media(&mut made, &field, if from_v4 { kind } else { kind.map(|kind| kind.to_ascii_lowercase()) });
            made
        }
        (Value::Uri(uri), Kind::Uri) => {
            let made = property(&field, &spelled, uri.clone());
            match &field.media_type {
                Some(media_type) => made.with("X-MEDIATYPE", media_type.clone()),
                None => made,
            }
        }
        (Value::Uri(uri), _) if name == "UID" => property(&field, &spelled, uri.clone()),
        (Value::Uri(uri), _) => property(&field, &spelled, uri.clone()).with("VALUE", "uri"),
        (Value::Text(text), Kind::Date | Kind::Stamp) => {
            // A REV that is no date is kept as it was before RFC 6350, which wants a moment.
            let field = Field { is_restored: is_restored || (!from_v4 && name == "REV"), ..field.clone() };
            date(&field, &spelled, text, value_was.as_deref(), yearless, lost)
        }
        (Value::Text(text), Kind::Text) => property(&field, &spelled, escape_bare(text, &[',', ';'])),
        (Value::Text(text), Kind::List) => property(&field, &spelled, escape_bare(text, &[';'])),
        (Value::Text(text), Kind::Binary | Kind::Uri) => {
            let made = property(&field, &spelled, text.clone());
            match value_was.as_deref() {
                Some(NONE) => made,
                Some(was) => made.with("VALUE", was),
                None => made.with("VALUE", "text"),
            }
        }
        (Value::Text(text), _) if name == "TEL" => property(&field, &spelled, telephone(text)),
        (Value::Text(text), _) if name == "TZ" && from_v4 => offset(&field, text),
        (Value::Text(text), _) => property(&field, &spelled, text.clone()),
    };
    if kind == Kind::Place {
        let rest = made.value.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("geo:")).and(made.value.get(4..));
        if let Some(place) = rest {
            let (coordinates, more) = place.split_once(';').unwrap_or((place, ""));
            if !more.is_empty() {
                lost.tell(format!("vCard 3.0 has no place for {more} of GEO"));
            }
            made.value = coordinates.replacen(',', ";", 1);
        } else {
            made.value = made.value.replacen(',', ";", 1);
        }
    }
    if keeps_value_type(&name)
        && let Some(value_type) = &field.value_type
        && made.parameter("VALUE").is_none()
        && !matches!(field.value, Value::Binary(_))
        && !matches!(&**value_type, "uri" | "url" | "inline")
    {
        made = made.with("VALUE", value_type);
    }
    add_types(&mut made, types_of(&field));
    made
}

/// Whether VALUE of a property says the same in both versions.
pub(super) fn keeps_value_type(name: &str) -> bool {
    const KNOWN: [&str; 8] = ["TEL", "TZ", "UID", "CLASS", "PROFILE", "AGENT", "XML", "CLIENTPIDMAP"];
    Kind::of(name) == Kind::Other && !KNOWN.contains(&name)
}

/// Parameters that are made on the way to RFC 2426.
const MADE: [&str; 2] = ["X-DERIVED", "X-SORT-AS"];

/// Marks `X-` names of a card of RFC 6350 that would lose their `X-` on the way back.
fn mark_own(field: &mut Field, name: &str, (has_birthday, has_revision): (bool, bool)) {
    let bare = |name: &str| name.strip_prefix("X-").map(str::to_owned);
    if !field.is_restored && restored_name(field, name, has_birthday, has_revision).is_some() {
        field.add(V4_NAME, name);
    }
    let own = field.parameters.iter().map(|parameter| parameter.name.to_ascii_uppercase());
    let own: Vec<_> = own
        .filter(|name| !MADE.contains(&&**name) && bare(name).is_some_and(|bare| PARAMETERS_V4.contains(&&*bare)))
        .collect();
    own.iter().for_each(|name| field.add(V4_PARAMETER, name));
}

/// The values of TYPE.
fn types_of(field: &Field) -> Vec<String> {
    field.all_types()
}

fn add_types(property: &mut Property, mut values: Vec<String>) {
    if let Some(types) = property.parameters.iter_mut().find(|parameter| parameter.name == "TYPE") {
        std::mem::swap(&mut types.values, &mut values);
        types.values.append(&mut values);
    } else if !values.is_empty() {
        property.parameters.push(Parameter { name: "TYPE".to_owned(), values });
    }
}

/// The TYPE for what octets are.
fn add_media(property: &mut Property, field: &Field, kind: Option<String>) {
    let word = match field.media_word.as_deref() {
        Some(NONE) => None,
        Some(word) => Some(word.to_owned()),
        None => kind,
    };
    if let Some(word) = word {
        property.parameters.push(Parameter { name: "TYPE".to_owned(), values: vec![word] });
    }
}

/// The number in a `tel:` URI (RFC 3966), its extension in words.
fn telephone(value: &str) -> String {
    match value.get(..4).filter(|start| start.eq_ignore_ascii_case("tel:")).and(value.get(4..)) {
        Some(number) => number.replace(";ext=", " ext. "),
        None => value.to_owned(),
    }
}

/// TZ is an offset in RFC 2426 where nothing else is said, and text in RFC 6350.
fn offset(field: &Field, text: &str) -> Property {
    if field.value_type.as_deref() != Some("utc-offset") {
        return property(field, "TZ", text.to_owned()).with("VALUE", "text");
    }
    let digits = text.trim();
    match digits.split_at_checked(3).filter(|(_, minutes)| minutes.len() == 2) {
        Some((hours, minutes)) => property(field, "TZ", format!("{hours}:{minutes}")),
        None => property(field, "TZ", digits.to_owned()),
    }
}

fn date(
    field: &Field,
    name: &str,
    text: &str,
    value_was: Option<&str>,
    yearless: YearlessDates,
    lost: &mut Lost,
) -> Property {
    let mut field = field.clone();
    let is_stamp = Kind::of(&field.name) == Kind::Stamp;
    let parsed = CardDate::parse(&unescape_text(text)).filter(|_| field.value_type.as_deref() != Some("text"));
    if let Some(mut date) = parsed {
        let named = field.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR"));
        let named = named.and_then(|parameter| parameter.values.first()).cloned();
        if !is_stamp && date.omit_year(named.as_deref()) {
            field.take("X-APPLE-OMIT-YEAR");
        }
        if date.is_yearless() && yearless == YearlessDates::Hyphens {
            return property(&field, name, date.to_hyphens().unwrap_or_default());
        }
        if value_was == Some("date") {
            date = date.without_time();
        }
        if let Some(written) = date.to_v3().filter(|_| date.is_full() || date.is_yearless()) {
            let made = property(&field, name, written);
            if date.is_yearless() {
                lost.tell(format!("the {name} has no year and gets 1604, which Apple's programs read as no year"));
                return made.with("X-APPLE-OMIT-YEAR", "1604");
            }
            return match (is_stamp, date.has_time()) {
                (true, false) if !name.starts_with("X-") => made.with("VALUE", "date"),
                (false, true) if name == "BDAY" => made.with("VALUE", "date-time"),
                _ => made,
            };
        }
    }
    let stays = field.is_restored || value_was.is_some();
    if unescape_text(text).trim().is_empty() || !matches!(name, "BDAY" | "REV") || stays {
        return property(&field, name, text.to_owned());
    }
    lost.tell(format!("{name} is not a full date and is kept as X-{name}"));
    property(&field, &format!("X-{name}"), text.to_owned())
}
