//! What an archive holds is what was written: folders and ZIP archives, read back by others than their writer.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

use mailferry::{
    DateTime, ErrorKind,
    model::{Folder, FolderPath, Item, ItemKind, Label, Message},
    source::{Content, ReadAt, Source},
    write::{
        Checksums, EmlArchive, Eol, Fidelity, ItemName, ItemWriter, Placement, WriteOptions, Written, ZipLevel, create,
        create_with,
    },
};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::UNIX_EPOCH,
};

fn item_of(folder: &[&str], content: Content) -> Item {
    let folder = Folder { path: FolderPath::new(folder.iter().copied()), role: None };
    Item::new(ItemKind::Message(Message::new(content)), folder, Default::default())
}

fn item(folder: &[&str], octets: &[u8]) -> Item {
    item_of(folder, Content::from(octets.to_vec()))
}

fn folder(names: &[&str]) -> Folder {
    Folder { path: FolderPath::new(names.iter().copied()), role: None }
}

fn name(subject: &str, seconds: i64) -> ItemName {
    ItemName { subject: Some(subject.into()), date: Some(DateTime::from_unix_seconds(seconds)), ..ItemName::default() }
}

fn options(change: impl FnOnce(&mut WriteOptions)) -> WriteOptions {
    let mut options = WriteOptions::default();
    change(&mut options);
    options
}

fn write(archive: &mut EmlArchive, item: &Item, name: &ItemName) -> mailferry::Result<Vec<Written>> {
    let rendered = archive.renderer().render(item)?;
    archive.write(item, name, rendered)
}

fn path(written: &[Written]) -> &str {
    let [written] = written else { panic!("one place, not {written:?}") };
    &written.path
}

/// Octets that do not compress, the same every time.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(len)
    .collect()
}

fn messages() -> Vec<Vec<u8>> {
    vec![
        b"Subject: short\n\nbody\n".to_vec(),
        Vec::new(),
        b"Subject: text\r\n\r\n".iter().copied().chain(b"again and again\r\n".repeat(20_000)).collect(),
        noise(300_000),
        noise(9 << 20),
        [b"text ".repeat(50_000), noise(200_000), b"text ".repeat(50_000)].concat(),
    ]
}

#[test]
fn a_folder_holds_the_octets_and_dates_of_its_items() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("new/out");
    let mut archive = EmlArchive::create(&dest, WriteOptions::default()).unwrap();
    for octets in messages() {
        let written = write(&mut archive, &item(&["Inbox", "a/b"], &octets), &name("x", 1_700_000_000)).unwrap();
        assert!(path(&written).starts_with("Inbox/a_b/20231114-221320Z_"), "{written:?}");
        let file = dest.join(path(&written));
        assert!(fs::read(&file).unwrap() == octets);
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        assert_eq!(modified.duration_since(UNIX_EPOCH).unwrap().as_secs(), 1_700_000_000);
    }
    archive.folder(&folder(&["Empty"])).unwrap();
    archive.finish().unwrap();
    assert!(dest.join("Empty").is_dir());
    assert_eq!(fs::read_dir(dest.join("Inbox/a_b")).unwrap().count(), messages().len(), "nothing unfinished is left");
}

#[test]
fn a_file_is_named_after_its_sha256() {
    let root = tempfile::tempdir().unwrap();
    let mut archive = EmlArchive::create(root.path(), WriteOptions::default()).unwrap();
    let written = write(&mut archive, &item(&[], b"abc"), &name("Hello, world", 0)).unwrap();
    // FIPS 180-4's own example.
    assert_eq!(path(&written), "19700101-000000Z_ba7816bf8f01_Hello-world.eml");
}

#[test]
fn without_checksums_files_are_named_after_their_xxh3() {
    let root = tempfile::tempdir().unwrap();
    let options = options(|options| options.checksums = Checksums::None);
    let mut archive = EmlArchive::create(root.path(), options).unwrap();
    let item = item(&[], b"abc");
    assert_eq!(archive.renderer().render(&item).unwrap().sha256(), None);
    // XXH3_64bits("abc") of the reference implementation.
    assert_eq!(path(&write(&mut archive, &item, &name("", 0)).unwrap()), "19700101-000000Z_78af5f94892f.eml");
}

#[test]
fn line_ends_change_only_when_that_is_asked_for() {
    for (eol, expected, fidelity) in [
        (Eol::Keep, &b"a\r\nb\nc"[..], Fidelity::Verbatim),
        (Eol::Crlf, b"a\r\nb\r\nc", Fidelity::Normalized),
        (Eol::Lf, b"a\nb\nc", Fidelity::Normalized),
    ] {
        let root = tempfile::tempdir().unwrap();
        let mut archive = EmlArchive::create(root.path(), options(|options| options.eol = eol)).unwrap();
        let item = item(&[], b"a\r\nb\nc");
        let rendered = archive.renderer().render(&item).unwrap();
        assert_eq!((rendered.fidelity(), rendered.size()), (fidelity, expected.len() as u64));
        let written = archive.write(&item, &name("x", 0), rendered).unwrap();
        assert_eq!(fs::read(root.path().join(path(&written))).unwrap(), expected);
    }
}

#[test]
fn every_label_has_its_copy_when_that_is_asked_for() {
    let mut item = item(&["Inbox"], b"x");
    let label = |name: &str, folder| Label { name: name.to_owned(), folder };
    item.labels = vec![
        label("Inbox", Some(folder(&["Inbox"]))),
        label("Important", None),
        label("Work", Some(folder(&["Work"]))),
        label("work again", Some(folder(&["Work"]))),
    ];
    for (placement, folders) in [(Placement::Primary, &["Inbox"][..]), (Placement::Every, &["Inbox", "Work"])] {
        let root = tempfile::tempdir().unwrap();
        let mut archive = EmlArchive::create(root.path(), options(|options| options.placement = placement)).unwrap();
        let written = write(&mut archive, &item, &name("x", 0)).unwrap();
        let paths: Vec<&str> = written.iter().map(|written| written.path.split('/').next().unwrap()).collect();
        assert_eq!(paths, folders);
    }
}

#[test]
fn a_destination_that_holds_something_else_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for file in ["file", "x.zip", "y.part002.zip"] {
        fs::write(root.path().join(file), "x").unwrap();
    }
    let split = || options(|options| options.zip_split = Some(1 << 20));
    for (dest, options) in [
        ("", WriteOptions::default()),
        ("file", WriteOptions::default()),
        ("file/below", WriteOptions::default()),
        ("file/below.zip", WriteOptions::default()),
        ("x.zip", WriteOptions::default()),
        ("x.zip", split()),
        ("y.zip", split()),
    ] {
        let Err(error) = EmlArchive::create(root.path().join(dest), options) else { panic!("{dest:?} was taken") };
        assert_eq!(error.kind(), ErrorKind::Destination, "{error}");
        assert!(error.path().is_some_and(|path| path.starts_with(&*root.path().to_string_lossy())), "{error}");
    }
    assert_eq!(fs::read(root.path().join("x.zip")).unwrap(), b"x");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
}

fn zip_of(dest: &Path, options: WriteOptions) -> Vec<String> {
    let mut archive = EmlArchive::create(dest, options).unwrap();
    let mut paths = Vec::new();
    for (i, octets) in messages().iter().enumerate() {
        let written = write(&mut archive, &item(&["Été"], octets), &name(&format!("m{i}"), 1_700_000_001)).unwrap();
        paths.push(path(&written).to_owned());
    }
    archive.folder(&folder(&["Leer", "auch"])).unwrap();
    archive.finish().unwrap();
    paths
}

#[test]
fn a_zip_archive_holds_the_octets_and_dates_of_its_items() {
    for level in [ZipLevel::Store, ZipLevel::Fast, ZipLevel::Best] {
        let root = tempfile::tempdir().unwrap();
        let dest = root.path().join("new/x.zip");
        let paths = zip_of(&dest, options(|options| options.zip_level = level));
        assert_eq!(fs::read_dir(root.path().join("new")).unwrap().count(), 1, "nothing unfinished is left");
        let mut archive = zip::ZipArchive::new(File::open(&dest).unwrap()).unwrap();
        assert_eq!(archive.len(), messages().len() + 1);
        for (path, octets) in paths.iter().zip(messages()) {
            let mut entry = archive.by_name(path).unwrap();
            assert_eq!(entry.size(), octets.len() as u64);
            let stamp = entry.extra_data_fields().find_map(|field| match field {
                zip::extra_fields::ExtraField::ExtendedTimestamp(stamp) => stamp.mod_time(),
                _ => None,
            });
            assert_eq!(stamp, Some(1_700_000_001));
            let mut read = Vec::new();
            entry.read_to_end(&mut read).unwrap();
            assert!(read == octets, "{path}");
        }
        assert!(archive.by_name("Leer/auch/").unwrap().is_dir());
        let octets = fs::read(&dest).unwrap();
        assert!(
            !octets.windows(4).any(|four| four == b"PK\x06\x06" || four == b"PK\x07\x08"),
            "no ZIP64, no descriptors"
        );
    }
}

#[test]
fn the_same_items_give_the_same_archive() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (root.path().join("1.zip"), root.path().join("2.zip"));
    zip_of(&one, WriteOptions::default());
    zip_of(&two, WriteOptions::default());
    assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap());
}

#[test]
fn an_archive_that_is_not_finished_does_not_stay() {
    let root = tempfile::tempdir().unwrap();
    let mut archive = EmlArchive::create(root.path().join("x.zip"), WriteOptions::default()).unwrap();
    write(&mut archive, &item(&[], b"x"), &name("x", 0)).unwrap();
    drop(archive);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn an_archive_of_nothing_is_an_archive() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    EmlArchive::create(&dest, WriteOptions::default()).unwrap().finish().unwrap();
    assert_eq!(zip::ZipArchive::new(File::open(&dest).unwrap()).unwrap().len(), 0);
}

#[test]
fn parts_are_complete_archives_below_their_size() {
    const SPLIT: u64 = 100_000;
    let root = tempfile::tempdir().unwrap();
    let options = options(|options| {
        options.zip_split = Some(SPLIT);
        options.zip_level = ZipLevel::Store;
    });
    let mut archive = EmlArchive::create(root.path().join("x.zip"), options).unwrap();
    let (mut paths, mut refused) = (Vec::new(), 0);
    for i in 0..40_usize {
        let octets = noise(i * 3_000);
        match write(&mut archive, &item(&["f"], &octets), &name(&i.to_string(), 0)) {
            Ok(written) => paths.push((path(&written).to_owned(), octets)),
            Err(error) => {
                assert!(!error.is_fatal() && error.kind() == ErrorKind::Destination, "{error}");
                refused += 1;
            }
        }
    }
    archive.finish().unwrap();
    assert_eq!(refused, 6, "34 to 39 times 3,000 octets are more than a part takes");
    for (path, octets) in &paths {
        let (part, path) = path.split_once('!').unwrap();
        let mut archive = zip::ZipArchive::new(File::open(root.path().join(part)).unwrap()).unwrap();
        let mut read = Vec::new();
        archive.by_name(path).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == *octets, "{path}");
    }
    let parts: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(parts.iter().all(|part| part.metadata().unwrap().len() < SPLIT));
    assert!(parts.len() > 10 && root.path().join("x.part001.zip").exists());
    let last = format!("x.part{:03}.zip", parts.len());
    assert!(paths.last().unwrap().0.starts_with(&last), "parts are numbered without a gap");
}

/// Keeps what was written under each name.
type Shelf = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

struct Book(Shelf);

impl Write for Book {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().last_mut().unwrap().1.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn writers_that_are_asked_for_get_what_files_of_their_names_get() {
    let root = tempfile::tempdir().unwrap();
    for (dest, split, count) in
        [("x.zip", Some(100_000), 4), ("y.zip", None, 1), ("z.tar", None, 1), ("z.tgz", None, 1)]
    {
        let options = options(|options| options.zip_split = split);
        let shelf = Shelf::default();
        let to = shelf.clone();
        let open = move |name: &str| {
            to.lock().unwrap().push((name.to_owned(), Vec::new()));
            Ok(Book(to.clone()))
        };
        let to_writers = create_with(dest, open, options.clone()).unwrap();
        let to_files = create(root.path().join(dest), options).unwrap();
        let logged = [to_writers, to_files].map(|mut writer| {
            let renderer = writer.renderer();
            let paths: Vec<_> = (0..11_usize)
                .flat_map(|i| {
                    let item = item(&["f"], &noise(30_000 + i));
                    writer.write(&item, &name(&i.to_string(), 0), renderer.render(&item).unwrap()).unwrap()
                })
                .collect();
            writer.finish().unwrap();
            paths
        });
        assert_eq!(logged[0], logged[1], "{dest}");
        let books = shelf.lock().unwrap();
        assert_eq!(books.len(), count, "{dest}");
        for (name, octets) in books.iter() {
            assert!(*octets == fs::read(root.path().join(name)).unwrap(), "{name}");
        }
    }
}

#[test]
fn writers_are_asked_for_only_where_there_can_be_an_archive() {
    let refusing = |_: &str| Err::<Vec<u8>, _>(io::Error::other("no room"));
    let kind = |dest, split| {
        let options = options(|options| options.zip_split = split);
        create_with(dest, refusing, options).err().unwrap().kind()
    };
    assert_eq!(kind("x.zip", Some(100_000)), ErrorKind::Destination);
    assert_eq!(kind("x.tar", Some(100_000)), ErrorKind::Options);
    assert_eq!(kind("x", None), ErrorKind::Options);
}

#[test]
fn a_part_takes_what_just_fits() {
    let root = tempfile::tempdir().unwrap();
    let write_one = |dest: &str, split| {
        let options = options(|options| options.zip_split = split);
        let mut archive = EmlArchive::create(root.path().join(dest), options).unwrap();
        write(&mut archive, &item(&["f"], &noise(10_000)), &name("x", 0)).and_then(|_| archive.finish())
    };
    write_one("whole.zip", None).unwrap();
    let size = fs::metadata(root.path().join("whole.zip")).unwrap().len();
    assert!(write_one("below.zip", Some(size)).is_err(), "a part is smaller than the size, not as large");
    write_one("fits.zip", Some(size + 1)).unwrap();
    assert_eq!(fs::metadata(root.path().join("fits.part001.zip")).unwrap().len(), size);
}

#[test]
fn more_entries_than_zip_counted_to_are_all_there() {
    const ENTRIES: usize = 66_000;
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    let mut archive = EmlArchive::create(&dest, WriteOptions::default()).unwrap();
    for i in 0..ENTRIES {
        write(&mut archive, &item(&["f"], i.to_string().as_bytes()), &name("x", 0)).unwrap();
    }
    archive.finish().unwrap();
    let mut archive = zip::ZipArchive::new(File::open(&dest).unwrap()).unwrap();
    assert_eq!(archive.len(), ENTRIES);
    let mut last = String::new();
    archive.by_index(ENTRIES - 1).unwrap().read_to_string(&mut last).unwrap();
    assert_eq!(last, (ENTRIES - 1).to_string());
    peer("python3", &["-c", COUNT, &dest.to_string_lossy(), &ENTRIES.to_string()]);
}

/// So many that their central directory is larger than what is kept of it in memory: 124 octets each.
const MANY: usize = 20_000;

fn write_many(archive: &mut EmlArchive) {
    for i in 0..MANY {
        let subject = format!("{i} {}", "long ".repeat(10));
        write(archive, &item(&["f"], i.to_string().as_bytes()), &name(&subject, 0)).unwrap();
    }
}

#[test]
fn a_large_directory_is_the_same_from_memory_and_from_a_file() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    let shared = Shared::default();
    for mut archive in [
        EmlArchive::create(&dest, WriteOptions::default()).unwrap(),
        EmlArchive::zip(shared.clone(), WriteOptions::default()),
    ] {
        write_many(&mut archive);
        archive.finish().unwrap();
    }
    let octets = fs::read(&dest).unwrap();
    assert!(octets == *shared.0.lock().unwrap());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing unfinished is left");
    let archive = zip::ZipArchive::new(File::open(&dest).unwrap()).unwrap();
    assert_eq!(archive.len(), MANY);
    assert!(octets.len() as u64 - archive.central_directory_start() > 2 << 20);
}

#[test]
fn parts_have_each_a_large_directory_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let options = options(|options| options.zip_split = Some(4_000_000));
    let mut archive = EmlArchive::create(root.path().join("x.zip"), options).unwrap();
    write_many(&mut archive);
    archive.finish().unwrap();
    let mut entries = 0;
    for part in fs::read_dir(root.path()).unwrap() {
        let mut archive = zip::ZipArchive::new(File::open(part.unwrap().path()).unwrap()).unwrap();
        for i in 0..archive.len() {
            io::copy(&mut archive.by_index(i).unwrap(), &mut io::sink()).unwrap();
        }
        entries += archive.len();
    }
    assert_eq!(entries, MANY);
    assert!(root.path().join("x.part002.zip").exists());
}

#[test]
fn a_large_directory_that_is_not_finished_does_not_stay() {
    let root = tempfile::tempdir().unwrap();
    let mut archive = EmlArchive::create(root.path().join("x.zip"), WriteOptions::default()).unwrap();
    write_many(&mut archive);
    let names = || fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name());
    if cfg!(unix) {
        assert_eq!(names().collect::<Vec<_>>(), ["x.zip.unfinished"], "a process that is killed leaves no more");
    }
    drop(archive);
    assert_eq!(names().count(), 0);
}

#[test]
fn what_stands_where_a_directory_would_go_is_told_before_the_first_item() {
    let root = tempfile::tempdir().unwrap();
    let left = root.path().join("x.zip.directory.unfinished");
    fs::write(&left, "left").unwrap();
    let error = EmlArchive::create(root.path().join("x.zip"), WriteOptions::default()).err().unwrap();
    assert!(error.kind() == ErrorKind::Destination && error.to_string().contains("remove it"), "{error}");
    assert_eq!(fs::read(&left).unwrap(), b"left");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

const COUNT: &str = "import sys, zipfile; assert len(zipfile.ZipFile(sys.argv[1]).infolist()) == int(sys.argv[2])";

/// Nothing but zeros, as many as are asked for.
struct Zeros(u64);

impl ReadAt for Zeros {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let n = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        buf[..n].fill(0);
        Ok(n)
    }
}

/// Leaves holes in a file instead of long runs of zeros.
struct Sparse(File);

impl Write for Sparse {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        static ZEROS: [u8; 256 << 10] = [0; 256 << 10];
        if octets.len() > 100 && ZEROS.get(..octets.len()) == Some(octets) {
            self.0.seek(SeekFrom::Current(octets.len() as i64))?;
            return Ok(octets.len());
        }
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn entries_beyond_four_gibibytes_use_zip64() {
    const LARGE: u64 = (4 << 30) + 5;
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    let options = options(|options| {
        options.zip_level = ZipLevel::Store;
        options.checksums = Checksums::None;
    });
    let mut archive = EmlArchive::zip(Sparse(File::create(&dest).unwrap()), options);
    let source: Source = Arc::new(Zeros(LARGE));
    write(&mut archive, &item(&[], b"before"), &name("before", 0)).unwrap();
    let large = write(&mut archive, &item_of(&[], Content::from(source)), &name("large", 0)).unwrap();
    let after = write(&mut archive, &item(&[], b"after"), &name("after", 0)).unwrap();
    archive.finish().unwrap();
    let mut archive = zip::ZipArchive::new(File::open(&dest).unwrap()).unwrap();
    assert_eq!(archive.by_name(path(&large)).unwrap().size(), LARGE);
    let mut read = String::new();
    archive.by_name(path(&after)).unwrap().read_to_string(&mut read).unwrap();
    assert_eq!(read, "after");
    peer("python3", &["-c", LAST, &dest.to_string_lossy()]);
}

const LAST: &str = "
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
before, large, after = z.infolist()
assert large.file_size == large.compress_size == (4 << 30) + 5
assert z.read(before) == b'before' and z.read(after) == b'after'
assert before.extract_version == 20 and large.extract_version == after.extract_version == 45
";

#[test]
fn other_readers_find_nothing_wrong() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    zip_of(&dest, WriteOptions::default());
    let dest = dest.to_string_lossy();
    peer("unzip", &["-tqq", &dest]);
    peer("python3", &["-c", READ, &dest]);
}

const READ: &str = "
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist():
    assert i.flag_bits == 0x800, i
    if not i.is_dir():
        assert i.date_time == (2023, 11, 14, 22, 13, 20), i.date_time
        assert i.external_attr >> 16 == 0o100644, i
        assert i.extra == b'UT\\x05\\x00\\x01' + (1700000001).to_bytes(4, 'little'), i.extra
assert z.infolist()[-1].filename == 'Leer/auch/'
";

/// Runs another program on what was written, where it is installed.
fn peer(program: &str, arguments: &[&str]) {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program}: {told}");
        }
        Err(_) => println!("skipped: {program} is not installed"),
    }
}

/// Can be read so often, in octets; then it has shrunk to nothing.
struct Shrinking {
    octets: Vec<u8>,
    left: AtomicU64,
}

impl ReadAt for Shrinking {
    fn len(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let read = ReadAt::read_at(&self.octets, offset, buf)?;
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(read as u64), Ordering::Relaxed);
        Ok(if left == 0 { 0 } else { read })
    }
}

#[test]
fn an_item_whose_source_shrinks_is_lost_alone() {
    const SIZE: usize = 20 << 20;
    for dest in ["x", "x.zip"] {
        // Whether it shrinks while it is rendered or while it is written.
        for left in [SIZE / 2, SIZE + SIZE / 2] {
            let root = tempfile::tempdir().unwrap();
            let mut archive = EmlArchive::create(root.path().join(dest), WriteOptions::default()).unwrap();
            let source: Source = Arc::new(Shrinking { octets: noise(SIZE), left: AtomicU64::new(left as u64) });
            write(&mut archive, &item(&["f"], b"before"), &name("before", 0)).unwrap();
            let error = write(&mut archive, &item_of(&["f"], Content::from(source)), &name("x", 0)).unwrap_err();
            assert!(!error.is_fatal() && error.kind() == ErrorKind::Io, "{error}");
            let after = write(&mut archive, &item(&["f"], b"after"), &name("after", 0)).unwrap();
            archive.finish().unwrap();
            let read = if dest == "x" {
                assert_eq!(fs::read_dir(root.path().join("x/f")).unwrap().count(), 2);
                fs::read(root.path().join("x").join(path(&after))).unwrap()
            } else {
                let file = root.path().join(dest);
                peer("python3", &["-c", COUNT, &file.to_string_lossy(), "2"]);
                let mut archive = zip::ZipArchive::new(File::open(file).unwrap()).unwrap();
                assert_eq!(archive.len(), 2);
                let mut read = Vec::new();
                archive.by_name(path(&after)).unwrap().read_to_end(&mut read).unwrap();
                read
            };
            assert_eq!(read, b"after");
        }
    }
}

/// Takes so many octets and is full.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self.0.min(octets.len()) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            n => {
                self.0 -= n;
                Ok(n)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_an_archive_with_a_clear_error() {
    // In the local header, in the octets.
    for room in [10, 1_000] {
        let mut archive = EmlArchive::zip(Full(room), WriteOptions::default());
        let error = write(&mut archive, &item(&[], &noise(5_000)), &name("x", 0)).unwrap_err();
        assert!(error.is_fatal() && error.kind() == ErrorKind::Destination, "{error}");
        assert!(error.to_string().contains("the disk is full"), "{error}");
        assert_eq!(archive.finish().unwrap_err().kind(), ErrorKind::Destination, "it is no archive any more");
    }
    // In the central directory.
    let mut archive = EmlArchive::zip(Full(5_100), WriteOptions::default());
    write(&mut archive, &item(&[], &noise(5_000)), &name("x", 0)).unwrap();
    assert_eq!(archive.finish().unwrap_err().kind(), ErrorKind::Destination);
}

/// A writer that others can look into.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_zip_archive_needs_nothing_but_a_writer_and_any_thread_renders_for_it() {
    let shared = Shared::default();
    let mut archive = EmlArchive::zip(shared.clone(), WriteOptions::default());
    let items: Vec<Item> = messages().iter().map(|octets| item(&["Été"], octets)).collect();
    let rendered: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .iter()
            .map(|item| {
                let renderer = archive.renderer();
                scope.spawn(move || renderer.render(item).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (i, (item, rendered)) in items.iter().zip(rendered).enumerate() {
        archive.write(item, &name(&format!("m{i}"), 1_700_000_001), rendered).unwrap();
    }
    archive.folder(&folder(&["Leer", "auch"])).unwrap();
    archive.finish().unwrap();
    let root = tempfile::tempdir().unwrap();
    zip_of(&root.path().join("x.zip"), WriteOptions::default());
    assert!(*shared.0.lock().unwrap() == fs::read(root.path().join("x.zip")).unwrap());
}
