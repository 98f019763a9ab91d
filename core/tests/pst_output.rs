//! Mail that is written into a store of Outlook and read again is the same mail.
#![cfg(all(feature = "outlook", feature = "convert"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]

use mailferry::{
    convert::{ConvertOptions, Report, convert, recorded_options, undo, verify},
    model::{Item, Keywords, Message},
    platform::Target,
    read::{Mailbox, ReadOptions},
    source::{Content, ReadAt, Source},
    write::{OutputForm, Scrambling, create, create_with},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// An mbox of messages of every kind, in folders by their labels.
fn mbox() -> Vec<u8> {
    let mut mbox = String::new();
    for (label, message) in [
        (
            "Inbox,Opened",
            "From: Ann <ann@x.test>\nTo: bob@x.test\nSubject: Re: plain\nMessage-ID: <1@x>\nDate: Sat, 1 Jan 2022 10:00:00 +0000\nDelivered-To: bob@x.test\n\nHello\n",
        ),
        (
            "Inbox,Unread,Projects",
            "From: =?utf-8?Q?Zo=C3=AB?= <z@x.test>\nTo: a@x.test, B <b@x.test>\nCc: c@x.test\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= \u{1F600}\nMessage-ID: <2@x>\nDate: Sun, 2 Jan 2022 10:00:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\n\nschöne Grüße\n--a\nContent-Type: text/html; charset=utf-8\n\n<p>schöne <b>Grüße</b></p>\n--a--\n--b\nContent-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n\nAAECAwQFBgcICQ==\n--b\nContent-Type: message/rfc822\n\nSubject: inner\nMessage-ID: <3@x>\nFrom: i@x.test\n\ninside\n--b--\n",
        ),
        (
            "Sent,Starred",
            "From: bob@x.test\nTo: undisclosed-recipients:;\nSubject:\nMessage-ID: <4@x>\nDate: Mon, 3 Jan 2022 10:00:00 +0000\nDelivered-To: bob@x.test\n\n\n",
        ),
        (
            "Trash",
            "From: s@x.test\nTo: bob@x.test\nSubject: signed\nMessage-ID: <5@x>\nDate: Tue, 4 Jan 2022 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha1; protocol=\"application/pgp-signature\"; boundary=s\n\n--s\n\nsigned text  \n\n--s\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n--s--\n",
        ),
        (
            "Drafts",
            "From: bob@x.test\nSubject: not sent yet\nMessage-ID: <6@x>\nDate: Wed, 5 Jan 2022 10:00:00 +0000\n\ndraft\n",
        ),
    ] {
        mbox.push_str(&format!("From x Sat Jan  1 10:00:00 2022\nX-Gmail-Labels: {label}\n{message}\n"));
    }
    mbox.into_bytes()
}

fn options() -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.archive.form = OutputForm::Pst;
    options
}

fn run(sources: &[&Path], to: &Path, options: &ConvertOptions) -> Report {
    convert(sources.iter().copied(), to, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn items(path: &Path) -> Vec<Item> {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(path);
    mailbox.map(Result::unwrap).collect()
}

/// What a person sees of a message.
#[derive(Debug, PartialEq)]
struct Seen {
    folder: String,
    subject: String,
    people: [Vec<String>; 3],
    date: Option<i64>,
    text: String,
    html: String,
    attachments: Vec<(String, Vec<u8>)>,
    keywords: Vec<String>,
}

fn seen(item: &Item) -> Seen {
    let message = item.message().unwrap();
    let attachments = message.attachments().unwrap();
    let attachments = attachments.iter().map(|attachment| {
        let name = attachment.file_name().unwrap_or_default();
        match attachment.message().unwrap() {
            Some(inner) => (
                String::new(),
                format!("{:?} {:?}", inner.subject().unwrap(), inner.text().unwrap().unwrap_or_default().trim_end())
                    .into_bytes(),
            ),
            None => {
                let mut octets = Vec::new();
                attachment.reader().read_to_end(&mut octets).unwrap();
                (name, octets)
            }
        }
    });
    let people = |list: mailferry::Result<Vec<mailferry::mime::Address>>| {
        let list = list.unwrap();
        let mailboxes = list.iter().flat_map(mailferry::mime::Address::mailboxes);
        mailboxes.map(|mailbox| format!("{:?} {}", mailbox.name, mailbox.address)).collect()
    };
    Seen {
        folder: item.folder.path.to_string(),
        subject: message.subject().unwrap().unwrap_or_default(),
        people: [people(message.from()), people(message.to()), people(message.cc())],
        date: message.date().unwrap().map(|date| date.unix_seconds()),
        text: message.text().unwrap().unwrap_or_default().trim_end().to_owned(),
        html: message.html().unwrap().unwrap_or_default().trim_end().to_owned(),
        attachments: attachments.collect(),
        keywords: item.keywords.iter().map(str::to_owned).collect(),
    }
}

fn by_id(items: &[Item]) -> BTreeMap<String, Seen> {
    items.iter().map(|item| (item.message().unwrap().message_id().unwrap().unwrap_or_default(), seen(item))).collect()
}

fn octets(message: &Message) -> Vec<u8> {
    message.content().to_vec(1 << 20).unwrap()
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(bench.at("in.mbox"), mbox()).unwrap();
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn mail_comes_back_as_it_went() {
    let bench = Bench::new();
    let report = run(&[&bench.at("in.mbox")], &bench.at("out.pst"), &options());
    assert!(report.is_complete(), "{report:?}");
    let (before, after) = (items(&bench.at("in.mbox")), items(&bench.at("out.pst")));
    let (wanted, mut found) = (by_id(&before), by_id(&after));
    assert_eq!(found.len(), 5);
    for (id, wanted) in wanted {
        let found = found.remove(&id).unwrap();
        assert_eq!(found, wanted, "{id}");
    }
    let signed = |items: &[Item]| {
        let item = items.iter().find(|item| item.message().unwrap().subject().unwrap().as_deref() == Some("signed"));
        let whole = octets(item.unwrap().message().unwrap());
        let start = whole.windows(14).position(|window| window == b"Content-Type: ").unwrap();
        whole[start..].trim_ascii_end().to_vec()
    };
    assert_eq!(signed(&after), signed(&before));
    let trash = after.iter().find(|item| item.folder.role == Some(mailferry::model::Role::Trash)).unwrap();
    assert_eq!(trash.folder.path.to_string(), "Trash");
}

#[test]
fn a_store_that_was_written_once_stays_as_it_is() {
    let bench = Bench::new();
    run(&[&bench.at("in.mbox")], &bench.at("1.pst"), &options());
    run(&[&bench.at("1.pst")], &bench.at("2.pst"), &options());
    run(&[&bench.at("2.pst")], &bench.at("3.pst"), &options());
    let all = |name| {
        items(&bench.at(name)).iter().map(|item| (seen(item), octets(item.message().unwrap()))).collect::<Vec<_>>()
    };
    assert_eq!(all("3.pst"), all("2.pst"));
    assert_eq!(by_id(&items(&bench.at("2.pst"))), by_id(&items(&bench.at("1.pst"))));
}

/// Where the header says how data is scrambled (bCryptMethod), in a Unicode store.
const CRYPT_METHOD: usize = 513;

#[test]
fn a_store_is_scrambled_as_was_asked_for_and_so_is_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (source, to) = (folder.path().join("in.mbox"), |name: &str| folder.path().join(name));
    fs::write(&source, mbox()).unwrap();
    run(&[&source], &to("default.pst"), &options());
    let default = by_id(&items(&to("default.pst")));
    let body: Vec<u8> = "not sent yet".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (method, scrambling) in [(0, Scrambling::None), (1, Scrambling::Permute), (2, Scrambling::Cyclic)] {
        let store = to(&format!("{scrambling}.pst"));
        let mut options = options();
        options.archive.pst_scrambling = scrambling;
        run(&[&source], &store, &options);
        let octets = fs::read(&store).unwrap();
        assert_eq!(octets[CRYPT_METHOD], method, "{scrambling}");
        assert_eq!(
            octets.windows(body.len()).any(|octets| octets == body),
            scrambling == Scrambling::None,
            "{scrambling}"
        );
        assert_eq!(by_id(&items(&store)), default, "{scrambling}");
        // Whoever goes on with it has the options of the first run.
        let more = to("more.mbox");
        fs::write(&more, "From x Sat Jan  1 10:00:00 2022\nSubject: more\nMessage-ID: <9@x>\n\nHello\n").unwrap();
        run(&[&more], &store, &recorded_options(&store, None).unwrap());
        assert_eq!(fs::read(to(&format!("{scrambling}.sync002.pst"))).unwrap()[CRYPT_METHOD], method, "{scrambling}");
    }
    assert_eq!(fs::read(to("default.pst")).unwrap()[CRYPT_METHOD], 1);
}

#[test]
fn what_is_no_store_is_not_scrambled() {
    let folder = tempfile::tempdir().unwrap();
    for form in OutputForm::ALL.iter().filter(|form| **form != OutputForm::Pst) {
        let mut options = options().archive;
        (options.form, options.pst_scrambling) = (*form, Scrambling::None);
        let error = create(folder.path().join("out"), options).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "pst-scrambling: only stores of Outlook are scrambled, and the form is {form}: leave it out, or write a store (--as pst)"
            )
        );
        assert!(!folder.path().join("out").exists(), "{form}");
    }
}

#[test]
fn the_octets_do_not_depend_on_threads_or_time() {
    let bench = Bench::new();
    for (name, threads) in [("a", 1_usize), ("b", 4)] {
        fs::create_dir(bench.at(name)).unwrap();
        let mut options = options();
        options.threads = threads.try_into().unwrap();
        run(&[&bench.at("in.mbox")], &bench.at(name).join("x.pst"), &options);
    }
    let [one, four] = ["a/x.pst", "b/x.pst"].map(|name| fs::read(bench.at(name)).unwrap());
    assert!(one == four);
    // Another source has another key.
    fs::write(bench.at("other.mbox"), b"From x\nSubject: other\n\nx\n").unwrap();
    run(&[&bench.at("other.mbox")], &bench.at("other.pst"), &options());
    let key = |name: &str| {
        let pst = fs::read(bench.at(name)).unwrap();
        pst.windows(2).filter(|pair| pair == b"\x22\x80").count()
    };
    assert!(key("other.pst") > 0 && fs::read(bench.at("other.pst")).unwrap() != one);
}

#[test]
fn stores_are_split_into_whole_ones() {
    let bench = Bench::new();
    let mut mbox = Vec::new();
    for i in 0..40 {
        let text = "0123456789abcdef ".repeat(8000 + i);
        mbox.extend(format!("From x\nSubject: {i}\nX-Gmail-Labels: Folder {}\n\n{text}\n\n", i % 3).into_bytes());
    }
    fs::write(bench.at("many.mbox"), mbox).unwrap();
    let mut options = options();
    options.archive.zip_split = Some(4 << 20);
    let report = run(&[&bench.at("many.mbox")], &bench.at("out.pst"), &options);
    assert!(report.is_complete());
    let parts: Vec<_> =
        (1..).map(|n| bench.at(&format!("out.part{n:03}.pst"))).take_while(|path| path.exists()).collect();
    assert!(parts.len() > 2 && !bench.at("out.pst").exists(), "{parts:?}");
    let mut subjects = Vec::new();
    for part in &parts {
        assert!(fs::metadata(part).unwrap().len() < 4 << 20, "{part:?}");
        subjects.extend(items(part).iter().map(|item| item.message().unwrap().subject().unwrap().unwrap()));
    }
    subjects.sort_by_key(|subject| subject.parse::<u32>().unwrap());
    assert_eq!(subjects, (0..40).map(|i| i.to_string()).collect::<Vec<_>>());
    let mut differences = Vec::new();
    verify(&bench.at("out.pst"), None::<PathBuf>, &ConvertOptions::default(), &mut |found| {
        differences.push(found.clone())
    })
    .unwrap();
    assert_eq!(differences, []);
}

#[test]
fn what_is_no_mail_lies_beside_the_store() {
    let bench = Bench::new();
    fs::write(bench.at("c.ics"), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20220101T000000Z\r\nDTSTART:20220101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").unwrap();
    let report = run(&[&bench.at("in.mbox"), &bench.at("c.ics")], &bench.at("out.pst"), &options());
    assert!(report.is_complete(), "{report:?}");
    let beside = bench.at("out.pst.other");
    assert_eq!(items(&beside).len(), 1);
    let verified = || {
        let mut differences = Vec::new();
        let report = verify(&bench.at("out.pst"), None::<PathBuf>, &ConvertOptions::default(), &mut |found| {
            differences.push(found.clone())
        });
        (report.unwrap().items, differences.len())
    };
    assert_eq!(verified(), (6, 0));
    let mut pst = fs::read(bench.at("out.pst")).unwrap();
    let whole = pst.clone();
    let middle = pst.len() / 2;
    pst[middle] ^= 1;
    fs::write(bench.at("out.pst"), pst).unwrap();
    assert!(verified().1 > 0);
    fs::write(bench.at("out.pst"), whole).unwrap();
    let undone =
        undo(&bench.at("out.pst"), 1, false, &mailferry::Stop::default(), &mut |found| panic!("{found:?}")).unwrap();
    assert!(undone.kept == 0 && !bench.at("out.pst").exists() && !beside.exists(), "{undone:?}");
}

#[test]
fn a_further_run_writes_what_is_new_into_a_store_of_its_own() {
    let bench = Bench::new();
    run(&[&bench.at("in.mbox")], &bench.at("out.pst"), &options());
    let mut more = mbox();
    more.extend(b"From x Sat Jan  1 10:00:00 2022\nSubject: new\nMessage-ID: <7@x>\n\nnew\n");
    fs::write(bench.at("in.mbox"), more).unwrap();
    let before = fs::read(bench.at("out.pst")).unwrap();
    run(&[&bench.at("in.mbox")], &bench.at("out.pst"), &options());
    assert!(fs::read(bench.at("out.pst")).unwrap() == before);
    let new = items(&bench.at("out.sync002.pst"));
    assert_eq!(new.iter().map(|item| seen(item).subject).collect::<Vec<_>>(), ["new"]);
}

#[test]
fn a_run_that_was_stopped_is_completed_by_another() {
    let bench = Bench::new();
    let stopped = convert([bench.at("in.mbox")], &bench.at("out.pst"), &options(), &mut |progress| {
        if progress.report.totals.migrated >= 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(stopped.unwrap().cancelled && items(&bench.at("out.pst")).len() < 5);
    run(&[&bench.at("in.mbox")], &bench.at("out.pst"), &options());
    let there: usize = ["out.pst", "out.sync002.pst"]
        .iter()
        .map(|name| bench.at(name))
        .filter(|path| path.exists())
        .map(|path| items(&path).len())
        .sum();
    assert_eq!(there, 5);
    let left: Vec<_> = fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn targets_that_take_stores_get_them() {
    let bench = Bench::new();
    let mut options = ConvertOptions::default();
    for (target, document, line) in [
        ("m365", "PstImportMappingFile.csv", Some("Exchange,,mail.pst,bob@x.test,FALSE,/,,,,\r\n")),
        ("ovh-omm", "omm-project.csv", None),
    ] {
        options.target = Some(Target::named(target).unwrap());
        let report = run(&[&bench.at("in.mbox")], &bench.at(target), &options);
        assert!(report.is_complete(), "{target}: {report:?}");
        assert_eq!(items(&bench.at(target).join("mail.pst")).len(), 5, "{target}");
        let text = fs::read_to_string(bench.at(target).join(document)).unwrap();
        assert!(line.is_none_or(|line| text.ends_with(line)), "{text}");
        assert!(!text.contains('{'), "{text}");
    }
}

#[test]
fn archives_and_streams_take_stores_too() {
    let bench = Bench::new();
    let report = run(&[&bench.at("in.mbox")], &bench.at("out.zip"), &options());
    assert!(report.is_complete());
    run(&[&bench.at("in.mbox")], &bench.at("mail.pst"), &options());
    let mut zip = zip::ZipArchive::new(fs::File::open(bench.at("out.zip")).unwrap()).unwrap();
    let mut packed = Vec::new();
    zip.by_name("mail.pst").unwrap().read_to_end(&mut packed).unwrap();
    assert!(packed == fs::read(bench.at("mail.pst")).unwrap());
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl io::Write for Shared {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let stream = Shared::default();
    let to = stream.clone();
    let writer = create_with("mail.pst", move |_| Ok(to.clone()), options().archive).unwrap();
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(bench.at("in.mbox"));
    let mut log = Vec::new();
    mailferry::convert::Conversion::new(mailbox, writer, &mut log).run(&mut |_| ControlFlow::Continue(()));
    assert!(*stream.0.lock().unwrap() == fs::read(bench.at("mail.pst")).unwrap());
}

/// A source that cannot be read behind a place.
#[derive(Debug)]
struct Failing(Vec<u8>, u64);

impl ReadAt for Failing {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset + buf.len() as u64 > self.1 {
            return Err(io::Error::other("a bad sector"));
        }
        self.0.read_at(offset, buf)
    }
}

#[test]
fn a_message_that_fails_leaves_nothing_in_the_store() {
    use mailferry::{
        mapi::{Attachment, AttachmentBody, MapiMessage, PropertyBag, PropertyValue, pid},
        read::pst::PstReader,
        write::pst::{Layout, PstWriter, Scrambling},
    };
    let message = |content: Content| {
        let mut message = MapiMessage::new(PropertyBag::default());
        message.properties.set(pid::MESSAGE_FLAGS, PropertyValue::Integer32(1));
        let attachment =
            Attachment { properties: PropertyBag::default(), body: AttachmentBody::Data(content), defects: Vec::new() };
        message.attachments = Arc::new(vec![attachment]);
        message
    };
    let store = |sizes: &[(usize, bool)]| {
        let mut pst =
            PstWriter::new(io::Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
        let folder = pst.add_folder(PstWriter::<io::Cursor<Vec<u8>>>::MAILBOX, "F", "IPF.Note");
        for (size, fails) in sizes {
            let octets: Vec<u8> = (0..*size).map(|i| (i * 7) as u8).collect();
            let content = match fails {
                true => Content::from(Arc::new(Failing(octets, *size as u64 - 1)) as Source),
                false => octets.into(),
            };
            assert_eq!(pst.add_message(folder, &message(content)).is_err(), *fails);
        }
        let out = pst.finish().unwrap();
        let end = out.position() as usize;
        let mut octets = out.into_inner();
        octets.truncate(end);
        octets
    };
    for failing in [10_000, 300_000, 2_000_000] {
        let octets = store(&[(5_000, false), (failing, true), (400_000, false), (failing, true), (7, false)]);
        let mut reader = PstReader::open(Arc::new(octets), "x.pst", &ReadOptions::default()).unwrap();
        let mut sizes = Vec::new();
        while let Some(stored) = reader.next_message().unwrap() {
            assert!(stored.message.defects.is_empty());
            let AttachmentBody::Data(content) = stored.message.attachments.open(0).unwrap().body else { panic!() };
            sizes.push(content.to_vec(1 << 20).unwrap().len());
        }
        assert_eq!(sizes, [5_000, 400_000, 7], "{failing}");
    }
}

/// The table and the report count what the log tells, also where it is found while the store is written.
#[test]
fn what_is_lost_on_the_way_into_a_store_is_counted() {
    let room = tempfile::tempdir().unwrap();
    let (mbox, to) = (room.path().join("in.mbox"), room.path().join("out.pst"));
    let mail = "From x Sat Jan  1 10:00:00 2022\nFrom: a@x.test\nFrom: b@x.test\nDate: Sat, 1 Jan 2022 10:00:00 +0000\n\nx\n\n";
    fs::write(&mbox, mail.repeat(2)).unwrap();
    let report = run(&[&mbox], &to, &options());
    assert_eq!(report.warnings, BTreeMap::from([("header_field".to_owned(), 2)]));
    let log = fs::read_to_string(room.path().join("out.pst.items.jsonl")).unwrap();
    assert_eq!(log.matches("header_field: more than one From field").count(), 2);
}

#[test]
fn folders_have_their_names_once() {
    let bench = Bench::new();
    let mut mbox = String::new();
    for (i, label) in
        ["A/b", "a/B", "A", "Deleted Items", "Trash", "\u{1F4E7} Ünïcode", &"deep/".repeat(260)].iter().enumerate()
    {
        mbox.push_str(&format!("From x\nSubject: {i}\nX-Gmail-Labels: {label}\n\nx\n\n"));
    }
    fs::write(bench.at("names.mbox"), mbox).unwrap();
    let report = run(&[&bench.at("names.mbox")], &bench.at("out.pst"), &options());
    assert!(report.is_complete());
    let items = items(&bench.at("out.pst"));
    assert_eq!(items.len(), 7);
    let folders: std::collections::BTreeSet<_> =
        items.iter().map(|item| item.folder.path.to_string().to_lowercase()).collect();
    assert_eq!(folders.len(), 7, "{folders:?}");
    assert!(!items.iter().any(|item| item.keywords.contains(Keywords::DRAFT)));
}
