//! Parameters that are run together, empty, without a name, or a part of the value.

use super::{Context, Kind};
use crate::{
    content_line::{Parameter, Property},
    mend::Notes,
};

/// Parameters that programs run together.
const KNOWN: [&str; 17] = [
    "TYPE",
    "PREF",
    "VALUE",
    "ENCODING",
    "CHARSET",
    "LANGUAGE",
    "LABEL",
    "MEDIATYPE",
    "ALTID",
    "PID",
    "SORT-AS",
    "CALSCALE",
    "GEO",
    "TZ",
    "INDEX",
    "LEVEL",
    "CONTEXT",
];
/// Schemes of URIs whose colon was taken for that of the line.
const SCHEMES: [&str; 12] =
    ["http", "https", "ftp", "data", "cid", "mailto", "tel", "sip", "xmpp", "urn", "geo", "file"];

/// Puts the parameters right; whether anything was changed.
pub(super) fn mend(property: &mut Property, context: &Context, notes: &mut Notes) -> bool {
    let mut is_changed = false;
    is_changed |= rejoin_uri(property, notes);
    is_changed |= part(property, notes);
    let before = property.parameters.len();
    property.parameters.retain(|parameter| !parameter.name.trim().is_empty());
    if property.parameters.len() < before {
        notes.mended(format!("empty parameters removed: {}", property.name));
        is_changed = true;
    }
    if !context.is_v2() {
        is_changed |= name_bare(property, context, notes);
    }
    is_changed
}

/// `PHOTO;TYPE=JPEG;http://example.org/x.jpg`: the value began where a parameter seems to.
fn rejoin_uri(property: &mut Property, notes: &mut Notes) -> bool {
    let is_scheme = |word: &str| SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word.trim_end_matches('\\')));
    let takes_uris = matches!(Kind::of(&property.name), Kind::Uri | Kind::Binary | Kind::Place | Kind::Other);
    let Some(last) = property.parameters.last_mut().filter(|_| takes_uris) else { return false };
    let scheme = match last.values.as_slice() {
        [] if is_scheme(&last.name) => std::mem::take(&mut last.name),
        [_, .., word] if is_scheme(word) => last.values.pop().unwrap_or_default(),
        _ => return false,
    };
    if last.name.is_empty() {
        property.parameters.pop();
    }
    property.value = format!("{}:{}", scheme.trim_end_matches('\\'), property.value);
    notes.mended(format!("missing colon added: {}", property.name));
    true
}

/// `EMAIL;PREF=1,TYPE=HOME`: a parameter among the values of another.
fn part(property: &mut Property, notes: &mut Notes) -> bool {
    let named = |value: &str| {
        let (name, value) = value.split_once('=')?;
        let is_known = KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        is_known.then(|| (name.trim().to_owned(), value.trim_matches('"').to_owned()))
    };
    let runs_together = |parameter: &Parameter| parameter.values.iter().skip(1).any(|value| named(value).is_some());
    if !property.parameters.iter().any(runs_together) {
        return false;
    }
    let mut parted: Vec<Parameter> = Vec::new();
    for parameter in std::mem::take(&mut property.parameters) {
        let mut values = parameter.values.into_iter();
        let mut open = Parameter { name: parameter.name, values: values.next().into_iter().collect() };
        for value in values {
            match named(&value) {
                Some((name, value)) => {
                    parted.push(std::mem::replace(&mut open, Parameter { name, values: vec![value] }));
                }
                None => open.values.push(value),
            }
        }
        parted.push(open);
    }
    property.parameters = one_type(parted);
    notes.mended(format!("parameters separated: {}", property.name));
    true
}

/// `TEL;HOME`: a word of vCard 2.1 in a later version.
fn name_bare(property: &mut Property, context: &Context, notes: &mut Notes) -> bool {
    if property.parameters.iter().all(|parameter| !parameter.values.is_empty()) {
        return false;
    }
    let mut named: Vec<Parameter> = Vec::new();
    for parameter in std::mem::take(&mut property.parameters) {
        if !parameter.values.is_empty() {
            named.push(parameter);
            continue;
        }
        let word = parameter.name.to_ascii_uppercase();
        let (name, value) = match &*word {
            "QUOTED-PRINTABLE" | "BASE64" | "B" | "8BIT" | "7BIT" => ("ENCODING", parameter.name),
            "URL" | "URI" | "CID" | "CONTENT-ID" | "INLINE" => ("VALUE", parameter.name),
            "PREF" if context.is_v4() => ("PREF", "1".to_owned()),
            _ => ("TYPE", parameter.name),
        };
        named.push(Parameter { name: name.to_owned(), values: vec![value] });
    }
    property.parameters = one_type(named);
    notes.mended(format!("parameters named: {}", property.name));
    true
}

/// The parameters with all values of TYPE in the first one.
fn one_type(parameters: Vec<Parameter>) -> Vec<Parameter> {
    let mut first = None;
    let mut joined: Vec<Parameter> = Vec::new();
    for parameter in parameters {
        match first
            .and_then(|first: usize| joined.get_mut(first))
            .filter(|_| parameter.name.eq_ignore_ascii_case("TYPE"))
        {
            Some(types) => types.values.extend(parameter.values),
            None => {
                if first.is_none() && parameter.name.eq_ignore_ascii_case("TYPE") {
                    first = Some(joined.len());
                }
                joined.push(parameter);
            }
        }
    }
    joined
}
