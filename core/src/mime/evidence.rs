//! Octets that are not of the charset they are said to be in: what they are is decided by evidence.

use super::{
    charset::{self, Decoded, Family, is_damaged_utf_8},
    encoded_word,
    header::HeaderSection,
    structure::Structure,
};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Octets that the detector looks at; it is certain long before.
const DETECTED: usize = 256 << 10;
/// Labels of a message that are held; one has two or three.
const MAX_LABELS: usize = 16;
/// Characters of the declared charset that one error outweighs: text with fewer errors was damaged, and its label is right.
const PER_ERROR: usize = 16;
/// Octets before a declaration of HTML or XML within which it counts (HTML Living Standard, 4.2.5.4).
const META: usize = 1 << 10;

/// What else a message says of the charset of octets in it: the labels beside the one that is wrong, the best first, and
/// the country of its author.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    labels: Vec<Vec<u8>>,
    tld: Option<String>,
    /// Whether the first label is that of the same text elsewhere, and believed as far as it gives no errors.
    led: bool,
}

/// Octets as text, and how they were read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The charset they were read in, where that is not the one declared.
    pub(crate) used: Option<Cow<'static, str>>,
    /// Whether every octet meant something in the charset they were read in.
    pub(crate) exact: bool,
}

impl Evidence {
    /// What the parts of a message and the encoded words of its header section declare, and where its author is.
    pub(crate) fn of(header: &HeaderSection<'_>, structure: &Structure) -> Self {
        let mut evidence = Self::default();
        for entity in structure.entities().iter().filter(|entity| entity.media_type().essence().starts_with("text/")) {
            evidence.add(entity.media_type().parameters().octets("charset").unwrap_or_default());
        }
        for field in header.fields() {
            encoded_word::charsets(field.value(), |label| evidence.add(label));
        }
        let from = header.first("From").map(|field| super::addresses(field.value())).unwrap_or_default();
        let domain = from.iter().flat_map(|address| address.mailboxes()).find_map(|mailbox| {
            let (_, tld) = mailbox.address.rsplit_once('.')?;
            let is_tld = !tld.is_empty() && tld.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
            is_tld.then(|| tld.to_ascii_lowercase())
        });
        evidence.tld = domain;
        evidence
    }

    /// Notes a label behind those that are there.
    pub(crate) fn add(&mut self, label: &[u8]) {
        if !label.is_empty() && self.labels.len() < MAX_LABELS && !self.labels.iter().any(|known| known == label) {
            self.labels.push(label.to_vec());
        }
    }

    /// Whether a label says anything of octets that are not valid UTF-8.
    pub(crate) fn is_telling(label: &[u8]) -> bool {
        !matches!(Family::of(label), Family::Undeclared | Family::Utf8 | Family::Wide)
    }

    /// The same with a label before all others.
    #[must_use]
    pub(crate) fn led_by(&self, label: &[u8]) -> Self {
        let mut led = Self { labels: Vec::new(), tld: self.tld.clone(), led: !label.is_empty() };
        led.add(label);
        self.labels.iter().for_each(|label| led.add(label));
        led
    }
}

/// Reads octets that are declared to be in the charset `label`, or in none where that is empty.
///
/// Valid UTF-8 wins over any label, if there is enough of it to be no accident. Otherwise a label is believed as long as it
/// gives no errors; one that does is dropped for what `evidence`, which is asked for only then, or else a detector say.
pub(crate) fn read<'a>(label: &[u8], octets: &'a [u8], evidence: &dyn Fn() -> Evidence) -> Reading<'a> {
    let declared = charset::decode(label, octets);
    let as_declared = |Decoded { text, exact }| Reading { text, used: None, exact };
    if octets.is_ascii() {
        let is_narrow = declared.text.as_bytes() == octets || octets.contains(&0) || Family::of(label) != Family::Wide;
        return if is_narrow { as_declared(declared) } else { utf_8(octets) };
    }
    let family = Family::of(label);
    if family == Family::Utf8 && declared.exact {
        return as_declared(declared);
    }
    let valid = std::str::from_utf8(octets).ok();
    if let Some(text) = valid {
        let wins = match family {
            Family::SevenBit => true,
            Family::Wide => !octets.contains(&0),
            Family::Undeclared => Utf8Evidence::of(text, false).is_plausible(),
            Family::Utf8 => true,
            Family::Multibyte => Utf8Evidence::of(text, true).is_enough(!declared.exact),
            Family::SingleByte => {
                let evidence = Utf8Evidence::of(text, false);
                evidence.is_enough(!declared.exact || !is_likely(&declared.text))
            }
        };
        if wins {
            return utf_8(octets);
        }
    }
    let is_labelled = matches!(family, Family::SevenBit | Family::Wide | Family::Multibyte | Family::SingleByte);
    if is_labelled && (declared.exact || has_few_errors(&declared.text)) {
        return as_declared(declared);
    }
    if valid.is_none() && is_damaged_utf_8(octets) {
        return match family {
            Family::Utf8 => as_declared(declared),
            _ => Reading { exact: false, ..utf_8(octets) },
        };
    }
    match decide(label, octets, valid.is_some(), &evidence()) {
        Some(reading) => reading,
        None if family == Family::Undeclared => {
            Reading { used: Some(name(WINDOWS_1252)), text: declared.text, exact: true }
        }
        None => as_declared(declared),
    }
}

/// The octets in UTF-8, which nothing declared.
fn utf_8(octets: &[u8]) -> Reading<'_> {
    let text = String::from_utf8_lossy(octets);
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
        owned => owned,
    };
    Reading { text, used: Some(name(UTF_8)), exact: true }
}

fn name(encoding: &'static Encoding) -> Cow<'static, str> {
    encoding.name().to_ascii_lowercase().into()
}

/// The charset that other labels or the detector give, where that is not the one declared.
fn decide<'a>(label: &[u8], octets: &'a [u8], is_utf_8: bool, evidence: &Evidence) -> Option<Reading<'a>> {
    let declared = charset::encoding_of(label);
    let detected = detected(octets, evidence.tld.as_deref());
    for (at, label) in evidence.labels.iter().enumerate() {
        let encoding = charset::encoding_of(label);
        // Programs put this label on whatever they know nothing of, and every octet fits it.
        let is_doubtful = encoding == Some(WINDOWS_1252) && !LATIN.contains(&detected.name());
        if !Evidence::is_telling(label)
            || (encoding.is_some() && encoding == declared)
            || (is_doubtful && !is_utf_8 && !(at == 0 && evidence.led))
        {
            continue;
        }
        let decoded = charset::decode(label, octets);
        if decoded.exact {
            let used = encoding.map_or_else(|| String::from_utf8_lossy(label).into_owned().into(), name);
            return Some(Reading { text: decoded.text, used: Some(used), exact: true });
        }
    }
    if is_utf_8 {
        // Odd text, but text: the detector rules UTF-8 out only.
        return Some(utf_8(octets));
    }
    let (text, malformed) = detected.decode_without_bom_handling(octets);
    // Octets that only the fallback takes say nothing against a label.
    let is_said = declared != Some(detected) && !malformed;
    is_said.then(|| Reading { text, used: Some(name(detected)), exact: true })
}

/// The encodings of Latin letters, which every text of 8-bit octets fits.
const LATIN: &[&str] = &[
    "windows-1252",
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1258",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "macintosh",
];

fn detected(octets: &[u8], tld: Option<&str>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // What stands before the first 8-bit octet tells nothing.
    let first = octets.iter().position(|octet| !octet.is_ascii()).unwrap_or(0).saturating_sub(64);
    let octets = octets.get(first..).unwrap_or_default();
    let fed = octets.get(..DETECTED).unwrap_or(octets);
    detector.feed(fed, fed.len() == octets.len());
    detector.guess(tld.map(str::as_bytes), Utf8Detection::Deny)
}

/// Whether text was damaged in a few places, rather than read in the wrong charset.
fn has_few_errors(text: &str) -> bool {
    let (mut errors, mut others) = (0_usize, 0_usize);
    for char in text.chars().filter(|char| !char.is_ascii()) {
        if char == char::REPLACEMENT_CHARACTER { errors += 1 } else { others += 1 }
    }
    errors.saturating_mul(PER_ERROR) <= others
}

/// Whether text that was read in a charset of single octets looks like words: no controls, no symbols or capitals inside of them.
fn is_likely(text: &str) -> bool {
    let mut before = ' ';
    text.chars().all(|char| {
        let previous = std::mem::replace(&mut before, char);
        let is_control = ('\u{80}'..'\u{A0}').contains(&char);
        let is_pair = !previous.is_ascii() && !char.is_ascii();
        let is_symbol = is_pair && !char.is_alphabetic();
        let is_capital = !char.is_ascii() && char.is_uppercase() && previous.is_lowercase();
        !is_control && !is_symbol && !is_capital
    })
}

/// How much speaks for UTF-8 in octets that are valid so.
struct Utf8Evidence {
    /// Characters of three or four octets: hardly ever an accident.
    long: usize,
    /// Characters of two octets.
    pairs: usize,
    /// Whether these make up words of one script each.
    coherent: bool,
}

impl Utf8Evidence {
    /// Where the octets may be pairs of a multibyte charset, a word of Latin letters has to have ASCII among them.
    fn of(text: &str, multibyte: bool) -> Self {
        let mut evidence = Self { long: 0, pairs: 0, coherent: true };
        let mut word: Option<(Script, bool)> = None;
        let ends = |word: Option<(Script, bool)>| !multibyte || !matches!(word, Some((Script::Latin, false)));
        for char in text.chars() {
            match char.len_utf8() {
                1 => {}
                2 => evidence.pairs += 1,
                _ => evidence.long += 1,
            }
            let script = Script::of(char);
            evidence.coherent &= match (script, word) {
                (Script::None, _) => ends(word.take()),
                (Script::Odd, _) => false,
                (Script::Mark, word) => word.is_some(),
                (script, None) => {
                    word = Some((script, char.is_ascii()));
                    true
                }
                (script, Some((of_word, has_ascii))) => {
                    word = Some((of_word, has_ascii || char.is_ascii()));
                    script == of_word
                }
            };
        }
        evidence.coherent &= ends(word);
        evidence
    }

    fn is_plausible(&self) -> bool {
        self.long > 0 || self.coherent
    }

    /// Whether it outweighs a label; `doubted` is one that the text itself speaks against.
    fn is_enough(&self, doubted: bool) -> bool {
        self.long > 0 || (self.coherent && (self.pairs > 1 || doubted))
    }
}

/// The script of a character, as far as it takes two octets in UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    /// No letter: it ends a word.
    None,
    Latin,
    Greek,
    Cyrillic,
    Other(u32),
    /// A combining character.
    Mark,
    /// What no text of today has.
    Odd,
}

impl Script {
    fn of(char: char) -> Self {
        match u32::from(char) {
            0x80..=0x9F => Self::Odd,
            0..=0xBF | 0xD7 | 0xF7 => {
                if char.is_alphabetic() {
                    Self::Latin
                } else {
                    Self::None
                }
            }
            0xC0..=0x17F | 0x18F | 0x192 | 0x199 | 0x1A0..=0x1B0 | 0x1CD..=0x1DC | 0x218..=0x21B => Self::Latin,
            0x253..=0x254 | 0x257..=0x25B => Self::Latin,
            0x180..=0x2FF => Self::Odd,
            0x300..=0x36F | 0x483..=0x487 | 0x591..=0x5C7 | 0x610..=0x61A | 0x64B..=0x65F => Self::Mark,
            0x384..=0x3CE => Self::Greek,
            0x370..=0x3FF => Self::Odd,
            0x400..=0x45F | 0x490..=0x52F => Self::Cyrillic,
            0x460..=0x48F => Self::Odd,
            0x530..=0x58F => Self::Other(0x530),
            0x590..=0x5FF => Self::Other(0x590),
            0x600..=0x6FF | 0x750..=0x77F => Self::Other(0x600),
            0x700..=0x7FF => Self::Odd,
            _ => Self::None,
        }
    }
}

/// The charset that an HTML or XML document declares for itself, where it is not UTF-8 anyway.
pub(crate) fn declared_in_html(octets: &[u8]) -> &[u8] {
    let head = octets.get(..META).unwrap_or(octets);
    let label = |needle: &[u8]| {
        let at = head.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))?;
        let label = head.get(at + needle.len()..)?.trim_ascii_start();
        let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label).trim_ascii_start();
        let len = label.iter().position(|octet| !octet.is_ascii_alphanumeric() && !b"-_:.".contains(octet));
        label.get(..len.unwrap_or(label.len())).filter(|label| !label.is_empty())
    };
    let of_xml = || if head.trim_ascii_start().starts_with(b"<?xml") { label(b"encoding=") } else { None };
    label(b"charset=").or_else(of_xml).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Evidence {
        Evidence::default()
    }

    fn said(labels: &[&str], tld: Option<&str>) -> Evidence {
        Evidence {
            labels: labels.iter().map(|label| label.as_bytes().to_vec()).collect(),
            tld: tld.map(str::to_owned),
            led: false,
        }
    }

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
    }

    #[test]
    fn valid_utf_8_wins_over_any_label() {
        for label in [
            "iso-2022-jp",
            "iso-2022-kr",
            "iso-2022-cn",
            "hz-gb-2312",
            "utf-7",
            "us-ascii",
            "x-unknown",
            "",
            "utf-16",
            "iso-8859-1",
            "iso-8859-2",
            "windows-1251",
            "koi8-r",
            "gbk",
            "big5",
            "euc-kr",
            "shift_jis",
            "euc-jp",
            "cp437",
        ] {
            for text in ["Größe: 7 m²", "会議は明日です", "Счёт за январь", "Γιώργος Δήμου", "naïve café", "שלום לכולם"]
            {
                let reading = read(label.as_bytes(), text.as_bytes(), &nothing);
                assert_eq!(reading.text, text, "{label}");
                assert_eq!(reading.used.as_deref(), Some("utf-8"), "{label}: {text}");
            }
        }
        assert_eq!(read(b"UTF-8", "Größe".as_bytes(), &nothing).used, None);
        assert_eq!(read(b"iso-2022-jp", "é".as_bytes(), &nothing).text, "é");
        assert_eq!(read(b"iso-8859-1", "café".as_bytes(), &nothing).text, "café");
        assert_eq!(read(b"utf-16", b"plain", &nothing).text, "plain");
    }

    #[test]
    fn a_label_that_is_right_stays_though_the_octets_could_be_utf_8() {
        for (label, text) in [
            ("gbk", "通知"),
            ("gb2312", "小学"),
            ("iso-8859-2", "PÓŁKA"),
            ("iso-8859-2", "RÓŻA i PÓŁKA"),
            ("iso-8859-2", "Miłego dnia, żółw"),
            ("windows-1250", "Příliš žluťoučký kůň"),
            ("iso-8859-1", "Grüße aus Köln"),
            ("koi8-r", "привет"),
            ("shift_jis", "日本"),
        ] {
            let octets = encoded(label, text);
            let reading = read(label.as_bytes(), &octets, &nothing);
            assert_eq!((&*reading.text, reading.used, reading.exact), (text, None, true), "{label}");
        }
    }

    #[test]
    fn a_label_that_gives_errors_is_dropped_for_what_else_is_said() {
        for (label, charset, text, labels, tld) in [
            ("utf-8", "koi8-r", "привет", &["koi8-r"][..], None),
            ("utf-8", "gbk", "会议通知", &["gb2312"], None),
            ("us-ascii", "windows-1251", "Электронный чек", &["utf-8", "us-ascii"], None),
            ("", "iso-8859-7", "Γιώργος Δήμου", &["iso-8859-7"], None),
            ("", "gbk", "通知", &["gb2312"], None),
            ("", "iso-8859-2", "PÓŁKA", &["ISO-8859-2"], None),
            ("utf-8", "windows-1252", "Grüße aus Köln", &[], None),
            ("utf-8", "shift_jis", "会議は明日の午後です", &[], None),
            ("utf-8", "windows-1251", "Совещание завтра", &[], Some("ru")),
            ("utf-8", "windows-1251", "Совещание завтра", &["iso-8859-1"], None),
        ] {
            let octets = encoded(charset, text);
            let reading = read(label.as_bytes(), &octets, &|| said(labels, tld));
            assert_eq!(reading.text, text, "{label} {charset}");
            assert!(reading.used.is_some(), "{label} {charset}");
        }
    }

    #[test]
    fn text_that_is_damaged_here_and_there_keeps_its_charset() {
        let mut octets = encoded("gbk", &"我们明天早上九点开会讨论计划".repeat(4));
        octets.push(0xFF);
        let reading = read(b"gbk", &octets, &nothing);
        assert_eq!((reading.used, reading.exact), (None, false));
        let cut = &"Größe und Länge".as_bytes()[..14];
        assert_eq!(read(b"utf-8", cut, &nothing).text, "Größe und L\u{FFFD}");
    }

    #[test]
    fn html_declares_its_charset_in_several_ways() {
        for (html, label) in [
            ("<meta charset=\"koi8-r\">", "koi8-r"),
            ("<META HTTP-EQUIV='Content-Type' CONTENT='text/html; CHARSET=windows-1251'>", "windows-1251"),
            ("<?xml version=\"1.0\" encoding=\"iso-8859-7\"?><html>", "iso-8859-7"),
            ("<p>charset</p>", ""),
        ] {
            assert_eq!(declared_in_html(html.as_bytes()), label.as_bytes(), "{html}");
        }
    }
}
