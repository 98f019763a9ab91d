//! Mail.

use super::{
    element::Element,
    fields::{Fields, attachments, binary, first_rows, has_tags, is_html, people, recipient},
};
use crate::{
    defect::DefectKind,
    error::Result,
    mapi::{Attachment, AttachmentBody, MapiMessage, one_off, pid, to_flat_list},
    model::Role,
    read::archive::ZipIndex,
    source::Content,
};

/// Bits of PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6).
const READ: i32 = 0x01;
const UNSENT: i32 = 0x08;

/// A mail in a folder of this role.
///
/// # Errors
/// When the archive cannot be read.
pub(super) fn message(item: &Element, role: Option<Role>, archive: &mut ZipIndex, most: usize) -> Result<MapiMessage> {
    let mut fields = Fields::of("IPM.Note", item);
    let text = |name: &str| item.text(name);
    fields.text(pid::SUBJECT, text("OPFMessageCopySubject"));
    let from = people(item.child("OPFMessageCopyFromAddresses"));
    let sender = people(item.child("OPFMessageCopySenderAddress"));
    for (what, people) in [("From", &from), ("Sender", &sender)] {
        let more: Vec<_> = people.iter().skip(1).filter_map(|(address, name)| address.or(*name)).collect();
        if !more.is_empty() {
            let what = format!("only the first of several people in {what} is written; left out: {}", more.join(", "));
            fields.tell(DefectKind::Conversion, what);
        }
    }
    let first =
        |list: &[(Option<&str>, Option<&str>)]| list.first().map(|(a, n)| (a.map(str::to_owned), n.map(str::to_owned)));
    let from = first(&from);
    for (person, [name, kind, address]) in [
        (
            from.clone(),
            [pid::SENT_REPRESENTING_NAME, pid::SENT_REPRESENTING_ADDRESS_TYPE, pid::SENT_REPRESENTING_EMAIL_ADDRESS],
        ),
        (first(&sender).or(from), [pid::SENDER_NAME, pid::SENDER_ADDRESS_TYPE, pid::SENDER_EMAIL_ADDRESS]),
    ] {
        let Some((of, named)) = person else { continue };
        fields.text(name, named.as_deref().or(of.as_deref()));
        fields.text(kind, of.as_ref().map(|_| "SMTP"));
        fields.text(address, of.as_deref());
    }
    let reply_to: Vec<_> = people(item.child("OPFMessageCopyReplyToAddresses"));
    let entries = reply_to.iter().filter_map(|(address, name)| {
        let address = (*address)?;
        Some(one_off(name.unwrap_or(address), "SMTP", address))
    });
    let entries: Vec<Vec<u8>> = entries.collect();
    let nameless = reply_to.iter().filter(|(address, _)| address.is_none()).filter_map(|(_, name)| *name);
    let nameless: Vec<_> = nameless.collect();
    if !nameless.is_empty() {
        let what = format!("people in Reply-To without an address are left out: {}", nameless.join(", "));
        fields.tell(DefectKind::Recipient, what);
    }
    if !entries.is_empty() {
        fields.set(pid::REPLY_RECIPIENT_ENTRIES, binary(to_flat_list(&entries)));
        let named = reply_to.iter().filter(|(address, _)| address.is_some());
        let names: Vec<_> = named.filter_map(|(address, name)| name.or(*address)).collect();
        fields.text(pid::REPLY_RECIPIENT_NAMES, Some(&names.join("; ")));
    }
    let lists = [(1, "OPFMessageCopyToAddresses"), (2, "OPFMessageCopyCCAddresses"), (3, "OPFMessageCopyBCCAddresses")];
    let rows = lists.iter().flat_map(|(kind, list)| {
        let people = people(item.child(list));
        people.into_iter().map(|(address, name)| recipient(*kind, address, name).bag())
    });
    let rows = first_rows(rows.collect(), most, &mut fields);
    let sent = item.time("OPFMessageCopySentTime");
    fields.time(pid::CLIENT_SUBMIT_TIME, sent);
    fields.time(pid::MESSAGE_DELIVERY_TIME, item.time("OPFMessageCopyReceivedTime"));
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFMessageCopyModDate"));
    for (id, name) in [
        (pid::INTERNET_MESSAGE_ID, "OPFMessageCopyMessageID"),
        (pid::IN_REPLY_TO_ID, "OPFMessageCopyInReplyTo"),
        (pid::INTERNET_REFERENCES, "OPFMessageCopyReferences"),
    ] {
        fields.text(id, text(name).map(bracketed).as_deref());
    }
    fields.text(pid::CONVERSATION_TOPIC, text("OPFMessageCopyThreadTopic"));
    let (html, body) = (item.with_text("OPFMessageCopyHTMLBody"), item.with_text("OPFMessageCopyBody"));
    // Where there is one of each, they are two forms of one text; where there is only one, what it is is told elsewhere too.
    let is_html = match html {
        Some(_) => body.is_some_and(|body| is_html(&body.text) || has_tags(&body.text)),
        None => item.is_true("OPFMessageGetHasHTML") || body.is_some_and(|body| is_html(&body.text)),
    };
    let is_same = html.zip(body).is_some_and(|(html, body)| html.has_text_of(body));
    if is_html && html.is_some() && !is_same {
        fields.tell(DefectKind::Conversion, "the message has two HTML bodies: the second is left out");
    }
    let html = html.or_else(|| body.filter(|_| is_html));
    fields.bodies_of(html, body.filter(|_| !is_html && !is_same));
    let is_draft = role == Some(Role::Drafts) || (sent.is_none() && item.is_true("OPFMessageIsOutgoing"));
    let read = if item.is_true("OPFMessageGetIsRead") { READ } else { 0 };
    fields.integer(pid::MESSAGE_FLAGS, read | if is_draft && sent.is_none() { UNSENT } else { 0 });
    // 1: to be followed up, 2: done; as PidTagFlagStatus has it, it is the other way around.
    match item.number("OPFMessageCopyGetFlagStatus") {
        Some(1) => fields.integer(pid::FLAG_STATUS, 2),
        Some(2) => fields.integer(pid::FLAG_STATUS, 1),
        _ => {}
    }
    match item.number("OPFMessageGetPriority") {
        Some(1 | 2) => fields.integer(pid::IMPORTANCE, 2),
        Some(4 | 5) => fields.integer(pid::IMPORTANCE, 0),
        _ => {}
    }
    fields.categories(item.child("OPFMessageCopyCategoryList"));
    // Some versions write the message as it was received: its header section is.
    fields.text(pid::TRANSPORT_MESSAGE_HEADERS, text("OPFMessageCopySource").and_then(header_section));
    let mut attached = attachments(item.child("OPFMessageCopyAttachmentList"), archive, most, &mut fields)?;
    if let Some(meeting) = text("OPFMessageCopyMeetingData").filter(|data| data.contains("BEGIN:VCALENDAR")) {
        let mut of_meeting = Fields::default();
        of_meeting.integer(pid::ATTACH_METHOD, 1);
        of_meeting.text(pid::ATTACH_LONG_FILENAME, Some("meeting.ics"));
        of_meeting.text(pid::ATTACH_MIME_TAG, Some("text/calendar"));
        let body = AttachmentBody::Data(Content::from(meeting.as_bytes().to_vec()));
        attached.push(Attachment { properties: of_meeting.bag(), body, defects: Vec::new() });
    }
    Ok(fields.message(rows, attached))
}

/// Message identifiers with the brackets that Outlook leaves off.
fn bracketed(ids: &str) -> String {
    let mut bracketed = String::new();
    for id in ids.split_whitespace() {
        let parts = if id.starts_with('<') { ["", id, ""] } else { ["<", id, ">"] };
        bracketed.extend([if bracketed.is_empty() { "" } else { " " }].into_iter().chain(parts));
    }
    bracketed
}

/// What stands before the first blank line, where it is fields.
fn header_section(source: &str) -> Option<&str> {
    let source = source.trim_start();
    let end = source.find("\r\n\r\n").or_else(|| source.find("\n\n")).unwrap_or(source.len());
    let header = source.get(..end)?;
    crate::mime::is_field_line(header.lines().next()?.as_bytes()).then_some(header)
}
