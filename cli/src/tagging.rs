use clap::Args;
use mailferry::convert;

/// How what is migrated is marked.
#[derive(Args, Debug)]
pub(crate) struct Tagging {
    /// Add this label to every item
    #[arg(long, value_name = "LABEL", help_heading = HEADING)]
    add_label: Vec<String>,

    /// Put all folders into this one (names separated by /)
    #[arg(long, value_name = "FOLDER", help_heading = HEADING)]
    root_folder: Option<String>,

    /// Move the folder OLD, and all below it, to NEW (names separated by /); the first that matches a folder applies
    #[arg(long, value_name = "OLD=NEW", value_parser = pair, help_heading = HEADING)]
    map_folder: Vec<(String, String)>,

    /// Keep the names of folders, instead of putting inbox, sent, drafts, trash, junk and archive, in any language, into the folder
    /// that the target has for them
    #[arg(long, help_heading = HEADING)]
    pub(crate) keep_folder_names: bool,

    /// Append TEXT to the subject of every message. This changes messages, and breaks signatures over their subject
    #[arg(long, value_name = "TEXT", value_parser = one_line, help_heading = HEADING)]
    subject_suffix: Option<String>,
}

const HEADING: &str = "Tagging";

fn pair(text: &str) -> Result<(String, String), String> {
    let (old, new) = text.split_once('=').ok_or("is not of the form OLD=NEW")?;
    match old.trim_matches('/') {
        "" => Err("OLD is empty: use --root-folder to put all folders into one".into()),
        _ => Ok((old.into(), new.into())),
    }
}

fn one_line(text: &str) -> Result<String, String> {
    match text.chars().any(char::is_control) {
        true => Err("a subject is one line without control characters".into()),
        false => Ok(text.into()),
    }
}

impl Tagging {
    pub(crate) fn tagging(&self) -> convert::Tagging {
        let mut tagging = convert::Tagging::default();
        tagging.add_labels.clone_from(&self.add_label);
        tagging.root_folder.clone_from(&self.root_folder);
        tagging.map_folders.clone_from(&self.map_folder);
        tagging.subject_suffix.clone_from(&self.subject_suffix);
        tagging
    }
}
