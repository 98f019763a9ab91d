use serde::{Deserialize, Serialize};

/// What is changed in calendars that are written; nothing where nothing is asked for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IcsOptions {
    /// Mends what the standards do not permit (RFC 5545) where there is one right answer, and flags the rest.
    pub mend: bool,
    /// Leaves out METHOD, and RSVP of attendees, so that an import sends no invitations.
    #[serde(rename = "noInvitations")]
    pub strip_scheduling: bool,
    /// Gives time zones the names of the IANA database where they are known under others.
    pub iana_zones: bool,
    /// Adds a short VTIMEZONE for every known zone that is named but not defined.
    pub complete_zones: bool,
    /// Folds every line again after 75 octets.
    pub refold: bool,
}
