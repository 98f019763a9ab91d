use crate::{
    selecting::Selecting,
    tagging::Tagging,
    words::{some_words, words},
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use mailferry::{
    mapi::AddressMap,
    model::VCardVersion,
    platform::Target,
    read::{Mailbox, ReadOptions, mbox::Unquoting, tnef::TnefParts},
    write::{
        CardGroups, Checksums, Eol, Grouping, NameTemplate, OutputForm, Placement, WRITTEN_VERSIONS, ZipLevel, size,
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
/// Every item ends as migrated, skipped or failed, with a line in the item log.
#[derive(Debug, Parser)]
#[command(name = "mailferry", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 complete, 1 incomplete or nothing migrated, each with its reasons, 2 could not start."
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

const VERIFY_STATUS: &str =
    "Exit status: 0 no difference, 1 some differences, each of which is printed, 2 could not start.";

const RUN_HELP: &str = "\
The table is CSV with the columns source and destination; all paths start at its folder. Further columns are options of
`mailferry convert`, by their long names: skip-trash, eol, split … A row whose source is * fills cells that others leave
empty. Several sources of one mailbox are parted by |. A column pilot says which mailboxes --pilot takes, and how many items.

Run it again to go on where it was stopped. Ctrl-Z and fg, or the signals TSTP and CONT, pause and resume it.

Example:
  source,destination,pilot,skip-trash,split
  *,,,yes,480M
  ann.pst,out/ann.zip,yes,,
  bob.mbox|bob.vcf,out/bob.zip,,,";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the items of mailboxes into an archive
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(Box<Convert>),
    /// Read what was written again, and hold it against the item logs and the sources
    #[command(after_help = VERIFY_STATUS)]
    Verify(Verify),
    /// Remove what runs into a destination have written, as far as it is still as they wrote it
    Undo(Undo),
    /// Convert many mailboxes, a row of a table each
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// Read and write the project tables of other migrators
    Project(Project),
    /// Count what mailboxes hold; write nothing
    Inspect(Inspect),
    /// List the items of a mailbox, a line each
    List(List),
    /// Print one item, for a person or as JSON
    Show(Show),
    /// Write the report of a conversion as a page for people
    Report(Report),
    /// Tell what a target will take of mailboxes, and what not and why; write nothing
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<Plan>),
    /// List the targets: what each takes, its limits, and how that is known
    Targets(Targets),
    /// List the formats that can be read
    Formats(Formats),
    /// Print the completions for a shell
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
    /// Mailboxes: MBOX, PST, OST, EML, EMLX, ICS and VCF files, .gz, Takeout .zip or .tgz as they are; directories: Maildir,
    /// Thunderbird profiles, Apple Mail, Proton exports, EML archives and bundles, any tree of files
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
    /// What becomes of quoted From_ lines (">From ") in the bodies of MBOX messages
    #[arg(long, value_parser = words(unquoting), default_value_t, value_name = "RULE", help_heading = "Reading")]
    mbox_quoting: Unquoting,

    /// Of a PST or OST: also the hidden items of each folder (views, rules, settings)
    #[arg(long, help_heading = "Reading")]
    hidden: bool,

    /// Also what is deleted but still there, into a folder "Recovered": of a PST or OST items that no folder lists any more, of
    /// a mailbox of Thunderbird messages that were not compacted away
    #[arg(long, help_heading = "Reading")]
    recover: bool,

    /// Of a PST or OST: attach genuine rich text bodies as they are, beside the HTML made from them
    #[arg(long, help_heading = "Reading")]
    keep_rtf: bool,

    /// Of a PST or OST: the Windows code page of 8-bit text (932, 1251) that nothing in the store tells the code page of
    #[arg(long, value_name = "N", help_heading = "Reading")]
    code_page: Option<u32>,

    /// What becomes of winmail.dat attachments (TNEF) in mail
    #[arg(long, value_parser = words(tnef), default_value_t, value_name = "WHAT", help_heading = "Reading")]
    tnef: TnefParts,

    /// Internet addresses for the Exchange addresses of a PST or OST: lines of /O=…/CN=…, a tab, and name@example.org
    #[arg(long, value_name = "FILE", value_parser = address_map, help_heading = "Reading")]
    address_map: Option<AddressMap>,
}

/// Reads a file of pairs, a line each; lines without a tab are nothing.
fn address_map(path: &str) -> Result<AddressMap, String> {
    let map = File::open(path).and_then(|file| AddressMap::read(BufReader::new(file)));
    map.map_err(|error| error.to_string())
}

fn unquoting(rule: Unquoting) -> &'static str {
    match rule {
        Unquoting::Auto => {
            "As rd; but a message that Content-Length separates from the next stays raw when its From_ lines are not quoted"
        }
        Unquoting::Mboxrd => "mboxrd: every \">…>From \" loses one \">\"",
        Unquoting::Mboxo => "mboxo: \">From \" loses its \">\", \">>From \" stays",
        Unquoting::Raw => "All lines stay as they are",
        _ => "",
    }
}

fn tnef(parts: TnefParts) -> &'static str {
    match parts {
        TnefParts::Keep => "They stay as they are",
        TnefParts::Decode => "What they hold replaces them: HTML beside the text, attachments as attachments",
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

    /// What to write: a folder, or an archive if it ends in .zip, .tar, .tgz or .tar.gz. Where mailferry has written before, it
    /// adds what is new since; nothing else may be there
    #[arg(long, value_name = "DEST")]
    pub(crate) to: PathBuf,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    #[command(flatten)]
    pub(crate) tagging: Tagging,

    /// The form to write
    #[arg(long = "as", value_parser = words(form), default_value_t, value_name = "FORM", conflicts_with = "target")]
    pub(crate) form: OutputForm,

    /// Where it is to go: sets the form and all that the target cares for; see `mailferry targets`
    #[arg(long, value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// Where a message with many labels goes: one file in its primary folder, or one file a label
    #[arg(long, value_parser = words(labels), default_value_t, value_name = "WHERE", help_heading = "Archive")]
    pub(crate) labels: Placement,

    /// Line ends of the messages written
    #[arg(long, value_parser = words(eol), default_value_t, value_name = "EOL", help_heading = "Archive")]
    pub(crate) eol: Eol,

    /// How files are named, of {date} {hash} {subject} {from} {messageid} {ordinal}
    #[arg(long, default_value_t, value_name = "TEMPLATE", help_heading = "Archive")]
    pub(crate) names: NameTemplate,

    /// Put at most N files into a folder, the rest into numbered folders in it (slower)
    #[arg(long, value_name = "N", help_heading = "Archive")]
    pub(crate) shard: Option<NonZeroU32>,

    /// How hard a ZIP archive is compressed
    #[arg(long, value_parser = words(zip_level), default_value_t, value_name = "LEVEL", help_heading = "Archive")]
    pub(crate) zip_level: ZipLevel,

    /// Write independent ZIP archives DEST.part001.zip …, each smaller than SIZE (480M, 2G)
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Archive")]
    pub(crate) split: Option<u64>,

    /// Calendars and contacts: one file a `calendar` (or address book), one an `item` (Outlook reads one card a file), or
    /// `parts` of at most so many items or octets: 500 items, or 900K
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

    /// Convert cards to this version of vCard
    #[arg(long, value_parser = some_words(WRITTEN_VERSIONS), value_name = "VERSION", help_heading = "Calendars and contacts")]
    pub(crate) vcard: Option<VCardVersion>,

    /// Give cards without a UID one that is made of their content
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) card_uids: bool,

    /// How groups of cards are written
    #[arg(long, value_parser = words(card_groups), default_value_t, value_name = "HOW", help_heading = "Calendars and contacts")]
    pub(crate) card_groups: CardGroups,

    /// Leave out what makes an import send invitations (METHOD, RSVP)
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) no_invitations: bool,

    /// Name time zones as the IANA database does, and define short ones that are missing
    #[arg(long, help_heading = "Calendars and contacts")]
    pub(crate) iana_zones: bool,

    /// The digest of every file in the item log and in its name
    #[arg(long, value_parser = words(checksums), default_value_t, value_name = "DIGEST", help_heading = "Log and report")]
    pub(crate) checksums: Checksums,

    /// In a further sync, compare every octet at the destination with what was written there, not only sizes
    #[arg(long, help_heading = "Log and report")]
    pub(crate) check: bool,

    /// List the attachments of every message in the item log, each with its SHA-256
    #[arg(long, help_heading = "Log and report")]
    pub(crate) attachments: bool,

    /// Write the report's table as DEST.report.csv too
    #[arg(long, help_heading = "Log and report")]
    pub(crate) csv: bool,

    /// Write the report as one HTML page, for people, to FILE too
    #[arg(long, value_name = "FILE", help_heading = "Log and report")]
    pub(crate) html: Option<PathBuf>,

    /// Threads that render items; what is written does not depend on it
    #[arg(long, value_name = "N", default_value_t = default_jobs(), hide_default_value = true)]
    pub(crate) jobs: NonZeroUsize,

    /// How progress is shown: a bar on a terminal and lines elsewhere, nothing, or a JSON object a line
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "HOW")]
    pub(crate) progress: Progress,
}

fn labels(place: Placement) -> &'static str {
    match place {
        Placement::Primary => "The folder of its primary label",
        Placement::Every => "The folder of every label, a file in each",
        _ => "",
    }
}

fn form(form: OutputForm) -> &'static str {
    match form {
        OutputForm::Eml => "A file a message",
        OutputForm::Mbox => "An mbox a folder",
        OutputForm::Maildir => "Maildir++",
        OutputForm::Bundle => "An import bundle",
        OutputForm::Proton => "A folder as Proton's export tool makes and restores it",
        OutputForm::Ediscovery => "Natives and a Concordance load file",
        _ => "",
    }
}

fn eol(eol: Eol) -> &'static str {
    if eol == Eol::Keep { "As in the source" } else { "" }
}

fn zip_level(level: ZipLevel) -> &'static str {
    match level {
        ZipLevel::Store => "Not at all",
        ZipLevel::Fast => "As well as usual, in a fraction of the time",
        ZipLevel::Best => "As well as can be",
        _ => "",
    }
}

fn card_groups(groups: CardGroups) -> &'static str {
    match groups {
        CardGroups::Keep => "As they are",
        CardGroups::Categories => "As categories of their members (Google, Nextcloud, Outlook)",
        CardGroups::Cards => "As cards of their own (Apple)",
        _ => "",
    }
}

fn checksums(checksums: Checksums) -> &'static str {
    match checksums {
        Checksums::Sha256 => "SHA-256",
        Checksums::None => "No digest; file names carry an XXH3 instead",
        _ => "",
    }
}

impl Convert {
    /// Whether calendars and contacts stand together in files.
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
    /// What was written: the DEST of `mailferry convert`
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// Mailboxes that it was written from: each of their items has to be there
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Undo {
    /// What was written: the DEST of `mailferry convert`
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// Only what the runs from the Nth on have written
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN)]
    pub(crate) since: NonZeroU32,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The table, whose report stands beside it as PROJECT.report.json and .csv
    #[arg(value_name = "PROJECT.csv")]
    pub(crate) project: PathBuf,

    /// Mailboxes at a time
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    pub(crate) jobs: NonZeroUsize,

    /// A test migration: only mailboxes that the column pilot names, some items of each, to DEST.pilot
    #[arg(long)]
    pub(crate) pilot: bool,

    /// Sync mailboxes again that were completed before; else they are passed over
    #[arg(long)]
    pub(crate) delta: bool,

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
    /// OVH Mail Migrator: check a table of accounts, and write it as the migrator takes it
    Omm(Omm),
}

#[derive(Args, Debug)]
pub(crate) struct Omm {
    /// A table with the columns of the template, in any order; without one the template is written as it is
    #[arg(value_name = "TABLE", required_unless_present = "to")]
    pub(crate) table: Option<PathBuf>,

    /// Where the table is written, passwords included; nothing may be there yet
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

    /// How many of the largest items are named
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) largest: usize,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    /// Print a JSON object a line, as in the item log
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A mailbox
    pub(crate) source: PathBuf,

    /// The number of the item, from 1
    #[arg(default_value = "1", value_name = "N")]
    pub(crate) number: NonZeroU64,

    /// Print a JSON object
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,

    /// Print the octets of the item
    #[arg(long)]
    pub(crate) raw: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// What a conversion wrote; its report and item log stand beside it
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// The HTML page to write; one that is there is replaced
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

    /// Where a message with many labels goes: one file in its primary folder, or one file a label
    #[arg(long, value_parser = words(labels), default_value_t, value_name = "WHERE", help_heading = "Archive")]
    pub(crate) labels: Placement,

    /// Tell how many ZIP archives it will be, each smaller than SIZE (480M, 2G); a target may ask for smaller ones
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Archive")]
    pub(crate) split: Option<u64>,

    /// Where the items are to go; see `mailferry targets`
    #[arg(long, value_name = "NAME", value_parser = target)]
    pub(crate) target: &'static Target,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Targets {
    /// Only the target of this name, with all that is known of it
    #[arg(value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
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

fn default_jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
