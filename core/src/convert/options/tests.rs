use super::{digest::changed, *};
use crate::{
    convert::{Dedupe, Kind},
    model::VCardVersion,
    read::{mbox::Unquoting, tnef::TnefParts},
    write::{Checksums, Eol, Grouping, MboxTree, OutputForm, Placement, StateFields, ZipLevel},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn leaves(prefix: &str, json: &Value, places: &mut BTreeSet<String>) {
    match json {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let place = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            leaves(&place, value, places);
        }),
        _ => drop(places.insert(prefix.to_owned())),
    }
}

/// Every option at another value than its default.
fn all_others() -> ConvertOptions {
    let mut options = ConvertOptions::default();
    let read = &mut options.read;
    (read.unquoting, read.tnef) = (Unquoting::Raw, TnefParts::Decode);
    (read.hidden, read.recover, read.keep_rtf) = (true, true, true);
    read.code_page = Some(932);
    read.addresses.insert("/o=x/cn=ann", "ann@example.org");
    let selection = &mut options.selection;
    selection.kinds = vec![Kind::Mail, Kind::Contact];
    for texts in [
        &mut selection.folders,
        &mut selection.skip_folders,
        &mut selection.labels,
        &mut selection.from,
        &mut selection.to,
        &mut selection.subject,
    ] {
        texts.push("x".into());
    }
    (selection.skip_trash, selection.skip_junk, selection.has_attachment) = (true, true, true);
    (selection.after, selection.before) = ("2024-01-01".parse().ok(), "2025-01-01T00:00:00+01:00".parse().ok());
    (selection.larger, selection.smaller) = (Some(1), Some(1 << 30));
    (selection.sample, selection.seed, selection.dedupe) = (Some(9), 7, Dedupe::Loose);
    let tagging = &mut options.tagging;
    tagging.add_labels = vec!["old".into()];
    tagging.map_folders = vec![("z".into(), "y".into()), ("a".into(), "b".into())];
    (tagging.root_folder, tagging.subject_suffix) = (Some("Old".into()), Some(" [old]".into()));
    options.target = Some(Target::named("zoho").unwrap());
    let archive = &mut options.archive;
    (archive.form, archive.eol, archive.checksums) = (OutputForm::Mbox, Eol::Lf, Checksums::None);
    (archive.placement, archive.zip_level) = (Placement::Every, ZipLevel::Best);
    archive.names = "{ordinal}".parse().unwrap();
    archive.shard = std::num::NonZeroU32::new(9);
    (archive.zip_split, archive.store_limit) = (Some(480 << 20), Some(20 << 30));
    let collections = &mut archive.collections;
    collections.grouping = Grouping::Parts { items: 500, octets: 900 << 10 };
    (collections.vcf.version, collections.vcf.add_uid) = (Some(VCardVersion::V4), true);
    collections.vcf.groups = crate::write::CardGroups::Categories;
    collections.vcf.yearless = crate::mend::YearlessDates::Hyphens;
    (collections.ics.strip_scheduling, collections.ics.refold) = (true, true);
    (collections.ics.move_attendees, collections.ics.display_alarms, collections.ics.set_aside) = (true, true, true);
    (collections.ics.mend, collections.vcf.mend) = (true, true);
    (collections.ics.iana_zones, collections.ics.complete_zones) = (true, true);
    archive.mbox.quoting = crate::write::Quoting::Mboxo;
    (archive.mbox.tree, archive.mbox.state) = (MboxTree::Apple, StateFields::None);
    archive.mbox.from_lines = crate::write::FromLines::Made;
    archive.folders = Some(crate::write::FolderRules { refused: "#".into(), ..crate::write::FolderRules::default() });
    archive.keep_folder_names = true;
    archive.pst_scrambling = crate::write::Scrambling::None;
    archive.unread_mode = true;
    archive.tar_names = crate::write::TarNames::Gnu;
    archive.documents = vec![("a.txt".into(), "text".into())];
    (archive.fsync, archive.mode) = (crate::write::Fsync::End, crate::write::Mode::Umask);
    archive.created = "2024-01-01".parse().ok();
    (options.check, options.attachments, options.table) = (true, true, true);
    options.page = Some("page.html".into());
    options.threads = NonZeroUsize::new(3).unwrap();
    options
}

#[test]
fn every_field_is_a_line_of_the_table() {
    let mut fields = BTreeSet::new();
    leaves("", &serde_json::to_value(ConvertOptions::default()).unwrap(), &mut fields);
    let places: Vec<_> = OPTIONS.iter().flat_map(|option| option.places).map(|place| (*place).to_owned()).collect();
    assert_eq!(places.iter().cloned().collect::<BTreeSet<_>>(), fields);
    assert_eq!(places.len(), fields.len(), "each stands there once");
    let names: Vec<_> = OPTIONS.iter().flat_map(|option| option.name.iter().chain(option.aliases)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn all_that_is_kept_is_read_back() {
    let mut options = all_others();
    let places: usize = OPTIONS.iter().map(|option| option.places.len()).sum();
    assert_eq!(changed(&options, |_| true).len(), places, "each has another value than its default");
    // That is of the run, and not kept.
    options.archive.created = None;
    let record: Value = serde_json::from_str(&options.record().to_string()).unwrap();
    let read = ConvertOptions::from_record(&record).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&options).unwrap());
    assert_eq!(ConvertOptions::default().record(), json!({ "scheme": SCHEME }));
}

#[test]
fn what_cannot_be_read_back_is_an_error_that_names_the_option() {
    for (record, told) in [
        (json!({ "scheme": 1, "read": { "tnef": "burn" } }), "tnef: \"burn\" is not"),
        (json!({ "scheme": 1, "archive": { "collections": { "collect": "0" } } }), "collect: "),
        (json!({ "scheme": 1, "archive": { "eol": "keep", "colour": 1 } }), "unknown field `colour`"),
        (json!({ "scheme": 1, "target": "fidonet" }), "target: \"fidonet\""),
        (json!({ "scheme": 1, "read": { "addressMap": { "file": "a.tsv", "sha256": "x" } } }), "address-map: "),
        (json!({ "scheme": 2 }), "newer version"),
        (json!({ "arguments": [] }), "does not contain"),
        (json!(null), "does not contain"),
    ] {
        let error = ConvertOptions::from_record(&record).unwrap_err().to_string();
        assert!(error.contains(told), "{record}: {error}");
    }
}

fn named(json: Value) -> crate::Result<ConvertOptions> {
    ConvertOptions::from_names(json.as_object().unwrap())
}

#[test]
fn names_are_those_of_the_command_in_the_spelling_of_each_language() {
    let camel = named(
        json!({ "as": "mbox", "mboxQuoting": "raw", "cardUids": true, "ianaZones": true, "addresses": { "/O=X": "a@b" } }),
    );
    let snake = named(
        json!({ "as_": "mbox", "mbox_quoting": "raw", "card_uids": true, "iana_zones": true, "address_map": [["/O=X", "a@b"]] }),
    );
    let kebab = named(
        json!({ "form": "mbox", "mbox-quoting": "raw", "card-uids": true, "iana-zones": true, "address-map": { "/o=x": "a@b" } }),
    );
    let all = [camel, snake, kebab].map(|options| options.unwrap());
    for options in &all {
        assert_eq!(serde_json::to_value(options).unwrap(), serde_json::to_value(&all[0]).unwrap());
        assert!(options.archive.collections.ics.complete_zones && options.archive.form == OutputForm::Mbox);
        assert_eq!(options.read.addresses.get("/o=X"), Some("a@b"));
    }
    let given = named(json!({
        "kind": "mail", "folder": ["a", "b"], "from_": "ann", "larger": "1K", "smaller": 2048, "split": "480M", "seed": null,
        "add_label": "old", "map_folder": [["z", "y"], ["a", "b"]], "jobs": 2, "csv": true, "page": "x.html",
    }));
    let options = given.unwrap();
    assert_eq!((options.selection.kinds.len(), options.selection.folders.len()), (1, 2));
    assert_eq!((options.selection.larger, options.archive.zip_split), (Some(1024), Some(480 << 20)));
    assert_eq!(options.tagging.map_folders[0].0, "z", "their order matters");
    let grouped =
        named(json!({ "select": { "skipTrash": true }, "tagging": { "rootFolder": "Old" }, "skip_junk": true }));
    let grouped = grouped.unwrap();
    assert!(grouped.selection.skip_trash && grouped.selection.skip_junk && grouped.tagging.root_folder.is_some());
}

#[test]
fn what_is_no_option_is_refused_by_name() {
    for (given, told) in [
        (json!({ "colour": 1 }), "unknown option colour"),
        (json!({ "packaging": "zip" }), "unknown option packaging"),
        (json!({ "as": "mbox", "form": "eml" }), "given twice"),
        (
            json!({ "hidden": true, "tnef": "x" }),
            "tnef: \"x\" is not a way to handle winmail.dat: choose one of keep, decode",
        ),
        (json!({ "hidden": 1 }), "hidden: invalid type"),
        (json!({ "vcard": "2.1" }), "vcard: \"2.1\" is not"),
        (json!({ "split": 0 }), "split: a part must have at least one byte"),
        (json!({ "larger": "x" }), "larger: \"X\" is not a unit"),
        (json!({ "shard": 0 }), "shard: "),
        (json!({ "after": "today" }), "after: "),
        (json!({ "select": { "folder": [] } }), "select: unknown field"),
        (json!({ "select": 1 }), "select: "),
        (json!({ "map_folder": [["/", "x"]] }), "map_folder: "),
        (json!({ "map_folder": ["Sent"] }), "map_folder: a list of pairs is wanted"),
        (json!({ "after": "2024-02-01", "before": "2024-01-01" }), "nothing is received at 2024-02-01"),
        (json!({ "after": "2024-02-01", "before": "2024-02-01" }), "nothing is received"),
        (json!({ "larger": "1M", "smaller": 1000 }), "nothing is larger than 1048576 bytes"),
        (json!({ "subject_suffix": "a\nb" }), "subject_suffix: "),
        (json!({ "kind": ["mail", "fax"] }), "kind: \"fax\" is not"),
    ] {
        let error = named(given.clone()).unwrap_err();
        assert!(error.to_string().contains(told), "{given}: {error}");
        assert_eq!(error.kind(), crate::ErrorKind::Options);
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_digest_is_of_what_decides_and_is_no_default() {
    let plain = ConvertOptions::default();
    let octets = |options: &ConvertOptions| digest(options, &[Decides::Octets], &[]);
    let both = |options: &ConvertOptions| digest(options, &[Decides::Octets, Decides::Places], &[]);
    // Fixed: what was written with these options is known by it for ever.
    assert_eq!(octets(&plain), DIGEST_OF_DEFAULTS);
    for option in OPTIONS {
        for place in option.places {
            let mut one = Map::new();
            let value = changed(&all_others(), |_| true).remove(place).unwrap();
            recorded::put(&mut one, place, value);
            let options: ConvertOptions = serde_json::from_value(Value::Object(one)).unwrap();
            assert_eq!(octets(&options) != octets(&plain), option.decides == Decides::Octets, "{place}");
            assert_eq!(both(&options) != both(&plain), option.decides != Decides::Neither, "{place}");
            let names = differing(&plain, &options, &[option.decides]);
            let name = option.name.map_or("--target".to_owned(), |name| format!("--{name}"));
            assert_eq!(names, [name], "{place}");
        }
    }
    assert_ne!(digest(&plain, &[], &["a".into()]), digest(&plain, &[], &["b".into()]));
}

#[cfg(not(target_family = "wasm"))]
const DIGEST_OF_DEFAULTS: &str = "b0dbe7c922cc6b1c0fcbf4dcc21775b8ccbed8c73707aa15bf5682325e014b14";
