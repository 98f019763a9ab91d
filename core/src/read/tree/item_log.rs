//! Our own item log, read back: what an archive's files cannot say of their messages.

use crate::{
    DateTime,
    error::{Error, ErrorKind, Result},
    model::{DateSource, Folder, FolderPath, Keywords, Received, Role},
    read::{hints::Hints, metadata},
    source::{Source, Window},
};
use serde::Deserialize;
use std::borrow::Cow;
use twox_hash::XxHash3_64;

/// Octets of a line at most.
const LINE: usize = 4 << 20;

/// The lines of an item log by the paths of the files they tell of: 16 octets of memory a file.
pub(in crate::read) struct ItemLog {
    source: Source,
    /// The digest of a path and where its line starts, in the order of the digests.
    lines: Vec<(u64, u64)>,
}

/// What a line tells, as far as it is read back.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Line<'l> {
    #[serde(borrow)]
    path: Option<Cow<'l, str>>,
    copies: Vec<String>,
    folder: String,
    role: Option<String>,
    labels: Vec<String>,
    keywords: Vec<String>,
    received_at: Option<String>,
    date_source: Option<String>,
}

/// What the log says of a file.
pub(in crate::read) enum Recorded {
    /// What it says about the message.
    Item(Box<Hints>),
    /// It is a further copy of a message, for another label.
    Copy,
}

impl ItemLog {
    /// The log in `source`, read once for where its lines are; lines that are none are nothing.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`] when it tells of more than `most` files.
    pub(in crate::read) fn open(source: Source, most: u64) -> Result<Self> {
        let mut lines = Vec::new();
        let mut window = Window::new(source.clone());
        let mut at = 0;
        while let Some((line, next)) = read_line(&mut window, at)? {
            if let Ok(Line { path: Some(path), copies, .. }) = serde_json::from_slice(&line) {
                lines.push((digest(&path), at));
                lines.extend(copies.iter().map(|copy| (digest(copy), at)));
            }
            if lines.len() as u64 > most {
                return Err(Error::new(ErrorKind::Limit, format!("describes more than {most} files")));
            }
            at = next;
        }
        lines.sort_unstable();
        Ok(Self { source, lines })
    }

    /// What it says of the file at `path`, which lies in `directories`.
    ///
    /// # Errors
    /// What the source says.
    pub(in crate::read) fn find(&self, path: &str, directories: &[String]) -> Result<Option<Recorded>> {
        let wanted = digest(path);
        let first = self.lines.partition_point(|(digest, _)| *digest < wanted);
        let mut window = Window::new(self.source.clone());
        for (_, at) in self.lines.iter().skip(first).take_while(|(digest, _)| *digest == wanted) {
            let Some((octets, _)) = read_line(&mut window, *at)? else { continue };
            let Ok(line) = serde_json::from_slice::<Line<'_>>(&octets) else { continue };
            if line.path.as_deref() == Some(path) {
                return Ok(Some(Recorded::Item(Box::new(line.hints(directories)))));
            }
            if line.copies.iter().any(|copy| copy == path) {
                return Ok(Some(Recorded::Copy));
            }
        }
        Ok(None)
    }
}

impl Line<'_> {
    fn hints(&self, directories: &[String]) -> Hints {
        let mut keywords = Keywords::default();
        self.keywords.iter().for_each(|keyword| keywords.insert(keyword.clone()));
        let received = self.received_at.as_deref().and_then(rfc_3339).map(|at| {
            let source = self.date_source.as_deref().map_or(DateSource::Recorded, DateSource::of_name);
            Received { at, source }
        });
        let folder = Folder {
            path: FolderPath::new(names(&self.folder, directories)),
            role: self.role.as_deref().and_then(Role::of_name),
        };
        Hints {
            folder: Some(folder),
            over_labels: true,
            keywords,
            all_keywords: true,
            labels: self.labels.iter().map(|label| metadata::label(label)).collect(),
            received,
            ..Hints::default()
        }
    }
}

/// The names of a folder that the log joined by `/`. A name may itself hold a `/`: the directories, in which it cannot stand,
/// tell where.
fn names(folder: &str, directories: &[String]) -> Vec<String> {
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let parts: Vec<&str> = folder.split('/').collect();
    let mut rest = parts.as_slice();
    let mut names = Vec::new();
    for directory in directories {
        let wanted = letters(directory);
        let fits = (1..=rest.len()).find(|n| letters(&rest.get(..*n).unwrap_or_default().concat()) == wanted);
        let Some((name, behind)) = fits.and_then(|n| rest.split_at_checked(n)) else { break };
        names.push(name.join("/"));
        rest = behind;
    }
    if rest.is_empty() { names } else { parts.into_iter().map(str::to_owned).collect() }
}

/// The line at `at` and where the next one starts; a line that is too long is empty.
fn read_line(window: &mut Window, at: u64) -> Result<Option<(Vec<u8>, u64)>> {
    let mut line = Vec::new();
    let mut place = at;
    loop {
        let octets = window.at(place)?;
        if octets.is_empty() {
            return Ok((place > at).then_some((line, place)));
        }
        let end = memchr::memchr(b'\n', octets);
        let piece = octets.get(..end.unwrap_or(octets.len())).unwrap_or_default();
        if line.len() + piece.len() <= LINE {
            line.extend_from_slice(piece);
        } else {
            line.clear();
        }
        place += piece.len() as u64;
        if end.is_some() {
            return Ok(Some((line, place + 1)));
        }
    }
}

fn digest(path: &str) -> u64 {
    XxHash3_64::oneshot(path.as_bytes())
}

/// A date as the log writes it: `2024-01-01T00:00:00Z`, or with an offset for the `Z`.
pub(super) fn rfc_3339(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once('T')?;
    let (time, zone) = time.split_at_checked(8)?;
    let offset = match zone {
        "Z" | "z" => None,
        zone => {
            let (sign, digits) = zone.split_at_checked(1)?;
            let (hours, minutes) = digits.split_once(':')?;
            let minutes = hours.parse::<i16>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
            Some(if sign == "-" { -minutes } else { minutes })
        }
    };
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    DateTime::from_civil(
        date.next()??,
        date.next()??,
        date.next()??,
        time.next()??,
        time.next()??,
        time.next()??,
        offset,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_date_comes_back() {
        for text in ["2024-01-01T00:00:00Z", "1999-12-31T23:59:59Z"] {
            assert_eq!(rfc_3339(text).unwrap().to_string(), text);
        }
        assert_eq!(rfc_3339("2024-01-01T02:00:00+02:00").unwrap().unix_seconds(), 1_704_067_200);
        for text in ["", "2024", "2024-13-01T00:00:00Z", "2024-01-01T00:00", "2024-01-01T00:00:00+9999999:00"] {
            assert_eq!(rfc_3339(text), None, "{text}");
        }
    }

    #[test]
    fn a_slash_in_a_name_is_told_by_the_directories() {
        let names = |folder, directories: &[&str]| {
            names(folder, &directories.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).join("|")
        };
        assert_eq!(names("Work/2024", &["Work", "2024"]), "Work|2024");
        assert_eq!(names("Work/2024", &["Work_2024"]), "Work/2024");
        assert_eq!(names("a/b/c", &["a_b", "c", "0001"]), "a/b|c");
        assert_eq!(names("a/b", &["x"]), "a|b");
    }

    #[test]
    fn lines_are_found_by_path_and_copies_are_known() {
        let log = concat!(
            "no json\n",
            r#"{"path":"In/1.eml","copies":["Work/1.eml"],"folder":"In","role":"inbox","keywords":["$seen"],"labels":["In","Work"],"receivedAt":"2024-01-01T00:00:00Z","dateSource":"from_line"}"#,
            "\n",
            r#"{"folder":"In","status":"failed"}"#,
            "\n",
            r#"{"path":"In/2.eml","folder":"In"}"#
        );
        let log = ItemLog::open(Arc::new(log.as_bytes().to_vec()), 10).unwrap();
        let directories = ["In".to_owned()];
        let Some(Recorded::Item(hints)) = log.find("In/1.eml", &directories).unwrap() else { panic!() };
        assert_eq!(hints.folder.unwrap().role, Some(Role::Inbox));
        assert_eq!(hints.received.unwrap().source, DateSource::FromLine);
        assert_eq!(hints.labels.len(), 2);
        assert!(matches!(log.find("Work/1.eml", &directories).unwrap(), Some(Recorded::Copy)));
        assert!(matches!(log.find("In/2.eml", &directories).unwrap(), Some(Recorded::Item(_))));
        assert!(log.find("In/3.eml", &directories).unwrap().is_none());
        let error = ItemLog::open(Arc::new(b"{\"path\":\"a\"}\n{\"path\":\"b\"}\n".to_vec()), 1).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
