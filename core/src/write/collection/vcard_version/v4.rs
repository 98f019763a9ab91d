use super::{
    LABEL_TYPE, Lost, NAMED_BY_APPLE, NONE, ONLY_V3, ONLY_V4, PARAMETERS_V4, V3_NAME, V3_TYPE, V3_VALUE, V4_NAME,
    V4_PARAMETER, agent_name, agent_text,
    neutral::{Card, Field, Value},
    property,
    v3::keeps_value_type,
};
use crate::{
    content_line::{Parameter, Property, unescape_text},
    mend::{CardDate, Kind},
    model::VCardVersion,
    order,
};
use std::collections::HashSet;

/// The properties of the card as RFC 6350 has them.
pub(super) fn properties(mut card: Card, lost: &mut Lost) -> Vec<Property> {
    let from_v3 = card.version == Some(VCardVersion::V3);
    restore(&mut card.fields, from_v3);
    let (labels, rest): (Vec<_>, Vec<_>) = card.fields.into_iter().partition(|field| field.is("LABEL"));
    let (sort, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|field| field.is("SORT-STRING"));
    join_labels(labels, &mut rest);
    if let Some(name) = rest.iter_mut().find(|field| field.is("N")) {
        let values = sort.iter().map(|field| unescape_text(field.text()).into_owned()).collect::<Vec<_>>();
        if !values.is_empty() && !name.has("SORT-AS") {
            name.parameters.push(Parameter { name: "SORT-AS".to_owned(), values });
        }
    }
    let mut preferred = HashSet::new();
    for field in rest.iter_mut().filter(|field| from_v3 && field.has_pref_type && field.pref == Some(1)) {
        // RFC 2426 lets several be preferred; the way back gives TYPE=pref to one.
        if !preferred.insert(field.name.to_ascii_uppercase()) {
            field.add(V3_TYPE, "pref");
        }
    }
    rest.into_iter().flat_map(|field| one(field, from_v3, lost)).collect()
}

/// Gives what RFC 2426 had as `X-` the name that RFC 6350 has for it.
fn restore(fields: &mut Vec<Field>, from_v3: bool) {
    let has = |fields: &[Field], name: &str| fields.iter().any(|field| field.is(name));
    let (has_birthday, has_revision) = (has(fields, "BDAY"), has(fields, "REV"));
    if has(fields, "FN") {
        fields.retain(|field| !(field.is("N") && field.has("X-DERIVED")));
    }
    for field in fields.iter_mut() {
        let name = field.name.to_ascii_uppercase();
        let mut own = HashSet::new();
        field.parameters.retain(|parameter| {
            let is_mark = parameter.name.eq_ignore_ascii_case(V4_PARAMETER);
            own.extend(parameter.values.iter().filter(|_| is_mark).cloned());
            !is_mark
        });
        for parameter in
            field.parameters.iter_mut().filter(|parameter| !own.contains(&parameter.name.to_ascii_uppercase()))
        {
            let bare = parameter.name.get(2..).map(str::to_ascii_uppercase).unwrap_or_default();
            let is_marked = parameter.name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
            if is_marked && PARAMETERS_V4.contains(&&*bare) {
                parameter.name = bare;
            }
        }
        if field.take(V4_NAME).is_some() {
            continue;
        }
        let restored = restored_name(field, &name, has_birthday, has_revision);
        if let Some(restored) = restored {
            field.name = restored.to_owned();
            field.is_restored = true;
        } else if from_v3 && is_odd(&name) {
            field.add(V3_NAME, &name);
        }
        if let Value::Text(text) = &field.value
            && name == "TEL"
            && field.has("X-VALUE")
        {
            let number = text.replace(" ext. ", ";ext=");
            let has_scheme = number.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(char::is_alphabetic));
            field.value = Value::Uri(if has_scheme { number } else { format!("tel:{number}") });
            field.take("X-VALUE");
        }
    }
}

/// The name in RFC 6350 of what is an `X-` property in RFC 2426.
pub(super) fn restored_name<'a>(
    field: &Field,
    name: &'a str,
    has_birthday: bool,
    has_revision: bool,
) -> Option<&'a str> {
    if let Some((known, _)) = NAMED_BY_APPLE.iter().find(|(_, apple)| *apple == name) {
        return Some(known);
    }
    let bare = name.strip_prefix("X-")?;
    let is_variant = field.has("ALTID") || field.has("X-ALTID");
    let is_known = match bare {
        "KIND" | "MEMBER" => false,
        "GENDER" => is_gender(field.text()),
        "SOCIALPROFILE" => field.has("SERVICE-TYPE"),
        "FN" => true,
        "N" => is_variant,
        "BDAY" => is_variant || !has_birthday,
        "CREATED" => CardDate::parse(field.text()).is_some_and(|date| date.is_full()),
        "REV" => !has_revision && CardDate::parse(field.text()).is_some(),
        _ => ONLY_V4.contains(&bare),
    };
    is_known.then_some(bare)
}

/// Whether RFC 2426 would have a property of this name under another one after the way back.
fn is_odd(name: &str) -> bool {
    let bare = name.strip_prefix("X-").unwrap_or_default();
    ONLY_V4.contains(&name) || ONLY_V3.contains(&bare)
}

/// Whether the value is a GENDER (RFC 6350 §6.2.7): a letter, then any text.
fn is_gender(text: &str) -> bool {
    matches!(text.split(';').next().unwrap_or_default().trim(), "" | "M" | "F" | "O" | "N" | "U")
}

/// Puts each LABEL into the address of the same types, or into one of its own without parts.
fn join_labels(labels: Vec<Field>, fields: &mut Vec<Field>) {
    for label in labels {
        let sorted = |field: &Field| {
            let mut types = field.all_types();
            order::sort(&mut types);
            types
        };
        let types = sorted(&label);
        let is_free = |field: &Field| field.is("ADR") && !field.has("LABEL");
        let same = fields.iter().position(|field| is_free(field) && sorted(field) == types);
        let shared =
            fields.iter().position(|field| is_free(field) && field.types.iter().any(|own| types.contains(own)));
        let text = unescape_text(label.text()).into_owned();
        match same.or(shared).and_then(|found| fields.get_mut(found)) {
            Some(address) => {
                if sorted(address) != types {
                    let values = if types.is_empty() { vec![NONE.to_owned()] } else { types };
                    address.parameters.push(Parameter { name: LABEL_TYPE.to_owned(), values });
                }
                address.add("LABEL", &text);
            }
            None => {
                let mut address = Field { name: "ADR".to_owned(), value: Value::Text(";;;;;;".to_owned()), ..label };
                address.add("LABEL", &text);
                fields.push(address);
            }
        }
    }
}

fn one(mut field: Field, from_v3: bool, lost: &mut Lost) -> Vec<Property> {
    let name = field.name.to_ascii_uppercase();
    let gone = ONLY_V3.contains(&&*name).then(|| format!("X-{name}"));
    if let Some(kept) = &gone {
        lost.tell(format!("{name} does not exist in vCard 4.0 and is kept as {kept}"));
    }
    let spelled = gone.unwrap_or_else(|| field.name.clone());
    let kind = Kind::of(&name);
    if let Some(word) = field.media_word.take().filter(|_| from_v3) {
        field.add(V3_TYPE, &word);
    }
    let made = match (&field.value, kind) {
        (_, _) if name == "AGENT" => return agent(&field, from_v3, lost),
        (Value::Card(_), _) => property(&field, &spelled, agent_text(&field.value)),
        (Value::Binary(media), _) => property(&field, &spelled, media.to_uri(&name)),
        (Value::Uri(uri), _) if kind.is_uri_by_default() || name == "UID" => {
            let made = property(&field, &spelled, uri.clone());
            match field.media_type.clone() {
                Some(media_type) => made.with("MEDIATYPE", media_type),
                None => made,
            }
        }
        (Value::Uri(uri), _) => property(&field, &spelled, uri.clone()).with("VALUE", "uri"),
        (Value::Text(text), Kind::Date) => date(&field, &spelled, text, from_v3),
        (Value::Text(text), Kind::Stamp) => stamp(&field, &spelled, text, lost),
        (Value::Text(text), Kind::Place) => property(&field, &spelled, place(text)),
        (Value::Text(text), Kind::Binary) => {
            let mut made = property(&field, &spelled, text.clone()).with("VALUE", "text");
            let was = field.value_type.as_deref().unwrap_or(NONE);
            if from_v3 && was != "text" {
                made = made.with(V3_VALUE, was);
            }
            made
        }
        (Value::Text(text), Kind::Uri) => {
            let made = property(&field, &spelled, text.clone());
            if field.value_type.as_deref() == Some("text") { made.with("VALUE", "text") } else { made }
        }
        (Value::Text(text), _) if name == "UID" && !text.contains(':') => {
            property(&field, &spelled, text.clone()).with("VALUE", "text")
        }
        (Value::Text(text), _) if name == "KIND" => property(&field, &spelled, text.to_ascii_lowercase()),
        (Value::Text(text), _) if name == "TZ" => offset(&field, text),
        (Value::Text(text), _) => {
            let made = property(&field, &spelled, text.clone());
            match &field.value_type {
                Some(value_type) if keeps_value_type(&name) && value_type != "inline" => made.with("VALUE", value_type),
                _ => made,
            }
        }
    };
    vec![with_types(made, &field)]
}

fn with_types(mut made: Property, field: &Field) -> Property {
    if !field.types.is_empty() {
        made.parameters.push(Parameter { name: "TYPE".to_owned(), values: field.types.clone() });
    }
    if let Some(pref) = field.pref {
        made.parameters.push(Parameter { name: "PREF".to_owned(), values: vec![pref.clamp(1, 100).to_string()] });
    }
    made
}

/// An AGENT as somebody related (RFC 6350 §6.6.6); a card inside the card is kept beside it.
fn agent(field: &Field, from_v3: bool, lost: &mut Lost) -> Vec<Property> {
    let related = |value: String, kind: &str| {
        let mut related =
            property(&Field { parameters: Vec::new(), ..field.clone() }, "RELATED", value).with("TYPE", "agent");
        related.parameters.push(Parameter { name: "VALUE".to_owned(), values: vec![kind.to_owned()] });
        related
    };
    match &field.value {
        Value::Card(card) => {
            lost.tell("AGENT with a card does not exist in vCard 4.0 and is kept as X-AGENT");
            vec![related(agent_name(card), "text"), property(field, "X-AGENT", agent_text(&field.value))]
        }
        Value::Uri(uri) => vec![related(uri.clone(), "uri")],
        Value::Text(text) if from_v3 => vec![related(text.clone(), "text").with(V3_NAME, "AGENT")],
        Value::Text(text) => vec![related(text.clone(), "text")],
        Value::Binary(media) => vec![property(field, "X-AGENT", media.base64.clone())],
    }
}

fn date(field: &Field, name: &str, text: &str, from_v3: bool) -> Property {
    let mut field = field.clone();
    // RFC 2426 has no such date, and has it all the same after the way back.
    let is_marked = from_v3 && name == "BDAY" && !field.is_restored;
    let parsed = CardDate::parse(&unescape_text(text)).filter(|_| field.value_type.as_deref() != Some("text"));
    let Some(mut date) = parsed else {
        let value = property(&field, name, text.to_owned()).with("VALUE", "text");
        return if is_marked { value.with(V3_NAME, name) } else { value };
    };
    let named = field.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR"));
    let named = named.and_then(|parameter| parameter.values.first()).cloned();
    if date.omit_year(named.as_deref()) || date.is_yearless() {
        field.take("X-APPLE-OMIT-YEAR");
    }
    let made = property(&field, name, date.to_v4());
    if is_marked && !date.is_full() && !date.is_yearless() { made.with(V3_NAME, name) } else { made }
}

/// REV is a moment in RFC 6350, never a day.
fn stamp(field: &Field, name: &str, text: &str, lost: &mut Lost) -> Property {
    match CardDate::parse(text) {
        Some(date) if date.is_full() => {
            let made = property(field, name, date.clone().at_midnight().to_v4());
            if date.has_time() { made } else { made.with(V3_VALUE, "date") }
        }
        _ => {
            let kept = if name.starts_with("X-") { name.to_owned() } else { format!("X-{name}") };
            lost.tell(format!("{name} is no moment and is kept as {kept}"));
            property(field, &kept, text.to_owned()).with(V3_NAME, name)
        }
    }
}

/// TZ is text in RFC 6350 where nothing else is said, and an offset in its predecessors.
fn offset(field: &Field, text: &str) -> Property {
    let digits = text.trim().replace(':', "");
    let is_offset = digits.len() >= 3
        && digits.starts_with(['+', '-'])
        && digits.get(1..).is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()));
    match is_offset && field.value_type.as_deref() != Some("text") {
        true => property(field, "TZ", digits).with("VALUE", "utc-offset"),
        false => property(field, "TZ", text.to_owned()),
    }
}

/// `37.386;-122.083` as a `geo:` URI (RFC 5870).
fn place(text: &str) -> String {
    match text.split_once([';', ',']) {
        Some((latitude, longitude)) if !text.to_ascii_lowercase().starts_with("geo:") => {
            format!("geo:{},{}", latitude.trim_end_matches('\\').trim(), longitude.trim())
        }
        _ => text.to_owned(),
    }
}
