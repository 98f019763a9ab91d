//! What is written is the same on any number of threads, and read back by others: small items, and those that are deflated in blocks.
#![cfg(feature = "convert")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]

use mailferry::{
    convert::{ConvertOptions, Dedupe, Difference, Inspection, Preflight, ReadAhead, convert, verify},
    read::{Event, Mailbox, ReadOptions},
    write::{OutputForm, TarNames, ZipLevel},
};
use std::{
    fs,
    io::Read,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Base64 of octets without repeats, the same every time (xorshift64*), in lines.
fn noise(len: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut octets = Vec::with_capacity(len);
    while octets.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let word = state.wrapping_mul(0x2545_F491_4F6C_DD1D);
        octets.extend((0..10).map(|i| ALPHABET[(word >> (6 * i) & 63) as usize]));
        if octets.len() % 70 == 0 {
            octets.push(b'\n');
        }
    }
    octets.truncate(len);
    octets
}

fn text(len: usize) -> Vec<u8> {
    (0..)
        .flat_map(|i: u32| format!("line {i}, {} of a text\n", i.wrapping_mul(40_503) % 9_973).into_bytes())
        .take(len)
        .collect()
}

/// Bodies about the size of a block, of several, and of more than is held deflated, among small ones.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = (1..40).map(|i| text(i * 700)).collect();
    bodies.extend([text(262_000), text(700_000), noise(300_000), noise(1_500_000)]);
    bodies.push([text(400_000), noise(600_000), text(500_000)].concat());
    bodies.extend((1..20).map(|i| noise(i * 900)));
    bodies.push(noise(9_000_000));
    bodies.push(text(5_000));
    bodies
}

fn mailbox(folder: &Path) -> PathBuf {
    let mut mbox = Vec::new();
    for (i, body) in bodies().iter().enumerate() {
        mbox.extend(
            format!("From a@x.test Thu Jan  4 10:00:00 2024\nX-Gmail-Labels: {}\n", ["Inbox", "Work"][i % 2]).bytes(),
        );
        mbox.extend(format!("Subject: number {i}\nFrom: a@x.test\nDate: Thu, 4 Jan 2024 10:00:00 +0000\n\n").bytes());
        mbox.extend(body);
        mbox.extend(b"\n\n");
    }
    let path = folder.join("in.mbox");
    fs::write(&path, mbox).unwrap();
    path
}

fn threads(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

/// Every file below `folder`, by its name, but the report, which has the time it took.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(".report.json") => {}
                false => files.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap())),
            }
        }
    }
    files.sort();
    files
}

/// What is asked for besides.
type Change<'c> = &'c dyn Fn(&mut ConvertOptions);

#[test]
fn every_form_is_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let source = mailbox(folder.path());
    let run = |name: &str, number: usize, change: Change<'_>| {
        let to = folder.path().join(format!("{number}"));
        fs::create_dir(&to).unwrap();
        let mut options = ConvertOptions::default();
        change(&mut options);
        options.threads = threads(number);
        let report = convert([&source], &to.join(name), &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(report.error.is_none() && report.totals.failed == 0, "{name} on {number}: {:?}", report.error);
        let written = files(&to);
        fs::remove_dir_all(&to).unwrap();
        written
    };
    let forms: [(&str, &[usize], Change<'_>); 9] = [
        ("deflated.zip", &[2, 3, 8], &|_| {}),
        ("best.zip", &[3], &|options| options.archive.zip_level = ZipLevel::Best),
        ("stored.zip", &[2, 8], &|options| options.archive.zip_level = ZipLevel::Store),
        ("split.zip", &[3], &|options| options.archive.zip_split = Some(8_000_000)),
        ("mbox.zip", &[3], &|options| options.archive.form = OutputForm::Mbox),
        ("bundle.zip", &[3], &|options| options.archive.form = OutputForm::Bundle),
        ("gzip.tgz", &[2, 3, 8], &|options| options.archive.tar_names = TarNames::Gnu),
        ("folder", &[2, 8], &|_| {}),
        ("selected.zip", &[3], &|options| {
            (options.selection.dedupe, options.selection.sample) = (Dedupe::Exact, Some(30));
        }),
    ];
    for (name, numbers, change) in forms {
        let alone = run(name, 1, change);
        for number in numbers {
            let written = run(name, *number, change);
            assert_eq!(alone.len(), written.len(), "{name} on {number} threads");
            for ((path, octets), (path_there, octets_there)) in alone.iter().zip(&written) {
                assert!(path == path_there && octets == octets_there, "{} on {number} threads", path.display());
            }
        }
    }
}

#[test]
fn others_read_what_was_deflated_in_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let source = mailbox(folder.path());
    let mut options = ConvertOptions::default();
    options.threads = threads(3);
    for name in ["a.zip", "a.tgz"] {
        let to = folder.path().join(name);
        convert([&source], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        let mut contents = Vec::new();
        if name == "a.zip" {
            let mut archive = zip::ZipArchive::new(fs::File::open(&to).unwrap()).unwrap();
            for i in 0..archive.len() {
                let mut octets = Vec::new();
                archive.by_index(i).unwrap().read_to_end(&mut octets).unwrap();
                contents.push(octets);
            }
        } else {
            let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(&to).unwrap()));
            for entry in archive.entries().unwrap() {
                let mut octets = Vec::new();
                entry.unwrap().read_to_end(&mut octets).unwrap();
                contents.push(octets);
            }
        }
        for body in bodies() {
            let holds = |octets: &Vec<u8>| {
                octets.len() > body.len()
                    && octets
                        .windows(2)
                        .position(|w| w == b"\n\n")
                        .is_some_and(|at| octets[at + 2..].starts_with(&body))
            };
            assert!(contents.iter().any(holds), "{} octets in {name}", body.len());
        }
    }
}

/// Everything that is wrong with a destination is found in the same order, however many read it.
#[test]
fn what_verify_finds_is_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let source = mailbox(folder.path());
    for name in ["folder", "a.zip", "a.tgz"] {
        let to = folder.path().join(name);
        convert([&source], &to, &ConvertOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        if name == "folder" {
            for (i, (path, mut octets)) in files(&to).into_iter().enumerate() {
                match i % 5 {
                    0 => fs::remove_file(to.join(&path)).unwrap(),
                    1 => {
                        let last = octets.len() - 1;
                        octets[last] ^= 1;
                        fs::write(to.join(&path), octets).unwrap();
                    }
                    2 => fs::write(to.join(path.with_extension("more.eml")), octets).unwrap(),
                    _ => {}
                }
            }
        }
        let found = |number: usize| {
            let mut options = ConvertOptions::default();
            options.threads = threads(number);
            let mut differences: Vec<Difference> = Vec::new();
            let report =
                verify(&to, None::<PathBuf>, &options, &mut |difference| differences.push(difference.clone())).unwrap();
            (report, differences)
        };
        let alone = found(1);
        assert_eq!(alone.0.files > 40 && alone.1.is_empty(), name != "folder", "{:?}", alone.1.first());
        assert!([2, 3, 8].into_iter().all(|number| found(number) == alone), "{name}");
    }
}

#[test]
fn what_is_read_ahead_comes_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let source = mailbox(folder.path());
    let read = |number: usize| {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_path(&source);
        mailbox.add_path(folder.path().join("none.mbox"));
        mailbox.add_source(
            "two.ics",
            std::sync::Arc::new(
                b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:19691231\nEND:VEVENT\nEND:VCALENDAR\n".to_vec(),
            ),
        );
        let mut ahead = ReadAhead::new(mailbox, threads(number), Preflight::of);
        let mut inspection = Inspection::new(5);
        let mut order = Vec::new();
        while let Some((event, preflight)) = ahead.next_event() {
            order.push(match &event {
                Event::Item(item) => format!("{} {:?}", item.origin.ordinal, preflight),
                Event::Opened(opened) => opened.name.to_string(),
                Event::Failed { error, .. } => error.to_string(),
                _ => String::new(),
            });
            inspection.count_examined(event, preflight);
        }
        (order, serde_json::to_value(&inspection).unwrap())
    };
    let alone = read(1);
    assert_eq!((alone.1["items"].as_u64(), alone.1["preflight"]["before1970"].as_u64()), (Some(66), Some(1)));
    assert!([2, 3, 8].into_iter().all(|number| read(number) == alone));
}
