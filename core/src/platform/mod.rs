//! The platforms that import items: what each accepts, in which form, within which limits, and how that is known.
//!
//! A target is data, one file each in `profiles/`; code is needed only for its own output form.
//!
//! ```
//! use mailferry::{platform::Target, write::{OutputForm, WriteOptions}};
//!
//! let gmail = Target::named("gmail")?;
//! let mut options = WriteOptions::default();
//! gmail.configure(&mut options);
//! assert_eq!(options.form, OutputForm::Mbox);
//! assert!(gmail.lacks.contains_key("task"));
//! assert!(Target::named("fidonet").is_err());
//! # Ok::<(), mailferry::Error>(())
//! ```

mod flaws;
mod guide;
mod needs;
mod settings;
mod verdict;

pub use flaws::Flaw;
pub use guide::{Advice, Guide, Language};
pub use needs::{CardNeeds, Needs};
pub use settings::{Files, Parts, Settings};
pub use verdict::{Refusal, Verdict};

use crate::{
    error::{Error, ErrorKind, Result},
    write::{Packaging, WriteOptions},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// What a platform accepts.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// Its name on a command line.
    pub name: String,
    /// Its display name.
    pub title: String,
    /// The form of what is written: the name of an [`OutputForm`](crate::write::OutputForm).
    pub form: String,
    /// How the files may be packed, the best first.
    pub packaging: Vec<Packaging>,
    /// The kinds of items that it accepts, as in the item log.
    pub kinds: Vec<String>,
    /// Why it does not accept the others.
    #[serde(default)]
    pub lacks: BTreeMap<String, String>,
    /// How its files are written.
    #[serde(default)]
    pub settings: Settings,
    /// What its calendar objects and cards are mended for.
    #[serde(default)]
    pub needs: Needs,
    /// Its limits.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// What it is likely to refuse a message for, whatever its size: it is written, with a warning in the log.
    #[serde(default)]
    pub flaws: BTreeMap<Flaw, String>,
    /// Additional files that are written with the items.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// How the files are imported there; not in WebAssembly, where it is a file beside it.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub guide: Option<Guide>,
    /// Sources of this knowledge.
    pub knowledge: Vec<Knowledge>,
}

/// A limit, and what happens to items beyond it.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// What is limited.
    pub of: Bounded,
    /// The maximum in octets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<u64>,
    /// The maximum number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// What happens to items beyond it.
    pub then: Then,
    /// Why.
    pub because: String,
}

/// What a limit applies to.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bounded {
    /// One message.
    Message,
    /// One event, task or journal entry.
    Event,
    /// One card.
    Contact,
    /// The photo of a card, as encoded in it.
    Photo,
    /// The mail of one mbox.
    Mbox,
    /// All mail.
    Mailbox,
    /// The number of cards.
    Contacts,
    /// The number of events, tasks and journal entries.
    Events,
}

/// What happens to items beyond a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// It is written, with a warning in the log.
    Flag,
    /// It is left out, and the log says why.
    Refuse,
}

/// A file with a fixed text that is written with the items.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its path in the destination.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One fact about a platform, and its source.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// What is known.
    pub claim: String,
    /// Its source; may be empty.
    pub source: String,
    /// How reliable it is.
    pub status: Status,
}

/// How reliable a fact is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Status {
    /// The platform's own documentation, or a standard, says so.
    #[serde(rename = "documented")]
    Documented,
    /// The source code of the importing program shows it.
    #[serde(rename = "read from code")]
    ReadFromCode,
    /// It is claimed, and was not tested.
    #[serde(rename = "unverified")]
    Unverified,
}

impl Status {
    /// The word in the profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::ReadFromCode => "read from code",
            Self::Unverified => "unverified",
        }
    }
}

const PROFILES: [&str; 15] = [
    include_str!("profiles/generic.json"),
    include_str!("profiles/zoho.json"),
    include_str!("profiles/ovh-omm.json"),
    include_str!("profiles/m365.json"),
    include_str!("profiles/gmail.json"),
    include_str!("profiles/thunderbird.json"),
    include_str!("profiles/maildir.json"),
    include_str!("profiles/apple-mail.json"),
    include_str!("profiles/proton.json"),
    include_str!("profiles/zimbra.json"),
    include_str!("profiles/roundcube.json"),
    include_str!("profiles/nextcloud.json"),
    include_str!("profiles/icloud.json"),
    include_str!("profiles/mx-plan.json"),
    include_str!("profiles/ediscovery.json"),
];

/// The guides, by the names of their targets.
#[cfg(not(target_family = "wasm"))]
const GUIDES: [(&str, &str); 15] = [
    ("generic", include_str!("guides/generic.json")),
    ("zoho", include_str!("guides/zoho.json")),
    ("ovh-omm", include_str!("guides/ovh-omm.json")),
    ("m365", include_str!("guides/m365.json")),
    ("gmail", include_str!("guides/gmail.json")),
    ("thunderbird", include_str!("guides/thunderbird.json")),
    ("maildir", include_str!("guides/maildir.json")),
    ("apple-mail", include_str!("guides/apple-mail.json")),
    ("proton", include_str!("guides/proton.json")),
    ("zimbra", include_str!("guides/zimbra.json")),
    ("roundcube", include_str!("guides/roundcube.json")),
    ("nextcloud", include_str!("guides/nextcloud.json")),
    ("icloud", include_str!("guides/icloud.json")),
    ("mx-plan", include_str!("guides/mx-plan.json")),
    ("ediscovery", include_str!("guides/ediscovery.json")),
];

/// A profile that cannot be read is left out, which a test keeps from happening.
static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let read = |profile: &&str| serde_json::from_slice::<Target>(profile.as_bytes()).ok();
    #[cfg(not(target_family = "wasm"))]
    let read = |profile: &&str| {
        let mut target = read(profile)?;
        let guide = GUIDES.iter().find(|(name, _)| *name == target.name);
        target.guide = guide.and_then(|(_, guide)| serde_json::from_slice(guide.as_bytes()).ok());
        Some(target)
    };
    PROFILES.iter().filter_map(read).collect()
});

impl Target {
    /// All targets.
    pub fn all() -> &'static [Self] {
        &TARGETS
    }

    /// The target of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] when there is none.
    pub fn named(name: &str) -> Result<&'static Self> {
        Self::all().iter().find(|target| target.name == name).ok_or_else(|| {
            let known: Vec<_> = Self::all().iter().map(|target| &*target.name).collect();
            Error::new(ErrorKind::Options, format!("{name:?} is not a target: choose one of {}", known.join(", ")))
        })
    }

    /// Sets `options` to what the target accepts. Options that do not matter to the target stay unchanged.
    pub fn configure(&self, options: &mut WriteOptions) {
        if let Ok(form) = self.form.parse() {
            options.form = form;
        }
        self.settings.configure(options);
        self.needs.configure(options);
        for Document { path, text } in &self.documents {
            // To be asked twice is to be asked once.
            if options.documents.iter().all(|(other, _)| other != path) {
                options.documents.push((path.clone(), text.clone()));
            }
        }
    }

    /// Checks that a destination of this name can be imported.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] when the target does not accept its packaging.
    pub fn check_destination(&self, name: &str) -> Result<()> {
        let packaging = Packaging::of_name(name);
        if self.packaging.contains(&packaging) {
            return Ok(());
        }
        let taken: Vec<_> = self.packaging.iter().map(|packaging| packaging.describe()).collect();
        let message = format!("is not accepted by {}: choose {}", self.title, taken.join(", or "));
        Err(Error::new(ErrorKind::Options, message).in_file(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::OutputForm;

    const KINDS: [&str; 5] = ["mail", "event", "task", "journal", "contact"];

    #[test]
    fn every_profile_can_be_read_and_says_all_there_is_to_say() {
        for profile in PROFILES {
            let target: Target = serde_json::from_str(profile).unwrap();
            assert!(target.form.parse::<OutputForm>().is_ok(), "{}", target.name);
            assert!(!target.knowledge.is_empty(), "{}", target.name);
            for kind in KINDS {
                let takes = target.kinds.iter().any(|taken| taken == kind);
                assert!(takes != target.lacks.contains_key(kind), "{}: {kind}", target.name);
            }
            for knowledge in &target.knowledge {
                assert!(knowledge.status == Status::Unverified || !knowledge.source.is_empty(), "{}", knowledge.claim);
            }
            for limit in &target.limits {
                assert!(limit.octets.is_some() != limit.items.is_some(), "{}: {}", target.name, limit.because);
            }
        }
        assert_eq!(Target::all().len(), PROFILES.len());
    }

    #[test]
    fn a_profile_with_a_setting_that_nobody_knows_is_refused() {
        let with = |settings: &str| {
            let profile = format!(
                r#"{{"name":"x","title":"X","form":"mbox","packaging":["zip"],"kinds":["mail"],"knowledge":[],"settings":{settings}}}"#
            );
            serde_json::from_str::<Target>(&profile).map(|target| target.settings)
        };
        assert_eq!(with(r#"{"eol":"crlf","mboxTree":"sbd"}"#).unwrap().mbox_tree, Some(crate::write::MboxTree::Sbd));
        for wrong in [
            r#"{"eofl":"crlf"}"#,
            r#"{"eol":"cr"}"#,
            r#"{"mboxTree":"sdb"}"#,
            r#"{"quoting":"mboxcl"}"#,
            r#"{"state":"pine"}"#,
            r#"{"vcard":"2.1"}"#,
            r#"{"grouping":"one"}"#,
            r#"{"tarNames":"ustar"}"#,
            r#"{"icsParts":{"items":1,"octets":1,"files":1}}"#,
        ] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_destination_that_cannot_be_imported_is_refused() {
        let zimbra = Target::named("zimbra").unwrap();
        assert!(zimbra.check_destination("x.tgz").is_ok() && zimbra.check_destination("x.tar.gz").is_ok());
        let error = zimbra.check_destination("x.zip").unwrap_err().to_string();
        assert_eq!(error, "x.zip: is not accepted by Zimbra: choose a name that ends in .tgz");
    }
}
