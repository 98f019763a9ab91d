use super::assembly::Assembly;
use crate::{
    content_line::{ContentLine, ContentLines, Property, fold},
    source::{Content, Source},
    time_zone,
};
use std::{collections::HashMap, io, sync::Arc};

/// What is changed in the lines of a calendar; every other line stays octet for octet.
#[derive(Default)]
pub(super) struct Edit {
    pub(super) strip_scheduling: bool,
    pub(super) iana_zones: bool,
    pub(super) refold: bool,
    /// What TZIDs become, found before.
    pub(super) names: HashMap<String, Option<&'static str>>,
}

impl Edit {
    /// What a TZID becomes.
    pub(super) fn zone_name<'a>(&mut self, id: &'a str) -> &'a str {
        if !self.iana_zones {
            return id;
        }
        if !self.names.contains_key(id) {
            // Few zones are named in one calendar; of a file that names millions, none is remembered.
            if self.names.len() > 1_000 {
                self.names.clear();
            }
            self.names.insert(id.to_owned(), time_zone::iana_name(id));
        }
        self.names.get(id).copied().flatten().unwrap_or(id)
    }

    /// Writes the lines of `content`, changed.
    pub(super) fn write(&mut self, content: &Content, line_end: &str, out: &mut Assembly) -> io::Result<()> {
        let source: Source = Arc::new(content.clone());
        let mut lines = ContentLines::new(source).map_err(io::Error::other)?;
        let mut kept = 0;
        while let Some(line) = lines.next_line()? {
            let changed = match ContentLine::parse(line.head).filter(|_| line.whole) {
                Some(parsed) => self.changed(&parsed, line.head),
                None => None,
            };
            let Some(changed) = changed else { continue };
            out.content(&content.slice(kept..line.start))?;
            kept = line.end;
            match line_end {
                "\r\n" => out.octets(&changed)?,
                _ => out.octets(String::from_utf8_lossy(&changed).replace("\r\n", line_end).as_bytes())?,
            }
        }
        out.content(&content.slice(kept..content.len()))
    }

    /// The folded line that stands for this one, empty to leave it out; `None` to keep it.
    fn changed(&mut self, line: &ContentLine<'_>, head: &[u8]) -> Option<Vec<u8>> {
        if self.strip_scheduling && line.is("METHOD") {
            return Some(Vec::new());
        }
        let strips = self.strip_scheduling && line.is("ATTENDEE") && line.parameter("RSVP").is_some();
        let names_zone = self.iana_zones && (line.parameter("TZID").is_some() || line.is("TZID"));
        if strips || names_zone {
            let mut property = Property::from_line(line);
            if strips {
                property.parameters.retain(|parameter| !parameter.name.eq_ignore_ascii_case("RSVP"));
            }
            let before = property.clone();
            if names_zone {
                self.rename_zone(&mut property);
            }
            if strips || property != before {
                let mut folded = Vec::new();
                property.write_to(&mut folded);
                return Some(folded);
            }
        }
        self.refold.then(|| {
            let mut folded = Vec::new();
            fold(head, &mut folded);
            folded
        })
    }

    fn rename_zone(&mut self, property: &mut Property) {
        if property.is("TZID") {
            let id = property.to_text().trim().to_owned();
            let name = self.zone_name(&id);
            if name != id {
                property.value = name.to_owned();
            }
        }
        for parameter in &mut property.parameters {
            if parameter.name.eq_ignore_ascii_case("TZID") {
                for value in &mut parameter.values {
                    let id = crate::content_line::unescape_text(value.trim()).into_owned();
                    let name = self.zone_name(&id);
                    if name != id {
                        *value = name.to_owned();
                    }
                }
            }
        }
    }
}
