//! The programs that are compared, each given the mailbox and a place for what it writes.

use crate::{Result, contestants_pst::OF_PST};
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
    /// It gets the size that was asked for divided by this: some programs hold all of a file many times over, or take
    /// time that grows with its square.
    pub(crate) share: u64,
}

/// What is converted, and by whom.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    /// All of them, the measure of all things first.
    pub(crate) contestants: &'static [Contestant],
}

/// All workloads.
pub(crate) const WORKLOADS: [Workload; 4] = [
    Workload { name: "mbox", file: "takeout.mbox", contestants: MBOX },
    Workload { name: "pst", file: "outlook.pst", contestants: OF_PST },
    Workload { name: "ics", file: "calendar.ics", contestants: ICS },
    Workload { name: "vcf", file: "contacts.vcf", contestants: VCF },
];

impl Contestant {
    /// Whether its program can be started.
    pub(crate) fn is_installed(&self) -> bool {
        let Some(program) = self.needs else { return true };
        if let Some(module) = program.strip_prefix("python: ") {
            let mut command = python(&format!("import {module}"), &[]);
            return command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        }
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

const PYTHON_ICALENDAR: &str = "
import icalendar, sys
calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())
open(sys.argv[2], 'wb').write(calendar.to_ical())
";

const PYTHON_VOBJECT: &str = "
import sys, vobject
with open(sys.argv[2], 'w', newline='') as out:
    for component in vobject.readComponents(open(sys.argv[1], newline='').read()):
        out.write(component.serialize(validate=False))
";

pub(crate) const CP: Contestant =
    Contestant { name: "cp", needs: Some("cp"), share: 1, command: |file, out| Ok(program("cp", &[file, out])) };

pub(crate) const TO_FOLDER: Contestant = Contestant {
    name: "mailferry to a folder, no checksums",
    needs: None,
    share: 1,
    command: |file, out| convert(file, out, &["--jobs", "1", "--checksums", "none"]),
};

pub(crate) const TO_FOLDER_SHA256: Contestant = Contestant {
    name: "mailferry to a folder, SHA-256",
    needs: None,
    share: 1,
    command: |file, out| convert(file, out, ONE),
};

const LIBRARY: Contestant = Contestant {
    name: "mailferry as a library, items read and written untouched",
    needs: None,
    share: 1,
    command: |file, out| rival_to("mailferry", file, out),
};

const LIBRARY_MENDED: Contestant = Contestant {
    name: "mailferry as a library, items read, mended for nextcloud and written",
    needs: None,
    share: 1,
    command: |file, out| rival_to("mailferry-mended", file, out),
};

const LIBRARY_TYPED: Contestant = Contestant {
    name: "mailferry as a library, every value decoded",
    needs: None,
    share: 1,
    command: |file, _| rival("mailferry-typed", file),
};

/// Those that take a calendar.
const ICS: &[Contestant] = &[
    CP,
    LIBRARY,
    LIBRARY_MENDED,
    LIBRARY_TYPED,
    TO_FOLDER,
    TO_FOLDER_SHA256,
    Contestant {
        name: "calcard 0.3.14, parsed and written",
        needs: None,
        share: 4,
        command: |file, out| rival_to("calcard-ics", file, out),
    },
    Contestant {
        name: "icalendar 0.17, parsed and written",
        needs: None,
        share: 4,
        command: |file, out| rival_to("icalendar", file, out),
    },
    Contestant {
        name: "Python icalendar, parsed and written",
        needs: Some("python: icalendar"),
        share: 20,
        command: |file, out| Ok(python(PYTHON_ICALENDAR, &[file, out])),
    },
    Contestant {
        name: "Python vobject, parsed and written",
        needs: Some("python: vobject"),
        share: 20,
        command: |file, out| Ok(python(PYTHON_VOBJECT, &[file, out])),
    },
];

/// Those that take an address book.
const VCF: &[Contestant] = &[
    CP,
    LIBRARY,
    LIBRARY_MENDED,
    LIBRARY_TYPED,
    TO_FOLDER,
    TO_FOLDER_SHA256,
    Contestant {
        name: "calcard 0.3.14, parsed and written",
        needs: None,
        share: 4,
        command: |file, out| rival_to("calcard-vcf", file, out),
    },
    Contestant {
        name: "vcard_parser 0.2, parsed and written",
        needs: None,
        share: 1_000,
        command: |file, out| rival_to("vcard_parser", file, out),
    },
    Contestant {
        name: "Python vobject, parsed and written",
        needs: Some("python: vobject"),
        share: 20,
        command: |file, out| Ok(python(PYTHON_VOBJECT, &[file, out])),
    },
];

/// Those that take a mailbox.
const MBOX: &[Contestant] = &[
    CP,
    Contestant {
        name: "read and written through one buffer, not looked at",
        needs: None,
        share: 1,
        command: |mailbox, out| rival_to("bare-file", mailbox, out),
    },
    Contestant {
        name: "the same into as many files as there are messages",
        needs: None,
        share: 1,
        command: |mailbox, out| rival_to("bare-folder", mailbox, out),
    },
    TO_FOLDER,
    Contestant {
        name: "mailferry to a stored ZIP, no checksums",
        needs: None,
        share: 1,
        command: |mailbox, out| {
            convert(mailbox, &zip(out), &["--jobs", "1", "--checksums", "none", "--zip-level", "store"])
        },
    },
    TO_FOLDER_SHA256,
    Contestant {
        name: "mailferry to a stored ZIP",
        needs: None,
        share: 1,
        command: |mailbox, out| convert(mailbox, &zip(out), &["--jobs", "1", "--zip-level", "store"]),
    },
    Contestant {
        name: "mailferry to a deflated ZIP",
        needs: None,
        share: 1,
        command: |mailbox, out| convert(mailbox, &zip(out), ONE),
    },
    Contestant {
        name: "mailferry inspect",
        needs: None,
        share: 1,
        command: |mailbox, _| {
            let mut command = mailferry()?;
            command.arg("inspect").arg(mailbox);
            Ok(command)
        },
    },
    Contestant {
        name: "Python mailbox, get_bytes, nothing written",
        needs: Some("python3"),
        share: 1,
        command: |mailbox, _| Ok(python(GET_BYTES, &[mailbox])),
    },
    Contestant {
        name: "Python mailbox, as_bytes, nothing written",
        needs: Some("python3"),
        share: 1,
        command: |mailbox, _| Ok(python(AS_BYTES, &[mailbox])),
    },
    Contestant {
        name: "Python mailbox and zipfile, deflated ZIP",
        needs: Some("python3"),
        share: 1,
        command: |mailbox, out| Ok(python(ZIPFILE, &[mailbox, &zip(out)])),
    },
    Contestant {
        name: "mail-parser 0.11, messages only",
        needs: None,
        share: 1,
        command: |mailbox, _| rival("mail-parser", mailbox),
    },
    Contestant {
        name: "mbox-reader 0.2, messages only",
        needs: None,
        share: 1,
        command: |mailbox, _| rival("mbox-reader", mailbox),
    },
    Contestant {
        name: "git mailsplit --mboxrd",
        needs: Some("git"),
        share: 1,
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
        share: 1,
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
        share: 1,
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

pub(crate) fn rival(name: &str, mailbox: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["rival", name]).arg(mailbox);
    Ok(command)
}

fn rival_to(name: &str, file: &Path, out: &Path) -> Result<Command> {
    let mut command = rival(name, file)?;
    command.arg(out);
    Ok(command)
}

/// The Python that `PYTHON` names, of an environment where the rivals are installed, or that of the system.
fn python(script: &str, arguments: &[&Path]) -> Command {
    let mut command = Command::new(env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    command.args(["-c", script]).args(arguments);
    command
}

pub(crate) fn zip(out: &Path) -> PathBuf {
    out.with_extension("zip")
}
