use super::{
    Lost, agent_text,
    dates::CardDate,
    neutral::{Card, Field, Value},
    property,
};
use crate::content_line::{Parameter, Property, unescape_text};

/// What RFC 2426 and vCard 2.1 have and RFC 6350 has not.
const GONE: [&str; 4] = ["MAILER", "CLASS", "PROFILE", "NAME"];

/// What programs write where RFC 6350 has a property.
const RENAMED: [(&str, &str); 4] = [
    ("X-ADDRESSBOOKSERVER-KIND", "KIND"),
    ("X-ADDRESSBOOKSERVER-MEMBER", "MEMBER"),
    ("X-ANNIVERSARY", "ANNIVERSARY"),
    ("X-GENDER", "GENDER"),
];

/// The properties of the card as RFC 6350 has them.
pub(super) fn properties(card: Card, lost: &mut Lost) -> Vec<Property> {
    let (labels, rest): (Vec<_>, Vec<_>) = card.fields.into_iter().partition(|field| field.is("LABEL"));
    let (sort, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|field| field.is("SORT-STRING"));
    let mut rest = rest;
    join_labels(labels, &mut rest);
    if let Some(name) = rest.iter_mut().find(|field| field.is("N")) {
        let values = sort.iter().map(|field| unescape_text(field.text()).into_owned()).collect::<Vec<_>>();
        if !values.is_empty() {
            name.parameters.push(Parameter { name: "SORT-AS".to_owned(), values });
        }
    }
    rest.into_iter().flat_map(|field| one(field, lost)).collect()
}

/// Puts each LABEL into the address of the same types, or into one of its own without parts.
fn join_labels(labels: Vec<Field>, fields: &mut Vec<Field>) {
    for label in labels {
        let mut types = label.types.clone();
        types.sort();
        let is_free =
            |field: &Field| field.is("ADR") && !field.parameters.iter().any(|parameter| parameter.name == "LABEL");
        let same = fields.iter().position(|field| {
            let mut own = field.types.clone();
            own.sort();
            is_free(field) && own == types
        });
        let shared =
            fields.iter().position(|field| is_free(field) && field.types.iter().any(|own| types.contains(own)));
        let text = unescape_text(label.text()).into_owned();
        let parameter = Parameter { name: "LABEL".to_owned(), values: vec![text] };
        match same.or(shared).and_then(|found| fields.get_mut(found)) {
            Some(address) => address.parameters.push(parameter),
            None => {
                let mut address = Field { name: "ADR".to_owned(), value: Value::Text(";;;;;;".to_owned()), ..label };
                address.parameters.push(parameter);
                fields.push(address);
            }
        }
    }
}

fn one(field: Field, lost: &mut Lost) -> Vec<Property> {
    let name = field.name.to_ascii_uppercase();
    let renamed = RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| (*new).to_owned());
    let gone = GONE.contains(&&*name).then(|| format!("X-{name}"));
    if let Some(kept) = &gone {
        lost.tell(format!("{name} does not exist in vCard 4.0 and is kept as {kept}"));
    }
    let spelled = renamed.or(gone).unwrap_or_else(|| field.name.clone());
    let made = match (&field.value, &*name) {
        (_, "AGENT") => return agent(&field, lost),
        (Value::Card(_), _) => property(&field, &spelled, agent_text(&field.value)),
        (Value::Binary { media_type, base64 }, _) => {
            let media_type = media_type.as_deref().unwrap_or("application/octet-stream");
            property(&field, &spelled, format!("data:{media_type};base64,{base64}"))
        }
        (Value::Uri(uri), "TEL") => property(&field, &spelled, uri.clone()).with("VALUE", "uri"),
        (Value::Uri(uri), _) => property(&field, &spelled, uri.clone()),
        (Value::Text(text), "BDAY" | "REV" | "ANNIVERSARY" | "X-ANNIVERSARY" | "DEATHDATE") => {
            date(&field, &spelled, text)
        }
        (Value::Text(text), "GEO") => property(&field, &spelled, place(text)),
        (Value::Text(text), "UID") if !text.contains(':') => {
            property(&field, &spelled, text.clone()).with("VALUE", "text")
        }
        (Value::Text(text), "KIND" | "X-ADDRESSBOOKSERVER-KIND") => {
            property(&field, &spelled, text.to_ascii_lowercase())
        }
        (Value::Text(text), _) => property(&field, &spelled, text.clone()),
    };
    vec![with_types(made, &field)]
}

fn with_types(mut made: Property, field: &Field) -> Property {
    // INTERNET is what an EMAIL of RFC 6350 is without saying so.
    let values: Vec<_> =
        field.types.iter().filter(|value| !(field.is("EMAIL") && *value == "internet")).cloned().collect();
    if !values.is_empty() {
        made.parameters.push(Parameter { name: "TYPE".to_owned(), values });
    }
    if let Some(pref) = field.pref {
        made.parameters.push(Parameter { name: "PREF".to_owned(), values: vec![pref.clamp(1, 100).to_string()] });
    }
    made
}

/// An AGENT as somebody related (RFC 6350 §6.6.6); a card inside the card is kept beside it.
fn agent(field: &Field, lost: &mut Lost) -> Vec<Property> {
    let related = |value: String, kind: &str| {
        let mut related =
            property(&Field { parameters: Vec::new(), ..field.clone() }, "RELATED", value).with("TYPE", "agent");
        related.parameters.push(Parameter { name: "VALUE".to_owned(), values: vec![kind.to_owned()] });
        related
    };
    match &field.value {
        Value::Card(card) => {
            let value_of =
                |name: &str| card.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
            let name = value_of("FN:").or_else(|| value_of("N:")).unwrap_or_else(|| "agent".to_owned());
            lost.tell("AGENT with a card does not exist in vCard 4.0 and is kept as X-AGENT");
            vec![related(name, "text"), property(field, "X-AGENT", agent_text(&field.value))]
        }
        Value::Uri(uri) => vec![related(uri.clone(), "uri")],
        Value::Text(text) => vec![related(text.clone(), "text")],
        Value::Binary { base64, .. } => vec![property(field, "X-AGENT", base64.clone())],
    }
}

fn date(field: &Field, name: &str, text: &str) -> Property {
    let mut field = field.clone();
    let omitted =
        field.parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR"));
    match CardDate::parse(text) {
        Some(mut date) => {
            if let Some(omitted) = omitted {
                let year = field.parameters.remove(omitted).values.concat();
                date.omit_year(&year);
            }
            property(&field, name, date.to_v4())
        }
        None => property(&field, name, text.to_owned()).with("VALUE", "text"),
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
