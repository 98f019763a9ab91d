//! All options, a line each.

use crate::{
    convert::{Dedupe, Kind},
    mend::YearlessDates,
    read::mbox::Unquoting,
    word::words,
    write::{
        CardGroups, Checksums, Eol, FromLines, Fsync, MboxTree, Mode, OutputForm, Packaging, Placement, Quoting,
        Scrambling, StateFields, TarNames, ZipLevel,
    },
};

words! {
    /// What depends on an option.
    pub enum Decides: "what an option decides" {
        /// What an item is known by at a destination: its octets, or its folder. A further run there must have the same,
        /// otherwise every item would be written a second time.
        Octets = "octets",
        /// Which items are taken, and where and how they are put down: names, folders, packaging, lines of the log. A run that
        /// was cut off must be resumed with the same.
        Places = "places",
        /// Nothing that is written of items: threads, progress, the forms of the report.
        Neither = "neither",
    }
}

/// An option: its name everywhere, where it is in [`ConvertOptions`](super::ConvertOptions), and what it decides.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct OptionInfo {
    /// Its name on a command line, without the dashes: `mbox-quoting`. It is `mboxQuoting` in JavaScript, `mbox_quoting` in
    /// Python; [`None`] where only a target sets it.
    pub name: Option<&'static str>,
    /// Other spellings of the name.
    pub aliases: &'static [&'static str],
    /// Where it is in the JSON of [`ConvertOptions`](super::ConvertOptions), names separated by `/`; at one place or more.
    pub places: &'static [&'static str],
    /// What depends on it.
    pub decides: Decides,
    /// The words that it may be; nothing where it is something else.
    pub words: &'static [&'static str],
}

const fn option(name: &'static str, places: &'static [&'static str], decides: Decides) -> OptionInfo {
    OptionInfo { name: Some(name), aliases: &[], places, decides, words: &[] }
}

const fn of_target(place: &'static [&'static str], decides: Decides) -> OptionInfo {
    OptionInfo { name: None, aliases: &[], places: place, decides, words: &[] }
}

impl OptionInfo {
    const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

impl OptionInfo {
    /// The option of this name, in kebab, camel or snake case; an underscore at the end, which keeps a name from being a keyword of
    /// Python's, does not matter.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut kebab = String::new();
        for character in name.trim_end_matches('_').chars() {
            match character {
                '_' => kebab.push('-'),
                'A'..='Z' => kebab.extend(['-', character.to_ascii_lowercase()]),
                _ => kebab.push(character),
            }
        }
        let is_it = |option: &&Self| option.name == Some(&*kebab) || option.aliases.contains(&&*kebab);
        OPTIONS.iter().find(is_it)
    }

    /// Whether it says how sources are read and which items are taken, which matters where nothing is written too.
    pub fn is_of_reading(&self) -> bool {
        self.places.iter().all(|place| place.starts_with("read/") || place.starts_with("selection/"))
            && !self.places.is_empty()
    }
}

use Decides::{Neither, Octets, Places};

/// What can be written to a stream.
const ARCHIVES: &[&str] =
    &[Packaging::Zip.as_str(), Packaging::Tar.as_str(), Packaging::Tgz.as_str(), Packaging::Pst.as_str()];

/// All options. A new one is one more line here, and a field.
pub const OPTIONS: &[OptionInfo] = &[
    option("mbox-quoting", &["read/mboxQuoting"], Octets).words(Unquoting::NAMES),
    option("hidden", &["read/hidden"], Places),
    option("recover", &["read/recover"], Places),
    option("keep-rtf", &["read/keepRtf"], Octets),
    option("code-page", &["read/codePage"], Octets),
    #[cfg(feature = "outlook")]
    option("tnef", &["read/tnef"], Octets).words(crate::read::tnef::TnefParts::NAMES),
    option("address-map", &["read/addressMap"], Octets).or(&["addresses"]),
    option("kind", &["selection/kinds"], Places).words(Kind::NAMES),
    option("folder", &["selection/folders"], Places),
    option("skip-folder", &["selection/skipFolders"], Places),
    option("skip-trash", &["selection/skipTrash"], Places),
    option("skip-junk", &["selection/skipJunk"], Places),
    option("after", &["selection/after"], Places),
    option("before", &["selection/before"], Places),
    option("label", &["selection/labels"], Places),
    option("from", &["selection/from"], Places).or(&["sender"]),
    option("recipient", &["selection/to"], Places),
    option("subject", &["selection/subject"], Places),
    option("larger", &["selection/larger"], Places),
    option("smaller", &["selection/smaller"], Places),
    option("has-attachment", &["selection/hasAttachment"], Places),
    option("sample", &["selection/sample"], Places),
    option("seed", &["selection/seed"], Places),
    option("dedupe", &["selection/dedupe"], Places).words(Dedupe::NAMES),
    option("add-label", &["tagging/addLabels"], Octets),
    option("root-folder", &["tagging/rootFolder"], Octets),
    option("map-folder", &["tagging/mapFolders"], Octets),
    option("keep-folder-names", &["archive/keepFolderNames"], Octets),
    option("subject-suffix", &["tagging/subjectSuffix"], Octets),
    option("as", &["archive/as"], Octets).or(&["form"]).words(OutputForm::NAMES),
    option("target", &["target"], Places),
    option("labels", &["archive/labels"], Places).words(Placement::NAMES),
    option("eol", &["archive/eol"], Octets).words(Eol::NAMES),
    option("names", &["archive/names"], Places),
    option("shard", &["archive/shard"], Places),
    option("zip-level", &["archive/zipLevel"], Places).or(&["compress"]).words(ZipLevel::NAMES),
    option("split", &["archive/split"], Places),
    option("pst-scrambling", &["archive/pstScrambling"], Places).words(Scrambling::NAMES),
    option("collect", &["archive/collections/collect"], Octets),
    option("vcard", &["archive/collections/vcf/vcard"], Octets).words(&["3.0", "4.0"]),
    option("card-uids", &["archive/collections/vcf/cardUids"], Octets),
    option("card-groups", &["archive/collections/vcf/cardGroups"], Octets).words(CardGroups::NAMES),
    option("yearless-dates", &["archive/collections/vcf/yearlessDates"], Octets).words(YearlessDates::NAMES),
    option("mend", &["archive/collections/ics/mend", "archive/collections/vcf/mend"], Octets),
    option("no-invitations", &["archive/collections/ics/noInvitations"], Octets),
    option("iana-zones", &["archive/collections/ics/ianaZones", "archive/collections/ics/completeZones"], Octets),
    option("checksums", &["archive/checksums"], Octets).words(Checksums::NAMES),
    option("check", &["check"], Neither),
    option("attachments", &["attachments"], Places),
    option("csv", &["csv"], Neither),
    option("html", &["html"], Neither).or(&["page"]),
    option("jobs", &["jobs"], Neither),
    option("created", &["archive/created"], Neither),
    option("fsync", &["archive/fsync"], Neither).words(Fsync::NAMES),
    option("mode", &["archive/mode"], Neither).words(Mode::NAMES),
    // The packaging of what has no name, in JavaScript.
    option("packaging", &[], Places).words(ARCHIVES),
    of_target(&["archive/mbox/quoting"], Octets).words(Quoting::NAMES),
    of_target(&["archive/mbox/tree"], Places).words(MboxTree::NAMES),
    of_target(&["archive/mbox/state"], Octets).words(StateFields::NAMES),
    of_target(&["archive/mbox/fromLines"], Octets).words(FromLines::NAMES),
    of_target(&["archive/unreadMode"], Places),
    of_target(&["archive/tarNames"], Places).words(TarNames::NAMES),
    of_target(&["archive/folders"], Octets),
    of_target(&["archive/storeLimit"], Places),
    of_target(&["archive/documents"], Places),
    of_target(&["archive/collections/ics/moveAttendees"], Octets),
    of_target(&["archive/collections/ics/displayAlarms"], Octets),
    of_target(&["archive/collections/ics/setAside"], Octets),
    of_target(&["archive/collections/ics/refold"], Octets),
];
