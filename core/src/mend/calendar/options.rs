use serde::{Deserialize, Serialize};

/// What is changed in calendars that are written; nothing where nothing is asked for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IcsOptions {
    /// Mends what the standards do not permit (RFC 5545) where there is one right answer, and flags the rest; vCalendar 1.0 is
    /// converted.
    pub mend: bool,
    /// Marks organizer and attendees with `SCHEDULE-AGENT=CLIENT` (RFC 6638 §7.1), and leaves out METHOD and RSVP, so that an import
    /// sends no invitations.
    #[serde(rename = "noInvitations")]
    pub strip_scheduling: bool,
    /// Moves attendees to the description instead, for a target that does not honour that mark.
    pub move_attendees: bool,
    /// Makes alarms that send mail such that are shown.
    pub display_alarms: bool,
    /// Gives time zones the names of the IANA database where they are known under others, and defined as there.
    pub iana_zones: bool,
    /// Adds a VTIMEZONE for every known zone that is named but not defined, with its rules at the time of the events.
    pub complete_zones: bool,
    /// Keeps what servers refuse a whole object for under another name, so that the rest of it arrives, and leaves out events without
    /// a start, which none takes.
    pub set_aside: bool,
    /// Folds every line again after 75 octets.
    pub refold: bool,
}
