//! `mailferry convert`.

use super::{Source, default_jobs, target};
use crate::{
    selecting::Selecting,
    tagging::Tagging,
    words::{some_words, words},
};
use clap::{Args, ValueEnum};
use mailferry::{
    mend::YearlessDates,
    model::VCardVersion,
    platform::Target,
    write::{
        CardGroups, Checksums, Eol, Fsync, Grouping, Mode, NameTemplate, OutputForm, Placement, Scrambling,
        WRITTEN_VERSIONS, ZipLevel, size,
    },
};
use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

#[derive(Args, Debug)]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) source: Source,

    /// Where to write: a folder, or an archive if the name ends in .zip, .tar, .tgz or .tar.gz. It must be new or empty, or
    /// written by mailferry before: then only new items are added
    #[arg(long, value_name = "DEST")]
    pub(crate) to: PathBuf,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    #[command(flatten)]
    pub(crate) tagging: Tagging,

    /// The output form
    #[arg(long = "as", value_parser = words(form), default_value_t, value_name = "FORM", conflicts_with = "target")]
    pub(crate) form: OutputForm,

    /// The platform that will import it: sets the form and all options that it needs; see `mailferry targets`
    #[arg(long, value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// Where a message with several labels goes
    #[arg(long, value_parser = words(labels), default_value_t, value_name = "WHERE", help_heading = "Archive")]
    pub(crate) labels: Placement,

    /// Line ends of the written messages
    #[arg(long, value_parser = words(eol), default_value_t, value_name = "EOL", help_heading = "Archive")]
    pub(crate) eol: Eol,

    /// Names of files, made of {date} {hash} {subject} {from} {messageid} {ordinal}
    #[arg(long, default_value_t, value_name = "TEMPLATE", help_heading = "Archive")]
    pub(crate) names: NameTemplate,

    /// Put at most N files into a folder, and the others into numbered folders inside it (slower)
    #[arg(long, value_name = "N", help_heading = "Archive")]
    pub(crate) shard: Option<NonZeroU32>,

    /// How much a ZIP archive is compressed
    #[arg(long, value_parser = words(zip_level), default_value_t, value_name = "LEVEL", help_heading = "Archive")]
    pub(crate) zip_level: ZipLevel,

    /// Write several independent ZIP archives, DEST.part001.zip …, each smaller than SIZE (480M, 2G)
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Archive")]
    pub(crate) split: Option<u64>,

    /// How the data of a store of Outlook (--as pst) is scrambled. There is no key, so it protects nothing
    #[arg(long, value_parser = words(pst_scrambling), default_value_t, value_name = "HOW", help_heading = "Archive")]
    pub(crate) pst_scrambling: Scrambling,

    /// What goes into one file: a whole `calendar` (or address book), one `item` (Outlook reads one card per file), or parts of
    /// at most so many items (500) or octets (900K)
    #[arg(
        long,
        default_value = "calendar",
        value_name = "calendar|item|PARTS",
        help_heading = "Calendars and contacts"
    )]
    collect: Grouping,

    /// The same as --collect item
    #[arg(long, conflicts_with = "collect", help_heading = "Calendars and contacts")]
    per_item: bool,

    /// Convert contacts to this version of vCard
    #[arg(long, value_parser = some_words(WRITTEN_VERSIONS), value_name = "VERSION", help_heading = "Calendars and contacts")]
    pub(crate) vcard: Option<VCardVersion>,

    /// Give contacts without a UID one derived from their content
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) card_uids: bool,

    /// How a birthday without a year is written in vCard 3.0
    #[arg(long, value_parser = words(yearless_dates), default_value_t, value_name = "HOW", help_heading = "Calendars and contacts")]
    pub(crate) yearless_dates: YearlessDates,

    /// How groups of contacts are written
    #[arg(long, value_parser = words(card_groups), default_value_t, value_name = "HOW", help_heading = "Calendars and contacts")]
    pub(crate) card_groups: CardGroups,

    /// Mend calendars and contacts that break the standards, where there is one right answer; the log says what was mended
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) mend: bool,

    /// Leave out what would make an import send invitations (METHOD, RSVP)
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) no_invitations: bool,

    /// Use the IANA names of time zones, and add definitions that are missing
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) iana_zones: bool,

    /// The digest that the item log and the file names carry
    #[arg(long, value_parser = words(checksums), default_value_t, value_name = "DIGEST", help_heading = "Log and report")]
    pub(crate) checksums: Checksums,

    /// When files are forced onto the disk, so that a power failure cannot lose them
    #[arg(long, value_parser = words(fsync), default_value_t, value_name = "WHEN", help_heading = "Log and report")]
    pub(crate) fsync: Fsync,

    /// Who may read the files and folders that are made
    #[arg(long, value_parser = words(mode), default_value_t, value_name = "MODE", help_heading = "Log and report")]
    pub(crate) mode: Mode,

    /// Before adding to a destination, compare every octet there with the log, and not only the sizes
    #[arg(long, help_heading = "Log and report")]
    pub(crate) check: bool,

    /// List the attachments of every message in the item log, with their SHA-256
    #[arg(long, help_heading = "Log and report")]
    pub(crate) attachments: bool,

    /// Also write the table of the report, DEST.report.csv
    #[arg(long, help_heading = "Log and report")]
    pub(crate) csv: bool,

    /// Also write the report as one HTML page, to FILE
    #[arg(long, value_name = "FILE", help_heading = "Log and report")]
    pub(crate) html: Option<PathBuf>,

    /// Number of threads; the output does not depend on it (default: one per processor)
    #[arg(long, value_name = "N", default_value_t = default_jobs(), hide_default_value = true)]
    pub(crate) jobs: NonZeroUsize,

    /// Share the work among N processes, as `mailferry split` does it on several machines
    #[arg(long, value_name = "N")]
    pub(crate) processes: Option<NonZeroUsize>,

    /// How progress is shown: `auto` is a bar on a terminal and lines elsewhere, `json` is one JSON object per line
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "HOW")]
    pub(crate) progress: Progress,
}

pub(super) fn labels(place: Placement) -> &'static str {
    match place {
        Placement::Primary => "One file, in the folder of its primary label",
        Placement::Every => "A file in the folder of each label",
        _ => "",
    }
}

fn form(form: OutputForm) -> &'static str {
    match form {
        OutputForm::Eml => "One file per message",
        OutputForm::Mbox => "One mbox per folder",
        OutputForm::Maildir => "Maildir++",
        OutputForm::Bundle => "An import bundle (a BagIt bag)",
        OutputForm::Proton => "The folder layout that Proton's export tool writes and restores",
        OutputForm::Ediscovery => "Native files and a Concordance load file",
        OutputForm::Pst => "A store of Outlook (PST) with all mail in it; calendars and contacts beside it",
        _ => "",
    }
}

fn eol(eol: Eol) -> &'static str {
    if eol == Eol::Keep { "As in the source" } else { "" }
}

fn zip_level(level: ZipLevel) -> &'static str {
    match level {
        ZipLevel::Store => "No compression",
        ZipLevel::Fast => "About the usual size, in a fraction of the time",
        ZipLevel::Best => "The smallest size",
        _ => "",
    }
}

fn pst_scrambling(scrambling: Scrambling) -> &'static str {
    match scrambling {
        Scrambling::None => "Not at all: its text is found by whatever searches files",
        Scrambling::Permute => "As Outlook does by default (\"compressible encryption\")",
        Scrambling::Cyclic => "As Outlook's \"high encryption\"",
        _ => "",
    }
}

fn card_groups(groups: CardGroups) -> &'static str {
    match groups {
        CardGroups::Keep => "Unchanged",
        CardGroups::Categories => "As categories of their members (Google, Nextcloud, Outlook)",
        CardGroups::Cards => "As contacts of their own (Apple)",
        _ => "",
    }
}

fn yearless_dates(dates: YearlessDates) -> &'static str {
    match dates {
        YearlessDates::Apple => "With the year 1604 and X-APPLE-OMIT-YEAR (Apple, Outlook)",
        YearlessDates::Hyphens => "With hyphens instead of the year (Google)",
        _ => "",
    }
}

fn fsync(fsync: Fsync) -> &'static str {
    match fsync {
        Fsync::None => {
            "Never: after a power failure files of a finished run may be empty or damaged, and nothing says so"
        }
        Fsync::End => "At the end, before the report is written",
        Fsync::Batch => "Each 1,000 files as well, so that less is written again after a loss of power",
        _ => "",
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Private => "Their owner alone: files 0600, folders 0700",
        Mode::Umask => "As the umask of your shell says; on most systems others on this machine can read them",
        _ => "",
    }
}

fn checksums(checksums: Checksums) -> &'static str {
    match checksums {
        Checksums::Sha256 => "SHA-256",
        Checksums::None => "No digest; file names carry an XXH3 hash instead",
        _ => "",
    }
}

impl Convert {
    /// How many calendar items or contacts go into one file.
    pub(crate) fn collect(&self) -> Grouping {
        if self.per_item { Grouping::EachItem } else { self.collect }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Progress {
    Auto,
    None,
    Json,
}
