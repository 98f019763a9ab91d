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
pub(super) use compressed::decompressed;
pub use encapsulated::{Origin, origin};

use crate::{Result, source::Content};
use encapsulated::Encapsulated;
use readable::Readable;

/// Octets at the start of a document that tell what it was made from.
const HEAD: usize = 64 << 10;

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
    let origin = origin(rtf);
    if origin == Origin::Rtf {
        let mut readable = Readable::default();
        document::read(rtf, &mut readable);
        return Body::Readable(readable.into_html());
    }
    let mut encapsulated = Encapsulated::default();
    document::read(rtf, &mut encapsulated);
    encapsulated.into_body(origin)
}

/// A body, and what is to be told of it.
pub(super) struct Read {
    pub(super) body: Body,
    /// How many pieces of its text were not of their code page.
    pub(super) wrong: usize,
    /// Whether there is more of it.
    pub(super) is_cut: bool,
}

/// Reads RTF that may be long a piece at a time, until what is made of it has `most` octets.
pub(super) fn read_content(rtf: &Content, most: usize) -> Result<Read> {
    let origin = origin(&rtf.slice(0..HEAD as u64).to_vec(HEAD)?);
    if origin == Origin::Rtf {
        let mut readable = Readable::default();
        let (wrong, is_cut) = document::read_content(rtf, most, &mut readable)?;
        return Ok(Read { body: Body::Readable(readable.into_html()), wrong, is_cut });
    }
    let mut encapsulated = Encapsulated::default();
    let (wrong, is_cut) = document::read_content(rtf, most, &mut encapsulated)?;
    Ok(Read { body: encapsulated.into_body(origin), wrong, is_cut })
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
    fn a_document_that_comes_in_pieces_is_the_same() {
        let line = br#"{\b Gr\'fc\'dfe} \u8364?uro {\*\gone away}{\pict 0102030405}\bin7 }{}{\\{}{\field{\*\fldinst HYPERLINK "http://x.example/a"}{\fldrslt there}}\par "#;
        for start in
            [&br"{\rtf1\ansi "[..], br"{\rtf1\ansi\ansicpg932\fromhtml1 {\*\htmltag <p>}", br"{\rtf1\fromtext "]
        {
            let plain = [&b"\x83\x7d "[..], &b"long text ".repeat(40_000), &b"\x83A\x83\x5b".repeat(200_000)].concat();
            // Data that goes on over several pieces, with what looks like the end of the document in it.
            let data = [&br"\bin700000 "[..], &b"}}}}{{".repeat(116_667)[..700_000]].concat();
            let rtf = [start, &line.repeat(3_000), &plain, &data, &line.repeat(3_000), br"\'e9}"].concat();
            let read = read_content(&Content::from(rtf.clone()), usize::MAX).unwrap();
            assert!(read.body == read_body(&rtf) && !read.is_cut);
            let cut = read_content(&Content::from(rtf), 10_000).unwrap();
            let (Body::Html(text) | Body::Text(text) | Body::Readable(text)) = cut.body;
            assert!(cut.is_cut && (3_000..300_000).contains(&text.len()), "{}", text.len());
        }
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
