use super::{CardGroups, assembly::Assembly, card_groups::regroup, vcard_version};
use crate::{
    content_line::{ContentLines, Marker, Property},
    defect::{Defect, DefectKind},
    error::{ErrorKind, Result},
    limits::Limits,
    mend::{CardMender, YearlessDates},
    model::{VCard, VCardVersion},
    source::{Content, Source},
    word::unknown,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::sync::Arc;
use uuid::Uuid;

/// What is changed in cards that are written; nothing where nothing is asked for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VcfOptions {
    /// Mends what the standards do not permit (RFC 6350, RFC 2426) where there is one right answer, and flags the rest.
    pub mend: bool,
    /// The version that cards of another are converted to: 3.0 or 4.0, and 3.0 for anything else.
    #[serde(rename = "vcard", deserialize_with = "written_version")]
    pub version: Option<VCardVersion>,
    /// Gives a card without a UID one that is made of its octets: a UUID of version 5 (RFC 9562 §5.5).
    #[serde(rename = "cardUids")]
    pub add_uid: bool,
    /// How a birthday without a year is written in vCard 3.0.
    #[serde(rename = "yearlessDates")]
    pub yearless: YearlessDates,
    /// How groups are written, within one file of many cards.
    #[serde(rename = "cardGroups")]
    pub groups: CardGroups,
    /// Bounds on what is held in memory.
    #[serde(skip)]
    pub limits: Limits,
}

/// The versions that cards can be converted to.
pub const WRITTEN_VERSIONS: &[VCardVersion] = &[VCardVersion::V3, VCardVersion::V4];

/// Reads a version that can be written; none for nothing.
///
/// # Errors
/// For any other text.
pub(crate) fn written_version<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<VCardVersion>, D::Error> {
    let given = Option::<String>::deserialize(deserializer)?;
    let named = |name: String| {
        let known = WRITTEN_VERSIONS.iter().copied().find(|version| version.as_str() == name);
        known.ok_or_else(|| {
            let names: Vec<_> = WRITTEN_VERSIONS.iter().map(|version| version.as_str()).collect();
            de::Error::custom(unknown(&name, "a version of vCard that can be written", &names))
        })
    };
    given.map(named).transpose()
}

/// Puts cards together to one vCard file, in bounded memory.
///
/// Untouched cards are written octet for octet; converted ones in UTF-8 without a byte-order mark.
///
/// ```
/// use mailferry::{model::{VCard, VCardVersion}, write::{VcfCollection, VcfOptions}};
/// use std::sync::Arc;
///
/// let card = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Ann\r\nTEL;HOME;VOICE:1 555 0100\r\nEND:VCARD\r\n".to_vec();
/// let mut options = VcfOptions::default();
/// options.version = Some(VCardVersion::V4);
/// let mut collection = VcfCollection::new(options);
/// collection.add(&VCard::parse(Arc::new(card))?)?;
/// let octets = collection.finish()?.to_vec(1024)?;
/// assert!(String::from_utf8_lossy(&octets).contains("TEL;TYPE=home,voice:1 555 0100\r\n"));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Default)]
pub struct VcfCollection {
    options: VcfOptions,
    out: Assembly,
    cards: u64,
}

impl VcfCollection {
    /// A collection without a card.
    pub fn new(options: VcfOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Adds a card and gives what could not be kept as it was.
    ///
    /// # Errors
    /// What the source says, or the place where octets are held meanwhile.
    pub fn add(&mut self, card: &VCard) -> Result<Vec<Defect>> {
        self.cards += 1;
        let Some((content, defects)) = convert(card, &self.options)? else {
            self.out.content(&card.content_and_around())?;
            return Ok(Vec::new());
        };
        self.out.content(&content)?;
        Ok(defects)
    }

    /// How many cards were added.
    pub fn cards(&self) -> u64 {
        self.cards
    }

    /// Octets written so far.
    pub fn len(&self) -> u64 {
        self.out.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.cards == 0
    }

    /// Gives the whole file.
    ///
    /// # Errors
    /// As [`VcfCollection::add`].
    pub fn finish(self) -> Result<Content> {
        regroup(self.out.finish()?, self.options.groups, &self.options.limits)
    }
}

impl VcfOptions {
    /// Whether cards are mended: those that are to be of a version are to be valid in it.
    pub(crate) fn is_mending(&self) -> bool {
        self.mend || self.version.is_some()
    }

    /// What mends them, if they are.
    pub(crate) fn mender(&self) -> Option<CardMender> {
        self.is_mending().then(|| CardMender::new().with_yearless_dates(self.yearless))
    }
}

/// Whether the octets of the card may not stay as they are.
fn changes(card: &VCard, options: &VcfOptions) -> bool {
    options.version.is_some_and(|version| card.version() != Some(version))
        || (options.add_uid && card.uid().is_none())
        || (options.is_mending() && !card.is_mended())
}

/// The octets of the card as `options` want them, and what could not be kept as it was; `None` where they stay.
pub(super) fn convert(card: &VCard, options: &VcfOptions) -> Result<Option<(Content, Vec<Defect>)>> {
    if !changes(card, options) {
        return Ok(None);
    }
    let mut defects = Vec::new();
    let mut card = card.clone();
    let mut is_changed = false;
    if let Some(mut mender) = options.mender().filter(|_| !card.is_mended()) {
        let notes = mender.mend(&mut card)?;
        is_changed = !notes.mended.is_empty();
        defects.extend(notes.flagged);
    }
    let mut content = card.to_content()?;
    let limit = options.limits.component;
    let uid = match options.add_uid && card.uid().is_none() {
        true => content.to_vec(limit).ok().map(|octets| Uuid::new_v5(&Uuid::NAMESPACE_OID, &octets)),
        false => None,
    };
    if let Some(version) = options.version.filter(|version| card.version() != Some(*version)) {
        match vcard_version::convert(&content, version, options.yearless, limit) {
            Ok((octets, lost)) => {
                content = Content::from(octets);
                defects.extend(lost);
                is_changed = true;
            }
            Err(error) if error.kind() == ErrorKind::Limit => {
                let detail =
                    format!("a card of {} octets is too large to be converted and stays unchanged", content.len());
                defects.push(Defect::new(DefectKind::Conversion, detail));
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(uid) = uid {
        content = with_uid(&content, &uid.urn().to_string())?;
        is_changed = true;
    }
    Ok((is_changed || !defects.is_empty()).then_some((content, defects)))
}

/// The card with a UID before its `END` line.
fn with_uid(content: &Content, uid: &str) -> Result<Content> {
    let source: Source = Arc::new(content.clone());
    let mut lines = ContentLines::new(source)?;
    let mut end = content.len();
    while let Some(line) = lines.next_line()? {
        if matches!(Marker::of(line.head), Some(Marker::End(_))) {
            end = line.start;
        }
    }
    let mut property = Vec::new();
    Property::new("UID", uid).write_to(&mut property);
    Ok(Content::join([content.slice(0..end), Content::from(property), content.slice(end..content.len())]))
}
