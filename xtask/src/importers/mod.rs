//! `cargo xtask importers FOLDER`: what software that nobody here wrote makes of what is written.

use crate::{
    Result, root,
    step::{cargo, run},
};
use std::{env, fs, process::Command};

/// Deals what is in `folder` out to `mailboxes` mailboxes, converts each to every target that takes mail, gives that to the programs that
/// are installed, and prints a row for each. Debian packages are installed where there is `apt-get`; what cannot be had is named.
///
/// # Errors
/// When less arrives than `plan` says.
pub(crate) fn run_all(folder: &str, mailboxes: &str) -> Result<()> {
    const PACKAGES: [&str; 11] = [
        "dovecot-imapd",
        "isync",
        "maildir-utils",
        "notmuch",
        "mblaze",
        "procmail",
        "mailutils",
        "cyrus-caldav",
        "sasl2-bin",
        "offlineimap3",
        "thunderbird",
    ];
    if fs::exists("/usr/bin/apt-get")? {
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends"]).args(PACKAGES);
        if let Err(error) = run(&mut install) {
            println!("skipped: {error}");
        }
    }
    run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let command = root().join("target/release").join(format!("mailferry{}", env::consts::EXE_SUFFIX));
    let mut importers = Command::new("python3");
    importers.arg(root().join("xtask/src/importers/importers.py")).arg(folder);
    importers.arg(root().join("target/importers")).arg(mailboxes).env("MAILFERRY", fs::canonicalize(command)?);
    run(&mut importers)
}
