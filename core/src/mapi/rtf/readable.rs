use super::document::Sink;
use std::fmt::Write;

/// Octets of a field's instruction that are read for its link.
const MAX_INSTRUCTION: usize = 16 << 10;

/// Colours of a document that are kept.
const MAX_COLOURS: usize = 4096;

/// Makes HTML for reading from genuine RTF: paragraphs, character formatting, links and tables.
///
/// Pictures, objects, page layout, headers and footers are left out.
#[derive(Debug, Default)]
pub(super) struct Readable {
    html: String,
    group: Group,
    groups: Vec<Group>,
    /// The formatting whose tags are open.
    written: Format,
    in_paragraph: bool,
    table: Table,
    colours: Vec<String>,
    colour: [i32; 3],
    instruction: String,
    links: Vec<String>,
    /// Octets of memory that the links take.
    held_by_links: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    format: Format,
    alignment: Alignment,
    destination: Destination,
    in_table: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Format {
    bold: bool,
    italic: bool,
    underlined: bool,
    struck: bool,
    hidden: bool,
    script: Script,
    colour: usize,
    half_points: i32,
    /// Which link, from 1.
    link: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Script {
    #[default]
    Normal,
    Super,
    Sub,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Alignment {
    #[default]
    Left,
    Centre,
    Right,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Destination {
    #[default]
    Body,
    Colours,
    Instruction,
}

/// How far into a table the HTML is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    #[default]
    Outside,
    Between,
    Row,
    Cell,
}

impl Readable {
    pub(super) fn into_html(mut self) -> String {
        self.end_paragraph();
        self.leave_to(Table::Outside);
        // In place: it may be long.
        let start =
            "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"></head>\r\n<body style=\"white-space:pre-wrap\">";
        self.html.insert_str(0, start);
        self.html.push_str("</body></html>\r\n");
        self.html
    }

    fn set(&mut self, format: Format) {
        if format == self.written {
            return;
        }
        let old = self.written;
        if old.colour > 0 || old.half_points > 0 {
            self.html.push_str("</span>");
        }
        for (_, tag) in old.tags().into_iter().rev().filter(|(is_set, _)| *is_set) {
            let _ = write!(self.html, "</{tag}>");
        }
        if old.link > 0 {
            self.html.push_str("</a>");
        }
        if let Some(link) = format.link.checked_sub(1).and_then(|link| self.links.get(link)) {
            self.html.push_str("<a href=\"");
            escape(link, &mut self.html);
            self.html.push_str("\">");
        }
        for (_, tag) in format.tags().into_iter().filter(|(is_set, _)| *is_set) {
            let _ = write!(self.html, "<{tag}>");
        }
        if format.colour > 0 || format.half_points > 0 {
            self.html.push_str("<span style=\"");
            if let Some(colour) = self.colours.get(format.colour).filter(|_| format.colour > 0) {
                let _ = write!(self.html, "color:{colour};");
            }
            if format.half_points > 0 {
                let half = if format.half_points % 2 == 1 { ".5" } else { "" };
                let _ = write!(self.html, "font-size:{}{half}pt", format.half_points / 2);
            }
            self.html.push_str("\">");
        }
        self.written = format;
    }

    fn begin_paragraph(&mut self) {
        if self.group.in_table {
            self.enter_cell();
        } else {
            self.leave_to(Table::Outside);
        }
        if !self.in_paragraph {
            self.in_paragraph = true;
            self.html.push_str(match self.group.alignment {
                Alignment::Left => "<p style=\"margin:0\">",
                Alignment::Centre => "<p style=\"margin:0;text-align:center\">",
                Alignment::Right => "<p style=\"margin:0;text-align:right\">",
            });
        }
    }

    fn end_paragraph(&mut self) {
        if self.in_paragraph {
            self.set(Format::default());
            self.html.push_str("</p>\r\n");
            self.in_paragraph = false;
        }
    }

    fn enter_cell(&mut self) {
        if self.table < Table::Cell {
            self.end_paragraph();
            if self.table == Table::Outside {
                self.html.push_str("<table border=\"1\">");
            }
            if self.table < Table::Row {
                self.html.push_str("<tr>");
            }
            self.html.push_str("<td>");
            self.table = Table::Cell;
        }
    }

    fn leave_to(&mut self, table: Table) {
        if self.table > table {
            self.end_paragraph();
        }
        while self.table > table {
            self.table = match self.table {
                Table::Cell => {
                    self.html.push_str("</td>");
                    Table::Row
                }
                Table::Row => {
                    self.html.push_str("</tr>\r\n");
                    Table::Between
                }
                Table::Between | Table::Outside => {
                    self.html.push_str("</table>\r\n");
                    Table::Outside
                }
            };
        }
    }

    fn colour_word(&mut self, name: &[u8], parameter: Option<i32>) {
        let value = parameter.unwrap_or(0).clamp(0, 255);
        let [red, green, blue] = &mut self.colour;
        match name {
            b"red" => *red = value,
            b"green" => *green = value,
            b"blue" => *blue = value,
            _ => {}
        }
    }

    fn character_format(&mut self, name: &[u8], parameter: Option<i32>) {
        let format = &mut self.group.format;
        let on = parameter != Some(0);
        match name {
            b"b" => format.bold = on,
            b"i" => format.italic = on,
            b"ul" | b"uld" | b"uldb" | b"ulw" | b"ulwave" | b"uldash" => format.underlined = on,
            b"ulnone" => format.underlined = false,
            b"strike" | b"striked" => format.struck = on,
            b"v" => format.hidden = on,
            b"super" => format.script = if on { Script::Super } else { Script::Normal },
            b"sub" => format.script = if on { Script::Sub } else { Script::Normal },
            b"nosupersub" => format.script = Script::Normal,
            b"cf" => format.colour = usize::try_from(parameter.unwrap_or(0)).unwrap_or(0),
            b"fs" => format.half_points = parameter.unwrap_or(0).clamp(0, 400),
            b"plain" => *format = Format { link: format.link, ..Format::default() },
            _ => {}
        }
    }
}

impl Format {
    fn tags(self) -> [(bool, &'static str); 6] {
        [
            (self.bold, "b"),
            (self.italic, "i"),
            (self.underlined && self.link == 0, "u"),
            (self.struck, "s"),
            (self.script == Script::Super, "sup"),
            (self.script == Script::Sub, "sub"),
        ]
    }
}

impl Sink for Readable {
    fn open(&mut self) {
        self.groups.push(self.group);
    }

    fn close(&mut self) {
        self.group = self.groups.pop().unwrap_or_default();
    }

    fn enters(&mut self, name: &[u8], _ignorable: bool) -> bool {
        match name {
            b"colortbl" => self.group.destination = Destination::Colours,
            b"fldinst" => {
                self.group.destination = Destination::Instruction;
                self.instruction.clear();
            }
            b"fldrslt" => {
                if let Some(link) = hyperlink(&self.instruction) {
                    self.held_by_links += link.len() + size_of::<String>();
                    self.links.push(link);
                    self.group.format.link = self.links.len();
                }
                self.instruction.clear();
            }
            b"footnote" | b"shppict" => {}
            _ => return false,
        }
        true
    }

    fn word(&mut self, name: &[u8], parameter: Option<i32>) {
        match self.group.destination {
            Destination::Colours => return self.colour_word(name, parameter),
            Destination::Instruction => return,
            Destination::Body => {}
        }
        match name {
            b"par" | b"sect" | b"page" => {
                self.begin_paragraph();
                if self.html.ends_with('>') && self.written == Format::default() {
                    self.html.push_str("<br>");
                }
                self.end_paragraph();
            }
            b"line" => {
                self.begin_paragraph();
                self.html.push_str("<br>");
            }
            b"cell" => {
                self.enter_cell();
                self.leave_to(Table::Row);
            }
            b"row" => self.leave_to(Table::Between),
            b"nestcell" | b"nestrow" => self.text("\t"),
            b"intbl" => self.group.in_table = true,
            b"pard" => {
                self.group.in_table = false;
                self.group.alignment = Alignment::Left;
            }
            b"ql" | b"qj" => self.group.alignment = Alignment::Left,
            b"qc" => self.group.alignment = Alignment::Centre,
            b"qr" => self.group.alignment = Alignment::Right,
            _ => self.character_format(name, parameter),
        }
    }

    fn text(&mut self, text: &str) {
        match self.group.destination {
            Destination::Colours => {
                for _ in text.matches(';') {
                    let [red, green, blue] = std::mem::take(&mut self.colour);
                    if self.colours.len() < MAX_COLOURS {
                        self.colours.push(format!("#{red:02x}{green:02x}{blue:02x}"));
                    }
                }
            }
            Destination::Instruction => {
                if self.instruction.len() + text.len() <= MAX_INSTRUCTION {
                    self.instruction.push_str(text);
                }
            }
            Destination::Body if self.group.format.hidden => {}
            Destination::Body => {
                self.begin_paragraph();
                let mut format = self.group.format;
                if format.colour >= self.colours.len() {
                    format.colour = 0;
                }
                self.set(format);
                escape(text, &mut self.html);
            }
        }
    }

    fn held(&self) -> usize {
        self.html.len() + self.held_by_links
    }
}

/// Where a field's instruction leads: `HYPERLINK "https://example.com" \o "tip"`.
fn hyperlink(instruction: &str) -> Option<String> {
    let rest = instruction.trim_start().strip_prefix("HYPERLINK")?.trim_start();
    let (prefix, rest) = match rest.strip_prefix("\\l") {
        Some(anchor) => ("#", anchor.trim_start()),
        None => ("", rest),
    };
    let target = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split_whitespace().next(),
    };
    target.filter(|target| !target.is_empty()).map(|target| format!("{prefix}{target}"))
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Body, read_body};

    fn body(rtf: &[u8]) -> String {
        let Body::Readable(html) = read_body(rtf) else { panic!("not genuine RTF") };
        let from = html.find("pre-wrap\">").unwrap() + "pre-wrap\">".len();
        html[from..html.find("</body>").unwrap()].to_owned()
    }

    #[test]
    fn formatting_nests_and_ends_with_its_group() {
        assert_eq!(
            body(br"{\rtf1{\fonttbl{\f0 Arial;}}\pard a{\b b{\i c}}d & <e>\par\par f}"),
            "<p style=\"margin:0\">a<b>b</b><b><i>c</i></b>d &amp; &lt;e&gt;</p>\r\n\
             <p style=\"margin:0\"><br></p>\r\n<p style=\"margin:0\">f</p>\r\n"
        );
    }

    #[test]
    fn links_and_colours() {
        assert_eq!(
            body(
                br#"{\rtf1{\colortbl;\red255\green0\blue16;}{\field{\*\fldinst{HYPERLINK "http://a/?b&c"}}{\fldrslt\cf1 x}}y}"#
            ),
            "<p style=\"margin:0\"><a href=\"http://a/?b&amp;c\"><span style=\"color:#ff0010;\">x</span></a>y</p>\r\n"
        );
    }

    #[test]
    fn tables_have_rows_and_cells() {
        assert_eq!(
            body(br"{\rtf1\trowd\pard\intbl a\cell b\cell\row\pard after\par}"),
            "<table border=\"1\"><tr><td><p style=\"margin:0\">a</p>\r\n</td><td><p style=\"margin:0\">b</p>\r\n</td></tr>\r\n\
             </table>\r\n<p style=\"margin:0\">after</p>\r\n"
        );
    }
}
