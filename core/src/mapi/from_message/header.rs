use super::{
    Translator,
    properties::{Properties, file_time, string},
};
use crate::{
    date_time::DateTime,
    defect::DefectKind,
    error::Result,
    mapi::{
        Guid, PropertyBag, PropertyName, PropertyValue,
        entry_id::{one_off, to_flat_list},
        first_units, pid,
    },
    mime::{self, Address, Mailbox},
    model::Keywords,
};
use std::collections::HashSet;

/// Fields of a message that become properties of their own (PS_INTERNET_HEADERS), and octets of each.
const FIELDS: usize = 128;
const FIELD: usize = 8 << 10;
/// Recipients of a message.
const RECIPIENTS: usize = 50_000;
/// Units of a name or an address in the table of recipients, which nothing else says of them.
const SHOWN: usize = 255;
/// Octets of a subject, and of lists of identifiers.
const LINE: usize = 32 << 10;

/// Bits of PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6) and of PidTagMessageStatus (2.2.1.8).
const READ: i32 = 0x01;
const UNSENT: i32 = 0x08;
const DELETED: i32 = 0x08;
const ANSWERED: i32 = 0x200;

/// Properties and values that show what was done with a message ([MS-OXOMSG] 2.2.1.13, 2.2.1.15; [MS-OXOFLAG] 2.2).
const REPLIED: (i32, i32) = (102, 0x105);
const FORWARDED: (i32, i32) = (104, 0x106);
const LAST_VERB_TIME: u16 = 0x1082;
const FLAGGED: i32 = 2;
const FOLLOW_UP_ICON: u16 = 0x1095;
const RED: i32 = 6;
const TO_DO_FLAGS: u16 = 0x0E2B;
const FLAG_REQUEST: u32 = 0x8530;

/// Where the parts of an address stand: name, kind, address, entry identifier, search key, SMTP address.
const SENT_REPRESENTING: [u16; 6] = [
    pid::SENT_REPRESENTING_NAME,
    pid::SENT_REPRESENTING_ADDRESS_TYPE,
    pid::SENT_REPRESENTING_EMAIL_ADDRESS,
    pid::SENT_REPRESENTING_ENTRY_ID,
    0x003B,
    pid::SENT_REPRESENTING_SMTP_ADDRESS,
];
const SENDER: [u16; 6] = [
    pid::SENDER_NAME,
    pid::SENDER_ADDRESS_TYPE,
    pid::SENDER_EMAIL_ADDRESS,
    pid::SENDER_ENTRY_ID,
    0x0C1D,
    pid::SENDER_SMTP_ADDRESS,
];

impl Translator<'_> {
    /// What the header section tells ([MS-OXCMAIL] 2.2.3.1, 2.2.3.2); gives the recipients.
    pub(super) fn header(&mut self, properties: &mut Properties) -> Result<Vec<PropertyBag>> {
        let headers = self.message.header_text()?;
        properties.text(pid::TRANSPORT_MESSAGE_HEADERS, &headers);
        self.tell_of_nul(&headers, "the header section");
        let recipients = self.people(properties)?;
        self.dates(properties)?;
        self.subject(properties)?;
        self.identifiers(properties)?;
        self.requests(properties)?;
        self.categories(properties)?;
        self.fields(properties)?;
        self.tell_of_more()?;
        Ok(recipients)
    }

    /// Fields that a message has once (RFC 5322 §3.6), and a property of a store too.
    fn tell_of_more(&mut self) -> Result<()> {
        let header = self.message.header()?;
        for name in ["From", "Sender", "Reply-To", "Date", "Subject", "Message-ID", "In-Reply-To", "References"] {
            if header.all(name).nth(1).is_some() {
                let detail = format!("more than one {name} field: all but the first stand in the header only");
                self.tell(DefectKind::HeaderField, detail);
            }
        }
        Ok(())
    }

    /// The first field of this name as text.
    fn field(&self, name: &str) -> Result<Option<String>> {
        let Some(field) = self.message.header()?.first(name) else { return Ok(None) };
        let text = self.message.field_text(&field);
        Ok(Some(start(text.trim(), LINE).to_owned()).filter(|text| !text.is_empty()))
    }

    fn people(&mut self, properties: &mut Properties) -> Result<Vec<PropertyBag>> {
        let message = self.message;
        let first = |list: Vec<Address>| list.iter().flat_map(Address::mailboxes).next().cloned();
        let from = message.from()?;
        if from.iter().flat_map(Address::mailboxes).nth(1).is_some() {
            let detail = "more than one address in the From field: all but the first stand in the header only";
            self.tell(DefectKind::HeaderField, detail);
        }
        let from = first(from);
        let sender = first(message.sender()?);
        let of_sender = sender.as_ref().or(from.as_ref());
        for (mailbox, places) in [(from.as_ref().or(sender.as_ref()), SENT_REPRESENTING), (of_sender, SENDER)] {
            let Some(mailbox) = mailbox else { continue };
            let [name, kind, address, entry_id, key, smtp] = places;
            let shown = name_of(mailbox);
            properties.text(name, shown);
            properties.text(kind, "SMTP");
            properties.text(address, &mailbox.address);
            properties.text(smtp, &mailbox.address);
            properties.binary(entry_id, one_off(shown, "SMTP", &mailbox.address));
            properties.binary(key, search_key(&mailbox.address));
        }
        let reply_to = message.reply_to()?;
        let reply_to: Vec<&Mailbox> = reply_to.iter().flat_map(Address::mailboxes).take(RECIPIENTS).collect();
        if !reply_to.is_empty() {
            let entries: Vec<_> =
                reply_to.iter().map(|mailbox| one_off(name_of(mailbox), "SMTP", &mailbox.address)).collect();
            let names: Vec<_> = reply_to.iter().map(|mailbox| name_of(mailbox)).collect();
            properties.binary(pid::REPLY_RECIPIENT_ENTRIES, to_flat_list(&entries));
            properties.text(pid::REPLY_RECIPIENT_NAMES, &names.join("; "));
        }
        let mut rows = Vec::new();
        for (kind, list) in [(1, message.to()?), (2, message.cc()?), (3, message.bcc()?)] {
            for mailbox in list.iter().flat_map(Address::mailboxes) {
                if rows.len() == RECIPIENTS {
                    let detail = format!("more than {RECIPIENTS} recipients: the rest stands in the header only");
                    self.tell(DefectKind::Recipient, detail);
                    return Ok(rows);
                }
                let (name, address) = (name_of(mailbox), &*mailbox.address);
                let fitting = (first_units(name, SHOWN), first_units(address, SHOWN));
                if fitting != (name, address) {
                    let detail = format!(
                        "a name or an address of more than {SHOWN} characters: all of it stands in the header only"
                    );
                    self.tell(DefectKind::Recipient, detail);
                }
                rows.push(recipient(kind, fitting.0, fitting.1));
            }
        }
        Ok(rows)
    }

    fn dates(&mut self, properties: &mut Properties) -> Result<()> {
        let date_field = self.message.header()?.first("Date");
        let sent = self.message.date()?;
        if let Some(sent) = sent
            && !properties.time(pid::CLIENT_SUBMIT_TIME, sent)
        {
            self.tell(DefectKind::Conversion, "the date of the message is out of range: it stands in the header only");
        } else if sent.is_none() && date_field.is_some() {
            self.tell(DefectKind::HeaderField, "invalid date: it stands in the header only");
        }
        let arrived = self.known.received.or(self.received()?);
        let valid = |time: &DateTime| file_time(*time).is_some();
        if let Some(arrived) = arrived.filter(valid).or(sent.filter(valid)) {
            for id in [pid::MESSAGE_DELIVERY_TIME, pid::CREATION_TIME, pid::LAST_MODIFICATION_TIME] {
                properties.time(id, arrived);
            }
        }
        for (name, id) in [("Expires", pid::EXPIRY_TIME), ("Reply-By", pid::REPLY_TIME)] {
            let field = self.message.header()?.first(name);
            if let Some(date) = field.and_then(|field| mime::parse_date(field.value())) {
                properties.time(id, date);
            }
        }
        Ok(())
    }

    /// When the last server took it: the date of the first `Received` field.
    fn received(&self) -> Result<Option<DateTime>> {
        let field = self.message.header()?.first("Received");
        Ok(field.and_then(|field| {
            let value = field.value();
            let at = memchr::memrchr(b';', value)?;
            mime::parse_date(value.get(at + 1..)?)
        }))
    }

    fn subject(&mut self, properties: &mut Properties) -> Result<()> {
        let subject = self.message.subject()?.unwrap_or_default();
        let subject = start(&subject, LINE).replace(['\r', '\n', '\0'], " ");
        let subject = subject.trim_end();
        let prefix = prefix_len(subject);
        let rest = subject.get(prefix..).unwrap_or_default();
        // The mark tells the length of the prefix and itself ([MS-PST] 2.5.3.1.1.1).
        let mark = char::from_u32(prefix as u32 + 1).unwrap_or('\u{1}');
        properties.text(pid::SUBJECT, &format!("\u{1}{mark}{subject}"));
        let topic = self.field("Thread-Topic")?.unwrap_or_else(|| rest.to_owned());
        properties.text(pid::CONVERSATION_TOPIC, &topic);
        let index = self.message.header()?.first("Thread-Index").map(|field| field.unfolded().into_owned());
        let index = index.and_then(|value| {
            let packed: Vec<u8> = value.into_iter().filter(|octet| !octet.is_ascii_whitespace()).collect();
            base64_simd::STANDARD.decode_to_vec(packed).ok()
        });
        if let Some(index) = index.filter(|index| index.len() >= 22 && index.len() <= 4096) {
            properties.binary(pid::CONVERSATION_INDEX, index);
        }
        Ok(())
    }

    fn identifiers(&mut self, properties: &mut Properties) -> Result<()> {
        if let Some(id) = self.message.message_id()? {
            properties.text(pid::INTERNET_MESSAGE_ID, &format!("<{id}>"));
        }
        let listed = |ids: Vec<String>| ids.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ");
        let answered = self.message.in_reply_to()?;
        if !answered.is_empty() {
            properties.text(pid::IN_REPLY_TO_ID, start(&listed(answered), LINE));
        }
        let references = self.message.references()?;
        if !references.is_empty() {
            properties.text(pid::INTERNET_REFERENCES, start(&listed(references), LINE));
        }
        Ok(())
    }

    #[inline(never)]
    fn word(&self, name: &str) -> Result<Option<String>> {
        Ok(self.field(name)?.map(|text| text.to_ascii_lowercase()))
    }

    /// Importance, sensitivity, receipts, lists ([MS-OXCMAIL] 2.2.3.2).
    fn requests(&mut self, properties: &mut Properties) -> Result<()> {
        let (priority, x_priority) = (self.word("Priority")?, self.word("X-Priority")?);
        let importance = match self.word("Importance")?.or(self.word("X-MSMail-Priority")?).as_deref() {
            Some("high") => Some(2),
            Some("low") => Some(0),
            Some("normal") => Some(1),
            _ => match (x_priority.as_deref().and_then(|text| text.chars().next()), priority.as_deref()) {
                (Some('1' | '2'), _) | (None, Some("urgent")) => Some(2),
                (Some('4' | '5'), _) | (None, Some("non-urgent")) => Some(0),
                _ => None,
            },
        };
        properties.integer(pid::IMPORTANCE, importance.unwrap_or(1));
        let priority = match priority.as_deref() {
            Some("urgent") => 1,
            Some("non-urgent") => -1,
            _ => 0,
        };
        properties.integer(pid::PRIORITY, priority);
        let sensitivity = match self.word("Sensitivity")?.as_deref() {
            Some("personal") => 1,
            Some("private") => 2,
            Some("company-confidential" | "confidential") => 3,
            _ => 0,
        };
        properties.integer(pid::SENSITIVITY, sensitivity);
        let asks = |name: &str| Ok::<_, crate::Error>(self.field(name)?.is_some());
        let (read, delivered) = (asks("Disposition-Notification-To")?, asks("Return-Receipt-To")?);
        properties.truth(pid::READ_RECEIPT_REQUESTED, read);
        properties.truth(pid::DELIVERY_REPORT_REQUESTED, delivered);
        for (name, id) in [
            ("List-Help", pid::LIST_HELP),
            ("List-Subscribe", pid::LIST_SUBSCRIBE),
            ("List-Unsubscribe", pid::LIST_UNSUBSCRIBE),
        ] {
            if let Some(text) = self.field(name)? {
                properties.text(id, &text);
            }
        }
        Ok(())
    }

    /// `Keywords`, labels, and what mail programs added of their own ([MS-OXCMAIL] 2.2.3.2.26).
    fn categories(&mut self, properties: &mut Properties) -> Result<()> {
        let keywords = self.field("Keywords")?.unwrap_or_default();
        let of_field = keywords.split([',', ';']).map(str::trim);
        let of_label = self.known.labels.iter().map(String::as_str);
        let added = self.known.keywords.iter().filter(|keyword| !keyword.starts_with(['$', '\\']));
        let mut met = HashSet::new();
        let all: Vec<_> = of_field
            .chain(of_label)
            .chain(added)
            // Programs that read them separate them so.
            .map(|name| start(name, 255).replace([',', ';'], " "))
            .filter(|name| !name.is_empty() && met.insert(name.to_lowercase()))
            .map(|name| string(&name))
            .collect();
        if !all.is_empty() {
            let name = PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned());
            properties.named(name, PropertyValue::Multiple(all));
        }
        Ok(())
    }

    /// Fields of programs and people, one property each ([MS-OXCMAIL] 2.2.3.2.24).
    fn fields(&mut self, properties: &mut Properties) -> Result<()> {
        let mut met = HashSet::new();
        for field in self.message.header()?.fields() {
            let name = field.name();
            let is_own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            let is_token =
                name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.'));
            if !is_own || !is_token || name.len() > 127 || met.len() >= FIELDS || !met.insert(name.to_ascii_lowercase())
            {
                continue;
            }
            let text = self.message.field_text(&field);
            if text.len() <= FIELD && !text.trim().is_empty() {
                let name = PropertyName::Name(Guid::PS_INTERNET_HEADERS, name.to_ascii_lowercase());
                properties.named(name, string(&text));
            }
        }
        Ok(())
    }

    /// What was done with it.
    pub(super) fn state(&mut self, properties: &mut Properties) {
        let has = |keyword| self.known.keywords.contains(keyword);
        let flag = |keyword, bit| if has(keyword) { bit } else { 0 };
        properties.integer(pid::MESSAGE_FLAGS, flag(Keywords::SEEN, READ) | flag(Keywords::DRAFT, UNSENT));
        let status = flag(Keywords::DELETED, DELETED) | flag(Keywords::ANSWERED, ANSWERED);
        if status != 0 {
            properties.integer(pid::MESSAGE_STATUS, status);
        }
        let verb = match (has(Keywords::FORWARDED), has(Keywords::ANSWERED)) {
            (true, _) => Some(FORWARDED),
            (false, true) => Some(REPLIED),
            (false, false) => None,
        };
        if let Some((verb, icon)) = verb {
            properties.integer(pid::LAST_VERB_EXECUTED, verb);
            properties.integer(pid::ICON_INDEX, icon);
            if let Some(time) = self.known.received {
                properties.time(LAST_VERB_TIME, time);
            }
        }
        if has(Keywords::FLAGGED) {
            properties.integer(pid::FLAG_STATUS, FLAGGED);
            properties.integer(FOLLOW_UP_ICON, RED);
            properties.integer(TO_DO_FLAGS, 1);
            properties.named(PropertyName::Lid(Guid::PSETID_COMMON, FLAG_REQUEST), string("Follow up"));
        }
    }
}

fn name_of(mailbox: &Mailbox) -> &str {
    mailbox.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&mailbox.address)
}

fn search_key(address: &str) -> Vec<u8> {
    [b"SMTP:", address.to_uppercase().as_bytes(), b"\0"].concat()
}

fn recipient(kind: i32, name: &str, address: &str) -> PropertyBag {
    let mut row = Properties::default();
    row.integer(pid::RECIPIENT_TYPE, kind);
    row.text(pid::DISPLAY_NAME, name);
    row.text(pid::ADDRESS_TYPE, "SMTP");
    row.text(pid::EMAIL_ADDRESS, address);
    row.text(pid::SMTP_ADDRESS, address);
    row.binary(pid::ENTRY_ID, one_off(name, "SMTP", address));
    row.binary(pid::SEARCH_KEY, search_key(address));
    row.finish()
}

/// The octets of the prefix of a subject: up to three letters, a colon and a space ([MS-OXCMSG] 3.2.5.2).
fn prefix_len(subject: &str) -> usize {
    let Some(colon) = subject.find(": ") else { return 0 };
    let prefix = subject.get(..colon).unwrap_or_default();
    let is_prefix =
        (1..=3).contains(&prefix.chars().count()) && prefix.bytes().all(|octet| octet.is_ascii_alphabetic());
    if is_prefix { colon + 2 } else { 0 }
}

/// The first octets of a text, whole characters.
fn start(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
