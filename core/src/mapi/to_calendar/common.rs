use super::clock::utc;
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    defect::Untold,
    hex::hex,
    mapi::{Attachment, AttachmentBody, FileTime, Guid, MapiMessage, Translation, contents, pid, values::Values},
    mime::compose::to_base64,
};

/// Octets of attachments that one calendar object holds: it must be in memory as a whole.
const MAX_ATTACHED: u64 = 10 << 20;

const REMINDER_DELTA: u32 = 0x8501;
const REMINDER_SET: u32 = 0x8503;
const REMINDER_SIGNAL_TIME: u32 = 0x8560;
const CONTACTS: u32 = 0x853A;
const COMPANIES: u32 = 0x8539;
const BILLING: u32 = 0x8535;
const MILEAGE: u32 = 0x8534;

/// 1970-01-01, where nothing tells when an item was made.
const NO_TIME: FileTime = FileTime(116_444_736_000_000_000);

/// What all calendar components say in the same way ([MS-OXCICAL] 2.1.3.1.1.20).
pub(super) fn describe(
    component: &mut Component,
    uid: &str,
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) {
    let values = Values::of(message);
    let (created, modified) = (values.time(pid::CREATION_TIME), values.time(pid::LAST_MODIFICATION_TIME));
    let mut add = |property: Property| component.properties.push(property);
    add(Property::text("UID", uid));
    add(utc("DTSTAMP", modified.or(created).unwrap_or(NO_TIME)));
    if let Some(created) = created {
        add(utc("CREATED", created));
    }
    if let Some(modified) = modified {
        add(utc("LAST-MODIFIED", modified));
    }
    if let Some(subject) = contents::subject(values) {
        add(Property::text("SUMMARY", &subject));
    }
    let (plain, html) = contents::bodies(message, translation, defects);
    let readable = plain.or_else(|| html.as_deref().map(crate::mapi::html_text::plain_text));
    if let Some(text) = readable.filter(|text| !text.trim().is_empty()) {
        add(Property::text("DESCRIPTION", text.trim_end()));
    }
    if let Some(html) = html {
        add(Property::text("X-ALT-DESC", &html).with("FMTTYPE", "text/html"));
    }
    match values.integer(pid::SENSITIVITY) {
        Some(1 | 2) => add(Property::new("CLASS", "PRIVATE")),
        Some(3) => add(Property::new("CLASS", "CONFIDENTIAL")),
        _ => {}
    }
    match values.integer(pid::IMPORTANCE) {
        Some(0) => add(Property::new("PRIORITY", "9")),
        Some(2) => add(Property::new("PRIORITY", "1")),
        _ => {}
    }
    let categories = values.texts((Guid::PS_PUBLIC_STRINGS, "Keywords"));
    if !categories.is_empty() {
        let escaped: Vec<String> =
            categories.iter().map(|category| crate::content_line::escape_text(category)).collect();
        add(Property::new("CATEGORIES", escaped.join(",")));
    }
    for contact in values.texts((Guid::PSETID_COMMON, CONTACTS)) {
        add(Property::text("CONTACT", &contact));
    }
    for (name, lid) in [("X-COMPANY", COMPANIES), ("X-BILLING", BILLING), ("X-MILEAGE", MILEAGE)] {
        let texts = values.texts((Guid::PSETID_COMMON, lid));
        if !texts.is_empty() {
            add(Property::text(name, &texts.join(", ")));
        }
    }
}

/// The reminder as an alarm ([MS-OXCICAL] 2.1.3.1.1.20.62), before the start where there is one, else at its time.
pub(super) fn alarm(values: Values<'_>, delta: Option<i64>, set: Option<bool>, has_start: bool) -> Option<Component> {
    let common = Guid::PSETID_COMMON;
    if !set.unwrap_or_else(|| values.is_true((common, REMINDER_SET))) {
        return None;
    }
    let delta = delta.or_else(|| values.integer((common, REMINDER_DELTA)));
    let at = values.time((common, REMINDER_SIGNAL_TIME));
    let trigger = match (delta, at) {
        // Outlook writes this number where the default of its user holds.
        (Some(0x5AE9_80E1), _) if has_start => Property::new("TRIGGER", "-PT15M"),
        (Some(minutes), _) if has_start => {
            let sign = if minutes > 0 { "-" } else { "" };
            Property::new("TRIGGER", format!("{sign}PT{}M", minutes.unsigned_abs()))
        }
        (_, Some(at)) => utc("TRIGGER", at).with("VALUE", "DATE-TIME"),
        _ => return None,
    };
    let alarm = Component::new("VALARM").with(Property::new("ACTION", "DISPLAY"));
    Some(alarm.with(trigger).with(Property::new("DESCRIPTION", "Reminder")))
}

/// The attachments inline (RFC 5545 §3.8.1.1); those that are exceptions of a series are no attachments.
pub(super) fn attach(
    component: &mut Component,
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) {
    let (mut left, mut untold) = (MAX_ATTACHED, Untold::default());
    let count = message.attachments.len();
    for index in 0..count.min(translation.limits.entities) {
        untold.take(defects);
        let attachment = match message.attachments.open(index) {
            Ok(attachment) => attachment,
            Err(error) => {
                let detail = format!("attachment {} of {count}: {error}", index + 1);
                defects.push(Defect::new(DefectKind::Attachment, detail));
                continue;
            }
        };
        let values = Values::of_part(&attachment.properties, message);
        if values.is_true(pid::ATTACHMENT_CONTACT_PHOTO) || exception_start(&attachment, message).is_some() {
            continue;
        }
        defects.extend(attachment.defects.iter().cloned());
        let Some((name, media_type, content)) = contents::attached_octets(&attachment, message, translation, defects)
        else {
            continue;
        };
        if content.len() > left {
            let detail = format!("attachment {name} of {} octets is too large for a calendar object", content.len());
            defects.push(Defect::new(DefectKind::Attachment, detail));
            continue;
        }
        left -= content.len();
        match content.to_vec(usize::try_from(MAX_ATTACHED).unwrap_or(usize::MAX)) {
            Ok(octets) => component.properties.push(
                Property::new("ATTACH", to_base64(&octets))
                    .with("FMTTYPE", media_type)
                    .with("ENCODING", "BASE64")
                    .with("VALUE", "BINARY")
                    .with("X-FILENAME", name),
            ),
            Err(error) => defects.push(Defect::new(DefectKind::Attachment, format!("attachment {name}: {error}"))),
        }
    }
    untold.take(defects);
    defects.extend(untold.defect("attachments"));
}

/// When the exception starts, on the clock of its series, that an attachment stands for ([MS-OXOCAL] 2.2.10.1).
pub(super) fn exception_start(attachment: &Attachment, message: &MapiMessage) -> Option<super::local::Local> {
    let values = Values::of_part(&attachment.properties, message);
    let start = values.time(pid::EXCEPTION_START_TIME).map(super::local::Local::in_utc);
    start.filter(|_| matches!(attachment.body, AttachmentBody::Message(_)))
}

/// The UID ([MS-OXCICAL] 2.1.3.1.1.20.26): that of the meeting, else one made from the search key.
pub(super) fn uid(values: Values<'_>) -> String {
    const GLOBAL_OBJECT_ID: u32 = 0x0003;
    const CLEAN_GLOBAL_OBJECT_ID: u32 = 0x0023;
    let id = |lid: u32| values.binary((Guid::PSETID_MEETING, lid)).filter(|id| id.len() > 40);
    if let Some(mut id) = id(CLEAN_GLOBAL_OBJECT_ID).or_else(|| id(GLOBAL_OBJECT_ID)) {
        if let Some(foreign) = id.get(40..).and_then(|data| data.strip_prefix(b"vCal-Uid\x01\0\0\0")) {
            let end = foreign.iter().position(|octet| *octet == 0).unwrap_or(foreign.len());
            return String::from_utf8_lossy(foreign.get(..end).unwrap_or_default()).into_owned();
        }
        // The day of an exception is no part of the identity of its series.
        for octet in id.iter_mut().skip(16).take(4) {
            *octet = 0;
        }
        return id.iter().map(|octet| format!("{octet:02X}")).collect();
    }
    let key = values.binary(pid::SEARCH_KEY).or_else(|| values.binary(pid::RECORD_KEY)).unwrap_or_default();
    let digits = hex(&key);
    match digits.is_empty() {
        false => format!("{digits}@search-key.invalid"),
        true => {
            let time = values.time(pid::CREATION_TIME).unwrap_or(NO_TIME).0;
            format!("{time:016x}@creation-time.invalid")
        }
    }
}
