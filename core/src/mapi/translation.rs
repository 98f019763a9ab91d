use super::{AddressMap, MapiMessage, pid, to_calendar, to_card, to_message, values::Values};
use crate::{
    Defect, DefectKind, Limits, Result,
    content_line::Component,
    model::{CalendarObject, ItemKind, Message, VCard},
    source::Content,
};
use std::sync::Arc;

/// How message objects are translated.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Translation {
    /// Bounds on bodies, nesting and attachments.
    pub limits: Limits,
    /// Internet addresses of people whom the messages name by their Exchange address only.
    pub addresses: AddressMap,
    /// Whether genuine rich text is also attached unchanged, in addition to the HTML made from it.
    pub keep_rtf: bool,
    /// Whether items keep the message object that they were made of.
    pub keep_objects: bool,
}

/// A message object in the form of its standard.
#[derive(Clone, Debug)]
pub enum Translated {
    /// Mail: the octets of an RFC 5322 message.
    Message(Content),
    /// An appointment, task, journal entry or note: a VCALENDAR (RFC 5545) with its master, overrides and time zones.
    Calendar(Component),
    /// A contact or a distribution list: a VCARD (RFC 6350).
    Card(Component),
}

impl Translated {
    /// What an item is made of.
    pub(crate) fn into_kind(self, limits: &Limits) -> Result<ItemKind> {
        Ok(match self {
            Self::Message(content) => ItemKind::Message(Message::with_limits(content, limits.clone())),
            Self::Calendar(calendar) => {
                let mut octets = Vec::new();
                calendar.write_to(&mut octets);
                ItemKind::Calendar(CalendarObject::parse(Arc::new(octets), limits)?)
            }
            Self::Card(card) => ItemKind::Contact(VCard::from_component(&card)?),
        })
    }
}

/// What a message class stands for ([MS-OXCMSG] 2.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Mail,
    Appointment,
    Task,
    Journal,
    Note,
    Contact,
    DistributionList,
    Unknown,
}

impl Class {
    /// The meaning of a class or of the classes it was derived from.
    fn of(class: &str) -> Self {
        const CLASSES: [(&str, Class); 20] = [
            ("", Class::Mail),
            ("IPM", Class::Mail),
            ("IPM.NOTE", Class::Mail),
            ("IPM.POST", Class::Mail),
            ("IPM.DOCUMENT", Class::Mail),
            ("IPM.RECALL", Class::Mail),
            ("IPM.OUTLOOK.RECALL", Class::Mail),
            ("IPM.SCHEDULE", Class::Mail),
            ("IPM.TASKREQUEST", Class::Mail),
            ("IPM.SHARING", Class::Mail),
            ("IPM.CONFLICT", Class::Mail),
            ("REPORT", Class::Mail),
            ("IPM.APPOINTMENT", Class::Appointment),
            ("IPM.OLE.CLASS", Class::Appointment),
            ("IPM.TASK", Class::Task),
            ("IPM.ACTIVITY", Class::Journal),
            ("IPM.STICKYNOTE", Class::Note),
            ("IPM.CONTACT", Class::Contact),
            ("IPM.ABCHPERSON", Class::Contact),
            ("IPM.DISTLIST", Class::DistributionList),
        ];
        let class = class.to_ascii_uppercase();
        let is_or_derives =
            |base: &str| class.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let matching = CLASSES.iter().filter(|(base, _)| is_or_derives(base) && (*base != "IPM" || class == "IPM"));
        matching.max_by_key(|(base, _)| base.len()).map_or(Self::Unknown, |(_, meaning)| *meaning)
    }
}

/// Translates a message object by its class; one of an unknown class becomes mail, and a defect says so.
///
/// What the standard cannot express is reported in `defects`.
pub fn translate(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Translated {
    let class = Values::of(message).text(pid::MESSAGE_CLASS).unwrap_or_default();
    match Class::of(&class) {
        Class::Appointment => Translated::Calendar(to_calendar::appointment(message, translation, defects)),
        Class::Task => Translated::Calendar(to_calendar::task(message, translation, defects)),
        Class::Journal => Translated::Calendar(to_calendar::journal(message, translation, defects)),
        Class::Note => Translated::Calendar(to_calendar::note(message, translation, defects)),
        Class::Contact => Translated::Card(to_card::contact(message, translation, defects)),
        Class::DistributionList => Translated::Card(to_card::group(message, translation, defects)),
        Class::Mail => Translated::Message(to_message::to_message(message, translation, defects)),
        Class::Unknown => {
            let detail = format!("message class {class} has no equivalent in internet mail: it is kept as mail");
            defects.push(Defect::new(DefectKind::MessageClass, detail));
            Translated::Message(to_message::to_message(message, translation, defects))
        }
    }
}

/// Whether a message object stands for a mail.
pub(super) fn is_mail(message: &MapiMessage) -> bool {
    let class = Values::of(message).text(pid::MESSAGE_CLASS).unwrap_or_default();
    matches!(Class::of(&class), Class::Mail | Class::Unknown)
}

/// An embedded message as the part that stands for it: its media type and its octets.
pub(super) fn translate_embedded(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> (&'static str, Content) {
    let octets = |component: &Component| {
        let mut octets = Vec::new();
        component.write_to(&mut octets);
        Content::from(octets)
    };
    match translate(message, translation, defects) {
        Translated::Message(content) => ("message/rfc822", content),
        Translated::Calendar(calendar) => ("text/calendar", octets(&calendar)),
        Translated::Card(card) => ("text/vcard", octets(&card)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_means_what_it_was_derived_from() {
        for (class, meaning) in [
            ("", Class::Mail),
            ("IPM.Note.SMIME", Class::Mail),
            ("ipm.note", Class::Mail),
            ("REPORT.IPM.Note.NDR", Class::Mail),
            ("IPM.Schedule.Meeting.Request", Class::Mail),
            ("IPM.Appointment.Custom", Class::Appointment),
            ("IPM.Task", Class::Task),
            ("IPM.TaskRequest.Accept", Class::Mail),
            ("IPM.Contact.X", Class::Contact),
            ("IPM.ContactX", Class::Unknown),
            ("IPM.Configuration.x", Class::Unknown),
        ] {
            assert_eq!(Class::of(class), meaning, "{class}");
        }
    }
}
