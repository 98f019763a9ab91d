use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, sync::Arc};

/// The names of a folder and its ancestors, outermost first, as the source has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderPath(Arc<[String]>);

impl FolderPath {
    /// The folder of these names, outermost first.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The names, outermost first; none for the root.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// The names joined by `/`, for people: a name may itself hold a `/`.
impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// A folder of a mailbox and what it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder {
    /// Where it is.
    pub path: FolderPath,
    /// What it is for, whatever its name and language.
    pub role: Option<Role>,
}

/// What a folder is for: the roles of JMAP for Mail (RFC 8621 §2, IANA "IMAP Mailbox Name Attributes").
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// New mail arrives here.
    Inbox,
    /// Mail that was sent.
    Sent,
    /// Mail that is being written.
    Drafts,
    /// Mail that was deleted.
    Trash,
    /// Unwanted mail.
    Junk,
    /// Mail that was put away.
    Archive,
    /// Every mail of the mailbox.
    All,
}

impl Role {
    /// The role as JMAP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Sent => "sent",
            Self::Drafts => "drafts",
            Self::Trash => "trash",
            Self::Junk => "junk",
            Self::Archive => "archive",
            Self::All => "all",
        }
    }

    /// The role that JMAP spells so.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        const ALL: [Role; 7] =
            [Role::Inbox, Role::Sent, Role::Drafts, Role::Trash, Role::Junk, Role::Archive, Role::All];
        ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of_name(&name).ok_or_else(|| de::Error::custom(format!("{name:?} is not the role of a folder")))
    }
}
