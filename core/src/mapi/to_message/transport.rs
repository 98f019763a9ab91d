use super::{Translator, header::Header, header::describes_the_mime_form};
use crate::{
    Defect, DefectKind,
    mapi::address_book::{self, MapiAddress},
    mime::{Address, Field, HeaderSection, Mailbox, addresses, grammar, parse_date},
};

/// Fields of which there is one at most (RFC 5322 §3.6), beside those of addresses, whose values add up.
const ONCE: [&str; 4] = ["date", "from", "message-id", "subject"];

impl Translator<'_> {
    /// Takes over the transport headers in their order, less those of a MIME form that is made anew.
    ///
    /// Addresses that lead nowhere outside of Exchange are made anew from the properties, in the same place. What breaks the grammar of
    /// its field is written as it is meant, and stays in a field of its own as it was.
    pub(super) fn transport(&mut self, header: &mut Header, transport: &str) {
        let section = HeaderSection::parse(transport.trim_start().as_bytes());
        for field in section.fields() {
            let name = field.name();
            if name.is_empty() || describes_the_mime_form(name) {
                continue;
            }
            if is_one_of(name, &ONCE) && header.has(name) {
                self.keep_original(header, &field, "occurs more than once");
                continue;
            }
            if name.eq_ignore_ascii_case("Subject") && self.edited_subject(header, &field) {
                continue;
            }
            let value = field.value().trim_ascii_end();
            if is_address_field(name) {
                self.address_field(header, &field, value);
            } else if name.eq_ignore_ascii_case("Message-ID") && !grammar::is_message_id(value) {
                self.message_id(header, &field.raw_text());
            } else if is_identifier_list(name) && !grammar::are_message_ids(value) {
                self.identifiers_of(header, name, &field.raw_text());
            } else if name.eq_ignore_ascii_case("Date") && !grammar::is_date(value) {
                if let Some(date) = parse_date(value) {
                    header.out.date(name, date);
                    header.add(name);
                }
                self.keep_original(header, &field, "is not a valid date (RFC 5322)");
            } else {
                header.add(name);
                header.kept(name, &field);
            }
        }
    }

    fn address_field(&mut self, header: &mut Header, field: &Field<'_>, value: &[u8]) {
        let name = field.name();
        let listed = addresses(value);
        let is_internet = |mailbox: &Mailbox| address_book::is_internet(&mailbox.address);
        if !listed.iter().flat_map(Address::mailboxes).all(is_internet) {
            let known = self.addresses_for(name);
            let list = if known.is_empty() { self.resolve_all(listed) } else { known };
            header.out.addresses(name, &list);
            header.add(name);
        } else if value.is_ascii() && grammar::is_address_list(value) && !grammar::has_unsound_words(value) {
            header.out.as_it_stands(name, value);
            header.add(name);
        } else if !listed.is_empty() {
            // The same people in the spelling that the grammar asks for: nothing is lost.
            header.out.addresses(name, &listed);
            header.add(name);
        } else if !value.trim_ascii().is_empty() {
            self.keep_original(header, field, "has no address");
        }
    }

    /// Writes a list of message identifiers, and the original beside it where it had to be mended.
    pub(super) fn identifiers_of(&mut self, header: &mut Header, name: &str, value: &str) {
        let ids = grammar::mended_message_ids(value);
        if !ids.is_empty() {
            header.out.tokens(name, ids.iter().map(String::as_str));
            header.add(name);
        }
        if !grammar::are_message_ids(value.as_bytes()) {
            self.keep(header, name, value, "is not a valid list of message identifiers (RFC 5322)");
        }
    }

    /// Writes a message identifier, and the original beside it where it had to be mended.
    pub(super) fn message_id(&mut self, header: &mut Header, value: &str) {
        let name = "Message-ID";
        let is_sound = grammar::is_message_id(value.as_bytes());
        let id = if is_sound { Some(value.trim().to_owned()) } else { grammar::mended_message_id(value) };
        if let Some(id) = id {
            header.out.tokens(name, [&*id]);
            header.add(name);
        }
        if !is_sound {
            self.keep(header, name, value, "is not a valid message identifier (RFC 5322)");
        }
    }

    /// Keeps a field that cannot stand under its name, under another one.
    fn keep_original(&mut self, header: &mut Header, field: &Field<'_>, why: &str) {
        self.keep(header, field.name(), &field.raw_text(), why);
    }

    fn keep(&mut self, header: &mut Header, name: &str, value: &str, why: &str) {
        header.out.text(&format!("X-Original-{name}"), value);
        self.defects.push(Defect::new(DefectKind::Rewritten, format!("the header field {name} {why}")));
    }

    fn resolve_all(&mut self, listed: Vec<Address>) -> Vec<Address> {
        let mut resolve = |mailbox: Mailbox| {
            let address = MapiAddress { name: mailbox.name, address: Some(mailbox.address), ..MapiAddress::default() };
            self.resolve(&address)
        };
        let resolved = listed.into_iter().map(|address| match address {
            Address::Mailbox(mailbox) => Address::Mailbox(resolve(mailbox)),
            Address::Group { name, mailboxes } => {
                Address::Group { name, mailboxes: mailboxes.into_iter().map(&mut resolve).collect() }
            }
        });
        resolved.collect()
    }
}

fn is_address_field(name: &str) -> bool {
    const NAMES: [&str; 9] =
        ["from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to", "disposition-notification-to"];
    is_one_of(name, &NAMES)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_identifier_list(name: &str) -> bool {
    is_one_of(name, &["in-reply-to", "references"])
}
