use super::{
    Guid, MapiMessage, NamedProperties, PropertyName,
    entry_id::{self, EntryAddress},
    pid,
    values::Values,
};
use crate::{Defect, DefectKind, address_map::AddressMap, mime::Mailbox};
use std::{cell::OnceCell, fmt};

/// The domain of addresses that were made because no internet address is known (RFC 2606: `.invalid` leads nowhere).
pub(super) const UNRESOLVED_DOMAIN: &str = "unresolved.invalid";

/// Where internet addresses of Exchange addresses are looked up: what a store tells besides the message at hand.
pub trait Directory: Send + Sync + fmt::Debug {
    /// The internet address of an address of Exchange (`/O=…/CN=…`), if it is known.
    fn internet_address(&self, exchange: &str) -> Option<String>;
}

/// What one message knows about its addresses, beside the user's [`AddressMap`].
#[derive(Debug)]
pub(super) struct AddressBook<'a> {
    map: &'a AddressMap,
    message: &'a MapiMessage,
    /// Collected when the first address needs it: most are internet addresses.
    of_message: OnceCell<AddressMap>,
}

/// An address as MAPI keeps it: any of these may be missing.
#[derive(Clone, Debug, Default)]
pub(super) struct MapiAddress {
    pub(super) name: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) address: Option<String>,
    pub(super) smtp: Option<String>,
}

impl MapiAddress {
    /// The address in a row of a recipient table ([MS-OXCDATA] 2.8.3.2).
    pub(super) fn of_recipient(row: Values<'_>) -> Self {
        Self {
            name: row.text(pid::RECIPIENT_DISPLAY_NAME).or_else(|| row.text(pid::DISPLAY_NAME)),
            kind: row.text(pid::ADDRESS_TYPE),
            address: row.text(pid::EMAIL_ADDRESS),
            smtp: row.text(pid::SMTP_ADDRESS),
        }
        .or_in(row, &[pid::RECIPIENT_ENTRY_ID, pid::ENTRY_ID])
    }

    /// The same with the address in one of these entry identifiers, where the properties do not tell it ([MS-OXCDATA] 2.2.5).
    pub(super) fn or_in(mut self, values: Values<'_>, entry_ids: &[u16]) -> Self {
        if self.address.is_some() || self.smtp.is_some() {
            return self;
        }
        let entries = entry_ids.iter().filter_map(|id| entry_id::address(&values.binary(*id)?, values.code_page()));
        if let Some(entry) = entries.into_iter().find(|entry| !entry.address.trim().is_empty()) {
            self.name = self.name.or(entry.name);
            (self.kind, self.address) = (Some(entry.kind), Some(entry.address));
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.name.is_none() && self.address.is_none() && self.smtp.is_none()
    }
}

impl From<EntryAddress> for MapiAddress {
    fn from(entry: EntryAddress) -> Self {
        Self { name: entry.name, kind: Some(entry.kind), address: Some(entry.address), smtp: None }
    }
}

impl<'a> AddressBook<'a> {
    pub(super) fn new(message: &'a MapiMessage, map: &'a AddressMap) -> Self {
        Self { map, message, of_message: OnceCell::new() }
    }

    /// The pairs of Exchange and internet addresses that stand anywhere in the message.
    fn of_message(message: &MapiMessage) -> AddressMap {
        let mut of_message = AddressMap::default();
        let rows = message.recipients.iter().map(|row| Values::of_part(row, message));
        for values in [Values::of(message)].into_iter().chain(rows) {
            pairs(|id| values.text(id))
                .into_iter()
                .for_each(|(exchange, internet)| of_message.insert(&exchange, &internet));
        }
        of_message
    }

    /// The name and internet address of `address`; where none is known, one that leads nowhere, and a defect.
    pub(super) fn resolve(&self, address: &MapiAddress, defects: &mut Vec<Defect>) -> Mailbox {
        let name = address.name.as_deref().map(unquoted).filter(|name| !name.is_empty());
        let stored = address.address.as_deref().map(unquoted).unwrap_or_default();
        let known = address.smtp.as_deref().map(str::trim).filter(|smtp| is_internet(smtp));
        let known = known.or_else(|| Some(stored).filter(|stored| is_internet(stored)));
        let known = known
            .or_else(|| self.of_message.get_or_init(|| Self::of_message(self.message)).get(stored))
            .or_else(|| self.map.get(stored));
        let known = known.or_else(|| name.filter(|name| is_internet(name))).map(str::to_owned);
        let directory = self.message.directory.as_deref().filter(|_| stored.starts_with('/'));
        let internet = match known.or_else(|| directory?.internet_address(stored)) {
            Some(internet) => internet,
            None => {
                let made = unresolved(stored, name);
                let kind = address.kind.as_deref().unwrap_or("no");
                let detail = format!(
                    "no internet address is known for \"{}\" ({kind} address \"{stored}\"): {made} was written instead",
                    name.unwrap_or_default()
                );
                defects.push(Defect::new(DefectKind::Recipient, detail));
                made
            }
        };
        Mailbox { name: name.filter(|name| *name != internet).map(str::to_owned), address: internet }
    }
}

/// The pairs of Exchange and internet addresses of a contact, by the names of its properties.
pub(crate) fn pairs_of_contact(names: &NamedProperties, text: impl Fn(u16) -> Option<String>) -> Vec<(String, String)> {
    /// PidLidEmail1EmailAddress and PidLidEmail1OriginalDisplayName, and those of the second and third ([MS-OXOCNTC] 2.2.1.2).
    const PAIRS: [(u32, u32); 3] = [(0x8083, 0x8084), (0x8093, 0x8094), (0x80A3, 0x80A4)];
    let lid = |lid| text(names.id(&PropertyName::Lid(Guid::PSETID_ADDRESS, lid))?);
    let pairs = PAIRS.iter().filter_map(|(exchange, internet)| Some((lid(*exchange)?, lid(*internet)?)));
    pairs.filter(|(exchange, _)| exchange.starts_with('/')).collect()
}

/// The pairs of Exchange and internet addresses that the texts of a message or of a recipient tell.
pub(crate) fn pairs(text: impl Fn(u16) -> Option<String>) -> Vec<(String, String)> {
    const PAIRS: [(u16, u16); 7] = [
        (pid::SENDER_EMAIL_ADDRESS, pid::SENDER_SMTP_ADDRESS),
        (pid::SENT_REPRESENTING_EMAIL_ADDRESS, pid::SENT_REPRESENTING_SMTP_ADDRESS),
        (pid::RECEIVED_BY_EMAIL_ADDRESS, pid::RECEIVED_BY_SMTP_ADDRESS),
        (pid::RECEIVED_REPRESENTING_EMAIL_ADDRESS, pid::RECEIVED_REPRESENTING_SMTP_ADDRESS),
        (pid::CREATOR_EMAIL_ADDRESS, pid::CREATOR_SMTP_ADDRESS),
        (pid::LAST_MODIFIER_EMAIL_ADDRESS, pid::LAST_MODIFIER_SMTP_ADDRESS),
        (pid::EMAIL_ADDRESS, pid::SMTP_ADDRESS),
    ];
    let exchange = |id: u16| text(id).filter(|address| address.starts_with('/'));
    let internet = |id: u16| text(id).filter(|address| is_internet(address.trim()));
    let addresses = PAIRS
        .into_iter()
        .filter_map(|(of_exchange, of_internet)| Some((exchange(of_exchange)?, internet(of_internet)?)));
    addresses.collect()
}

/// Whether it is an address of internet mail.
pub(crate) fn is_internet(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;:\"\\()".contains(c))
    };
    // A slash is a character like others (RFC 5322, 3.2.3); names of Exchange and X.400 start with one.
    let is_local = is_part(local) && !local.starts_with('/') || is_quoted(local);
    is_local && (is_part(domain) && !domain.contains('/') || domain.starts_with('['))
}

/// Whether it is a quoted string (RFC 5322, 3.2.4) of what survives in a header field.
fn is_quoted(local: &str) -> bool {
    let Some(inside) = local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) else { return false };
    let is_kept = |sign: char| !sign.is_control() && !sign.is_whitespace() && !matches!(sign, '<' | '>');
    let mut signs = inside.chars();
    while let Some(sign) = signs.next() {
        let is_sound = match sign {
            '\\' => signs.next().is_some_and(is_kept),
            '"' => false,
            sign => is_kept(sign),
        };
        if !is_sound {
            return false;
        }
    }
    !inside.is_empty()
}

/// A name or address without the quotation marks that some clients put around it.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = ['\'', '"'].iter().find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark));
    inner.or_else(|| text.strip_prefix('<')?.strip_suffix('>')).unwrap_or(text).trim()
}

fn unresolved(stored: &str, name: Option<&str>) -> String {
    let last = match stored.starts_with('/') {
        true => stored.rsplit(['=', '/']).find(|part| !part.is_empty()),
        false => Some(stored).filter(|stored| !stored.is_empty()),
    };
    let from = last.or(name).unwrap_or("unknown");
    let mut local = String::new();
    for c in from.chars().take(64) {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => local.push(c),
            _ if !local.is_empty() && !local.ends_with('.') => local.push('.'),
            _ => {}
        }
    }
    let local = local.trim_end_matches('.');
    format!("{}@{UNRESOLVED_DOMAIN}", if local.is_empty() { "unknown" } else { local })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapi::PropertyBag;

    fn resolved(name: &str, address: &str, smtp: &str, map: &AddressMap) -> (Mailbox, usize) {
        let mut defects = Vec::new();
        let message = MapiMessage::new(PropertyBag::default());
        let book = AddressBook::new(&message, map);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let address = MapiAddress { name: some(name), kind: None, address: some(address), smtp: some(smtp) };
        (book.resolve(&address, &mut defects), defects.len())
    }

    #[test]
    fn an_exchange_address_is_never_left() {
        let mut map = AddressMap::default();
        map.insert("/O=X/CN=bob", "bob@example.org");
        let of = |name: &str, address: &str, smtp: &str| {
            let (mailbox, defects) = resolved(name, address, smtp, &map);
            (mailbox.name.unwrap_or_default(), mailbox.address, defects)
        };
        assert_eq!(of("Ann", "/O=X/CN=ann", "ann@example.org"), ("Ann".into(), "ann@example.org".into(), 0));
        assert_eq!(of("Bob", "/o=x/cn=BOB", ""), ("Bob".into(), "bob@example.org".into(), 0));
        assert_eq!(of("'c@d.org'", "", ""), (String::new(), "c@d.org".into(), 0));
        assert_eq!(
            of("Eve Ä", "/O=X/OU=Y/CN=RECIPIENTS/CN=EVE.X", ""),
            ("Eve Ä".into(), "EVE.X@unresolved.invalid".into(), 1)
        );
        assert_eq!(
            of("", "davem-fT/PCQAiutIeIZ0/mPfg9Q@public.gmane.org", ""),
            (String::new(), "davem-fT/PCQAiutIeIZ0/mPfg9Q@public.gmane.org".into(), 0)
        );
        for quoted in [r#""user,1"@x.test"#, r#""user\\1"@x.test"#, r#""a@b"@x.test"#] {
            assert_eq!(of("", quoted, ""), (String::new(), quoted.into(), 0));
        }
        for broken in [r#""a"b"@x.test"#, r#""a\"@x.test"#, r#"""@x.test"#, r#""a b"@x.test"#] {
            assert_eq!(of("", broken, "").2, 1, "{broken}");
        }
        assert_eq!(
            of("", "/O=X/CN=ann@example.org", ""),
            (String::new(), "ann.example.org@unresolved.invalid".into(), 1)
        );
        assert_eq!(of("Zoë", "", ""), ("Zoë".into(), "Zo@unresolved.invalid".into(), 1));
        assert_eq!(of("日本", "", ""), ("日本".into(), "unknown@unresolved.invalid".into(), 1));
    }
}
