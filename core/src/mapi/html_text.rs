use crate::divide::divide;

/// Elements that begin a line of their own.
const BLOCKS: [&str; 17] =
    ["p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre"];

/// The words of an HTML body, for a place that takes plain text only; line breaks where blocks begin.
pub(super) fn plain_text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tail) = divide(rest, at);
        words(text, &mut out);
        let tag = tail.get(1..).unwrap_or_default();
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        let name = name.to_ascii_lowercase();
        // What is between such tags is not for reading.
        let end = match &*name {
            "style" | "script" | "title" if !tag.starts_with('/') => find_end_tag(tag, &name),
            _ if tag.starts_with("!--") => tag.find("-->").map(|at| at + 2),
            _ => tag.find('>'),
        };
        if BLOCKS.contains(&&*name) && !out.is_empty() && !out.ends_with('\n') {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        rest = end.and_then(|end| tag.get(end + 1..)).unwrap_or_default();
    }
    words(rest, &mut out);
    out.trim().to_owned()
}

/// Where the end tag of an element ends.
fn find_end_tag(tag: &str, name: &str) -> Option<usize> {
    let from = tag
        .match_indices("</")
        .find(|(at, _)| tag.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))?;
    Some(from.0 + tag.get(from.0..)?.find('>')?)
}

fn words(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (character, length) = if c == '&' { entity(rest).unwrap_or((c, 1)) } else { (c, c.len_utf8()) };
        rest = rest.get(length..).unwrap_or_default();
        if c.is_ascii_whitespace() {
            if !out.ends_with([' ', '\n']) && !out.is_empty() {
                out.push(' ');
            }
        } else {
            out.push(character);
        }
    }
}

/// A character reference at the start of `text` and its length.
pub(super) fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|octet| octet == b';')?;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let code = match name.strip_prefix('#')? {
                hex if hex.starts_with(['x', 'X']) => u32::from_str_radix(hex.get(1..)?, 16).ok()?,
                decimal => decimal.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_lines_are_left() {
        let html = "<html><head><title>no</title><style>p{}</style></head><body><!-- no --><p>One &amp;\r\n two</p><p>3 &#60; 4<br>5</body>";
        assert_eq!(plain_text(html), "One & two\n3 < 4\n5");
    }

    proptest! {
        #[test]
        fn any_text_gives_some(html in "[<>/a-z&;#! -]{0,60}") {
            let _ = plain_text(&html);
        }
    }
}
