//! In which code page the 8-bit strings of an object are: what it says, what its store says, what they look like.

use super::{CodePage, detector::guess, locale::ansi_page};
use crate::{
    Defect, DefectKind,
    mapi::{PropertyBag, PropertyValue, pid},
};

/// Octets of one string, and of all strings of an object together, that are looked at.
const STRING: usize = 16 << 10;
const STRINGS: usize = 64 << 10;

/// Of so many characters one may be none, and the code page still be the right one.
const TOLERANCE: usize = 50;

/// What an object says of the code page of its 8-bit strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// PidTagMessageCodepage, which is about just that.
    of_message: Option<CodePage>,
    /// PidTagInternetCodepage: what the message came in.
    of_internet: Option<CodePage>,
    /// PidTagMessageLocaleId: where the program ran that wrote it.
    of_locale: Option<CodePage>,
}

impl Declared {
    /// By the integers among the properties of an object.
    pub(crate) fn by(integer: impl Fn(u16) -> Option<i64>) -> Self {
        let number = |id| integer(id).and_then(|number| u32::try_from(number).ok());
        let page =
            |id| number(id).map(CodePage).filter(|page| page.is_known() && !page.is_wide() && !page.says_nothing());
        Self {
            of_message: page(pid::MESSAGE_CODEPAGE).or_else(|| page(pid::CODE_PAGE_ID)),
            of_internet: page(pid::INTERNET_CODEPAGE),
            of_locale: number(pid::MESSAGE_LOCALE_ID).or_else(|| number(pid::LOCALE_ID)).and_then(ansi_page),
        }
    }

    /// The code pages that it may mean, the likeliest first, each once.
    fn candidates(self) -> Vec<CodePage> {
        let ansi = self.of_internet.map(ansi_relative);
        let mut candidates = Vec::new();
        for page in [self.of_message, ansi, self.of_locale, self.of_internet].into_iter().flatten() {
            if !candidates.contains(&page) {
                candidates.push(page);
            }
        }
        candidates
    }

    /// The first that it may mean.
    pub(crate) fn first(self) -> Option<CodePage> {
        self.candidates().first().copied()
    }

    /// The code page that fits what is there; of several the one that it looks like, else the one that is not merely the usual one.
    pub(crate) fn fitting(self, sample: &Sample) -> Option<CodePage> {
        if let Some(page) = self.of_message.filter(|page| sample.fits(*page)) {
            return Some(page);
        }
        let fitting: Vec<CodePage> = self.candidates().into_iter().filter(|page| sample.fits(*page)).collect();
        // Where both agree there is no doubt, whatever it looks like.
        let agreed = self.of_locale.filter(|locale| self.of_internet.map(ansi_relative) == Some(*locale));
        if let Some(page) = agreed.filter(|page| fitting.contains(page)) {
            return Some(page);
        }
        match *fitting {
            [] => None,
            [page] => Some(page),
            [first, ..] => {
                let guessed = sample.guess();
                let like = |page: &&CodePage| **page == guessed || [page.0, guessed.0] == [20_866, 21_866];
                let usual = |page: &&CodePage| **page != CodePage::WINDOWS_1252;
                Some(*fitting.iter().find(like).or_else(|| fitting.iter().find(usual)).unwrap_or(&first))
            }
        }
    }
}

/// The ANSI code page of Windows for the text of a charset of the internet: 8-bit strings are in ANSI code pages.
fn ansi_relative(page: CodePage) -> CodePage {
    CodePage(match page.0 {
        20_932 | 50_220..=50_222 | 51_932 => 932,
        20_949 | 50_225 | 51_949 => 949,
        20_936 | 50_227 | 51_936 | 52_936 | 54_936 => 936,
        28_591 | 28_605 | 20_127 => 1252,
        28_592 => 1250,
        20_866 | 21_866 | 28_595 => 1251,
        28_597 => 1253,
        28_599 => 1254,
        28_598 | 38_598 => 1255,
        28_596 => 1256,
        28_594 | 28_603 => 1257,
        number => number,
    })
}

/// What is read where an object does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fallback {
    pub(crate) page: CodePage,
    /// Whether something speaks for it, and that was told where it had to be.
    pub(crate) is_settled: bool,
}

impl Fallback {
    /// The usual code page, for want of a better one.
    pub(crate) const USUAL: Self = Self { page: CodePage::WINDOWS_1252, is_settled: false };

    pub(crate) fn settled(page: CodePage) -> Self {
        Self { page, is_settled: true }
    }
}

/// The code page that was chosen, and whether there was anything to choose it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) page: CodePage,
    pub(crate) is_sure: bool,
}

/// In which code page the 8-bit strings of a message with these recipients are; what was decided against its word, or without
/// one, is told.
pub(crate) fn choose(
    properties: &PropertyBag,
    recipients: &[PropertyBag],
    fallback: Fallback,
    defects: &mut Vec<Defect>,
) -> Choice {
    let declared = Declared::by(|id| properties.integer(id));
    let mut sample = Sample::default();
    for (_, value) in [properties].into_iter().chain(recipients).flat_map(PropertyBag::iter) {
        sample.add(value);
    }
    let first = declared.first();
    if sample.is_empty() {
        return Choice { page: first.unwrap_or(fallback.page), is_sure: first.is_some() };
    }
    let mut tell = |detail: String| defects.push(Defect::new(DefectKind::Charset, detail));
    let fitting =
        declared.fitting(&sample).or(Some(fallback.page).filter(|page| fallback.is_settled && sample.fits(*page)));
    let is_many = fitting.is_some_and(|page| !page.is_single_octet());
    let page = match fitting {
        _ if !is_many && sample.is_utf_8(first.unwrap_or(fallback.page)) => {
            tell(match first {
                Some(first) => format!("8-bit text is not in code page {} as declared: it is UTF-8", first.0),
                None => undeclared("the message", CodePage::UTF_8, "because it is valid UTF-8"),
            });
            CodePage::UTF_8
        }
        Some(page) => {
            if let Some(first) = first.filter(|first| *first != page && !sample.fits(*first)) {
                tell(format!(
                    "8-bit text is not in code page {} as declared: it was read as code page {}",
                    first.0, page.0
                ));
            }
            page
        }
        None => {
            let page = sample.guess();
            tell(match first {
                Some(first) => format!(
                    "8-bit text is not in code page {} as declared: it was read as code page {}, which fits it best",
                    first.0, page.0
                ),
                None => undeclared("the message", page, "which fits it best"),
            });
            page
        }
    };
    Choice { page, is_sure: true }
}

/// What is told where nothing says in which code page 8-bit text is.
pub(crate) fn undeclared(what: &str, page: CodePage, why: &str) -> String {
    let number = page.0;
    format!(
        "{what} does not say in which code page its 8-bit text is: it is read as code page {number}, {why}; --code-page sets another"
    )
}

/// Strings that are not ASCII, to be looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    strings: Vec<Vec<u8>>,
    len: usize,
}

impl Sample {
    /// Adds the 8-bit strings of a value, as far as there is room for them.
    pub(crate) fn add(&mut self, value: &PropertyValue) {
        for value in value.values() {
            let PropertyValue::String8(octets) = value else { continue };
            let room = STRING.min(STRINGS.saturating_sub(self.len));
            let Ok(octets) = octets.start(room) else { continue };
            let text = octets.split(|octet| *octet == 0).next().unwrap_or_default();
            // Of what is cut, the last word may be cut within a character.
            let whole = match text.iter().rposition(|octet| matches!(octet, b' ' | b'\n')) {
                Some(end) if text.len() == room => text.get(..end).unwrap_or(text),
                _ => text,
            };
            if !whole.is_ascii() {
                self.len += whole.len();
                self.strings.push(whole.to_vec());
            }
        }
    }

    /// Adds what another one has.
    pub(crate) fn append(&mut self, other: Self) {
        if self.len < STRINGS {
            self.len += other.len;
            self.strings.extend(other.strings);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }

    /// Octets of the strings.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the strings are text in this code page, but for a few characters of many.
    pub(crate) fn fits(&self, page: CodePage) -> bool {
        let (mut wrong, mut right) = (0, 0);
        for string in &self.strings {
            let (text, has_wrong) = page.decode(string);
            if has_wrong {
                wrong += text.matches(char::REPLACEMENT_CHARACTER).count().max(1);
            }
            right += text.chars().filter(|c| !c.is_ascii()).count();
        }
        wrong * TOLERANCE <= right
    }

    /// Whether the strings are UTF-8 rather than text in `page`.
    pub(crate) fn is_utf_8(&self, page: CodePage) -> bool {
        let whole: Vec<u8> = self.strings.join(&b'\n');
        is_utf_8(&whole, page)
    }

    /// The code page that the strings look like.
    pub(crate) fn guess(&self) -> CodePage {
        match self.is_utf_8(CodePage(0)) {
            true => CodePage::UTF_8,
            false => guess(self.strings.iter().map(Vec::as_slice)),
        }
    }
}

/// Whether octets are UTF-8 rather than text in `page`, a code page of single octets: any octets are text there.
///
/// Of the western ones no text is UTF-8 by chance; of others a pair of letters may be, but no three octets or two pairs.
pub(crate) fn is_utf_8(octets: &[u8], page: CodePage) -> bool {
    let Ok(text) = std::str::from_utf8(octets) else { return false };
    let mut beyond = text.chars().filter(|c| !c.is_ascii());
    match page.0 {
        1252 | 28_591 | 28_605 | 65_001 => beyond.next().is_some(),
        _ => beyond.fold(0, |weight, c| weight + c.len_utf8() - 1) >= 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapi::{Octets, support::bag};

    fn encoded(page: u32, text: &str) -> Vec<u8> {
        if page == 65_001 {
            return text.as_bytes().to_vec();
        }
        CodePage(page).encoding().unwrap().encode(text).0.into_owned()
    }

    /// The page chosen for `text` in `page`, and how many defects tell of it.
    fn chosen(message: i32, internet: i32, locale: i32, fallback: Fallback, page: u32, text: &str) -> (u32, usize) {
        let numbers =
            [(pid::MESSAGE_CODEPAGE, message), (pid::INTERNET_CODEPAGE, internet), (pid::MESSAGE_LOCALE_ID, locale)];
        let numbers = numbers.into_iter().filter(|(_, number)| *number != 0);
        let string = PropertyValue::String8(Octets::from(encoded(page, text)));
        let properties =
            bag(numbers.map(|(id, number)| (id, PropertyValue::Integer32(number))).chain([(pid::SUBJECT, string)]));
        let mut defects = Vec::new();
        let choice = choose(&properties, &[], fallback, &mut defects);
        (choice.page.0, defects.len())
    }

    #[test]
    fn what_is_declared_is_followed_in_its_order() {
        let (japanese, polish, russian) = ("日本語タイトル", "Zażółć gęślą jaźń", "Тема письма от Анны");
        for (message, internet, locale, page, text, expected) in [
            // The message's own word, whatever else there is.
            (932, 1252, 0x409, 932, japanese, (932, 0)),
            (1251, 65_001, 0x409, 1251, russian, (1251, 0)),
            // What it came in, in the page that Windows keeps such text in.
            (0, 50_220, 0x411, 932, japanese, (932, 0)),
            (0, 28_592, 0x415, 1250, polish, (1250, 0)),
            (0, 20_866, 0x419, 1251, russian, (1251, 0)),
            (0, 50_220, 0, 932, japanese, (932, 0)),
            (0, 51_932, 0x411, 932, japanese, (932, 0)),
            (0, 20_866, 0, 1251, russian, (1251, 0)),
            (0, 20_866, 0, 20_866, russian, (20_866, 0)),
            (0, 1251, 0, 1251, russian, (1251, 0)),
            (0, 949, 0x412, 949, "한국어 제목", (949, 0)),
            // The locale alone, and beside a page that says little.
            (0, 0, 0x411, 932, japanese, (932, 0)),
            (0, 0, 0x408, 1253, "Καλημέρα", (1253, 0)),
            (0, 20_127, 0x419, 1251, russian, (1251, 0)),
            (0, 65_001, 0x804, 936, "通知：会议", (936, 1)),
            (0, 1252, 0x419, 1251, russian, (1251, 0)),
            (0, 1251, 0x409, 1251, russian, (1251, 0)),
        ] {
            let found = chosen(message, internet, locale, Fallback::USUAL, page, text);
            assert_eq!(found, expected, "{message} {internet} {locale:#x} {page} {text}");
        }
    }

    #[test]
    fn what_is_declared_wrongly_or_not_at_all_is_told() {
        let russian = "Тема письма от Анны";
        let settled = Fallback::settled(CodePage(1251));
        for (message, internet, fallback, page, text, expected) in [
            (932, 0, Fallback::USUAL, 1251, russian, (1251, 1)),
            (65_001, 0, Fallback::USUAL, 1252, "Grüße aus Köln", (1252, 1)),
            (0, 0, Fallback::USUAL, 1251, russian, (1251, 1)),
            (0, 0, settled, 1251, russian, (1251, 0)),
            (0, 0, settled, 1251, "plain", (1251, 0)),
            (1252, 0, Fallback::USUAL, 65_001, "Grüße aus Köln", (65_001, 1)),
            (0, 1252, Fallback::USUAL, 65_001, "é", (65_001, 1)),
            (1251, 0, Fallback::USUAL, 65_001, russian, (65_001, 1)),
            (65_001, 0, Fallback::USUAL, 65_001, russian, (65_001, 0)),
            // Two characters of GBK that are two of UTF-8, too.
            (936, 0, Fallback::USUAL, 936, "通知", (936, 0)),
        ] {
            assert_eq!(
                chosen(message, internet, 0, fallback, page, text),
                expected,
                "{message} {internet} {page} {text}"
            );
        }
    }

    #[test]
    fn long_text_may_have_a_few_wrong_octets() {
        let mut sample = Sample::default();
        let text = [encoded(932, &"日本語 ".repeat(100)), vec![0xFF]].concat();
        sample.add(&PropertyValue::String8(Octets::from(text)));
        assert!(sample.fits(CodePage(932)) && !sample.is_empty());
        let mut sample = Sample::default();
        sample.add(&PropertyValue::String8(Octets::from(encoded(932, &"日本語".repeat(100_000)))));
        assert!(sample.fits(CodePage(932)) && sample.len() <= STRING, "{}", sample.len());
    }
}
