use super::{
    VCard,
    said::{pieces, plain, without_scheme},
};
use crate::{
    content_line::{Component, Property, split_unescaped},
    error::Result,
    limits::Limits,
    source::Source,
};
use serde::Serialize;
use std::sync::Arc;

/// What a card says, for programs.
///
/// ```
/// use mailferry::model::{CardView, VCard};
/// use std::sync::Arc;
///
/// let octets = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann Example\nTEL;TYPE=home,pref:+1 555 0100\nBDAY:1990-04-12\nEND:VCARD\n";
/// let card = CardView::of(&VCard::parse(Arc::new(octets.to_vec()))?)?;
/// assert_eq!((&*card.phones[0].value, card.phones[0].preferred), ("+1 555 0100", true));
/// assert_eq!((card.phones[0].labels.as_slice(), card.birthday.as_deref()), (&["home".to_owned()][..], Some("1990-04-12")));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardView {
    /// `UID`.
    pub uid: Option<String>,
    /// What to call it: [`VCard::name`].
    pub name: Option<String>,
    /// Of `N`, the family names.
    pub family_name: Option<String>,
    /// Of `N`, the given names.
    pub given_name: Option<String>,
    /// Of `N`, further names.
    pub additional_names: Option<String>,
    /// Of `N`, what stands before.
    pub prefix: Option<String>,
    /// Of `N`, what stands behind.
    pub suffix: Option<String>,
    /// `NICKNAME`.
    pub nicknames: Vec<String>,
    /// `EMAIL`, without `mailto:`.
    pub emails: Vec<LabelledView>,
    /// `TEL`, without `tel:`.
    pub phones: Vec<LabelledView>,
    /// `URL`.
    pub urls: Vec<LabelledView>,
    /// `ADR`.
    pub addresses: Vec<PostalAddressView>,
    /// The first part of `ORG`.
    pub organization: Option<String>,
    /// Its other parts.
    pub units: Vec<String>,
    /// `TITLE`.
    pub title: Option<String>,
    /// `BDAY`: `1990-04-12`, `--04-12` where the year is not known, or else as it is.
    pub birthday: Option<String>,
    /// `NOTE`.
    pub note: Option<String>,
    /// `CATEGORIES`.
    pub categories: Vec<String>,
    /// Whether it is a list of contacts.
    pub is_group: bool,
    /// Whom a list has: the values of `MEMBER` and `X-ADDRESSBOOKSERVER-MEMBER`.
    pub members: Vec<String>,
}

/// A value, and what it is for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LabelledView {
    /// The address, number or link.
    pub value: String,
    /// What it is for, in lower case (`home`, `work`, `cell`), or as its owner calls it.
    pub labels: Vec<String>,
    /// Whether it is to be used before others.
    pub preferred: bool,
}

/// A postal address (RFC 6350 §6.3.1).
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PostalAddressView {
    /// The post office box.
    pub post_office_box: Option<String>,
    /// Apartment or suite.
    pub extended: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// What it is for, as of [`LabelledView`].
    pub labels: Vec<String>,
    /// Whether it is to be used before others.
    pub preferred: bool,
}

/// Words of vCard 2.1 and 3.0 that say how a value is written, not what it is for.
const NOT_LABELS: [&str; 9] = ["pref", "internet", "quoted-printable", "base64", "b", "8bit", "7bit", "voice", "x400"];

impl CardView {
    /// The view of a card.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for a card too large to be held in memory.
    pub fn of(card: &VCard) -> Result<Self> {
        let limits = Limits::default();
        let octets = card.to_content()?.to_vec(limits.text)?;
        let document = Component::parse_held(Arc::new(octets) as Source, &limits, limits.text)?;
        let all = |name: &'static str| document.properties.iter().filter(move |property| property.is(name));
        let text = |name: &str| document.property(name).map(plain).filter(|text| !text.is_empty());
        let list = |name: &'static str| {
            all(name).flat_map(|property| pieces(&property.decoded_value(), ',')).collect::<Vec<_>>()
        };
        let labelled = |name: &'static str, scheme: &str| {
            let made = |property| LabelledView::of(property, scheme, &document);
            all(name).map(made).filter(|one| !one.value.is_empty()).collect::<Vec<_>>()
        };
        let names = parts(document.property("N"));
        let [family_name, given_name, additional_names, prefix, suffix] = take(names, " ");
        let mut organization =
            parts(document.property("ORG")).into_iter().filter(|part| !part.is_empty()).map(|part| part.join(","));
        Ok(Self {
            uid: card.uid().map(str::to_owned),
            name: card.name().map(str::to_owned),
            family_name,
            given_name,
            additional_names,
            prefix,
            suffix,
            nicknames: list("NICKNAME"),
            emails: labelled("EMAIL", "mailto:"),
            phones: labelled("TEL", "tel:"),
            urls: labelled("URL", ""),
            addresses: all("ADR").filter_map(|property| PostalAddressView::of(property, &document)).collect(),
            organization: organization.next(),
            units: organization.collect(),
            title: text("TITLE"),
            birthday: document.property("BDAY").map(birthday).filter(|text| !text.is_empty()),
            note: text("NOTE"),
            categories: list("CATEGORIES"),
            is_group: card.is_group(),
            members: all("MEMBER").chain(all("X-ADDRESSBOOKSERVER-MEMBER")).map(plain).collect(),
        })
    }
}

/// The parts of a structured value, each a list.
fn parts(property: Option<&Property>) -> Vec<Vec<String>> {
    let Some(property) = property else { return Vec::new() };
    split_unescaped(&property.decoded_value(), ';').map(|part| pieces(part, ',')).collect()
}

/// The first parts, each as one text; none where it is empty.
fn take<const N: usize>(parts: Vec<Vec<String>>, between: &str) -> [Option<String>; N] {
    let mut parts = parts.into_iter();
    std::array::from_fn(|_| parts.next().map(|part| part.join(between)).filter(|part| !part.is_empty()))
}

/// What a value is for, and whether it comes first.
fn labels(property: &Property, card: &Component) -> (Vec<String>, bool) {
    let mut preferred = property.parameter_value("PREF").is_some_and(|rank| rank.trim() == "1");
    let mut labels = Vec::new();
    for parameter in &property.parameters {
        let words: Vec<&str> = match parameter.name.eq_ignore_ascii_case("TYPE") {
            true => parameter.values.iter().flat_map(|value| value.split(',')).collect(),
            false if parameter.values.is_empty() => vec![&*parameter.name],
            false => continue,
        };
        for word in words {
            let word = word.trim().to_ascii_lowercase();
            preferred |= word == "pref";
            if !word.is_empty() && !NOT_LABELS.contains(&&*word) && !labels.contains(&word) {
                labels.push(word);
            }
        }
    }
    let is_of_group = |label: &&Property| {
        label.is("X-ABLabel")
            && matches!((&label.group, &property.group), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
    };
    if let Some(label) = card.properties.iter().find(is_of_group) {
        let label = plain(label);
        // Apple's own labels stand in marks.
        let label = label.strip_prefix("_$!<").and_then(|label| label.strip_suffix(">!$_")).unwrap_or(&label);
        labels.push(label.to_owned());
    }
    (labels, preferred)
}

impl LabelledView {
    fn of(property: &Property, scheme: &str, card: &Component) -> Self {
        let value = without_scheme(&plain(property), scheme).trim().to_owned();
        let (labels, preferred) = labels(property, card);
        Self { value, labels, preferred }
    }
}

impl PostalAddressView {
    fn of(property: &Property, card: &Component) -> Option<Self> {
        let [post_office_box, extended, street, city, region, postal_code, country] = take(parts(Some(property)), ", ");
        let (labels, preferred) = labels(property, card);
        let address = Self {
            post_office_box,
            extended,
            street,
            city,
            region,
            postal_code,
            country,
            labels: Vec::new(),
            preferred,
        };
        let is_empty = address == Self { preferred, ..Self::default() };
        (!is_empty).then_some(Self { labels, ..address })
    }
}

/// The date as `1990-04-12`, or `--04-12` without its year; what is neither stands as it is.
fn birthday(property: &Property) -> String {
    let value = plain(property);
    let date = value.split(['T', 't']).next().unwrap_or_default();
    let is_yearless = date.starts_with("--");
    let digits: String = date.chars().filter(|c| *c != '-').collect();
    let is_date = digits.bytes().all(|digit| digit.is_ascii_digit());
    let omitted = property.parameter_value("X-APPLE-OMIT-YEAR");
    match (is_yearless, digits.len()) {
        (true, 4) if is_date => {
            format!("--{}-{}", digits.get(..2).unwrap_or_default(), digits.get(2..).unwrap_or_default())
        }
        (false, 8) if is_date => {
            let [year, month, day] = [0..4, 4..6, 6..8].map(|place| digits.get(place).unwrap_or_default());
            if omitted == Some(year) { format!("--{month}-{day}") } else { format!("{year}-{month}-{day}") }
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(lines: &str) -> CardView {
        let octets = format!("BEGIN:VCARD\n{lines}END:VCARD\n").into_bytes();
        CardView::of(&VCard::parse(Arc::new(octets)).unwrap()).unwrap()
    }

    #[test]
    fn birthdays_are_dates_with_or_without_a_year() {
        for (line, expected) in [
            ("BDAY:1990-04-12", "1990-04-12"),
            ("BDAY:19900412", "1990-04-12"),
            ("BDAY;VALUE=DATE-TIME:1990-04-12T00:00:00Z", "1990-04-12"),
            ("BDAY:--0412", "--04-12"),
            ("BDAY:--04-12", "--04-12"),
            ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", "--04-12"),
            ("BDAY;VALUE=text:circa 1800", "circa 1800"),
            ("BDAY:1990", "1990"),
        ] {
            assert_eq!(card(&format!("VERSION:3.0\n{line}\n")).birthday.as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_values_are_for_is_told_in_every_version() {
        let two = card(
            "VERSION:2.1\nN:Doe;Ann\nTEL;HOME;VOICE;PREF:1\nEMAIL;INTERNET:a@example.org\nADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Stra=\n=C3=9Fe 1;Ulm;;89073;DE\n",
        );
        assert_eq!((two.phones[0].labels.as_slice(), two.phones[0].preferred), (&["home".to_owned()][..], true));
        assert_eq!(two.emails[0], LabelledView { value: "a@example.org".into(), ..LabelledView::default() });
        assert_eq!(
            (two.addresses[0].street.as_deref(), two.addresses[0].city.as_deref()),
            (Some("Straße 1"), Some("Ulm"))
        );
        let three = card(
            "VERSION:3.0\nitem1.EMAIL;TYPE=INTERNET,WORK,pref:mailto:a@example.org\nitem1.X-ABLabel:_$!<Other>!$_\nADR:;;;;;;\n",
        );
        assert_eq!((three.emails[0].labels.join(" "), three.emails[0].preferred), ("work Other".into(), true));
        assert_eq!((&*three.emails[0].value, three.addresses.len()), ("a@example.org", 0));
        let four =
            card("VERSION:4.0\nTEL;VALUE=uri;PREF=1;TYPE=\"cell,text\":tel:+1-555\nKIND:group\nMEMBER:urn:uuid:1\n");
        assert_eq!(
            (&*four.phones[0].value, four.phones[0].labels.join(" "), four.phones[0].preferred),
            ("+1-555", "cell text".into(), true)
        );
        assert_eq!((four.is_group, four.members.join(" ")), (true, "urn:uuid:1".into()));
    }

    #[test]
    fn names_and_organizations_are_in_parts() {
        let card =
            card("VERSION:3.0\nN:Doe,Roe;Ann;M\\,N;Dr.;\nORG:Example\\; Ltd;Sales;\nNICKNAME:A,B\\,C\nTITLE:Boss\n");
        assert_eq!(
            (card.family_name.as_deref(), card.additional_names.as_deref(), card.prefix.as_deref()),
            (Some("Doe Roe"), Some("M,N"), Some("Dr."))
        );
        assert_eq!(card.suffix, None);
        assert_eq!((card.organization.as_deref(), card.units.join("|")), (Some("Example; Ltd"), "Sales".into()));
        assert_eq!((card.nicknames.join("|"), card.title.as_deref()), ("A|B,C".into(), Some("Boss")));
    }
}
