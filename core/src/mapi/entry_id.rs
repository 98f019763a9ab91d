use super::CodePage;

/// MUIDOOP: an address that stands for itself ([MS-OXCDATA] 2.2.5.1).
const ONE_OFF: [u8; 16] =
    [0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02];
/// An entry of the address book of Exchange ([MS-OXCDATA] 2.2.5.2).
const ADDRESS_BOOK: [u8; 16] =
    [0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42, 0x10, 0x1A, 0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82];
/// A member of a distribution list that is wrapped ([MS-OXOCNTC] 2.2.2.4.1.4).
const WRAPPED: [u8; 16] =
    [0xC0, 0x91, 0xAD, 0xD3, 0x51, 0x9D, 0xCF, 0x11, 0xA4, 0xA9, 0x00, 0xAA, 0x00, 0x47, 0xFA, 0xA4];

/// Entries of a list that are read.
const MAX_ENTRIES: usize = 10_000;

/// Members of a distribution list that are read from its stream.
const MAX_MEMBERS: usize = 100_000;

/// An address as an entry identifier tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryAddress {
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) address: String,
}

/// Reads an entry identifier of an address; `None` for any other.
pub(super) fn address(entry_id: &[u8], code_page: CodePage) -> Option<EntryAddress> {
    let mut rest = entry_id;
    // A wrapper may hold a wrapper only by mistake: two are followed.
    for _ in 0..2 {
        if rest.get(4..20) == Some(&WRAPPED) {
            rest = rest.get(21..)?;
        }
    }
    let uid = rest.get(4..20)?;
    let data = rest.get(20..)?;
    if uid == ONE_OFF {
        let is_unicode = data.get(3)? & 0x80 != 0;
        let mut strings = Strings { rest: data.get(4..)?, is_unicode, code_page };
        let name = strings.next()?;
        let kind = strings.next()?;
        let address = strings.next()?;
        return Some(EntryAddress { name: Some(name).filter(|name| !name.is_empty()), kind, address });
    }
    if uid == ADDRESS_BOOK {
        let address = Strings { rest: data.get(8..)?, is_unicode: false, code_page }.next()?;
        return Some(EntryAddress { name: None, kind: "EX".to_owned(), address });
    }
    None
}

/// The entry identifier of an address that stands for itself ([MS-OXCDATA] 2.2.5.1), in Unicode, to be sent MIME without rich text.
pub(crate) fn one_off(name: &str, kind: &str, address: &str) -> Vec<u8> {
    /// Version 0; M and U: no lookup, strings in Unicode; L: no rich text.
    const FLAGS: [u8; 4] = [0, 0, 0x01, 0x90];
    let mut entry = vec![0; 4];
    entry.extend(ONE_OFF);
    entry.extend(FLAGS);
    for text in [name, kind, address] {
        entry.extend(text.encode_utf16().filter(|unit| *unit != 0).flat_map(u16::to_le_bytes));
        entry.extend([0, 0]);
    }
    entry
}

/// A FlatEntryList of these entry identifiers ([MS-OXCDATA] 2.3.3).
pub(crate) fn to_flat_list(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut list = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        list.extend((entry.len() as u32).to_le_bytes());
        list.extend(entry);
        if i + 1 < entries.len() {
            list.resize(list.len().next_multiple_of(4), 0);
        }
    }
    let (count, size) = ((entries.len() as u32).to_le_bytes(), (list.len() as u32).to_le_bytes());
    [&count[..], &size, &list].concat()
}

/// The entry identifiers of a FlatEntryList ([MS-OXCDATA] 2.3.3).
pub(super) fn flat_list(list: &[u8]) -> Vec<&[u8]> {
    let mut rest = list.get(8..).unwrap_or_default();
    let mut entries = Vec::new();
    while let Some(size) = rest.get(..4).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(entry) = rest.get(4..).and_then(|rest| rest.get(..size)) else { break };
        if entries.len() == MAX_ENTRIES {
            break;
        }
        entries.push(entry);
        // Each entry begins at a multiple of four.
        rest = rest.get((4 + size).next_multiple_of(4)..).unwrap_or_default();
    }
    entries
}

/// The members of a distribution list in its stream ([MS-OXOCNTC] 2.2.2.2.4): of each the entry identifier and the one-off one, either of
/// which may be empty. Whether the stream ends before all that it counts were read; `None` for what is no such stream.
pub(super) fn list_stream(stream: &[u8]) -> Option<(Vec<Member<'_>>, bool)> {
    /// Version, reserved, build, flags, count, three sizes in all.
    const HEAD: usize = 28;
    const VERSION: [u8; 2] = [1, 0];
    if stream.get(..2) != Some(&VERSION) {
        return None;
    }
    let count = u32::from_le_bytes(stream.get(12..16)?.try_into().ok()?);
    let mut rest = stream.get(HEAD..)?;
    let mut part = || {
        let (size, behind) = rest.split_first_chunk::<4>()?;
        let (part, behind) = behind.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
        rest = behind;
        Some(part)
    };
    let mut members = Vec::new();
    for _ in 0..count {
        if members.len() == MAX_MEMBERS {
            return Some((members, true));
        }
        let (Some(entry), Some(one_off), Some(_)) = (part(), part(), part()) else { return Some((members, true)) };
        members.push(Member { entry, one_off });
    }
    Some((members, false))
}

/// What a distribution list tells of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member<'a> {
    pub(super) entry: &'a [u8],
    pub(super) one_off: &'a [u8],
}

struct Strings<'a> {
    rest: &'a [u8],
    is_unicode: bool,
    code_page: CodePage,
}

impl Iterator for Strings<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.is_unicode {
            let pairs = self.rest.chunks_exact(2);
            let units = pairs.map(|pair| pair.try_into().map_or(0, u16::from_le_bytes)).take_while(|unit| *unit != 0);
            let units: Vec<u16> = units.collect();
            self.rest = self.rest.get((units.len() + 1) * 2..).unwrap_or_default();
            return Some(String::from_utf16_lossy(&units));
        }
        let end = self.rest.iter().position(|octet| *octet == 0)?;
        let (text, _) = self.code_page.decode(self.rest.get(..end)?);
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one_off() -> Vec<u8> {
        let mut entry = vec![0; 4];
        entry.extend(ONE_OFF);
        entry.extend([0, 0, 1, 0x90]);
        entry.extend("Zoë\0SMTP\0zoe@example.org\0".encode_utf16().flat_map(u16::to_le_bytes));
        entry
    }

    #[test]
    fn an_address_that_stands_for_itself() {
        let expected =
            EntryAddress { name: Some("Zoë".into()), kind: "SMTP".into(), address: "zoe@example.org".into() };
        assert_eq!(address(&one_off(), CodePage::WINDOWS_1252), Some(expected.clone()));
        let mut wrapped = vec![0; 4];
        wrapped.extend(WRAPPED);
        wrapped.push(0);
        wrapped.extend(one_off());
        assert_eq!(address(&wrapped, CodePage::WINDOWS_1252), Some(expected));
    }

    #[test]
    fn lists_are_padded() {
        let list = b"\x02\0\0\0\x18\0\0\0\x05\0\0\0abcde\0\0\0\x01\0\0\0f\0\0\0";
        assert_eq!(flat_list(list), [&b"abcde"[..], b"f"]);
    }

    fn stream(members: &[(&[u8], &[u8], &[u8])], count: u32) -> Vec<u8> {
        let mut stream = vec![1, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0];
        stream.extend(count.to_le_bytes());
        stream.extend([0; 12]);
        for part in members.iter().flat_map(|(entry, one_off, extra)| [entry, one_off, extra]) {
            stream.extend((part.len() as u32).to_le_bytes());
            stream.extend(*part);
        }
        stream.extend([0; 8]);
        stream
    }

    #[test]
    fn a_list_has_its_members_in_a_stream() {
        let both = stream(&[(b"abc", b"", b""), (b"", b"defgh", b"extra"), (b"i", b"j", b"")], 3);
        let members = [(&b"abc"[..], &b""[..]), (b"", b"defgh"), (b"i", b"j")];
        let members = members.map(|(entry, one_off)| Member { entry, one_off });
        assert_eq!(list_stream(&both), Some((members.to_vec(), false)));
        assert_eq!(list_stream(&stream(&[], 0)), Some((Vec::new(), false)));
        let (found, is_cut) = list_stream(&both[..50]).unwrap();
        assert_eq!((found, is_cut), (members[..1].to_vec(), true));
        assert!(list_stream(&stream(&[(b"abc", b"", b"")], u32::MAX)).unwrap().1, "it counts more than it has");
        assert_eq!(list_stream(b"\x02\0"), None);
        assert_eq!(list_stream(&[]), None);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(octets: Vec<u8>, cut in 0..60_usize) {
            let _ = flat_list(&octets);
            let _ = list_stream(&octets);
            let _ = list_stream(&[&[1, 0][..], &octets].concat());
            let _ = address(&octets, CodePage::UTF_8);
            let entry = one_off();
            let _ = address(&entry[..cut.min(entry.len())], CodePage::UTF_8);
        }
    }
}
