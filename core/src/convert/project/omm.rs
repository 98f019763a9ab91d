use super::table::{Table, reader, unreadable};
use crate::error::{Error, ErrorKind, Result};
use std::{
    fmt,
    io::{Read, Write},
};

/// The heading of the project table of OVH Mail Migrator, as it is offered there.
pub const OMM_HEADER: &str = "\"Source Type(IMAP/Exchange/POP)\";Source Server url;Source Login/Mail;Source Password;\
     Destination Type;\"Destination Url(can be leaved empty if hosted by OVH)\";Destination Mail;Destination Password;\
     Source admin mail (delegation);Destination Admin Mail (delegation)";

/// A password: it is written to a table that needs it, and shown nowhere else.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether there is one, and nothing of it.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "(hidden)" })
    }
}

/// An account of a project of OVH Mail Migrator.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OmmAccount {
    /// IMAP, Exchange or POP.
    pub source_type: String,
    /// The server it is at.
    pub source_url: String,
    /// Its login, mostly its address.
    pub source_login: String,
    /// Its password.
    pub source_password: Password,
    /// IMAP, Exchange or POP.
    pub destination_type: String,
    /// The server it goes to; empty for one of OVH.
    pub destination_url: String,
    /// The address it goes to.
    pub destination_mail: String,
    /// The password there.
    pub destination_password: Password,
    /// Who may read it instead.
    pub source_admin: String,
    /// Who may write to the destination instead.
    pub destination_admin: String,
}

/// A project of OVH Mail Migrator: an account a line.
///
/// ```
/// use mailferry::convert::{OMM_HEADER, OmmTable};
///
/// let text = format!("{OMM_HEADER}\nIMAP;imap.example.org;ann@example.org;s3cret;IMAP;;ann@example.com;pa;;\n");
/// let table = OmmTable::read(text.as_bytes())?;
/// assert!(table.problems().is_empty());
/// assert!(!format!("{table:?}").contains("s3cret"));
/// let mut again = Vec::new();
/// table.write(&mut again)?;
/// assert_eq!(String::from_utf8_lossy(&again), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OmmTable {
    /// The accounts, with their lines from 1.
    pub accounts: Vec<(u64, OmmAccount)>,
    /// Lines with another number of cells than the header, so that a password may be anywhere in them.
    pub shifted: Vec<u64>,
}

/// The columns, by the words that they start with, in lower case.
const COLUMNS: [&str; 10] = [
    "source type",
    "source server url",
    "source login",
    "source password",
    "destination type",
    "destination url",
    "destination mail",
    "destination password",
    "source admin mail",
    "destination admin mail",
];

impl OmmAccount {
    fn cell(&mut self, column: usize) -> Option<&mut String> {
        Some(match column {
            0 => &mut self.source_type,
            1 => &mut self.source_url,
            2 => &mut self.source_login,
            3 => &mut self.source_password.0,
            4 => &mut self.destination_type,
            5 => &mut self.destination_url,
            6 => &mut self.destination_mail,
            7 => &mut self.destination_password.0,
            8 => &mut self.source_admin,
            9 => &mut self.destination_admin,
            _ => return None,
        })
    }

    /// Whether this is a type of server that the migrator knows.
    pub fn is_type(kind: &str) -> bool {
        ["imap", "exchange", "pop"].contains(&&*kind.to_ascii_lowercase())
    }

    /// What the migrator would refuse, for people; no password is in it.
    fn problems(&self) -> Vec<&'static str> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, problem| {
            if !holds {
                problems.push(problem);
            }
        };
        must(Self::is_type(&self.source_type), "the source type is not IMAP, Exchange or POP");
        must(!self.source_url.is_empty(), "the source server is missing");
        must(!self.source_login.is_empty(), "the source login is missing");
        must(!self.source_password.is_empty() || !self.source_admin.is_empty(), "the source password is missing");
        must(Self::is_type(&self.destination_type), "the destination type is not IMAP, Exchange or POP");
        must(self.destination_mail.contains('@'), "the destination is not an email address");
        must(
            !self.destination_password.is_empty() || !self.destination_admin.is_empty(),
            "the destination password is missing",
        );
        problems
    }
}

impl OmmTable {
    /// Reads a table with these columns, in any order and separated by `;`, `,` or tabs.
    ///
    /// # Errors
    /// When a column is missing, or the table cannot be read. No error holds a cell.
    pub fn read(table: impl Read) -> Result<Self> {
        let Table { rows: mut table, ends } = reader(table)?;
        let heading: Vec<String> = table
            .headers()
            .map_err(unreadable)?
            .iter()
            .map(|cell| cell.trim().trim_start_matches('\u{feff}').to_ascii_lowercase())
            .collect();
        let places = COLUMNS.map(|name| heading.iter().position(|cell| cell.starts_with(name)));
        let missing: Vec<_> =
            COLUMNS.iter().zip(places).take(8).filter(|(_, place)| place.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let message =
                format!("is not a project table of OVH Mail Migrator: column not found: {}", missing.join(", "));
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        let (mut accounts, mut shifted) = (Vec::new(), Vec::new());
        for record in table.into_records() {
            let record = record.map_err(unreadable)?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let line = record.position().map_or(0, |position| position.line() + ends);
            if record.len() != heading.len() {
                shifted.push(line);
                continue;
            }
            let mut account = OmmAccount::default();
            for (column, place) in places.into_iter().enumerate() {
                if let Some(text) = place.and_then(|place| record.get(place))
                    && let Some(cell) = account.cell(column)
                {
                    // A password may begin or end with blanks.
                    *cell = if matches!(column, 3 | 7) { text.to_owned() } else { text.trim().to_owned() };
                }
            }
            accounts.push((line, account));
        }
        Ok(Self { accounts, shifted })
    }

    /// What the migrator would refuse: the line, and what is wrong there.
    pub fn problems(&self) -> Vec<(u64, &'static str)> {
        let problems = |(line, account): &(u64, OmmAccount)| {
            let line = *line;
            account.problems().into_iter().map(move |problem| (line, problem)).collect::<Vec<_>>()
        };
        let shifted = self.shifted.iter().map(|line| (*line, "it does not have as many cells as the header"));
        self.accounts.iter().flat_map(problems).chain(shifted).collect()
    }

    /// Writes the table as the migrator takes it, passwords included.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write(&self, mut out: impl Write) -> std::io::Result<()> {
        out.write_all(OMM_HEADER.as_bytes())?;
        out.write_all(b"\n")?;
        let mut table = csv::WriterBuilder::new().delimiter(b';').has_headers(false).from_writer(out);
        for (_, account) in &self.accounts {
            let mut account = account.clone();
            let cells = (0..COLUMNS.len()).map(|column| account.cell(column).map(std::mem::take).unwrap_or_default());
            table.write_record(cells.collect::<Vec<_>>())?;
        }
        table.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_heading_is_that_of_the_template() {
        assert_eq!(
            OMM_HEADER,
            r#""Source Type(IMAP/Exchange/POP)";Source Server url;Source Login/Mail;Source Password;Destination Type;"Destination Url(can be leaved empty if hosted by OVH)";Destination Mail;Destination Password;Source admin mail (delegation);Destination Admin Mail (delegation)"#
        );
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let text = "destination mail,source type,source server url,source login,source password,destination type,\
                    destination url,destination password\nb@x,IMAP,h,a,\" p,w \",IMAP,,q\n";
        let table = OmmTable::read(text.as_bytes()).unwrap();
        assert_eq!(table.accounts[0].1.source_password.reveal(), " p,w ");
        assert_eq!(table.accounts[0].1.destination_mail, "b@x");
        assert!(table.problems().is_empty(), "{:?}", table.problems());
    }

    #[test]
    fn nothing_that_is_shown_holds_a_password() {
        let text = format!("{OMM_HEADER}\nFTP;;;s3cret;;;nobody;t0psecret;;\n");
        let table = OmmTable::read(text.as_bytes()).unwrap();
        let shown = format!("{table:?} {:?}", table.problems());
        assert!(!shown.contains("s3cret") && !shown.contains("t0psecret"), "{shown}");
        assert_eq!(table.problems().len(), 5);
        let cut = text.replace(";Destination Password", "").into_bytes();
        for broken in [&cut[..], b"s3cret;t0psecret\ns3cret;t0psecret\n", &[text.as_bytes(), b"\xff;s3cret\n"].concat()]
        {
            let error = OmmTable::read(broken).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret;t"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn every_table_comes_back(cells in proptest::collection::vec(proptest::collection::vec("[^\0]{0,9}", 10), 0..5)) {
            let accounts = (2_u64..).zip(cells).map(|(line, cells)| {
                let mut account = OmmAccount { source_type: "IMAP".into(), ..OmmAccount::default() };
                for (column, text) in cells.into_iter().enumerate().skip(1) {
                    *account.cell(column).unwrap() = if [3, 7].contains(&column) { text } else { text.trim().to_owned() };
                }
                (line, account)
            });
            let table = OmmTable { accounts: accounts.collect(), shifted: Vec::new() };
            let mut text = Vec::new();
            table.write(&mut text).unwrap();
            let again = OmmTable::read(&text[..]).unwrap();
            let only = |table: OmmTable| table.accounts.into_iter().map(|(_, account)| account).collect::<Vec<_>>();
            prop_assert_eq!(only(again), only(table));
        }
    }
}
