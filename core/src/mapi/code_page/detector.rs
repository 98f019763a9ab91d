use super::CodePage;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// The code page that 8-bit texts look as if they were in.
pub(crate) fn guess<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> CodePage {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for text in texts {
        detector.feed(text, false);
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    codepage::from_encoding(encoding).map_or(CodePage::WINDOWS_1252, |number| CodePage(number.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_tell_their_code_page() {
        for (page, texts) in [
            (1251, &["Привет, как дела?", "Тема письма"][..]),
            (932, &["イグザンプル ドット コム 殿", "日本"]),
            (1253, &["Καλημέρα σας, τι κάνετε"]),
            (1252, &["Grüße aus Köln", "Änderungen"]),
        ] {
            let encoded: Vec<_> = texts.iter().map(|text| CodePage(page).encoding().unwrap().encode(text).0).collect();
            assert_eq!(guess(encoded.iter().map(|text| &**text)), CodePage(page));
        }
        assert_eq!(guess([]), CodePage::WINDOWS_1252);
    }
}
