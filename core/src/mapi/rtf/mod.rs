//! Rich text bodies: decompression ([MS-OXRTFCP]), and HTML or text taken back out of RTF ([MS-OXRTFEX]).
//!
//! ```
//! use mailferry::mapi::rtf::{self, Body};
//!
//! let rtf = br"{\rtf1\ansi\fromhtml1{\*\htmltag <p>}Caf\'e9{\*\htmltag </p>}}";
//! assert_eq!(rtf::read_body(rtf), Body::Html("<p>Café</p>".into()));
//! ```

mod compressed;
mod document;
mod encapsulated;
mod font;
mod readable;
mod token;

pub use compressed::decompress;
pub use encapsulated::{Origin, origin};

use encapsulated::Encapsulated;
use readable::Readable;

/// The body that a document of RTF gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The HTML it was made from.
    Html(String),
    /// The plain text it was made from.
    Text(String),
    /// HTML for reading, made from genuine RTF: not all of its looks survive.
    Readable(String),
}

/// Reads decompressed RTF: takes out what it was made from, or makes it readable as HTML.
///
/// Time and memory are linear in `rtf`; whatever its octets are, something comes out.
pub fn read_body(rtf: &[u8]) -> Body {
    read_told(rtf).0
}

/// The same, and how many pieces of its text were not of their code page.
pub(super) fn read_told(rtf: &[u8]) -> (Body, usize) {
    let origin = origin(rtf);
    if origin == Origin::Rtf {
        let mut readable = Readable::default();
        let wrong = document::read(rtf, &mut readable);
        return (Body::Readable(readable.into_html()), wrong);
    }
    let mut encapsulated = Encapsulated::default();
    let wrong = document::read(rtf, &mut encapsulated);
    let body = match origin {
        Origin::Text => Body::Text(encapsulated.into_text()),
        Origin::Html | Origin::Rtf => Body::Html(encapsulated.into_text()),
    };
    (body, wrong)
}

/// Whether HTML made by [`read_body`] shows nothing: many senders leave an empty rich text body beside the plain one.
pub(super) fn is_blank(readable: &str) -> bool {
    let body = readable.split_once("pre-wrap\">").map_or(readable, |(_, body)| body);
    let mut is_markup = false;
    body.chars().all(|c| {
        let is_ink = !is_markup && c != '<' && !c.is_whitespace();
        is_markup = if is_markup { c != '>' } else { c == '<' };
        !is_ink
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_document_is_blank() {
        let readable = |rtf: &[u8]| match read_body(rtf) {
            Body::Readable(html) => is_blank(&html),
            other => panic!("{other:?}"),
        };
        assert!(readable(br"{\rtf1\pard\b \par\par}"));
        assert!(!readable(br"{\rtf1\pard\par .}"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = b"{\\b x".repeat(300_000);
        assert!(matches!(read_body(&deep), Body::Readable(html) if html.matches('x').count() == 300_000));
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(rtf: Vec<u8>) {
            let _ = read_body(&rtf);
        }

        #[test]
        fn arbitrary_rtf_never_panics(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "{", "}", "\\*", "\\fonttbl", "\\f1", "\\fcharset128", "\\u-10179", "\\uc3", "\\'83", "\\htmlrtf",
                    "\\htmlrtf0", "\\htmltag64", "\\cell", "\\row", "\\intbl", "\\pard", "\\par", "x", "\\field",
                    "\\fldinst", "HYPERLINK \"a\"", "\\fldrslt", "\\colortbl", ";", "\\cf3", "\\b", "\\fs23", "\\bin4 ",
                ]),
                0..60,
            ),
            head in proptest::sample::select(vec!["{\\rtf1\\fromhtml1 ", "{\\rtf1\\fromtext ", "{\\rtf1 "]),
        ) {
            let _ = read_body(format!("{head}{}", words.concat()).as_bytes());
        }
    }
}
