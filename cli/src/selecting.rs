use crate::{interrupt::Interrupt, words::words};
use clap::Args;
use mailferry::{
    DateTime,
    convert::{Dedupe, Kind, Selection, Selector},
    read::Mailbox,
    write::size,
};
use std::ops::ControlFlow;

/// Which items are taken.
#[derive(Args, Debug)]
pub(crate) struct Selecting {
    /// Only items of these kinds: mail, event, task, journal, contact
    #[arg(long, value_parser = words::<Kind>(|_| ""), value_delimiter = ',', value_name = "KIND", hide_possible_values = true, help_heading = HEADING)]
    kind: Vec<Kind>,

    /// Only items in folders that match GLOB: '*' is any part of a name, '**' any number of names, '?' one character; upper and
    /// lower case are the same. 'Projects/**' is Projects and all folders below it
    #[arg(long, value_name = "GLOB", help_heading = HEADING)]
    folder: Vec<String>,

    /// No items in folders that match GLOB
    #[arg(long, value_name = "GLOB", help_heading = HEADING)]
    skip_folder: Vec<String>,

    /// No deleted items: neither those in the trash, in any language, nor those marked as deleted
    #[arg(long, help_heading = HEADING)]
    skip_trash: bool,

    /// No items in the spam folder, in any language
    #[arg(long, help_heading = HEADING)]
    skip_junk: bool,

    /// Only items received on DATE or later (2024-02-29, 2024-02-29T12:00:00+01:00; UTC where no zone is given). Items
    /// without a date are kept, with a warning
    #[arg(long, value_name = "DATE", help_heading = HEADING)]
    after: Option<DateTime>,

    /// Only items received before DATE
    #[arg(long, value_name = "DATE", help_heading = HEADING)]
    before: Option<DateTime>,

    /// Only items with a label that matches GLOB
    #[arg(long, value_name = "GLOB", help_heading = HEADING)]
    label: Vec<String>,

    /// Only messages whose From contains TEXT, in the name or the address; upper and lower case are the same
    #[arg(long, value_name = "TEXT", help_heading = HEADING)]
    from: Vec<String>,

    /// Only messages whose To, Cc or Bcc contains TEXT
    #[arg(long, value_name = "TEXT", help_heading = HEADING)]
    recipient: Vec<String>,

    /// Only items whose subject contains TEXT
    #[arg(long, value_name = "TEXT", help_heading = HEADING)]
    subject: Vec<String>,

    /// Only items larger than SIZE (10MB, 500K)
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = HEADING)]
    larger: Option<u64>,

    /// Only items smaller than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = HEADING)]
    smaller: Option<u64>,

    /// Only messages with an attachment (a file, a picture or a message)
    #[arg(long, help_heading = HEADING)]
    has_attachment: bool,

    /// Only N of these items, spread evenly over folders and kinds, for a test migration
    #[arg(long, value_name = "N", help_heading = HEADING)]
    sample: Option<u64>,

    /// The seed of the sample: the same seed selects the same items
    #[arg(long, value_name = "S", default_value_t = 0, help_heading = HEADING)]
    seed: u64,

    /// Leave out duplicates of an earlier item; that item gets their labels
    #[arg(long, value_parser = words(dedupe), default_value_t, value_name = "HOW", help_heading = HEADING)]
    dedupe: Dedupe,
}

const HEADING: &str = "Selection";

fn dedupe(rule: Dedupe) -> &'static str {
    match rule {
        Dedupe::Off => "All items are kept",
        Dedupe::Exact => {
            "Equal octets, not counting header fields that a mailbox adds (X-Gmail-Labels, Status, X-Mozilla-Status …)"
        }
        Dedupe::Loose => {
            "Equal Message-ID, Date, From, Subject and decoded bodies; contacts by UID and REV, or name, addresses and telephone numbers"
        }
        _ => "",
    }
}

impl Selecting {
    /// Makes ready to select among the items of `mailbox`, which is read to its end where that needs to know them all.
    pub(crate) fn selector(&self, mailbox: Mailbox, interrupt: &Interrupt) -> mailferry::Result<Selector> {
        Selector::surveying_on_threads(
            &self.selection(),
            mailbox,
            crate::args::default_jobs(),
            &mut |_| match interrupt.is_asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            },
        )
    }

    pub(crate) fn selection(&self) -> Selection {
        let mut selection = Selection::default();
        selection.kinds.clone_from(&self.kind);
        selection.folders.clone_from(&self.folder);
        selection.skip_folders.clone_from(&self.skip_folder);
        selection.skip_trash = self.skip_trash;
        selection.skip_junk = self.skip_junk;
        selection.after = self.after;
        selection.before = self.before;
        selection.labels.clone_from(&self.label);
        selection.from.clone_from(&self.from);
        selection.to.clone_from(&self.recipient);
        selection.subject.clone_from(&self.subject);
        selection.larger = self.larger;
        selection.smaller = self.smaller;
        selection.has_attachment = self.has_attachment;
        selection.sample = self.sample;
        selection.seed = self.seed;
        selection.dedupe = self.dedupe;
        selection
    }
}
