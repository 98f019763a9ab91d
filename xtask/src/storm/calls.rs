//! The calls to the system that a conversion makes of its files, and which of them are disturbed.

use std::collections::{BTreeMap, BTreeSet};

/// Calls that change something.
const CHANGING: [&str; 27] = [
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "openat",
    "open",
    "creat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "unlink",
    "unlinkat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "ftruncate",
    "truncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "copy_file_range",
    "sendfile",
    "fchmod",
];

/// Calls whose failure loses nothing that is to be told (the date of a file where a file system has none).
const MINOR: [&str; 1] = ["utimensat"];

/// Calls that read.
const READING: [&str; 2] = ["read", "pread64"];

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// It fails: the disk is full.
    Full,
    /// It fails: the disk is broken.
    Broken,
    /// The process is killed where it would be made.
    Kill,
}

impl Disturbance {
    pub(crate) const FAULTS: [Self; 2] = [Self::Full, Self::Broken];
    pub(crate) const KILLS: [Self; 1] = [Self::Kill];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "ENOSPC",
            Self::Broken => "EIO",
            Self::Kill => "KILL",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Full, Self::Broken, Self::Kill].into_iter().find(|one| one.name() == name)
    }

    /// Whether such a call can end so.
    fn applies_to(self, call: &str) -> bool {
        match self {
            Self::Full => CHANGING.contains(&call),
            Self::Broken => CHANGING.contains(&call) || READING.contains(&call),
            Self::Kill => CHANGING.contains(&call) || MINOR.contains(&call),
        }
    }
}

/// A call that is disturbed: the so-manieth of its name, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) call: String,
    pub(crate) number: usize,
    pub(crate) disturbance: Disturbance,
}

impl Position {
    /// The options of strace that do it.
    pub(crate) fn options(&self) -> [String; 4] {
        let Self { call, number, disturbance } = self;
        let what = if *disturbance == Disturbance::Kill { "signal" } else { "error" };
        let inject = format!("inject={call}:{what}={}:when={number}", disturbance.name());
        ["-e".to_owned(), format!("trace={call}"), "-e".to_owned(), inject]
    }
}

/// What strace is to write down; a name that this processor has not is passed over.
pub(crate) fn traced() -> String {
    let names: Vec<_> = [&CHANGING[..], &MINOR, &READING].concat().iter().map(|name| format!("?{name}")).collect();
    format!("trace={}", names.join(","))
}

/// The calls of a trace (`strace -f -y`) that concern files below `room`, by name, each by its number among those of its thread.
pub(crate) fn of_files(trace: &str, room: &str) -> BTreeMap<String, Vec<usize>> {
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut calls: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        if name.starts_with(['<', '-', '+']) {
            continue;
        }
        let number = numbers.entry((thread, name)).or_default();
        *number += 1;
        if concerns_files(name, arguments, room) {
            calls.entry(name.to_owned()).or_default().insert(*number);
        }
    }
    calls.into_iter().map(|(name, numbers)| (name, numbers.into_iter().collect())).collect()
}

/// Whether a call is one that reads or changes a file of the conversion, and not one of the terminal or of a library.
fn concerns_files(name: &str, arguments: &str, room: &str) -> bool {
    match name {
        "open" | "openat" => ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| arguments.contains(flag)),
        _ if arguments.starts_with(|first: char| first.is_ascii_digit()) => {
            arguments.split_once('<').is_some_and(|(_, path)| path.starts_with(room))
        }
        _ => true,
    }
}

/// So many positions, spread evenly: over the names of calls first, and over the run for each.
pub(crate) fn spread(
    calls: &BTreeMap<String, Vec<usize>>,
    disturbances: &[Disturbance],
    positions: usize,
) -> Vec<Position> {
    let groups: Vec<Vec<Position>> = calls
        .iter()
        .map(|(call, numbers)| {
            let each = |&number: &usize| {
                let position = |&disturbance| Position { call: call.clone(), number, disturbance };
                disturbances.iter().filter(|one| one.applies_to(call)).map(position).collect::<Vec<_>>()
            };
            numbers.iter().flat_map(each).collect()
        })
        .collect();
    let mut shares = vec![0; groups.len()];
    let mut left = positions.min(groups.iter().map(Vec::len).sum());
    while left > 0 {
        for (share, group) in shares.iter_mut().zip(&groups) {
            if *share < group.len() && left > 0 {
                *share += 1;
                left -= 1;
            }
        }
    }
    let picks = |(group, share): (&Vec<Position>, usize)| {
        let last = group.len().saturating_sub(1);
        let place = move |pick: usize| if share < 2 { last / 2 } else { pick * last / (share - 1) };
        (0..share).filter_map(|pick| group.get(place(pick)).cloned()).collect::<Vec<_>>()
    };
    groups.iter().zip(shares).flat_map(picks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_calls_of_a_thread_and_takes_those_of_files() {
        let trace = "\
12 openat(AT_FDCWD, \"/lib/libc.so\", O_RDONLY|O_CLOEXEC) = 3
12 openat(AT_FDCWD, \"out/a\", O_WRONLY|O_CREAT, 0666) = 3
12 write(1<pipe:[7]>, \"\"..., 4)   = 4
13 write(9</room/here/x>, \"\"..., 4) = 4
12 write(3</room/here/out/a>, \"\"..., 4) = 4
12 rename(\"a\", \"b\") = 0
12 --- SIGCHLD {si_signo=SIGCHLD} ---
12 +++ exited with 0 +++
";
        let calls = of_files(trace, "/room/");
        assert_eq!(calls["openat"], [2]);
        assert_eq!(calls["write"], [1, 2]);
        assert_eq!(calls["rename"], [1]);
        assert_eq!(calls.len(), 3);
    }

    #[test]
    fn rare_calls_are_all_taken_and_frequent_ones_from_end_to_end() {
        let calls = BTreeMap::from([("rename".to_owned(), vec![1]), ("write".to_owned(), (1..=100).collect())]);
        let kills = spread(&calls, &Disturbance::KILLS, 6);
        let numbers: Vec<_> = kills.iter().map(|one| (&*one.call, one.number)).collect();
        assert_eq!(numbers, [("rename", 1), ("write", 1), ("write", 25), ("write", 50), ("write", 75), ("write", 100)]);
        let faults = spread(&calls, &Disturbance::FAULTS, 4);
        assert_eq!(faults.iter().filter(|one| one.call == "rename").count(), 2);
        assert_eq!(spread(&calls, &Disturbance::KILLS, 1000).len(), 101);
        let reads = BTreeMap::from([("read".to_owned(), vec![1, 2])]);
        assert!(spread(&reads, &Disturbance::FAULTS, 9).iter().all(|one| one.disturbance == Disturbance::Broken));
    }
}
