use crate::{
    selecting::Selecting,
    tagging::Tagging,
    words::{some_words, words},
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use mailferry::{
    mapi::AddressMap,
    mend::YearlessDates,
    model::VCardVersion,
    platform::{Language, Target},
    read::{Mailbox, ReadOptions, mbox::Unquoting, tnef::TnefParts},
    write::{
        CardGroups, Checksums, Eol, Fsync, Grouping, Mode, NameTemplate, OutputForm, Placement, WRITTEN_VERSIONS,
        ZipLevel, size,
    },
};
use std::{
    fs::File,
    io::BufReader,
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

/// Convert mailboxes without losing anything.
///
/// Reads MBOX (Gmail Takeout, Thunderbird, Apple Mail, Unix), PST and OST, EML, EMLX, ICS and VCF, Maildir and other trees of
/// files, also inside .gz, .zip, .tar and .tgz, and writes EML archives, mailboxes and import bundles. Sources are never changed.
/// Every item ends as migrated, skipped or failed, and has a line in the item log.
#[derive(Debug, Parser)]
#[command(name = "mailferry", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 complete, 1 incomplete or nothing migrated (the reasons are printed), 2 could not start."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  mailferry convert 'All mail Including Spam and Trash.mbox' --to mail
  mailferry convert takeout.zip --to archive.zip --split 480M
  mailferry convert outlook.pst contacts.vcf --to outlook --attachments --csv
  mailferry convert takeout.mbox --to 2024.zip --after 2024-01-01 --skip-trash --skip-junk --dedupe exact
  mailferry convert takeout.mbox --to trial --sample 100";

const PLAN_EXAMPLES: &str = "\
Examples:
  mailferry plan takeout.zip --target zoho
  mailferry plan outlook.pst --target icloud --json";

const VERIFY_STATUS: &str = "Exit status: 0 no differences, 1 differences (each is printed), 2 could not start.";

const CHECK_STATUS: &str = "Exit status: 0 nothing was found, 1 something was (each rule that is broken is printed, with where), 2 the file could not be checked: it was not found or could not be read, is no PST or OST, is cut off inside its header, or is protected.";

const RUN_HELP: &str = "\
The table is CSV with the columns source and destination; paths are relative to the folder of the table. The columns name, mailbox and \
email say what reports call a mailbox. Further columns are options of `mailferry convert`, by their long names: skip-trash, eol, split … A row whose source is * gives the values \
of cells that other rows leave empty. Several sources of one mailbox are separated by |. The column pilot says which \
mailboxes --pilot takes, and how many items of each.

PROJECT.report.html, .json and .csv tell the result. `mailferry plan`, `verify`, `undo` and `report` take the table, too, and do the \
same for each of its mailboxes.

Run it again to continue where it was stopped. Ctrl-Z and fg, or the signals TSTP and CONT, pause and resume it.

Example:
  source,destination,pilot,skip-trash,split
  *,,,yes,480M
  ann.pst,out/ann.zip,yes,,
  bob.mbox|bob.vcf,out/bob.zip,,,";

const SPLIT_EXAMPLES: &str = "\
Examples:
  mailferry split plan *.mbox *.pst --to mail --target-size 1G > plan.jsonl
  mailferry split run plan.jsonl --to mail --only $SLURM_ARRAY_TASK_ID
  seq $(wc -l < plan.jsonl) | parallel mailferry split run plan.jsonl --to mail --only {}
  mailferry split finish plan.jsonl --to mail

All processes need the same paths. A split may be run again at any time, and several times at once: one of them counts.";

/// What is done with splits.
#[derive(Args, Debug)]
pub(crate) struct Split {
    #[command(subcommand)]
    pub(crate) command: SplitCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SplitCommand {
    /// Print the splits of a conversion, a JSON object each line
    Plan(Box<SplitPlan>),
    /// Do splits of a plan that are not done, and print the receipt of each, a JSON object each line
    Run(SplitRun),
    /// Make one result of all splits: one item log, one report
    Finish(SplitFinish),
}

#[derive(Args, Debug)]
pub(crate) struct SplitPlan {
    #[command(flatten)]
    pub(crate) convert: Convert,

    /// About how much of the sources one split reads (512M, 2G)
    #[arg(long, value_parser = size, value_name = "SIZE", default_value = "1G")]
    pub(crate) target_size: u64,
}

#[derive(Args, Debug)]
pub(crate) struct SplitRun {
    /// The file of the plan, or - for standard input
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// The destination of the conversion
    #[arg(long, value_name = "DEST")]
    pub(crate) to: PathBuf,

    /// Only the splits with these numbers, from 1
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) only: Vec<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct SplitFinish {
    /// The file of the plan, or - for standard input
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// The destination of the conversion
    #[arg(long, value_name = "DEST")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert mailboxes into an archive
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(Box<Convert>),
    /// Check what was written against its item logs, and against the sources if they are given
    #[command(after_help = VERIFY_STATUS)]
    Verify(Verify),
    /// Check a PST or OST file against its specification: why a program refuses it, or what it would repair
    #[command(after_help = CHECK_STATUS)]
    Check(Check),
    /// Remove what was written to a destination, except files that were changed since
    Undo(Undo),
    /// Share a conversion among processes or machines, with any scheduler
    #[command(after_help = SPLIT_EXAMPLES)]
    Split(Split),
    /// Convert many mailboxes, listed in a table
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// Check and write the project tables of other migration tools
    Project(Project),
    /// Count the items of mailboxes; nothing is written
    Inspect(Inspect),
    /// List the items of mailboxes, one line each
    List(List),
    /// Print one item, as text or as JSON
    Show(Show),
    /// Write the report of a conversion as an HTML page
    Report(Report),
    /// Preview what a target accepts, what it rejects, and why; nothing is written
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<Plan>),
    /// List the targets: what each accepts, its limits, and how that is known
    Targets(Targets),
    /// List the formats that can be read
    Formats(Formats),
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page of mailferry, or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
}

/// Where items come from, and how they are read.
#[derive(Args, Debug)]
pub(crate) struct Source {
    /// What to read. Files: MBOX, PST, OST, MSG, OLM, EML, EMLX, ICS, VCF, also compressed (.gz) or in an archive (a Takeout .zip or .tgz).
    /// Directories: Maildir, Thunderbird profiles, Apple Mail, Proton exports, EML archives and bundles, any tree of files
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

impl Source {
    /// The items of the sources.
    pub(crate) fn mailbox(&self) -> Mailbox {
        let mut mailbox = Mailbox::new(self.reading.options());
        self.sources.iter().for_each(|source| mailbox.add_path(source));
        mailbox
    }
}

#[derive(Args, Debug)]
pub(crate) struct Reading {
    /// How quoted From_ lines (">From ") in the bodies of MBOX messages are unquoted
    #[arg(long, value_parser = words(unquoting), default_value_t, value_name = "RULE", help_heading = "Reading")]
    mbox_quoting: Unquoting,

    /// PST and OST: also read the hidden items of each folder (views, rules, settings)
    #[arg(long, help_heading = "Reading")]
    hidden: bool,

    /// Also read deleted items that are still in the file, into a folder "Recovered": in a PST or OST those that no folder lists,
    /// in a Thunderbird mailbox those that were not compacted away
    #[arg(long, help_heading = "Reading")]
    recover: bool,

    /// PST and OST: attach rich text (RTF) bodies unchanged, in addition to the HTML made from them
    #[arg(long, help_heading = "Reading")]
    keep_rtf: bool,

    /// PST and OST: the Windows code page (932, 1251) of 8-bit text where the store does not say which one it is
    #[arg(long, value_name = "N", help_heading = "Reading")]
    code_page: Option<u32>,

    /// What to do with winmail.dat attachments (TNEF) in mail
    #[arg(long, value_parser = words(tnef), default_value_t, value_name = "WHAT", help_heading = "Reading")]
    tnef: TnefParts,

    /// PST and OST: a file of internet addresses for Exchange addresses; each line is /O=…/CN=…, a tab, and name@example.org
    #[arg(long, value_name = "FILE", value_parser = address_map, help_heading = "Reading")]
    address_map: Option<AddressMap>,
}

/// Reads a file of pairs, one a line; lines without a tab are ignored.
fn address_map(path: &str) -> Result<AddressMap, String> {
    let map = File::open(path).and_then(|file| AddressMap::read(BufReader::new(file)));
    map.map_err(|error| error.to_string())
}

fn unquoting(rule: Unquoting) -> &'static str {
    match rule {
        Unquoting::Auto => {
            "As rd, but as raw where Content-Length separates the messages and their From_ lines are not quoted"
        }
        Unquoting::Mboxrd => "mboxrd: every \">…>From \" loses one \">\"",
        Unquoting::Mboxo => "mboxo: \">From \" loses its \">\", \">>From \" stays",
        Unquoting::Raw => "All lines stay unchanged",
        _ => "",
    }
}

fn tnef(parts: TnefParts) -> &'static str {
    match parts {
        TnefParts::Keep => "They stay unchanged",
        TnefParts::Decode => "They are replaced by their contents: HTML in addition to the text, and attachments",
        _ => "",
    }
}

impl Reading {
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.unquoting = self.mbox_quoting;
        options.hidden = self.hidden;
        options.recover = self.recover;
        options.keep_rtf = self.keep_rtf;
        options.code_page = self.code_page;
        options.tnef = self.tnef;
        options.addresses = self.address_map.clone().unwrap_or_default();
        options
    }
}

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

fn labels(place: Placement) -> &'static str {
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

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// What was written: DEST of `mailferry convert`, or the table of a project: then each of its mailboxes
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// The sources it was written from: each of their items must be at the destination. Those of a project are in its table
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// A PST or OST file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Undo {
    /// What was written: DEST of `mailferry convert`, or the table of a project: then each of its mailboxes
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// Only remove what run N and later runs have written
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN)]
    pub(crate) since: NonZeroU32,

    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The table; its report is written next to it, as PROJECT.report.json and .csv
    #[arg(value_name = "PROJECT.csv")]
    pub(crate) project: PathBuf,

    /// Mailboxes that are converted at the same time
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    pub(crate) jobs: NonZeroUsize,

    /// A test migration: only mailboxes with a value in the column pilot, some items of each, to DEST.pilot
    #[arg(long)]
    pub(crate) pilot: bool,

    /// Also sync mailboxes that were completed before; without it they are skipped
    #[arg(long)]
    pub(crate) delta: bool,

    /// Only preview what is accepted of each mailbox, as `mailferry plan PROJECT.csv` does; nothing is written
    #[arg(long, conflicts_with_all = ["delta", "notify"])]
    pub(crate) dry_run: bool,

    /// How to show progress on standard error: a bar for all and one for each mailbox in work, JSON objects, or not
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "HOW")]
    pub(crate) progress: Progress,

    /// Run COMMAND in the shell at the first mailbox that is not complete and at the end, with a JSON summary on its standard input
    #[arg(long, value_name = "COMMAND")]
    pub(crate) notify: Option<String>,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Project {
    #[command(subcommand)]
    pub(crate) of: ProjectOf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectOf {
    /// OVH Mail Migrator: check a table of accounts, and write it in the form that it accepts
    Omm(Omm),
}

#[derive(Args, Debug)]
pub(crate) struct Omm {
    /// A table with the columns of the template, in any order. It is checked and shown, without passwords; nothing is written
    /// without --to
    #[arg(value_name = "TABLE", required_unless_present = "to")]
    pub(crate) table: Option<PathBuf>,

    /// Write the table in the form of the template, passwords included; without TABLE, the empty template. The file must not exist
    /// yet
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// How many of the largest items are listed
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) largest: usize,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    /// Print one JSON object per line, as in the item log
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A mailbox
    pub(crate) source: PathBuf,

    /// The number of the item, starting from 1
    #[arg(default_value = "1", value_name = "N")]
    pub(crate) number: NonZeroU64,

    /// Print a JSON object
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,

    /// Print the unchanged octets of the item
    #[arg(long)]
    pub(crate) raw: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// DEST of `mailferry convert`; its report and item log must be next to it. Or the table of a project: the page is that of the
    /// project then, and each mailbox gets its own, DEST.report.html
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// The HTML page to write; an earlier page is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    #[command(flatten)]
    pub(crate) tagging: Tagging,

    /// Where a message with several labels goes
    #[arg(long, value_parser = words(labels), default_value_t, value_name = "WHERE", help_heading = "Archive")]
    pub(crate) labels: Placement,

    /// Count the ZIP archives it will take, each smaller than SIZE (480M, 2G); the target may require smaller ones
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Archive")]
    pub(crate) split: Option<u64>,

    /// The platform that will import the items; see `mailferry targets`. The mailboxes of a project (`plan PROJECT.csv`) have their
    /// own in its table
    #[arg(long, value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// Of a project: only mailboxes with a value in the column pilot, some items of each
    #[arg(long)]
    pub(crate) pilot: bool,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Targets {
    /// Only this target, with its guide: what to do, limits, time, how to check and to take it back, and their sources
    #[arg(value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// The language of the guide
    #[arg(long, value_parser = words(language), default_value_t, value_name = "LANGUAGE")]
    pub(crate) lang: Language,

    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

fn language(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::French => "Français",
        _ => "",
    }
}

fn target(name: &str) -> Result<&'static Target, String> {
    Target::named(name).map_err(|error| error.to_string())
}

#[derive(Args, Debug)]
pub(crate) struct Formats {
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn default_jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
