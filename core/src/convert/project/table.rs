use crate::{
    divide::divide,
    error::{Error, ErrorKind, Result},
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// What stands in the source column of the row whose cells are those of all rows that leave them empty.
const DEFAULTS: &str = "*";
/// Columns that only say what a mailbox is called.
const LABELS: [&str; 3] = ["name", "mailbox", "email"];
/// Octets of the heading that tell what parts its cells.
const HEADING: usize = 64 << 10;

/// A table of mailboxes (RFC 4180; `;` and tabs separate cells too): a row each, under a heading that names the columns.
///
/// `source` and `destination` must be there, `pilot` may, and `name`, `mailbox` or `email` say what reports call a mailbox; every
/// other column is a setting, under its name. Several sources
/// of one mailbox are separated by `|`. Relative paths start at the folder of the table. The row whose source is `*` holds the
/// settings of all rows that leave them empty.
///
/// ```
/// use mailferry::convert::Project;
/// use std::path::Path;
///
/// let table = "source,destination,pilot,eol\n*,,,crlf\nann.mbox,out/ann,yes,\nbob.pst|bob.vcf,out/bob.zip,,keep\n";
/// let project = Project::read(table.as_bytes(), Path::new("/data"))?;
/// let [ann, bob] = &project.rows[..] else { panic!("two rows") };
/// let (ann, bob) = (ann.as_ref().unwrap(), bob.as_ref().unwrap());
/// assert_eq!(ann.destination, Path::new("/data/out/ann"));
/// assert_eq!((&*ann.settings["eol"], &*bob.settings["eol"]), ("crlf", "keep"));
/// assert_eq!((ann.pilot, bob.pilot), (Some(50), None));
/// assert_eq!(bob.sources.len(), 2);
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Default)]
pub struct Project {
    /// The names of the columns that are settings.
    pub settings: Vec<String>,
    /// The rows; what is wrong with one is in its place.
    pub rows: Vec<std::result::Result<ProjectRow, (u64, Error)>>,
}

/// A mailbox of a project.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectRow {
    /// The line of the table, from 1.
    pub line: u64,
    /// Its files.
    pub sources: Vec<PathBuf>,
    /// What it is called: the cells of the columns `name`, `mailbox` and `email`.
    pub name: Option<String>,
    /// Where it goes.
    pub destination: PathBuf,
    /// How many of its items a test migration takes; `None` if it is not part of one.
    pub pilot: Option<u64>,
    /// Its settings, without those that are empty.
    pub settings: BTreeMap<String, String>,
}

/// Items that a test migration takes where its cell only says that it takes part.
const PILOT: u64 = 50;

impl Project {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or its heading lacks a column.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let in_file = |error: Error| error.in_file(path.to_string_lossy());
        let file = File::open(path).map_err(|error| in_file(unreadable(error)))?;
        Self::read(file, path.parent().unwrap_or(Path::new(""))).map_err(in_file)
    }

    /// Reads a table whose relative paths start at `folder`.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn read(table: impl Read, folder: &Path) -> Result<Self> {
        let Table { rows: mut table, ends } = reader(table)?;
        let heading: Vec<String> = table.headers().map_err(unreadable)?.iter().map(column_name).collect();
        let column = |name: &str| heading.iter().position(|column| column == name);
        let (Some(source), Some(destination)) = (column("source"), column("destination")) else {
            let message =
                format!("must have the columns \"source\" and \"destination\", but has {}", heading.join(", "));
            return Err(Error::new(ErrorKind::Malformed, message));
        };
        let pilot = column("pilot");
        let labels = LABELS.map(column);
        let own = [Some(source), Some(destination), pilot].into_iter().chain(labels).collect::<Vec<_>>();
        let settings: Vec<(usize, &String)> =
            heading.iter().enumerate().filter(|(at, name)| !own.contains(&Some(*at)) && !name.is_empty()).collect();
        let mut project =
            Self { settings: settings.iter().map(|(_, name)| (*name).clone()).collect(), rows: Vec::new() };
        let mut defaults = BTreeMap::new();
        for (number, record) in table.into_records().enumerate() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(number as u64 + 2, |position| position.line() + ends);
                    project.rows.push(Err((line, unreadable(error))));
                    continue;
                }
            };
            let line = record.position().map_or(number as u64 + 2, |position| position.line() + ends);
            let cell = |at: usize| record.get(at).map_or("", |cell| without_guard(cell.trim()));
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let filled = settings.iter().filter(|(at, _)| !cell(*at).is_empty());
            let row_settings = filled.map(|(at, name)| ((*name).clone(), cell(*at).to_owned())).collect();
            if cell(source) == DEFAULTS {
                defaults = row_settings;
                continue;
            }
            let sources: Vec<_> = cell(source)
                .split('|')
                .map(str::trim)
                .filter(|path| !path.is_empty())
                .map(|path| folder.join(path))
                .collect();
            if sources.is_empty() || cell(destination).is_empty() {
                let message = "has no source or no destination: fill in both";
                project.rows.push(Err((line, Error::new(ErrorKind::Options, message))));
                continue;
            }
            let mut names: Vec<&str> =
                labels.iter().flatten().map(|at| cell(*at)).filter(|name| !name.is_empty()).collect();
            names.dedup();
            project.rows.push(Ok(ProjectRow {
                line,
                name: (!names.is_empty()).then(|| names.join(", ")),
                sources,
                destination: folder.join(cell(destination)),
                pilot: pilot.and_then(|at| sample(cell(at))),
                settings: row_settings,
            }));
        }
        for row in project.rows.iter_mut().flatten() {
            for (name, value) in &defaults {
                row.settings.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(project)
    }
}

impl ProjectRow {
    /// Where the test migration of this mailbox goes, so that the full one is not affected by it: `X.pilot`, `X.pilot.zip`.
    pub fn pilot_destination(&self) -> PathBuf {
        let name = self.destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = name.to_ascii_lowercase();
        let extension = [".tar.gz", ".tgz", ".tar", ".zip"].into_iter().find(|extension| lower.ends_with(extension));
        let (stem, extension) = divide(&name, name.len() - extension.map_or(0, str::len));
        self.destination.with_file_name(format!("{stem}.pilot{extension}"))
    }
}

/// How many items a cell of the pilot column asks for.
fn sample(cell: &str) -> Option<u64> {
    match &*cell.to_ascii_lowercase() {
        "" | "0" | "-" | "n" | "no" | "false" => None,
        "1" | "y" | "x" | "yes" | "true" => Some(PILOT),
        cell => Some(cell.parse().unwrap_or(PILOT)),
    }
}

/// The cell without the apostrophe that keeps a spreadsheet from taking it for a formula.
fn without_guard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

fn column_name(cell: &str) -> String {
    cell.trim().trim_start_matches('\u{feff}').trim_start_matches("--").to_ascii_lowercase().replace([' ', '_'], "-")
}

/// The rows of a table.
pub(super) struct Table<R> {
    pub(super) rows: csv::Reader<R>,
    /// Line ends before a row that its reader has not counted: it takes the LF of a CRLF for the start of the next row.
    pub(super) ends: u64,
}

/// A reader of the table, whatever parts its cells.
pub(super) fn reader(table: impl Read) -> Result<Table<impl Read>> {
    let mut table = BufReader::with_capacity(HEADING, table);
    let start = table.fill_buf().map_err(unreadable)?;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let heading = start.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| heading.iter().filter(|octet| **octet == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',');
    let ends = u64::from(heading.ends_with(b"\r"));
    Ok(Table { rows: csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(table), ends })
}

pub(super) fn unreadable(error: impl Into<io::Error>) -> Error {
    Error::new(ErrorKind::Io, "the table cannot be read").because(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(table: &str) -> Result<Project> {
        Project::read(table.as_bytes(), Path::new(""))
    }

    #[test]
    fn cells_are_parted_as_spreadsheets_do() {
        for table in [
            "source;destination;skip-trash\r\n\"a;b\";out;yes\r\n",
            "\u{feff}Source,Destination,Skip Trash\n\"a;b\",out,yes\n",
            "source\tdestination\tskip_trash\n\na;b\tout\tyes",
        ] {
            let project = read(table).unwrap();
            let row = project.rows[0].as_ref().unwrap();
            assert_eq!(row.sources, [Path::new("a;b")], "{table:?}");
            assert_eq!(row.settings["skip-trash"], "yes", "{table:?}");
        }
    }

    #[test]
    fn a_bad_row_stands_in_its_place() {
        let project = read("source,destination\na,b\n,c\nd,e\n").unwrap();
        let lines: Vec<_> =
            project.rows.iter().map(|row| row.as_ref().map(|row| row.line).map_err(|(line, _)| *line)).collect();
        assert_eq!(lines, [Ok(2), Err(3), Ok(4)]);
        let project = read("source,destination\r\na,b\r\n,c\r\nd,\"e\r\n\"\r\nf,g\r\n").unwrap();
        let lines: Vec<_> =
            project.rows.iter().map(|row| row.as_ref().map(|row| row.line).map_err(|(line, _)| *line)).collect();
        assert_eq!(lines, [Ok(2), Err(3), Ok(4), Ok(6)]);
        let project = Project::read(&b"source,destination\na,\xff\nd,e\n"[..], Path::new("")).unwrap();
        assert!(project.rows[0].is_err() && project.rows[1].is_ok());
    }

    #[test]
    fn a_heading_without_its_columns_is_refused() {
        assert!(read("from,to\na,b\n").unwrap_err().to_string().contains("from, to"));
        assert!(read("").is_err());
    }

    #[test]
    fn a_pilot_goes_beside() {
        for (destination, pilot) in [("a/x", "a/x.pilot"), ("x.ZIP", "x.pilot.ZIP"), ("x.tar.gz", "x.pilot.tar.gz")] {
            let row = ProjectRow { destination: destination.into(), ..ProjectRow::default() };
            assert_eq!(row.pilot_destination(), Path::new(pilot));
        }
        assert_eq!(["", "no", "yes", "20", "1"].map(sample), [None, None, Some(50), Some(20), Some(50)]);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _either = Project::read(&octets[..], Path::new(""));
            let _either = Project::read(&[b"source,destination,x\n", &octets[..]].concat()[..], Path::new(""));
        }

        #[test]
        fn cells_come_back(cells in proptest::collection::vec("[^\0']{1,12}", 2)) {
            prop_assume!(cells.iter().all(|cell| !cell.trim().is_empty() && cell.trim() != "*"));
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(["source", "destination", "note"]).unwrap();
            table.write_record(["a", "b", &cells[0]]).unwrap();
            table.write_record(["a", "b", &cells[1]]).unwrap();
            let project = Project::read(&table.into_inner().unwrap()[..], Path::new("")).unwrap();
            for (row, cell) in project.rows.iter().zip(&cells) {
                prop_assert_eq!(&row.as_ref().unwrap().settings["note"], cell.trim());
            }
        }
    }
}
