//! Checks a PST or OST file against [MS-PST]: why a program refuses a store, or what it would repair.
//!
//! Nothing in the file is believed and nothing is mended: a reader that gets around damage stands elsewhere
//! ([`read::pst`](mod@crate::read::pst)). The way goes once through the file for blocks, references and maps, which are sorted in runs on
//! disk (in WebAssembly in memory), and once through nodes, so that memory stays the same whatever the size. Where the text is silent, a
//! rule is what sound files of Outlook hold. What structures refer to again and again is counted: a check that goes through far more than any
//! store needs, or would hold far more, stops there and says so.
//!
//! ```
//! use mailferry::{
//!     Stop,
//!     pst::check::check,
//!     write::pst::{Layout, PstWriter, Scrambling},
//! };
//! use std::{io::Cursor, sync::Arc};
//!
//! let pst = PstWriter::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute)?.completing();
//! let mut octets = pst.finish()?.into_inner();
//! assert_eq!(check(Arc::new(octets.clone()), &Stop::default())?.errors, 0);
//!
//! octets[0x4400] ^= 1;
//! let report = check(Arc::new(octets), &Stop::default())?;
//! assert!(report.findings.iter().any(|finding| finding.rule == "page-crc"));
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

mod attachments;
mod context;
mod file;
mod findings;
mod folders;
mod header;
mod heap;
mod held;
mod ids;
mod maps;
mod messages;
mod names;
mod nodes;
mod rules;
mod sorted;
mod store;
mod table;
mod trees;

pub use findings::{CheckReport, Finding, Place, RuleCount, Severity};

use crate::{
    error::{ErrorKind, Result},
    limits::Stop,
    pst::Variant,
    source::Source,
};
use file::File;
use findings::Findings;
use rules::Rule;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
};

/// Messages in one another, and subnodes below one another, that are followed.
const DEPTH: usize = 64;

/// A check under way.
struct Check {
    file: File,
    findings: Findings,
    /// Whether the maps of maps are in use, as before Outlook 2007 SP2.
    has_old_maps: Cell<bool>,
    free_pages: Cell<u64>,
    blocks: Cell<u64>,
    folders: Cell<u64>,
    messages: Cell<u64>,
    /// Octets that structures hold which are looked at.
    held: Cell<u64>,
    /// Octets of the subnodes in lists of them that were added up lately.
    sizes: RefCell<HashMap<u64, u64>>,
    /// Where named properties were met first.
    named: RefCell<BTreeMap<u16, Place>>,
}

/// Checks the store in `source`; `stop` is asked now and then whether to give up.
///
/// # Errors
/// [`UnknownFormat`](ErrorKind::UnknownFormat) for what is no store at all, [`Unsupported`](ErrorKind::Unsupported) for one whose data
/// is protected, [`Malformed`](ErrorKind::Malformed) for one that ends inside its header, [`Cancelled`](ErrorKind::Cancelled), and what
/// reading says. Whatever else is wrong is in the report.
pub fn check(source: Source, stop: &Stop) -> Result<CheckReport> {
    let check = Check {
        file: File::open(source, stop)?,
        findings: Findings::default(),
        has_old_maps: Cell::new(false),
        free_pages: Cell::new(0),
        blocks: Cell::new(0),
        folders: Cell::new(0),
        messages: Cell::new(0),
        held: Cell::new(0),
        sizes: RefCell::default(),
        named: RefCell::default(),
    };
    match check.all() {
        Err(error) if error.kind() == ErrorKind::Limit && check.file.is_exhausted() => {
            check.add(Rule::Unreadable, &Place::default(), || {
                "the check stopped early, because the file sends it through the same data over and over: what is listed is not all"
                    .to_owned()
            });
        }
        outcome => outcome?,
    }
    Ok(check.finish())
}

impl Check {
    fn all(&self) -> Result<()> {
        self.file.go_on()?;
        self.age()?;
        self.header();
        let mut walked = self.trees()?;
        self.maps(std::mem::take(&mut walked.regions))?;
        self.nodes()?;
        self.store()?;
        self.folder_tree(&walked)?;
        self.folders(std::mem::take(&mut walked.children))?;
        self.names()
    }

    /// Tells of what was found; of nothing more once the check has given up, as what it holds against one another is then not whole.
    fn add(&self, rule: Rule, place: &Place, found: impl FnOnce() -> String) {
        if rule == Rule::Unreadable || !self.file.is_exhausted() {
            self.findings.add(rule, place, found);
        }
    }

    fn finish(self) -> CheckReport {
        let (findings, rules) = self.findings.finish();
        let count =
            |severity: Severity| rules.iter().filter(|rule| rule.severity == severity).map(|rule| rule.count).sum();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        CheckReport {
            layout: match self.file.variant {
                Variant::Ansi => "ANSI",
                Variant::Unicode => "Unicode",
                Variant::Unicode4k => "Unicode 4K",
            },
            errors,
            warnings,
            folders: self.folders.get(),
            messages: self.messages.get(),
            blocks: self.blocks.get(),
            findings,
            rules,
            advice: findings::advice(errors, warnings),
        }
    }
}
