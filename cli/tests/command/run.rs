//! Runs the binary.

use crate::archive::Archive;
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// The binary, with nothing to read from standard input.
pub(crate) fn mailferry() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command.stdin(Stdio::null());
    command
}

/// What a run of the binary ended in.
pub(crate) struct Run {
    /// `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    mailferry().args(arguments).output().unwrap().into()
}

/// A folder for one test, with a file `in.mbox` of the octets given.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new(mbox: &[u8]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.file("in.mbox", mbox);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, octets).unwrap();
        path
    }

    /// Names of what is there, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Runs the binary in the folder; words starting with `@` are left to it as they are.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        mailferry().current_dir(self.folder.path()).args(arguments).output().unwrap().into()
    }

    /// Converts `in.mbox` to `to`.
    pub(crate) fn convert(&self, to: &str, options: &[&str]) -> Run {
        self.run(&[&["convert", "in.mbox", "--to", to], options].concat())
    }

    /// The same, all of which must be done; and what came of it.
    pub(crate) fn converted(&self, to: &str, options: &[&str]) -> Archive {
        let run = self.convert(to, options);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        self.archive(to)
    }

    /// The same, for forms that nothing here reads.
    #[track_caller]
    pub(crate) fn converted_somehow(&self, to: &str, options: &[&str]) {
        let run = self.convert(to, options);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }

    pub(crate) fn archive(&self, to: &str) -> Archive {
        Archive::at(&self.path(to))
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// An mbox of messages, the first a second after the epoch of 2024, the next a second later.
pub(crate) fn mbox<M: AsRef<[u8]>>(messages: impl IntoIterator<Item = M>) -> Vec<u8> {
    let mut mbox = Vec::new();
    for (number, message) in (1..).zip(messages) {
        let (minute, second) = (number / 60 % 60, number % 60);
        mbox.extend_from_slice(
            format!("From a@example.org Mon Jan  1 {:02}:{minute:02}:{second:02} 2024\n", number / 3600).as_bytes(),
        );
        mbox.extend_from_slice(message.as_ref());
        mbox.extend_from_slice(b"\n");
    }
    mbox
}

/// A short message.
pub(crate) fn message(subject: &str) -> String {
    format!("From: Ann <ann@example.org>\nSubject: {subject}\n\nThis is {subject}.\n")
}

/// `count` messages of `size` octets or little more that deflate to about half.
pub(crate) fn many(count: usize, size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    mbox((0..count).map(|number| {
        let mut text = format!("Subject: number {number}\n\n");
        while text.len() < size {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push_str(&format!("{state:08x} and so on\n"));
        }
        text
    }))
}
