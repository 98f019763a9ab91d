use super::{
    Lost, agent_text,
    dates::CardDate,
    neutral::{Card, Field, Value},
    property,
};
use crate::content_line::{Parameter, Property, escape_text, unescape_text};

/// What RFC 6350 has and RFC 2426 has not, with the name it gets there.
const RENAMED: [(&str, &str); 13] = [
    ("KIND", "X-ADDRESSBOOKSERVER-KIND"),
    ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"),
    ("GENDER", "X-GENDER"),
    ("ANNIVERSARY", "X-ANNIVERSARY"),
    ("LANG", "X-LANG"),
    ("RELATED", "X-RELATED"),
    ("XML", "X-XML"),
    ("CLIENTPIDMAP", "X-CLIENTPIDMAP"),
    ("BIRTHPLACE", "X-BIRTHPLACE"),
    ("DEATHPLACE", "X-DEATHPLACE"),
    ("DEATHDATE", "X-DEATHDATE"),
    ("EXPERTISE", "X-EXPERTISE"),
    ("HOBBY", "X-HOBBY"),
];

/// Parameters of RFC 2426.
const PARAMETERS: [&str; 2] = ["LANGUAGE", "CONTEXT"];

/// The properties of the card as RFC 2426 has them.
pub(super) fn properties(card: Card, lost: &mut Lost) -> Vec<Property> {
    let mut properties = Vec::new();
    for mut field in card.fields {
        let label = take_parameter(&mut field, "LABEL");
        let sort_as = take_parameter(&mut field, "SORT-AS");
        if let Some(sort_as) = sort_as {
            let family = sort_as.values.first().map_or("", |value| value.as_str());
            properties.push(Property::text("SORT-STRING", family));
        }
        if let Some(label) = label {
            let mut label = property(
                &Field { parameters: Vec::new(), ..field.clone() },
                "LABEL",
                escape_text(&label.values.join(",")),
            );
            add_types(&mut label, &field);
            properties.push(label);
        }
        properties.push(one(field, lost));
    }
    properties
}

fn take_parameter(field: &mut Field, name: &str) -> Option<Parameter> {
    let found = field.parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
    Some(field.parameters.remove(found))
}

fn one(mut field: Field, lost: &mut Lost) -> Property {
    for parameter in &mut field.parameters {
        let name = parameter.name.to_ascii_uppercase();
        if !PARAMETERS.contains(&&*name) && !name.starts_with("X-") {
            lost.tell(format!("the parameter {name} of {} does not exist in vCard 3.0", field.name));
            parameter.name = format!("X-{name}");
        }
    }
    let name = field.name.to_ascii_uppercase();
    let renamed = RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new);
    if let Some(renamed) = renamed {
        lost.tell(format!("{name} does not exist in vCard 3.0 and is kept as {renamed}"));
    }
    let spelled = renamed.unwrap_or(&field.name);
    let mut made = match (&field.value, &*name) {
        (Value::Card(_), _) => property(&field, spelled, agent_text(&field.value)),
        (Value::Binary { media_type, base64 }, _) => {
            let made = property(&field, spelled, base64.clone()).with("ENCODING", "b");
            match media_type.as_deref().map(|media_type| kind_of(&name, media_type)) {
                Some(kind) => made.with("TYPE", kind),
                None => made,
            }
        }
        (Value::Uri(uri), "TEL") => property(&field, spelled, telephone(uri)),
        (Value::Uri(uri), "GEO") => property(&field, spelled, uri.clone()),
        (Value::Uri(uri), "UID" | "URL" | "SOURCE" | "IMPP" | "FBURL" | "CALURI" | "CALADRURI") => {
            property(&field, spelled, uri.clone())
        }
        (Value::Uri(uri), _) => property(&field, spelled, uri.clone()).with("VALUE", "uri"),
        (Value::Text(text), "BDAY" | "REV" | "ANNIVERSARY" | "DEATHDATE") => date(&field, spelled, text, lost),
        (Value::Text(text), "TEL") => property(&field, spelled, telephone(text)),
        (Value::Text(text), _) => property(&field, spelled, text.clone()),
    };
    if name == "GEO" {
        let place = made.value.strip_prefix("geo:").unwrap_or(&made.value);
        made.value =
            place.split(';').next().filter(|_| made.value.starts_with("geo:")).unwrap_or(place).replacen(',', ";", 1);
    }
    if let Some(value_type) =
        field.value_type.as_deref().filter(|value_type| matches!(*value_type, "date" | "date-time" | "utc-offset"))
    {
        made.parameters.push(Parameter { name: "VALUE".to_owned(), values: vec![value_type.to_owned()] });
    }
    add_types(&mut made, &field);
    made
}

fn add_types(property: &mut Property, field: &Field) {
    let mut values = field.types.clone();
    if field.pref.is_some() {
        values.push("pref".to_owned());
    }
    if !values.is_empty() {
        property.parameters.push(Parameter { name: "TYPE".to_owned(), values });
    }
}

/// The TYPE of RFC 2426 for a media type.
fn kind_of(name: &str, media_type: &str) -> String {
    match (name, media_type.split(';').next().unwrap_or_default()) {
        ("KEY", "application/pkix-cert") => "X509".to_owned(),
        ("KEY", "application/pgp-keys") => "PGP".to_owned(),
        (_, media_type) => media_type.rsplit('/').next().unwrap_or_default().to_ascii_uppercase(),
    }
}

/// The number in a `tel:` URI (RFC 3966), its extension in words.
fn telephone(value: &str) -> String {
    match value.get(..4).filter(|start| start.eq_ignore_ascii_case("tel:")).and(value.get(4..)) {
        Some(number) => number.replace(";ext=", " ext. "),
        None => value.to_owned(),
    }
}

fn date(field: &Field, name: &str, text: &str, lost: &mut Lost) -> Property {
    match CardDate::parse(text).and_then(|date| date.to_v3()) {
        Some((date, false)) => property(field, name, date),
        Some((date, true)) => {
            lost.tell(format!("the {name} has no year and gets 1604, which Apple's programs read as no year"));
            property(field, name, date).with("X-APPLE-OMIT-YEAR", "1604")
        }
        None if unescape_text(text).trim().is_empty() => property(field, name, text.to_owned()),
        None => {
            let kept = if name.starts_with("X-") { name.to_owned() } else { format!("X-{name}") };
            lost.tell(format!("{name} is not a full date and is kept as {kept}"));
            property(field, &kept, text.to_owned())
        }
    }
}
