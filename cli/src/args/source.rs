//! Where items come from, and how they are read.

use crate::words::words;
use clap::Args;
use mailferry::{
    mapi::AddressMap,
    read::{Mailbox, ReadOptions, mbox::Unquoting, tnef::TnefParts},
};
use std::{fs::File, io::BufReader, path::PathBuf};

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
