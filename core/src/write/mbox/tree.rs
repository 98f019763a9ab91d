use crate::{model::FolderPath, write::entry_name::Paths};
use serde::{Deserialize, Serialize};

/// Where the mbox of a folder stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MboxTree {
    /// `Work.mbox`, and those below it in `Work/`.
    #[default]
    Folders,
    /// `Work`, and those below it in `Work.sbd/`: a folder of Thunderbird's.
    Sbd,
    /// `Work.mbox/mbox`, and those below it in `Work/`: what Apple Mail exports and imports.
    Apple,
}

/// Where the mbox of one folder goes.
pub(super) struct Place {
    pub(super) file: String,
    /// The names of the folder that mailboxes below it go to.
    pub(super) below: FolderPath,
}

impl MboxTree {
    /// The place of the mailbox `name` in the folder `around`.
    pub(super) fn place(self, paths: &mut Paths, around: &FolderPath, name: &str) -> Place {
        let extension = match self {
            Self::Folders | Self::Apple => ".mbox",
            Self::Sbd => "",
        };
        let mut file = paths.named(around, name, extension);
        let stem = file.rsplit('/').next().unwrap_or_default();
        let stem = stem.strip_suffix(extension).unwrap_or(stem);
        let folder = if self == Self::Sbd { format!("{stem}.sbd") } else { stem.to_owned() };
        let below = FolderPath::new(around.names().iter().cloned().chain([folder]));
        if self == Self::Apple {
            file += "/mbox";
        }
        Place { file, below }
    }
}
