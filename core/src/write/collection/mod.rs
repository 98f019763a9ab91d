//! Files that hold many calendar objects or cards.

mod assembly;
mod card_groups;
mod grouping;
mod ics_collection;
mod open;
mod vcard_version;
mod vcf_collection;

pub use crate::mend::IcsOptions;
pub use card_groups::CardGroups;
pub use grouping::Grouping;
pub use ics_collection::IcsCollection;
pub(super) use open::OpenCollection;
pub(crate) use vcf_collection::written_version;
pub use vcf_collection::{VcfCollection, VcfOptions, WRITTEN_VERSIONS};

use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    mend::CalendarMender,
    model::{CalendarObject, VCard},
    source::Content,
};
use serde::{Deserialize, Serialize};

/// How calendar objects and cards are written.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Collections {
    /// How many of them go to one file.
    #[serde(rename = "collect")]
    pub grouping: Grouping,
    /// What is changed in calendars.
    pub ics: IcsOptions,
    /// What is changed in cards.
    pub vcf: VcfOptions,
}

impl Collections {
    /// # Errors
    /// [`ErrorKind::Options`] when groups are asked for where every card is a file of its own.
    pub(super) fn check(&self) -> Result<()> {
        if self.vcf.groups != CardGroups::Keep && self.grouping == Grouping::EachItem {
            let message =
                "groups cannot be written with one file per card: choose other files, or keep the groups unchanged";
            return Err(Error::new(ErrorKind::Options, message));
        }
        Ok(())
    }

    /// Whether the octets of a calendar object may not stay as they are: it was not mended on its way.
    pub(super) fn changes_object(&self, object: &CalendarObject) -> bool {
        self.ics != IcsOptions::default() && !object.is_mended()
    }

    /// The octets of one calendar object, as a file of its own has them, and what could not be kept; `None` where all is.
    pub(super) fn object(&self, object: &CalendarObject) -> Result<Option<(CalendarObject, Vec<Defect>)>> {
        if !self.changes_object(object) {
            return Ok(None);
        }
        let mut object = object.clone();
        let notes = CalendarMender::new(self.ics.clone()).mend(&mut object)?;
        match notes.mended.is_empty() && notes.flagged.is_empty() {
            true => Ok(None),
            false => Ok(Some((object, notes.flagged))),
        }
    }

    /// The octets of one card, as a file of its own has them, and what could not be kept; `None` where all is.
    pub(super) fn card(&self, card: &VCard) -> Result<Option<(Content, Vec<Defect>)>> {
        vcf_collection::convert(card, &self.vcf)
    }
}
