//! `--notify COMMAND`: a command of the user's that is told of the first failure and of the end.

use crate::terminal::complain;
use mailferry::convert::{MailboxReport, MailboxState, ProjectReport};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// Runs the command, each time with a JSON object on its standard input.
pub(super) struct Notifier {
    command: Option<String>,
    project: String,
    failed: AtomicBool,
    /// The first call, which does not keep the mailboxes waiting.
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Notifier {
    pub(super) fn new(command: Option<&str>, project: &Path) -> Self {
        Self {
            command: command.map(str::to_owned),
            project: project.to_string_lossy().into_owned(),
            failed: AtomicBool::new(false),
            running: Mutex::new(None),
        }
    }

    /// Tells of the first mailbox that is not complete.
    pub(super) fn ended(&self, mailbox: &MailboxReport) {
        use MailboxState::{Failed, Incomplete, NothingMigrated};
        let Some(command) = &self.command else { return };
        let is_failure = matches!(mailbox.state, Failed | Incomplete | NothingMigrated);
        if !is_failure || self.failed.swap(true, Ordering::Relaxed) {
            return;
        }
        let summary = json!({ "event": "failure", "project": self.project, "mailbox": mailbox });
        let command = command.clone();
        let call = std::thread::Builder::new().name("mailferry-notify".into());
        let call = call.spawn(move || tell(&command, &summary));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = call.ok();
    }

    /// Tells of the end.
    pub(super) fn finish(&self, report: &ProjectReport) {
        let Some(command) = &self.command else { return };
        if let Some(call) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It has complained by itself.
            let _ended = call.join();
        }
        let incomplete: Vec<_> = report.mailboxes.iter().filter(|mailbox| !mailbox.state.is_complete()).collect();
        let summary = json!({
            "event": "end",
            "project": self.project,
            "complete": report.is_complete(),
            "cancelled": report.cancelled,
            "mailboxes": report.mailboxes.len(),
            "totals": report.totals,
            "incomplete": incomplete,
        });
        tell(command, &summary);
    }
}

/// What runs a command as it would be typed.
#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell
}

/// What runs a command as it would be typed: cmd.exe takes what stands between the outermost quotes as it is, and knows nothing of the
/// backslashes that an argument would get before its own.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    use std::os::windows::process::CommandExt as _;
    let mut shell = Command::new("cmd");
    shell.raw_arg("/S /C").raw_arg(format!("\"{command}\""));
    shell
}

/// A command that cannot be run, or fails, is told, and changes nothing.
fn tell(command: &str, summary: &Value) {
    let mut shell = shell(command);
    // What it prints must not stand in the JSON of ours.
    let started = shell.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let ended = started.and_then(|mut child| {
        if let Some(mut input) = child.stdin.take() {
            // It need not read what it is told.
            let _unread = writeln!(input, "{summary}");
        }
        child.wait()
    });
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => complain(format!("--notify: the command ended with {status}")),
        Err(error) => complain(format!("--notify: the command cannot be run: {error}")),
    }
}
