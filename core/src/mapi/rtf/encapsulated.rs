use super::{
    Body,
    document::Sink,
    token::{Token, Tokens},
};

/// Tokens of the header in which `\fromhtml1` or `\fromtext` must stand ([MS-OXRTFEX] 2.2.3.1 asks for ten; some writers
/// put more before it).
const RECOGNITION: usize = 32;

/// What a document of RTF was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// HTML, which is in it piece by piece (`\fromhtml1`).
    Html,
    /// Plain text (`\fromtext`).
    Text,
    /// Nothing else: it was written as RTF.
    Rtf,
}

/// What `rtf` was made from ([MS-OXRTFEX] 2.2.3.1).
///
/// ```
/// use mailferry::mapi::rtf;
///
/// assert_eq!(rtf::origin(br"{\rtf1\ansi\fromtext \fbidi \deff0 Hello}"), rtf::Origin::Text);
/// ```
pub fn origin(rtf: &[u8]) -> Origin {
    for token in Tokens::new(rtf).take(RECOGNITION) {
        match token {
            Token::Word(b"fromhtml", Some(1)) => return Origin::Html,
            Token::Word(b"fromtext", _) => return Origin::Text,
            Token::Word(b"fonttbl", _) | Token::Hex(_) => return Origin::Rtf,
            Token::Text(text) if text.iter().any(|octet| *octet != b' ') => return Origin::Rtf,
            _ => {}
        }
    }
    Origin::Rtf
}

/// Takes HTML or text back out of the RTF that it was put in ([MS-OXRTFEX] 2.2.3.2, 2.2.3.3).
#[derive(Debug, Default)]
pub(super) struct Encapsulated {
    found: String,
    group: Group,
    groups: Vec<Group>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// Inside `\htmlrtf`: for readers of RTF only.
    rtf_only: bool,
}

impl Encapsulated {
    /// What was taken out of a document that was made from it.
    pub(super) fn into_body(self, origin: Origin) -> Body {
        if origin == Origin::Text { Body::Text(self.found) } else { Body::Html(self.found) }
    }
}

impl Sink for Encapsulated {
    fn open(&mut self) {
        self.groups.push(self.group);
    }

    fn close(&mut self) {
        self.group = self.groups.pop().unwrap_or_default();
    }

    fn enters(&mut self, name: &[u8], _ignorable: bool) -> bool {
        matches!(name, b"htmltag" | b"fldrslt")
    }

    fn word(&mut self, name: &[u8], parameter: Option<i32>) {
        match name {
            b"htmlrtf" => self.group.rtf_only = parameter != Some(0),
            b"par" | b"line" => self.text("\r\n"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if !self.group.rtf_only {
            self.found.push_str(text);
        }
    }

    fn held(&self) -> usize {
        self.found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Body, read_body};

    fn html(rtf: &[u8]) -> String {
        match read_body(rtf) {
            Body::Html(html) => html,
            other => panic!("not HTML: {other:?}"),
        }
    }

    /// After [MS-OXRTFEX] 3: tags in their groups, text outside, RTF-only runs left out.
    #[test]
    fn html_is_taken_out_of_tags_and_text() {
        let rtf = br"{\rtf1\ANSI\ansicpg1251\fromhtml1 \deff0
{\fonttbl {\f0\fmodern Courier New;}{\f1\fswiss Arial;}{\f2\fswiss\fcharset0 Arial;}}
{\colortbl\red0\green0\blue0;\red0\green0\blue255;}
{\*\htmltag64}
\uc1\pard\plain\deftab360 \f0\fs24
{\*\htmltag <HTML><head>\par
<style>\par
<!--\par
p \{margin: 0\}\par
-->\par
</style>\par
}{\*\htmltag <p>\par }
\htmlrtf \f1 \htmlrtf0 Note the line break inside a P tag. {\*\htmltag <b>}\htmlrtf {\b \htmlrtf0 This is a bold text{\*\htmltag </b>}\htmlrtf }\htmlrtf0  \htmlrtf\par\htmlrtf0
{\*\mhtmltag <x>}{\*\htmltag </p>\par
</html>}}";
        assert_eq!(
            html(rtf),
            "<HTML><head>\r\n<style>\r\n<!--\r\np {margin: 0}\r\n-->\r\n</style>\r\n<p>\r\nNote the line break inside a P tag. <b>This is a bold text</b> </p>\r\n</html>"
        );
    }

    #[test]
    fn text_follows_the_code_page_of_its_font_and_tags_that_of_the_document() {
        let rtf = br"{\rtf1\ansi\ansicpg1251\fromhtml1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 B;}}{\*\htmltag64 <a \'cf>}\f1\'82\'a0\f0\'e9\u8364?\u-10179 ?\u-8704 ?}";
        assert_eq!(html(rtf), "<a П>あé€😀");
    }

    #[test]
    fn a_trail_octet_may_be_an_ordinary_or_an_escaped_character() {
        let rtf = br"{\rtf1\ansi\ansicpg932\fromhtml1 \'83A\'83\}}";
        assert_eq!(html(rtf), "アマ");
    }

    #[test]
    fn text_is_taken_out() {
        let rtf = br"{\rtf1\ansi\fbidi\ansicpg1252\fromtext\deff0{\fonttbl{\f0 A;}}{\colortbl;}\uc1 one\tab two\par {\*\x no}\{three\}\line four}";
        assert_eq!(read_body(rtf), Body::Text("one\ttwo\r\n{three}\r\nfour".into()));
    }
}
