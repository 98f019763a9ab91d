use super::Translator;
use crate::{
    Defect, DefectKind,
    hex::hex,
    mapi::{
        Guid,
        address_book::MapiAddress,
        contents::{from, sender, subject},
        entry_id, pid,
    },
    mime::{Address, Field, compose::HeaderWriter, grammar},
};
use std::collections::BTreeSet;

/// Octets of transport headers that are read.
const MAX_HEADERS: usize = 4 << 20;

/// The domain of message identifiers made from a search key.
const SEARCH_KEY_DOMAIN: &str = "search-key.invalid";

impl Translator<'_> {
    /// The header section ([MS-OXCMAIL] 2.1.3): the transport headers that came with the message, and what they lack.
    pub(super) fn header(&mut self) -> HeaderWriter {
        let mut header = Header { out: HeaderWriter::default(), present: BTreeSet::new() };
        if let Some(transport) = self.values.long_text(pid::TRANSPORT_MESSAGE_HEADERS, MAX_HEADERS) {
            self.transport(&mut header, &transport);
        }
        self.originators(&mut header);
        self.recipients(&mut header);
        self.dates(&mut header);
        self.subject(&mut header);
        self.identifiers(&mut header);
        self.requests(&mut header);
        self.internet_headers(&mut header);
        header.out
    }

    fn originators(&mut self, header: &mut Header) {
        for name in ["From", "Sender"] {
            // Where the transport tells who it is from, it would tell who else sent it.
            if !header.has("From") || name == "Sender" && !header.had_transport() && !header.has(name) {
                let list = self.addresses_for(name);
                header.addresses(name, list);
            }
        }
        let is_identified = |id: u16| self.values.octets(id).is_some();
        if !header.has("From")
            && (is_identified(pid::SENT_REPRESENTING_ENTRY_ID) || is_identified(pid::SENDER_ENTRY_ID))
        {
            let detail = "the identifier of the sender contains no address: the message has no From";
            self.defects.push(Defect::new(DefectKind::Recipient, detail));
        }
    }

    /// Who stands in an address field by the properties of the message; none for a field that they do not tell of.
    pub(super) fn addresses_for(&mut self, name: &str) -> Vec<Address> {
        match &*name.to_ascii_lowercase() {
            "from" => from(self.values).map(|from| Address::Mailbox(self.resolve(&from))).into_iter().collect(),
            "sender" => self.sender().into_iter().collect(),
            "to" => self.recipient_list(1, pid::DISPLAY_TO),
            "cc" => self.recipient_list(2, pid::DISPLAY_CC),
            "bcc" => self.recipient_list(3, pid::DISPLAY_BCC),
            "reply-to" => self.reply_to(),
            _ => Vec::new(),
        }
    }

    /// Who sent it, where that is someone else than whom it is from.
    fn sender(&mut self) -> Option<Address> {
        let from = self.book.resolve(&from(self.values)?, &mut Vec::new());
        let mut unsaid = Vec::new();
        let sender = self.book.resolve(&sender(self.values)?, &mut unsaid);
        if sender.address.eq_ignore_ascii_case(&from.address) || sender.name == from.name {
            return None;
        }
        self.defects.append(&mut unsaid);
        Some(Address::Mailbox(sender))
    }

    fn recipients(&mut self, header: &mut Header) {
        // Transport headers tell what the sender showed: only a Bcc may be known beside them.
        let has_some = ["To", "Cc", "Bcc"].iter().any(|name| header.has(name));
        for name in ["To", "Cc", "Bcc", "Reply-To"] {
            if !header.has(name) && (!has_some || name == "Bcc") {
                let list = self.addresses_for(name);
                header.addresses(name, list);
            }
        }
    }

    /// The recipients of one kind from the recipient table in its order ([MS-OXCMAIL] 2.1.3.1.1), or, where there is no table,
    /// from the names that are displayed.
    fn recipient_list(&mut self, kind: i64, display: u16) -> Vec<Address> {
        if !self.message.recipients.is_empty() {
            let rows = self.recipients_of(kind);
            return rows.iter().map(|row| self.list_or_mailbox(row)).collect();
        }
        let names = self.values.text(display).unwrap_or_default();
        let names = names.split(';').map(str::trim).filter(|name| !name.is_empty());
        let shown = names.map(|name| MapiAddress { name: Some(name.to_owned()), ..MapiAddress::default() });
        shown.map(|shown| Address::Mailbox(self.resolve(&shown))).collect()
    }

    fn reply_to(&mut self) -> Vec<Address> {
        let entries = self.values.binary(pid::REPLY_RECIPIENT_ENTRIES).unwrap_or_default();
        let entries = entry_id::flat_list(&entries).into_iter();
        let entries = entries.filter_map(|entry| entry_id::address(entry, self.values.code_page()));
        let entries: Vec<MapiAddress> = entries.map(MapiAddress::from).collect();
        entries.iter().map(|address| Address::Mailbox(self.resolve(address))).collect()
    }

    /// A recipient; a private distribution list has no address and is an empty group.
    fn list_or_mailbox(&mut self, address: &MapiAddress) -> Address {
        match (&address.kind, &address.name) {
            (Some(kind), Some(name)) if kind.eq_ignore_ascii_case("MAPIPDL") => {
                Address::Group { name: name.clone(), mailboxes: Vec::new() }
            }
            _ => Address::Mailbox(self.resolve(address)),
        }
    }

    fn dates(&mut self, header: &mut Header) {
        let sent =
            [pid::CLIENT_SUBMIT_TIME, pid::MESSAGE_DELIVERY_TIME, pid::CREATION_TIME, pid::LAST_MODIFICATION_TIME];
        for (name, ids) in [("Date", &sent[..]), ("Expires", &[pid::EXPIRY_TIME]), ("Reply-By", &[pid::REPLY_TIME])] {
            let date = ids.iter().find_map(|id| self.values.time(*id)?.date_time());
            if let Some(date) = date.filter(|_| !header.has(name)) {
                header.out.date(name, date);
            }
        }
    }

    fn subject(&self, header: &mut Header) {
        header.text("Subject", subject(self.values));
        header.text("Thread-Topic", self.values.text(pid::CONVERSATION_TOPIC).filter(|_| !header.had_transport()));
        if let Some(index) = self.values.binary(pid::CONVERSATION_INDEX).filter(|_| !header.has("Thread-Index")) {
            header.out.tokens("Thread-Index", [&*crate::mime::compose::to_base64(&index)]);
        }
        let keywords = self.values.texts((Guid::PS_PUBLIC_STRINGS, "Keywords"));
        if !header.has("Keywords") {
            header.out.phrases("Keywords", keywords.iter().map(String::as_str));
        }
    }

    fn identifiers(&mut self, header: &mut Header) {
        let id = self.values.text(pid::INTERNET_MESSAGE_ID);
        if !header.has("Message-ID") {
            let made = || {
                let key = self.values.binary(pid::SEARCH_KEY).or_else(|| self.values.binary(pid::RECORD_KEY))?;
                let digits = hex(&key);
                Some(format!("<{digits}@{SEARCH_KEY_DOMAIN}>"))
            };
            if let Some(id) = id.or_else(made) {
                self.message_id(header, &in_brackets(&id));
            }
        }
        for (name, property) in [("In-Reply-To", pid::IN_REPLY_TO_ID), ("References", pid::INTERNET_REFERENCES)] {
            if let Some(ids) = self.values.text(property).filter(|_| !header.has(name)) {
                self.identifiers_of(header, name, &ids);
            }
        }
    }

    fn requests(&mut self, header: &mut Header) {
        let word = |id: u16, words: &[(i64, &'static str)]| {
            let value = self.values.integer(id)?;
            words.iter().find(|(number, _)| *number == value).map(|(_, word)| (*word).to_owned())
        };
        let importance = word(pid::IMPORTANCE, &[(0, "Low"), (2, "High")]);
        let priority = word(pid::PRIORITY, &[(-1, "non-urgent"), (1, "urgent")]);
        let sensitivity = word(pid::SENSITIVITY, &[(1, "Personal"), (2, "Private"), (3, "Company-Confidential")]);
        header.text("Importance", importance.filter(|_| !header.has("X-Priority")));
        header.text("Priority", priority.filter(|_| !header.has("X-Priority")));
        header.text("Sensitivity", sensitivity);
        header.text("List-Help", self.values.text(pid::LIST_HELP));
        header.text("List-Subscribe", self.values.text(pid::LIST_SUBSCRIBE));
        header.text("List-Unsubscribe", self.values.text(pid::LIST_UNSUBSCRIBE));
        let (wants_read, wants_delivery) =
            (self.values.is_true(pid::READ_RECEIPT_REQUESTED), self.values.is_true(pid::DELIVERY_REPORT_REQUESTED));
        // A receipt answers to whoever asked, and what came by transport says so itself.
        if (wants_read || wants_delivery)
            && !header.had_transport()
            && let Some(from) = from(self.values)
        {
            let from = Address::Mailbox(self.book.resolve(&from, &mut Vec::new()));
            if wants_read {
                header.addresses("Disposition-Notification-To", vec![from.clone()]);
            }
            if wants_delivery {
                header.addresses("Return-Receipt-To", vec![from]);
            }
        }
        if self.is_draft() {
            header.text("X-Unsent", Some("1".to_owned()));
        }
    }

    /// Header fields that were kept one by one (PS_INTERNET_HEADERS).
    fn internet_headers(&self, header: &mut Header) {
        for (name, id) in self.values.named(Guid::PS_INTERNET_HEADERS) {
            if !describes_the_mime_form(name) {
                header.text(&title_case(name), self.values.text(id));
            }
        }
    }

    /// Whether it was never sent (MSGFLAG mfUnsent).
    pub(super) fn is_draft(&self) -> bool {
        self.values.integer(pid::MESSAGE_FLAGS).unwrap_or(0) & 8 != 0
    }
}

/// A header section in the making, and the names of the fields it has.
pub(super) struct Header {
    pub(super) out: HeaderWriter,
    present: BTreeSet<String>,
}

impl Header {
    /// Notes that a field is there.
    pub(super) fn add(&mut self, name: &str) {
        self.present.insert(name.to_ascii_lowercase());
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.present.contains(&name.to_ascii_lowercase())
    }

    /// A field of the transport headers under this name: as it stands, where every reader takes it so.
    pub(super) fn kept(&mut self, name: &str, field: &Field<'_>) {
        let value = field.value().trim_ascii_end();
        if !value.is_ascii() && grammar::has_encoded_words(value) {
            // Raw characters beside encoded words: to encode the words once more would show them as they stand.
            self.out.text(name, &field.text());
        } else if !value.is_ascii() || value.contains(&0) {
            self.out.text(name, &field.raw_text());
        } else if grammar::has_unsound_words(value) {
            self.out.text(name, &field.text());
        } else {
            self.out.as_it_stands(name, value);
        }
    }

    /// Whether the message came by internet transport, not only through this mailbox's own client.
    fn had_transport(&self) -> bool {
        self.has("Received")
    }

    fn text(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value.filter(|_| !self.has(name)) {
            self.out.text(name, &value);
            self.present.insert(name.to_ascii_lowercase());
        }
    }

    fn addresses(&mut self, name: &str, list: Vec<Address>) {
        if !list.is_empty() {
            self.out.addresses(name, &list);
            self.present.insert(name.to_ascii_lowercase());
        }
    }
}

/// Fields that describe the MIME form in which the message once travelled.
pub(super) fn describes_the_mime_form(name: &str) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    let of_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    (of_content && !is_one_of(&["content-class", "content-language"]))
        || is_one_of(&["mime-version", "lines", "x-ms-has-attach", "x-ms-tnef-correlator"])
}

/// `x-my-field` as `X-My-Field`: the names of named properties are kept in lower case.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) if name.chars().all(|c| !c.is_ascii_uppercase()) => {
            format!("{}{rest}", first.to_ascii_uppercase())
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join("-")
}

/// An identifier whose brackets may have been left out.
fn in_brackets(id: &str) -> String {
    let id = id.trim();
    format!("<{}>", id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id))
}
