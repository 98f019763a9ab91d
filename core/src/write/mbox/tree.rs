use crate::{model::FolderPath, word::words, write::entry_name::Paths};

words! {
    /// Where the mbox of a folder is.
    #[derive(Default)]
    pub enum MboxTree: "a tree of mboxes" {
        /// `Work.mbox`, and those below it in `Work/`.
        #[default]
        Folders = "folders",
        /// `Work`, and those below it in `Work.sbd/`: a folder of Thunderbird's.
        Sbd = "sbd",
        /// `Work.mbox/mbox`, and those below it in `Work/`: what Apple Mail exports and imports.
        Apple = "apple",
    }
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
