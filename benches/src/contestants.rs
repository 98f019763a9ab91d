//! The programs that are compared, each given the mailbox and a place for what it writes.

use crate::Result;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A program with the arguments of one task.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The command that reads the first path and writes to the second.
    pub(crate) command: fn(&Path, &Path) -> Result<Command>,
    /// A program that must be installed.
    pub(crate) needs: Option<&'static str>,
}

impl Contestant {
    /// Whether its program can be started.
    pub(crate) fn is_installed(&self) -> bool {
        let Some(program) = self.needs else { return true };
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| folder.join(program).is_file())
    }
}

const GET_BYTES: &str = "
import mailbox, sys
box = mailbox.mbox(sys.argv[1], create=False)
for key in box.iterkeys():
    box.get_bytes(key)
";

const AS_BYTES: &str = "
import mailbox, sys
for message in mailbox.mbox(sys.argv[1], create=False):
    message.as_bytes()
";

const ZIPFILE: &str = "
import mailbox, sys, zipfile
box = mailbox.mbox(sys.argv[1], create=False)
with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as out:
    for key in box.iterkeys():
        out.writestr(f'{key:08}.eml', box.get_bytes(key))
";

/// On one thread.
const ONE: &[&str] = &["--jobs", "1"];

/// All that read an mbox, the measure of all things first.
pub(crate) const OF_MBOX: &[Contestant] = &[
    Contestant { name: "cp", needs: Some("cp"), command: |mailbox, out| Ok(program("cp", &[mailbox, out])) },
    Contestant {
        name: "mailferry to a folder, no checksums",
        needs: None,
        command: |mailbox, out| convert(mailbox, out, &["--jobs", "1", "--checksums", "none"]),
    },
    Contestant {
        name: "mailferry to a stored ZIP, no checksums",
        needs: None,
        command: |mailbox, out| {
            convert(mailbox, &zip(out), &["--jobs", "1", "--checksums", "none", "--zip-level", "store"])
        },
    },
    Contestant { name: "mailferry to a folder", needs: None, command: |mailbox, out| convert(mailbox, out, ONE) },
    Contestant {
        name: "mailferry to a stored ZIP",
        needs: None,
        command: |mailbox, out| convert(mailbox, &zip(out), &["--jobs", "1", "--zip-level", "store"]),
    },
    Contestant {
        name: "mailferry to a deflated ZIP",
        needs: None,
        command: |mailbox, out| convert(mailbox, &zip(out), ONE),
    },
    Contestant {
        name: "mailferry inspect",
        needs: None,
        command: |mailbox, _| {
            let mut command = mailferry()?;
            command.arg("inspect").arg(mailbox);
            Ok(command)
        },
    },
    Contestant {
        name: "Python mailbox, get_bytes, nothing written",
        needs: Some("python3"),
        command: |mailbox, _| python(GET_BYTES, &[mailbox]),
    },
    Contestant {
        name: "Python mailbox, as_bytes, nothing written",
        needs: Some("python3"),
        command: |mailbox, _| python(AS_BYTES, &[mailbox]),
    },
    Contestant {
        name: "Python mailbox and zipfile, deflated ZIP",
        needs: Some("python3"),
        command: |mailbox, out| python(ZIPFILE, &[mailbox, &zip(out)]),
    },
    Contestant {
        name: "mail-parser 0.11, messages only",
        needs: None,
        command: |mailbox, _| rival("mail-parser", mailbox),
    },
    Contestant {
        name: "mbox-reader 0.2, messages only",
        needs: None,
        command: |mailbox, _| rival("mbox-reader", mailbox),
    },
    Contestant {
        name: "git mailsplit --mboxrd",
        needs: Some("git"),
        command: |mailbox, out| {
            fs::create_dir_all(out)?;
            let mut command = Command::new("git");
            let mut folder = std::ffi::OsString::from("-o");
            folder.push(out);
            command.args(["mailsplit", "--mboxrd", "--keep-cr"]).arg(folder).arg(mailbox);
            Ok(command)
        },
    },
    Contestant {
        name: "mblaze mdeliver -M, to a Maildir",
        needs: Some("mdeliver"),
        command: |mailbox, out| {
            for folder in ["cur", "new", "tmp"] {
                fs::create_dir_all(out.join(folder))?;
            }
            let mut command = program("mdeliver", &[Path::new("-M"), out]);
            command.stdin(fs::File::open(mailbox)?);
            Ok(command)
        },
    },
    Contestant {
        name: "mboxshell export to EML",
        needs: Some("mboxshell"),
        command: |mailbox, out| {
            let mut command = program("mboxshell", &[Path::new("export"), mailbox]);
            command.args(["--format", "eml", "--output"]).arg(out);
            Ok(command)
        },
    },
];

pub(crate) fn program(name: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn convert(mailbox: &Path, out: &Path, options: &[&str]) -> Result<Command> {
    let mut command = mailferry()?;
    command.arg("convert").arg(mailbox).arg("--to").arg(out).args(["--progress", "none"]).args(options);
    Ok(command)
}

/// The command that stands beside this program, built in the same way.
fn mailferry() -> Result<Command> {
    let binary = env::current_exe()?.with_file_name(format!("mailferry{}", env::consts::EXE_SUFFIX));
    Ok(Command::new(binary))
}

fn rival(name: &str, mailbox: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["rival", name]).arg(mailbox);
    Ok(command)
}

fn python(script: &str, arguments: &[&Path]) -> Result<Command> {
    let mut command = Command::new("python3");
    command.args(["-c", script]).args(arguments);
    Ok(command)
}

pub(crate) fn zip(out: &Path) -> PathBuf {
    out.with_extension("zip")
}
