use super::{
    ItemName,
    segment::{self, Room, segment, slug, units},
};
use crate::{
    error::{Error, ErrorKind, Result},
    model::Item,
    word::parsed,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Octets of a file name before its extension: file systems take 255 in all.
const STEM_OCTETS: usize = 200;
/// Stands in for the date of an item without one, and sorts before every date.
const NO_DATE: &str = "00000000-000000Z";

/// How files are named: text with placeholders.
///
/// | placeholder | stands for |
/// |---|---|
/// | `{date}` | the item's date in UTC, `YYYYMMDD-HHMMSSZ`; `00000000-000000Z` where it has none |
/// | `{hash}` | 12 hexadecimal digits of the octets written |
/// | `{subject}` | the subject: its letters and digits, with hyphens between |
/// | `{from}` | the sender's address, likewise |
/// | `{messageid}` | the message id, likewise |
/// | `{ordinal}` | the number of the item in its source, six digits or more |
///
/// The last three may be shortened or, with the separator before them, missing. `{{` and `}}` stand for braces. The
/// extension is added.
///
/// ```
/// use mailferry::write::NameTemplate;
///
/// let template: NameTemplate = "{ordinal} {subject}".parse()?;
/// assert_eq!(template.to_string(), "{ordinal} {subject}");
/// assert!("{sender}".parse::<NameTemplate>().is_err());
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Date,
    Hash,
    Subject,
    From,
    MessageId,
    Ordinal,
}

impl Placeholder {
    const ALL: [Self; 6] = [Self::Date, Self::Hash, Self::Subject, Self::From, Self::MessageId, Self::Ordinal];

    fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Hash => "hash",
            Self::Subject => "subject",
            Self::From => "from",
            Self::MessageId => "messageid",
            Self::Ordinal => "ordinal",
        }
    }
}

impl Serialize for NameTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NameTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        parsed(deserializer)
    }
}

/// `{date}_{hash}_{subject}`
impl Default for NameTemplate {
    fn default() -> Self {
        let placeholder = Part::Placeholder;
        let underscore = || Part::Literal("_".to_owned());
        Self(vec![
            placeholder(Placeholder::Date),
            underscore(),
            placeholder(Placeholder::Hash),
            underscore(),
            placeholder(Placeholder::Subject),
        ])
    }
}

impl NameTemplate {
    /// Whether names depend on the number of an item in its source.
    #[cfg(all(feature = "convert", not(target_family = "wasm")))]
    pub(crate) fn has_ordinal(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Placeholder(Placeholder::Ordinal)))
    }

    /// The name without extension, within `units` UTF-16 units.
    pub(super) fn stem(&self, item: &Item, name: &ItemName, digest: &str, units: usize) -> String {
        let room = Room { units, octets: STEM_OCTETS };
        let mut values: Vec<(Option<Placeholder>, String)> = self
            .0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => (None, text.clone()),
                Part::Placeholder(placeholder) => (Some(*placeholder), value(*placeholder, item, name, digest)),
            })
            .collect();
        shorten(&mut values, room);
        let mut stem = String::new();
        let mut missing = false;
        for (placeholder, value) in &values {
            if placeholder.is_some() && value.is_empty() {
                missing = true;
                stem.truncate(stem.trim_end_matches(SEPARATORS).len());
            }
            stem.push_str(value);
        }
        segment(if missing { stem.trim_matches(SEPARATORS) } else { &stem }, room)
    }
}

const SEPARATORS: [char; 3] = ['_', '-', ' '];

fn value(placeholder: Placeholder, item: &Item, name: &ItemName, digest: &str) -> String {
    let slug = |text: &Option<String>| text.as_deref().map_or_else(String::new, |text| slug(text, Room::SEGMENT));
    match placeholder {
        Placeholder::Date => match name.date {
            Some(date) if (0..=9999).contains(&date.year()) => date.to_compact_utc(),
            _ => NO_DATE.to_owned(),
        },
        Placeholder::Hash => digest.to_owned(),
        Placeholder::Subject => slug(&name.subject),
        Placeholder::From => slug(&sender(item)),
        Placeholder::MessageId => slug(&name.message_id),
        Placeholder::Ordinal => format!("{:06}", item.origin.ordinal),
    }
}

/// The first address that a message is from.
fn sender(item: &Item) -> Option<String> {
    let from = item.message()?.from().ok()?;
    Some(from.first()?.mailboxes().first()?.address.clone())
}

/// Cuts what may be cut, the last first, until all fit.
fn shorten(values: &mut [(Option<Placeholder>, String)], room: Room) {
    let mut over_units = values.iter().map(|(_, value)| units(value)).sum::<usize>().saturating_sub(room.units);
    let mut over_octets = values.iter().map(|(_, value)| value.len()).sum::<usize>().saturating_sub(room.octets);
    for (placeholder, value) in values.iter_mut().rev() {
        if over_units == 0 && over_octets == 0 {
            return;
        }
        if let Some(Placeholder::Subject | Placeholder::From | Placeholder::MessageId) = placeholder {
            let (had_units, had_octets) = (units(value), value.len());
            let left =
                Room { units: had_units.saturating_sub(over_units), octets: had_octets.saturating_sub(over_octets) };
            value.truncate(segment::cut(value, left).trim_end_matches('-').len());
            over_units = over_units.saturating_sub(had_units - units(value));
            over_octets = over_octets.saturating_sub(had_octets - value.len());
        }
    }
}

impl FromStr for NameTemplate {
    type Err = Error;

    /// Reads a template.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] for an unknown placeholder, a brace without its other, a `/`, or nothing at all.
    fn from_str(template: &str) -> Result<Self> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Options, message));
        if template.contains(['/', '\\']) {
            return refuse(format!(
                "the name template \"{template}\" holds a / or \\: a template names files, not folders"
            ));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = template;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                literal.push(c);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let Some((word, after)) = after.split_once('}') else {
                    return refuse(format!(
                        "the name template \"{template}\" has a {{ without }}; write {{{{ for a brace"
                    ));
                };
                let Some(placeholder) = Placeholder::ALL.into_iter().find(|known| known.as_str() == word) else {
                    let known = Placeholder::ALL.map(|known| format!("{{{}}}", known.as_str())).join(" ");
                    return refuse(format!("unknown placeholder {{{word}}}: a name template can contain {known}"));
                };
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Placeholder(placeholder));
                rest = after;
            } else if c == '}' {
                return refuse(format!("the name template \"{template}\" has a }} without {{; write }}}} for a brace"));
            } else {
                literal.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        if parts.is_empty() {
            return refuse("the name template is empty".to_owned());
        }
        Ok(Self(parts))
    }
}

/// As it is read.
impl fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Literal(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Part::Placeholder(placeholder) => write!(f, "{{{}}}", placeholder.as_str())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::mail, *};
    use crate::date_time::DateTime;

    fn name() -> ItemName {
        ItemName {
            date: Some(DateTime::from_unix_seconds(1_700_000_000)),
            subject: Some("Re: tea & cake".to_owned()),
            message_id: Some("1.2@example.org".to_owned()),
        }
    }

    fn stem(template: &str, name: &ItemName) -> String {
        template.parse::<NameTemplate>().unwrap().stem(&mail(42, "Ann <ann@example.org>"), name, "0123456789ab", 100)
    }

    #[test]
    fn placeholders_stand_for_what_they_say() {
        assert_eq!(NameTemplate::default().to_string(), "{date}_{hash}_{subject}");
        assert_eq!(stem("{date}_{hash}_{subject}", &name()), "20231114-221320Z_0123456789ab_Re-tea-cake");
        assert_eq!(stem("{ordinal} {from} {messageid}", &name()), "000042 ann-example-org 1-2-example-org");
        assert_eq!(stem("{{{ordinal}}}", &name()), "{000042}");
    }

    #[test]
    fn what_an_item_does_not_have_leaves_no_separator() {
        let bare = ItemName::default();
        assert_eq!(stem("{date}_{hash}_{subject}", &bare), "00000000-000000Z_0123456789ab");
        assert_eq!(stem("{subject}_{hash}", &bare), "0123456789ab");
        assert_eq!(stem("{subject}", &bare), "_");
    }

    #[test]
    fn a_name_that_is_too_long_loses_the_end_of_its_subject() {
        let long = ItemName { subject: Some("a".repeat(60)), ..name() };
        assert_eq!(
            NameTemplate::default().stem(&mail(1, ""), &long, "0123456789ab", 37),
            format!("20231114-221320Z_0123456789ab_{}", "a".repeat(7))
        );
        assert_eq!(
            NameTemplate::default().stem(&mail(1, ""), &long, "0123456789ab", 29),
            "20231114-221320Z_0123456789ab_".trim_end_matches('_')
        );
        let three = "{messageid}{subject}{from}".parse::<NameTemplate>().unwrap();
        let long = ItemName { message_id: Some("b".repeat(60)), ..long };
        let stem = three.stem(&mail(1, &format!("{}@example.org", "東".repeat(60))), &long, "", 150);
        assert!(units(&stem) <= 150 && stem.len() <= STEM_OCTETS, "{stem}");
        assert!(stem.starts_with(&"b".repeat(60)), "{stem}");
    }

    #[test]
    fn a_device_is_no_name_of_a_file() {
        assert_eq!(stem("{subject}", &ItemName { subject: Some("CON".to_owned()), ..name() }), "_CON");
    }

    #[test]
    fn a_template_is_refused_with_what_is_wrong() {
        for (template, told) in [
            ("{sender}", "{date} {hash} {subject} {from} {messageid} {ordinal}"),
            ("{date", "without }"),
            ("date}", "without {"),
            ("{date}/{subject}", "not folders"),
            ("", "empty"),
        ] {
            let error = template.parse::<NameTemplate>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Options);
            assert!(error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn a_template_is_shown_as_it_was_read() {
        for template in ["{date}_{hash}", "{{x}} {ordinal}"] {
            assert_eq!(template.parse::<NameTemplate>().unwrap().to_string(), template);
        }
    }
}
