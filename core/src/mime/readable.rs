//! The text of a body for search and analysis: HTML reduced to what a person reads, replies without what they quote.

use crate::divide::divide;

/// Octets of one piece of markup that are looked at for a tag: a `<` without its `>` in so many is text.
const MOST_TAG: usize = 64 << 10;

/// Tags that end or part a line, and what becomes of them: their names alone, so that what is left is plain.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// Elements whose content nobody reads.
const UNREAD: &[&str] = &["head", "script", "style", "template", "title", "noscript", "object", "svg"];

/// Elements that have no content, and so no end.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// The text that a person reads in `html`: without tags, comments, styles, scripts and what is hidden. It takes time in proportion
/// to its length, whatever is in it.
///
/// The markup is brought to a few tags without attributes here, each of them whole; `nanohtml2text` does the rest: of unclosed tags
/// and quotation marks it would take time with the square of their number.
pub(crate) fn text_of_html(html: &str) -> String {
    let text = nanohtml2text::html2text(&plain_markup(html));
    let mut lines = String::new();
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_matches(|c: char| c.is_whitespace() && c != '\u{a0}');
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 && !(line.is_empty() && lines.is_empty()) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines.truncate(lines.trim_end().len());
    lines
}

/// The same markup with tags that part lines, and text.
fn plain_markup(html: &str) -> String {
    let mut plain = String::new();
    // How deep in elements that are not read it is, and which of them is the outermost.
    let mut unread: Option<(String, usize)> = None;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, markup) = divide(rest, at);
        if unread.is_none() {
            plain.push_str(text);
        }
        let Some((tag, behind)) = tag(markup) else {
            if unread.is_none() {
                plain.push_str("&lt;");
            }
            rest = markup.get(1..).unwrap_or_default();
            continue;
        };
        rest = behind;
        match (&mut unread, tag) {
            (_, Tag::Comment) => {}
            (Some((name, depth)), Tag::Open(other, ..)) if *name == other => *depth += 1,
            (Some((name, depth)), Tag::Close(other)) if *name == other => {
                *depth -= 1;
                if *depth == 0 {
                    unread = None;
                }
            }
            (Some(_), _) => {}
            (None, Tag::Open(name, attributes)) => {
                let is_void = VOID.contains(&&*name);
                if matches!(&*name, "script" | "style") {
                    // What is in it is no markup.
                    rest = behind_raw(rest, &name);
                } else if UNREAD.contains(&&*name) || !is_void && is_hidden(attributes) {
                    unread = Some((name, 1));
                } else {
                    push_tag(&mut plain, &name, false);
                }
            }
            (None, Tag::Close(name)) => push_tag(&mut plain, &name, true),
        }
    }
    if unread.is_none() {
        plain.push_str(rest);
    }
    plain
}

fn push_tag(plain: &mut String, name: &str, closes: bool) {
    if matches!(name, "td" | "th") {
        plain.push(' ');
    } else if BLOCKS.contains(&name) && !(closes && name == "br") {
        let name = if matches!(name, "br" | "p" | "li" | "ul" | "ol" | "tr" | "hr") { name } else { "div" };
        plain.push_str(if closes { "</" } else { "<" });
        plain.push_str(name);
        plain.push('>');
    }
}

enum Tag<'h> {
    /// Its name in lower case, and its attributes.
    Open(String, &'h str),
    Close(String),
    Comment,
}

/// The tag or comment that `markup` starts with, and what follows; `None` where it is text.
fn tag(markup: &str) -> Option<(Tag<'_>, &str)> {
    if let Some(comment) = markup.strip_prefix("<!--") {
        // One that is not closed has no text behind it that a program would show.
        let behind = comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or_default();
        return Some((Tag::Comment, behind));
    }
    let inside = markup.strip_prefix('<')?;
    let (inside, closes) = inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
    if !closes && inside.starts_with(['!', '?']) {
        let end = within(inside).find('>')?;
        return Some((Tag::Comment, inside.get(end + 1..)?));
    }
    let name = inside.bytes().take_while(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b':' | b'-')).count();
    let (name, attributes) = divide(inside, name);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > 32 {
        return None;
    }
    let end = end_of_tag(within(attributes))?;
    let (attributes, behind) = (attributes.get(..end)?, attributes.get(end + 1..)?);
    let name = name.to_ascii_lowercase();
    Some((if closes { Tag::Close(name) } else { Tag::Open(name, attributes) }, behind))
}

/// The start of `text` in which the end of a tag is looked for.
fn within(text: &str) -> &str {
    let mut end = text.len().min(MOST_TAG);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Where the `>` stands that no quotation marks enclose, or else the first one at all; none where another tag begins before.
fn end_of_tag(attributes: &str) -> Option<usize> {
    let (mut quote, mut before) = (None, b' ');
    for (at, octet) in attributes.bytes().enumerate() {
        match quote {
            Some(open) if octet == open => quote = None,
            Some(_) => {}
            None if octet == b'>' => return Some(at),
            // Another tag: so that no octet is looked at for more than a few.
            None if octet == b'<' => return None,
            None if matches!(octet, b'"' | b'\'') && before == b'=' => quote = Some(octet),
            None => {}
        }
        if !octet.is_ascii_whitespace() {
            before = octet;
        }
    }
    attributes.find('>')
}

/// What is behind the end of an element whose content is no markup.
fn behind_raw<'h>(rest: &'h str, name: &str) -> &'h str {
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|rest| rest.find("</")) {
        let end = from + at + 2;
        let called = rest.as_bytes().get(end..end + name.len()).unwrap_or_default();
        if called.eq_ignore_ascii_case(name.as_bytes()) {
            let close = rest.get(end..).and_then(|rest| rest.find('>'));
            return close.and_then(|close| rest.get(end + close + 1..)).unwrap_or_default();
        }
        from = end;
    }
    ""
}

/// Whether an element is hidden: by its attribute, or its own style.
fn is_hidden(attributes: &str) -> bool {
    if attributes.is_empty() {
        return false;
    }
    let squeezed: String = attributes.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    let by_attribute = || attributes.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("hidden"));
    squeezed.contains("display:none") || squeezed.contains("visibility:hidden") || by_attribute()
}

/// What the writer of `text` wrote: without lines that are quoted, the line that says whose they are, the signature, and all that
/// follows a line under which mail programs put the message that is answered.
pub(crate) fn own_part(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().enumerate().position(|(at, line)| ends_own(line, lines.get(at + 1..).unwrap_or_default()));
    let lines = lines.get(..end.unwrap_or(lines.len())).unwrap_or_default();
    let mut own: Vec<&str> = Vec::new();
    let mut quoted = false;
    for line in lines {
        let is_quoted = line.trim_start().starts_with('>');
        if is_quoted && !quoted {
            take_attribution(&mut own);
        }
        quoted = is_quoted;
        if !is_quoted {
            own.push(line);
        }
    }
    let text = own.join("\n");
    text.trim().to_owned()
}

/// Whether what the writer wrote ends before `line`.
fn ends_own(line: &str, behind: &[&str]) -> bool {
    // RFC 3676 §4.3, and without the space, which many programs take away.
    if matches!(line, "-- " | "--") {
        return true;
    }
    let line = line.trim();
    let dashes = line.len() >= 20 && line.bytes().all(|octet| octet == b'_');
    let heads = || {
        let first = behind.iter().take(4).map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or_default();
        FROM.iter().any(|from| first.trim_start_matches('*').starts_with(from))
    };
    let original = line.starts_with("-----") && line.ends_with("-----") && line.chars().any(char::is_alphabetic);
    let is_header = FROM.iter().any(|from| line.trim_start_matches('*').starts_with(from))
        && behind
            .iter()
            .take(4)
            .any(|line| SENT.iter().any(|sent| line.trim().trim_start_matches('*').starts_with(sent)));
    dashes && heads() || original || is_header
}

/// The first lines of the header that programs put before what is answered, in the languages that they speak most.
const FROM: [&str; 6] = ["From:", "Von:", "De :", "De:", "Da:", "Van:"];
/// The lines behind it.
const SENT: [&str; 10] =
    ["Sent:", "Date:", "Gesendet:", "Datum:", "Envoyé", "Date :", "Enviado", "Fecha:", "Inviato:", "Verzonden:"];

/// Takes away the line before a quotation that says who wrote it: `On …, Ann wrote:`, which may take two lines.
fn take_attribution(own: &mut Vec<&str>) {
    while own.last().is_some_and(|line| line.trim().is_empty()) {
        own.pop();
    }
    if !own.last().is_some_and(|line| line.trim_end().ends_with(':')) {
        return;
    }
    let begins = |line: &str| {
        let line = line.trim_start();
        ["On ", "Am ", "Le ", "El ", "Il ", "Op "].iter().any(|word| line.starts_with(word))
    };
    let two = own.len() >= 2 && own.get(own.len() - 2).is_some_and(|line| begins(line));
    let last = own.last().copied().unwrap_or_default();
    if begins(last) {
        own.pop();
    } else if two {
        own.truncate(own.len() - 2);
    } else if last.contains('@') || last.contains("wrote") {
        own.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn html_is_read_as_a_person_reads_it() {
        for (html, text) in [
            ("<p>One</p><p>Two &amp; three</p>", "One\n\nTwo & three"),
            ("<div>a<br>b</div><div>c</div>", "a\nb\nc"),
            ("<style>p{color:red}</style><script>if (a<b) x();</script>seen", "seen"),
            ("<head><title>No</title></head><body>Yes</body>", "Yes"),
            ("a<!-- hidden -->b", "ab"),
            ("<span style=\"display: none\">no <b>never</b></span>yes", "yes"),
            ("<div hidden>no<div>no</div></div>yes", "yes"),
            ("<img style='display:none' src=x>text behind an image", "text behind an image"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<a href=\"https://example.org/?a=1>2\">link</a>", "link"),
            ("caf&eacute; &#8364; &lt;tag&gt;", "café € <tag>"),
            ("<!DOCTYPE html><html>text", "text"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<p title=\"unclosed>text</p>", "text"),
        ] {
            assert_eq!(
                text_of_html(html).split_whitespace().collect::<Vec<_>>(),
                text.split_whitespace().collect::<Vec<_>>(),
                "{html}"
            );
        }
        assert_eq!(text_of_html("<p>One</p><p>Two</p>").lines().next(), Some("One"));
    }

    #[test]
    fn no_markup_takes_time_with_the_square_of_its_length() {
        for piece in [
            "<",
            "<a ",
            "<a href=\"",
            "<div>",
            "<!--",
            "</",
            "<p title='",
            "<script>",
            "<b><i>",
            "&",
            "<a>",
            "</a>",
            "<![CDATA[",
        ] {
            let html = piece.repeat((1 << 20) / piece.len());
            let started = Instant::now();
            text_of_html(&html);
            assert!(started.elapsed() < Duration::from_secs(20), "{piece}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn a_reply_is_what_its_writer_wrote() {
        for (text, own) in [
            ("Yes.\n\nOn Mon, Jan 1, 2024 at 10:00 AM Ann <a@example.org> wrote:\n> Is it?\n> Ann\n", "Yes."),
            ("Yes.\n\nOn Mon, Jan 1, 2024 at 10:00 AM Ann\n<a@example.org> wrote:\n\n> Is it?\n", "Yes."),
            ("Above\n> quoted\nbelow\n> more\nlast", "Above\nbelow\nlast"),
            ("Text\n-- \nAnn\nExample Ltd.", "Text"),
            ("Gut.\n\nVon: Ann <a@example.org>\nGesendet: Montag, 1. Januar 2024\nAn: Bob\n\nText", "Gut."),
            ("Fine\n\n-----Original Message-----\nFrom: Ann\n\nText", "Fine"),
            ("Fine\n________________________________\nFrom: Ann\nSent: Monday\n\nText", "Fine"),
            ("Three things:\n- one\n- two", "Three things:\n- one\n- two"),
            ("", ""),
        ] {
            assert_eq!(own_part(text), own, "{text}");
        }
    }
}
