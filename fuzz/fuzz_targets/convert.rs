#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    convert::{ConvertOptions, OPTIONS, convert, verify},
    read::Given,
    write::{Fsync, OutputForm},
};
use serde_json::{Map, Value};
use std::{ops::ControlFlow, sync::Arc};

const NAMES: [&str; 16] = [
    "a.mbox",
    "a.eml",
    "a.ics",
    "a.vcf",
    "a.zip",
    "a.tar",
    "a.pst",
    "a.msg",
    "a.olm",
    "a.emlx",
    "a.mbox.gz",
    "a.tgz",
    "Inbox",
    "a.mbox.zst",
    "winmail.dat",
    "a.dat",
];

/// Values of options that are no words of a list.
const VALUES: [&str; 24] = [
    "true",
    "false",
    "0",
    "1",
    "2",
    "77",
    "1K",
    "20K",
    "1M",
    "a",
    "*",
    "**",
    "a/b",
    "a*",
    "?",
    "a=b",
    "A/b=C",
    "{subject}",
    "{hash}_{date}",
    "2024-01-01",
    "é",
    "item",
    "calendar",
    "1252",
];

/// What writes elsewhere, and what only makes a run longer.
const NOT: [&str; 6] = ["html", "jobs", "fsync", "address-map", "packaging", "created"];

/// The options that pairs of octets say; those that do not do are left out.
fn options(pairs: &[u8]) -> Map<String, Value> {
    let mut given = Map::new();
    for pair in pairs.chunks_exact(2) {
        let option = &OPTIONS[usize::from(pair[0]) % OPTIONS.len()];
        let Some(name) = option.name.filter(|name| !NOT.contains(name)) else { continue };
        let words = if option.words.is_empty() { &VALUES } else { option.words };
        let word = words[usize::from(pair[1]) % words.len()];
        let value = match word {
            "true" | "false" => Value::Bool(word == "true"),
            word => word.parse().map_or_else(|_| Value::String(word.to_owned()), |number: u64| number.into()),
        };
        given.insert(name.to_owned(), value);
        if ConvertOptions::from_names(&given).is_err() {
            given.remove(name);
        }
    }
    given
}

fuzz_target!(|octets: &[u8]| {
    let [name, count, rest @ ..] = octets else { return };
    let (pairs, octets) = rest.split_at((usize::from(count % 6) * 2).min(rest.len()));
    let given = options(pairs);
    let Ok(mut options) = ConvertOptions::from_names(&given) else { return };
    options.archive.fsync = Fsync::None;
    options.read.limits.expansion_floor = 4 << 20;
    let ends = ["", ".zip", ".tar", ".tgz"];
    let to = match options.archive.form {
        OutputForm::Pst => "out.pst".to_owned(),
        _ => format!("out{}", ends[usize::from(name / 16) % ends.len()]),
    };
    let room = tempfile::tempdir().expect("a folder");
    let to = room.path().join(to);
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let source = || [Given::Source(name.into(), Arc::new(octets.to_vec()))];
    let run = || convert(source(), &to, &options, &mut |_| ControlFlow::Continue(()));
    // What cannot be opened, and options that exclude each other, are refused.
    let Ok(report) = run() else { return };
    let totals = &report.totals;
    assert_eq!(totals.available, totals.migrated + totals.failed + totals.skipped, "{given:?}");
    if report.error.is_some() {
        return;
    }
    let mut differences = Vec::new();
    if let Ok(verified) = verify(&to, source(), &options, &mut |found| differences.push(format!("{found:?}"))) {
        // What failed is missing from the destination.
        let differs = verified.differences > 0;
        assert!(!differs || totals.failed > 0, "{given:?} {name}: {differences:?}");
    }
    if let Ok(again) = run() {
        assert!(again.totals.migrated == 0 || again.error.is_some(), "{given:?} {name}: {:?}", again.totals);
    }
});
