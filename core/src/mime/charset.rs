use super::base64;
use encoding_rs::{EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Octets as text, and whether every octet meant something in the charset named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) exact: bool,
}

/// Decodes by the charset that mail calls `label` (RFC 2045 §2.2), whatever its spelling.
///
/// An unknown label, and 8-bit octets under `us-ascii`, are read as [`decode_undeclared`] does.
pub(super) fn decode<'a>(label: &[u8], octets: &'a [u8]) -> Decoded<'a> {
    let label = normalized(label);
    let label = label.as_slice();
    match label {
        b"us-ascii" | b"ascii" | b"ansi_x3.4-1968" | b"iso-ir-6" | b"us" | b"646" | b"iso646-us" => {
            Decoded { text: decode_undeclared(octets), exact: octets.is_ascii() }
        }
        b"utf-7" | b"utf7" | b"unicode-1-1-utf-7" | b"x-unicode-2-0-utf-7" | b"csunicode11utf7" => utf_7(octets),
        b"iso-2022-kr" | b"csiso2022kr" => of(EUC_KR, &shifted(octets, b"\x0E", b"\x0F", b"\x1B$)C")).into_owned(),
        b"iso-2022-cn" | b"iso-2022-cn-ext" => of(GBK, &shifted(octets, b"\x0E", b"\x0F", b"\x1B$)A")).into_owned(),
        b"hz-gb-2312" | b"hz" | b"x-hz" => of(GBK, &hz(octets)).into_owned(),
        b"utf-16" | b"utf16" | b"unicode" | b"iso-10646-ucs-2" | b"ucs-2" | b"csunicode" => of(utf_16(octets), octets),
        b"utf-32" | b"utf-32be" | b"utf-32le" | b"ucs-4" | b"iso-10646-ucs-4" => utf_32(label, octets),
        b"utf-8" | b"utf8" => of(UTF_8, octets),
        _ => match encoding(label) {
            Some(encoding) if encoding == ISO_2022_JP => of(encoding, &without_idle_escapes(octets)).into_owned(),
            Some(encoding) => of(encoding, octets),
            None => match oem_table(label) {
                Some(table) => Decoded { text: table.decode_string_lossy(octets).into(), exact: true },
                None => Decoded { text: decode_undeclared(octets), exact: octets.is_ascii() && label.is_empty() },
            },
        },
    }
}

/// A label in lower case, without what mailers put around it.
fn normalized(label: &[u8]) -> Vec<u8> {
    let quoting = |octet: &u8| octet.is_ascii_whitespace() || b"'\"".contains(octet);
    let start = label.iter().position(|octet| !quoting(octet)).unwrap_or(label.len());
    let end = label.iter().rposition(|octet| !quoting(octet)).map_or(start, |last| last + 1);
    label.get(start..end).unwrap_or_default().to_ascii_lowercase()
}

/// What the octets of a charset look like, and so what speaks against a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// No label, one that nobody knows, or one that has no 8-bit octets and is put on everything.
    Undeclared,
    Utf8,
    /// Switched by escapes, in 7-bit octets.
    SevenBit,
    /// Units of two or four octets.
    Wide,
    /// The charsets of East Asia.
    Multibyte,
    SingleByte,
}

impl Family {
    pub(super) fn of(label: &[u8]) -> Self {
        let label = normalized(label);
        match label.as_slice() {
            b"" | b"us-ascii" | b"ascii" | b"ansi_x3.4-1968" | b"iso-ir-6" | b"us" | b"646" | b"iso646-us" => {
                Self::Undeclared
            }
            b"utf-8" | b"utf8" => Self::Utf8,
            b"utf-7" | b"utf7" | b"unicode-1-1-utf-7" | b"x-unicode-2-0-utf-7" | b"csunicode11utf7" => Self::SevenBit,
            b"iso-2022-kr" | b"csiso2022kr" | b"iso-2022-cn" | b"iso-2022-cn-ext" => Self::SevenBit,
            b"hz-gb-2312" | b"hz" | b"x-hz" => Self::SevenBit,
            b"utf-16" | b"utf16" | b"unicode" | b"iso-10646-ucs-2" | b"ucs-2" | b"csunicode" => Self::Wide,
            b"utf-32" | b"utf-32be" | b"utf-32le" | b"ucs-4" | b"iso-10646-ucs-4" => Self::Wide,
            label => match encoding(label) {
                Some(encoding) if encoding == UTF_8 => Self::Utf8,
                Some(encoding) if encoding == ISO_2022_JP => Self::SevenBit,
                Some(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => Self::Wide,
                Some(encoding) if encoding.is_single_byte() => Self::SingleByte,
                Some(_) => Self::Multibyte,
                None if oem_table(label).is_some() => Self::SingleByte,
                None => Self::Undeclared,
            },
        }
    }
}

/// The encoding of the WHATWG that a label means, where it means one.
pub(super) fn encoding_of(label: &[u8]) -> Option<&'static Encoding> {
    encoding(&normalized(label))
}

/// Octets of no declared charset: UTF-8 where they are valid so or were before they were cut, ISO-2022-JP by its escapes, windows-1252 otherwise.
pub(super) fn decode_undeclared(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(_) if memchr::memmem::find(octets, b"\x1B$").is_some() && octets.is_ascii() => {
            Cow::Owned(of(ISO_2022_JP, &without_idle_escapes(octets)).text.into_owned())
        }
        Ok(text) => Cow::Borrowed(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
        Err(_) if is_damaged_utf_8(octets) => String::from_utf8_lossy(octets),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(octets).0,
    }
}

/// Whether more octets belong to whole multibyte characters of UTF-8 than to none.
pub(super) fn is_damaged_utf_8(octets: &[u8]) -> bool {
    let (mut whole, mut invalid) = (0, 0);
    for chunk in octets.utf8_chunks() {
        whole += chunk.valid().bytes().filter(|octet| !octet.is_ascii()).count();
        invalid += chunk.invalid().len();
    }
    whole > invalid
}

impl Decoded<'_> {
    fn into_owned<'b>(self) -> Decoded<'b> {
        Decoded { text: Cow::Owned(self.text.into_owned()), exact: self.exact }
    }
}

fn of<'a>(encoding: &'static Encoding, octets: &'a [u8]) -> Decoded<'a> {
    let (text, _, malformed) = encoding.decode(octets);
    Decoded { text, exact: !malformed }
}

/// The encoding of a lower-case label: those of the WHATWG, and what mailers call them beside that.
fn encoding(label: &[u8]) -> Option<&'static Encoding> {
    let known = match label {
        b"utf8mb4" | b"utf-8mb4" | b"utf_8" | b"utf 8" | b"unicode-2-0-utf-8" | b"x-unicode-2-0-utf-8" | b"cp65001" => {
            UTF_8
        }
        b"latin-1"
        | b"iso-latin-1"
        | b"8859-1"
        | b"iso8859"
        | b"iso-8859"
        | b"ansi"
        | b"iso-8859-1-windows-3.1-latin-1" => WINDOWS_1252,
        b"ucs-2be" | b"utf16be" => UTF_16BE,
        b"ucs-2le" | b"utf16le" => UTF_16LE,
        b"x-sjis-cp932" | b"shift_jisx0213" | b"shift_jis-2004" | b"ms_932" => SHIFT_JIS,
        _ => match Encoding::for_label_no_replacement(label) {
            Some(encoding) => encoding,
            None => codepage::to_encoding_no_replacement(code_page(label)?)?,
        },
    };
    Some(known)
}

/// The number in `cp850`, `ibm-850`, `windows-1252`, `x-ms-cp932`.
fn code_page(label: &[u8]) -> Option<u16> {
    let digits = label.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    let (name, number) = label.split_at_checked(label.len() - digits)?;
    let name = name.strip_prefix(b"x-").unwrap_or(name);
    let family = name.strip_suffix(b"-").or(name.strip_suffix(b"_")).unwrap_or(name);
    let families: [&[u8]; 12] =
        [b"cp", b"ibm", b"ms", b"windows", b"win", b"dos", b"oem", b"codepage", b"ms-cp", b"cspc", b"ccsid", b""];
    families.contains(&family).then(|| std::str::from_utf8(number).ok()?.parse().ok())?
}

fn oem_table(label: &[u8]) -> Option<&'static oem_cp::code_table_type::TableType> {
    let label = match label {
        b"cspc8codepage437" => &b"437"[..],
        b"pc-multilingual-850+euro" => b"cp858",
        label => label,
    };
    oem_cp::code_table::DECODING_TABLE_CP_MAP.get(&code_page(label)?)
}

/// ISO-2022-KR (RFC 1557) and -CN (RFC 1922) as their EUC form: what stands between shift-out and shift-in gets its high bit.
fn shifted(octets: &[u8], out: &[u8], in_: &[u8], designator: &[u8]) -> Vec<u8> {
    let mut euc = Vec::new();
    let mut rest = octets;
    let mut high = 0;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet == 0x1B {
            rest = behind.strip_prefix(designator.get(1..).unwrap_or_default()).unwrap_or(behind);
        } else if out == [octet] {
            high = 0x80;
        } else if in_ == [octet] {
            high = 0;
        } else {
            high = if octet == b'\n' { 0 } else { high };
            euc.push(if octet > 0x20 && octet < 0x7F { octet | high } else { octet });
        }
    }
    euc
}

/// HZ (RFC 1843) as GBK.
fn hz(octets: &[u8]) -> Vec<u8> {
    let mut gbk = Vec::new();
    let mut rest = octets;
    let mut high = 0;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        match (octet, behind.first()) {
            (b'~', Some(b'{')) => high = 0x80,
            (b'~', Some(b'}')) => high = 0,
            (b'~', Some(b'~')) if high == 0 => gbk.push(b'~'),
            (b'~', Some(b'\n')) => {}
            _ => {
                high = if octet == b'\n' { 0 } else { high };
                gbk.push(if octet > 0x20 && octet < 0x7F { octet | high } else { octet });
                continue;
            }
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    gbk
}

/// ISO-2022-JP without escapes that another one follows at once: joined encoded words have them, strict decoders balk.
fn without_idle_escapes(octets: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = octets;
    while let Some(&octet) = rest.first() {
        let escape = |of: &[u8]| match of {
            [0x1B, b'(', b'B' | b'J' | b'I', ..] | [0x1B, b'$', b'@' | b'B', ..] => 3,
            _ => 0,
        };
        let len = escape(rest);
        let behind = rest.get(len.max(1)..).unwrap_or_default();
        if len == 0 {
            kept.push(octet);
        } else if escape(behind) == 0 {
            kept.extend_from_slice(rest.get(..len).unwrap_or_default());
        }
        rest = behind;
    }
    kept
}

/// UTF-7 (RFC 2152).
fn utf_7(octets: &[u8]) -> Decoded<'static> {
    let mut text = String::new();
    let mut exact = true;
    let mut rest = octets;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'+' {
            exact &= octet.is_ascii();
            text.push(if octet.is_ascii() { char::from(octet) } else { char::REPLACEMENT_CHARACTER });
            continue;
        }
        let len = behind.iter().position(|&octet| base64::value(octet).is_none()).unwrap_or(behind.len());
        let (encoded, after) = behind.split_at_checked(len).unwrap_or_default();
        if encoded.is_empty() {
            text.push('+');
        }
        exact &= push_utf_16(&mut text, encoded);
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    Decoded { text: text.into(), exact }
}

/// Adds the UTF-16 that unpadded base64 holds.
fn push_utf_16(text: &mut String, encoded: &[u8]) -> bool {
    let mut bits = 0_u32;
    let mut held = 0;
    let units = encoded.iter().filter_map(|&octet| {
        bits = bits << 6 | u32::from(base64::value(octet)?);
        held += 6;
        (held >= 16).then(|| {
            held -= 16;
            let unit = bits >> held;
            bits &= (1 << held) - 1;
            unit as u16
        })
    });
    let mut exact = true;
    for unit in char::decode_utf16(units) {
        exact &= unit.is_ok();
        text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    exact
}

/// Without a byte-order mark, the order that makes more of the text ASCII; big-endian in doubt (RFC 2781 §4.3).
fn utf_16(octets: &[u8]) -> &'static Encoding {
    let zeros = |at: usize| octets.iter().skip(at).step_by(2).take(512).filter(|&&octet| octet == 0).count();
    if zeros(1) > zeros(0) { UTF_16LE } else { UTF_16BE }
}

fn utf_32(label: &[u8], octets: &[u8]) -> Decoded<'static> {
    let little = label.ends_with(b"le") || octets.starts_with(&[0xFF, 0xFE, 0, 0]);
    let mut exact = octets.len().is_multiple_of(4);
    let chars = octets.chunks_exact(4).map(|unit| {
        let unit = unit.iter().fold(0, |unit, &octet| unit << 8 | u32::from(octet));
        let unit = if little { unit.swap_bytes() } else { unit };
        char::from_u32(unit).unwrap_or_else(|| {
            exact = false;
            char::REPLACEMENT_CHARACTER
        })
    });
    let text: String = chars.filter(|&char| char != '\u{FEFF}').collect();
    Decoded { text: text.into(), exact }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_mail_are_known_in_any_spelling() {
        for (label, octets, text) in [
            (&b"UTF-8"[..], &b"gr\xC3\xBC\xC3\x9Fe"[..], "grüße"),
            (b"iso-8859-1", b"gr\xFC\xDFe", "grüße"),
            (b"Latin-1", b"gr\xFC\xDFe", "grüße"),
            (b"us-ascii", b"gr\xFC\xDFe", "grüße"),
            (b"", b"\xD0\x9F\xD1\x80\xD0", "Пр\u{FFFD}"),
            (b"x-unknown", b"gr\xC3\xBC\xC3\x9Fe", "grüße"),
            (b"cp437", b"gr\x81\xE1e", "grüße"),
            (b"IBM850", b"gr\x81\xE1e", "grüße"),
            (b"cp-852", b"\x9F", "č"),
            (b"cp932", b"\x93\xFA\x96\x7B", "日本"),
            (b"Windows-31J", b"\x93\xFA\x96\x7B", "日本"),
            (b"cp936", b"\xC4\xE3", "你"),
            (b"hz-gb-2312", b"a~~~{<:Ky2;~}b", "a~己所不b"),
            (b"iso-2022-kr", b"\x1B$)C\x0E>H3g\x0F!", "안녕!"),
            (b"iso-2022-jp", b"\x1B$BF|\x1B(B\x1B$BK\\\x1B(B", "日本"),
            (b"unicode-1-1-utf-7", b"Hi Mom -+Jjo--+-!", "Hi Mom -☺-+!"),
            (b"utf-7", b"+2D3cqQ-", "\u{1F4A9}"),
            (b"utf-16", b"\xFF\xFEh\0i\0", "hi"),
            (b"utf-16", b"\0h\0i", "hi"),
            (b"utf-16", b"h\0i\0", "hi"),
            (b"utf-32le", b"h\0\0\0i\0\0\0", "hi"),
        ] {
            assert_eq!(decode(label, octets).text, text, "{}", label.escape_ascii());
        }
    }

    #[test]
    fn octets_that_are_not_of_the_charset_are_told() {
        assert!(!decode(b"us-ascii", b"\xFC").exact);
        assert!(!decode(b"utf-8", b"\xFC").exact);
        assert!(!decode(b"no-such-charset", b"\xFC").exact);
        assert!(decode(b"", b"abc").exact);
    }
}
