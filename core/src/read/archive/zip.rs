//! ZIP (APPNOTE.TXT 6.3.10), read by its central directory, one record at a time.

use super::{Budget, Entry, Found, Hints, NOTED, Verdict, is_beside, label, names_beside};
#[cfg(feature = "outlook")]
use crate::source::{Shelf, is_damage};
use crate::{
    DateTime,
    defect::Defect,
    error::{Error, ErrorKind, Location, Result},
    limits::Limits,
    model::Folder,
    source::{Checked, Content, Inflated, Source, Window, expands_too_far, expansion_limit},
};
use memchr::memmem;
#[cfg(feature = "outlook")]
use std::collections::HashMap;
use std::sync::Arc;
use twox_hash::XxHash3_64;

const LOCAL: &[u8] = b"PK\x03\x04";
const RECORD: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";

/// Octets of an end record without its comment, and of the comment at most (4.3.16).
const END_LEN: usize = 22;
const COMMENT_MAX: usize = 0xffff;

/// Whether `octets` start like a ZIP archive, an empty one included.
pub(in crate::read) fn is_zip(octets: &[u8]) -> bool {
    octets.starts_with(LOCAL) || octets.starts_with(END)
}

/// The entries of a ZIP archive.
pub(crate) struct Zip {
    window: Window,
    budget: Budget,
    directory: Directory,
    at: u64,
    read: u64,
    /// The digests of the names of files that lie beside messages, and where their records are; in the order of the digests.
    beside: Vec<(u64, u64)>,
}

/// Where the central directory lies.
#[derive(Clone, Copy, Debug)]
struct Directory {
    start: u64,
    end: u64,
    /// Octets before the archive, such as the program of a self-extracting one.
    prefix: u64,
    entries: u64,
    is_64: bool,
}

/// What the central directory says of an entry (4.3.12).
struct Record {
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    size: u64,
    local_header: u64,
    /// Only where it is told in UTC: the date of a record without it has no zone.
    modified: Option<DateTime>,
    name: String,
    len: u64,
}

impl Zip {
    /// The archive in `source`.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when it has no central directory, which comes last: a download that broke off.
    pub(in crate::read) fn open(source: &Source, budget: Budget) -> Result<Self> {
        let in_file = |e: Error| e.in_file(&*budget.archive);
        let directory = Directory::find(source).map_err(in_file)?;
        let window = Window::new(source.clone());
        let mut zip = Self { window, at: directory.start, directory, budget, read: 0, beside: Vec::new() };
        zip.survey();
        Ok(zip)
    }

    /// Looks through the directory for entries that tell of others, wherever they stand; what is wrong with one of them is
    /// told when its turn comes.
    fn survey(&mut self) {
        let mut at = self.directory.start;
        while at < self.directory.end && (self.beside.len() as u64) < self.budget.limits.archive_entries {
            let Ok(Some(record)) = Record::read(&mut self.window, at) else { break };
            if is_beside(&record.name) {
                self.beside.push((digest(&record.name), at));
            } else if Budget::is_note(&record.name) {
                let _told_later = self.source(&record).and_then(|source| self.budget.note(&record.name, source));
            }
            at = at.saturating_add(record.len);
        }
        self.beside.sort_unstable();
    }

    /// Adds what the file beside the message `name` says of it, if there is one.
    fn tell_beside(&mut self, name: &str, hints: &mut Hints) -> Result<()> {
        for wanted in names_beside(name) {
            let digest = digest(&wanted);
            let first = self.beside.partition_point(|(known, _)| *known < digest);
            let Some((_, at)) = self.beside.get(first).filter(|(known, _)| *known == digest) else { continue };
            let Some(record) = Record::read(&mut self.window, *at)?.filter(|record| record.name == wanted) else {
                continue;
            };
            let source = self.source(&record).map_err(|e| e.in_file(self.budget.name_of(&wanted)).non_fatal())?;
            return self.budget.tell_beside(&wanted, &source, hints);
        }
        Ok(())
    }

    /// What the next record describes, `None` at the end of the directory; directories are left out.
    pub(in crate::read) fn next_found(&mut self) -> Result<Option<Found>> {
        loop {
            let archive = Arc::clone(&self.budget.archive);
            let place = Location::Byte(self.at);
            let Some(record) = self.next_record().map_err(|e| e.in_file(&*archive).at(place))? else { return Ok(None) };
            self.budget.entry()?;
            if !record.name.ends_with('/') {
                return self.found(record).map(Some);
            }
            self.budget.directory(&record.name);
        }
    }

    /// What was wrong with the archive itself, since the last call.
    pub(in crate::read) fn take_defects(&mut self) -> Vec<Defect> {
        self.budget.take_defects()
    }

    /// The folders without an item, when all entries were met.
    pub(in crate::read) fn take_folders(&mut self) -> Vec<Folder> {
        self.budget.take_folders()
    }

    /// The path and the octets of the next file, whatever it is called.
    pub(super) fn next_file(&mut self) -> Result<Option<(String, Source)>> {
        while let Some(record) = self.next_record()? {
            self.compare_local(&record).map_err(|error| error.in_file(&*record.name).non_fatal())?;
            if !record.name.ends_with('/') {
                let source = self.source(&record).map_err(|error| error.in_file(&*record.name).non_fatal())?;
                return Ok(Some((record.name, source)));
            }
        }
        Ok(None)
    }

    /// Makes sure that the header before an entry says of it what the directory says; readers of streams know no other (4.3.7).
    fn compare_local(&mut self, record: &Record) -> Result<()> {
        let at = record.local_header.saturating_add(self.directory.prefix);
        let Some(header) = self.window.array::<30>(at)?.filter(|header| header.starts_with(LOCAL)) else {
            return Ok(());
        };
        let name = self.window.octets(at.saturating_add(30), u16_at(&header, 26))?;
        let is_told_behind = record.flags & 8 != 0;
        let is = |at: usize, wanted: u64| {
            let told = u32_at(&header, at);
            is_told_behind || told == u32::MAX || u64::from(told) == wanted
        };
        let same = u16_at(&header, 6) == record.flags
            && u16_at(&header, 8) == record.method
            && label(&name) == record.name
            && is(14, u64::from(record.crc))
            && is(18, record.compressed)
            && is(22, record.size);
        if same {
            return Ok(());
        }
        let message = "its local header does not say what the central directory says";
        Err(Error::new(ErrorKind::Malformed, message).at(Location::Byte(at)))
    }

    fn next_record(&mut self) -> Result<Option<Record>> {
        if self.at >= self.directory.end {
            return self.compare_count();
        }
        let damaged = || Error::new(ErrorKind::Malformed, "the central directory of the ZIP archive is damaged");
        let record = Record::read(&mut self.window, self.at)?.ok_or_else(damaged)?;
        self.at = self.at.saturating_add(record.len);
        self.read = self.read.saturating_add(1);
        Ok(Some(record))
    }

    /// Says once, at the end, when the directory has not as many entries as it claims.
    fn compare_count(&mut self) -> Result<Option<Record>> {
        let counted = std::mem::replace(&mut self.directory.entries, self.read);
        // Writers without ZIP64 let the count of 16 bits wrap.
        let same = counted == self.read || (!self.directory.is_64 && counted == self.read & 0xffff);
        if same {
            return Ok(None);
        }
        let message = format!("the ZIP archive says it has {counted} entries but lists {}", self.read);
        Err(Error::new(ErrorKind::Malformed, message).non_fatal())
    }

    fn found(&mut self, record: Record) -> Result<Found> {
        let Record { size, modified, .. } = record;
        let entry = Entry { name: record.name.clone(), size, modified, mode: None, defects: Vec::new() };
        let mut verdict = self.budget.verdict(&entry);
        if let Verdict::Pass(why) = verdict {
            return Ok(self.budget.pass(&entry, why));
        }
        if let Verdict::Take { hints, .. } = &mut verdict {
            self.tell_beside(&record.name, hints)?;
        }
        if matches!(verdict, Verdict::Note) {
            return Ok(self.budget.pass(&entry, NOTED));
        }
        let source = self.source(&record).map_err(|e| e.in_file(self.budget.name_of(&record.name)).non_fatal())?;
        self.budget.open(entry, verdict, source)
    }

    fn source(&mut self, record: &Record) -> Result<Source> {
        self.inflated(record, |compressed, len| Arc::new(Inflated::deflate(compressed, len)))
    }

    /// The octets of an entry; `inflate` gives those of compressed ones.
    fn inflated(&mut self, record: &Record, inflate: impl FnOnce(Source, u64) -> Source) -> Result<Source> {
        if record.flags & 1 != 0 {
            let message = "is encrypted: unpack the archive with its password first";
            return Err(Error::new(ErrorKind::Encrypted, message));
        }
        let compressed = self.compressed(record)?;
        let inflated: Source = match record.method {
            0 if record.compressed == record.size => compressed,
            0 => return Err(Error::new(ErrorKind::Malformed, "is stored, but its two lengths differ")),
            8 => {
                let most = expansion_limit(record.compressed, &self.budget.limits);
                if record.size > most {
                    return Err(expands_too_far(most));
                }
                inflate(compressed, record.size)
            }
            method => {
                let message =
                    format!("is compressed with {}: unpack it first, or pack it with deflate", method_name(method));
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        };
        Ok(Arc::new(Checked::new(inflated, record.crc)))
    }

    /// The octets of an entry as they lie in the archive, behind its local header (4.3.7).
    fn compressed(&mut self, record: &Record) -> Result<Source> {
        let at = record.local_header.saturating_add(self.directory.prefix);
        let header = self.window.array::<30>(at)?.filter(|header| header.starts_with(LOCAL));
        let Some(header) = header else {
            let message = "its local header is not where the central directory says";
            return Err(Error::new(ErrorKind::Malformed, message).at(Location::Byte(at)));
        };
        let fields = u64::from(u16_at(&header, 26)).saturating_add(u64::from(u16_at(&header, 28)));
        let start = at.saturating_add(30).saturating_add(fields);
        match start.checked_add(record.compressed) {
            Some(end) if end <= self.window.source().len() => {
                Ok(Arc::new(Content::new(self.window.source().clone(), Some(start..end))))
            }
            _ => {
                let message = format!("has {} octets, more than the archive holds", record.compressed);
                Err(Error::new(ErrorKind::Malformed, message).at(Location::Byte(start)))
            }
        }
    }
}

/// The files in a ZIP archive in the order of its list, and by their names.
#[cfg(feature = "outlook")]
pub(in crate::read) struct ZipIndex {
    zip: Zip,
    /// The digests of all names, and where their records are; in the order of the digests.
    names: Vec<(u64, u64)>,
    /// Which of them were asked for, and which were read to their end: one bit each.
    taken: Marks,
    checked: Marks,
    /// What is wrong with entries that were, by where their records are.
    flaws: HashMap<u64, Flaw>,
    shelf: Arc<Shelf>,
}

/// What is wrong with an entry, and how many of its octets can be read.
#[cfg(feature = "outlook")]
#[derive(Clone, Debug)]
pub(in crate::read) struct Flaw {
    pub(in crate::read) readable: u64,
    pub(in crate::read) what: String,
}

#[cfg(feature = "outlook")]
#[derive(Default)]
struct Marks(Vec<u8>);

#[cfg(feature = "outlook")]
impl Marks {
    /// Marks the entry at this place; whether it was marked before.
    fn mark(&mut self, at: usize) -> bool {
        let (octet, bit) = (at / 8, 1 << (at % 8));
        if self.0.len() <= octet {
            self.0.resize(octet.saturating_add(1), 0);
        }
        self.0.get_mut(octet).is_some_and(|octet| std::mem::replace(octet, *octet | bit) & bit != 0)
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 8).is_some_and(|octet| octet & (1 << (at % 8)) != 0)
    }
}

#[cfg(feature = "outlook")]
impl ZipIndex {
    /// The archive in `source`, which the user calls `name`.
    ///
    /// # Errors
    /// As [`Zip::open`].
    pub(in crate::read) fn open(name: &str, source: &Source, limits: &Limits) -> Result<Self> {
        let budget = Budget::new(name.into(), source.clone(), limits);
        let directory = Directory::find(source).map_err(|e| e.in_file(name))?;
        let window = Window::new(source.clone());
        let zip = Zip { window, at: directory.start, directory, budget, read: 0, beside: Vec::new() };
        let (taken, checked) = (Marks::default(), Marks::default());
        Ok(Self { zip, names: Vec::new(), taken, checked, flaws: HashMap::new(), shelf: Arc::default() })
    }

    /// Whether the name of an entry of the archive in `source` is such a one; nothing is kept of the names.
    ///
    /// # Errors
    /// As [`Zip::open`].
    pub(in crate::read) fn has_name(source: &Source, is_one: &dyn Fn(&str) -> bool) -> Result<bool> {
        let directory = Directory::find(source)?;
        let (mut window, mut at) = (Window::new(source.clone()), directory.start);
        while at < directory.end {
            let Some(record) = Record::read(&mut window, at)? else { break };
            if is_one(&record.name) {
                return Ok(true);
            }
            at = at.saturating_add(record.len);
        }
        Ok(false)
    }

    /// Goes through the names of all entries, and keeps where they are.
    ///
    /// # Errors
    /// Errors of the source, and more entries than the limits allow.
    pub(in crate::read) fn survey(&mut self, each: &mut dyn FnMut(&str)) -> Result<()> {
        let mut at = self.zip.directory.start;
        while at < self.zip.directory.end {
            let Some(record) = Record::read(&mut self.zip.window, at)? else { break };
            self.zip.budget.entry()?;
            each(&record.name);
            self.names.push((digest(&record.name), at));
            at = at.saturating_add(record.len);
        }
        self.names.sort_unstable();
        Ok(())
    }

    /// The name of the next entry and where its record is; directories have a slash at the end of theirs.
    ///
    /// # Errors
    /// Not fatal when the list has another number of entries than it says, at its end.
    pub(in crate::read) fn next_entry(&mut self) -> Result<Option<(String, u64)>> {
        let at = self.zip.at;
        Ok(self.zip.next_record()?.map(|record| (record.name, at)))
    }

    /// The octets of the entry whose record is at `at`.
    ///
    /// # Errors
    /// Not fatal: only this entry cannot be read.
    pub(in crate::read) fn source_at(&mut self, at: u64) -> Result<Source> {
        let damaged = || Error::new(ErrorKind::Malformed, "the central directory of the ZIP archive is damaged");
        let record = Record::read(&mut self.zip.window, at)?.ok_or_else(damaged)?;
        if let Some(place) = self.place_of(&record, at) {
            self.taken.mark(place);
        }
        self.zip.budget.expand(record.size).map_err(Error::non_fatal)?;
        let shelf = Arc::clone(&self.shelf);
        let source = self.zip.inflated(&record, |compressed, len| shelf.piece(at, compressed, len));
        source.map_err(Error::non_fatal)
    }

    /// The octets of the entry of this name, if there is one, and what is wrong with them: they are read to their end.
    ///
    /// # Errors
    /// As [`ZipIndex::source_at`], and errors of the source.
    pub(in crate::read) fn checked_source_of(&mut self, name: &str) -> Result<Option<(Source, Option<Flaw>)>> {
        let Some((place, at)) = self.find(name)? else { return Ok(None) };
        let source = self.source_at(at)?;
        if !self.checked.has(place) {
            if let Some(flaw) = flaw_of(&source)? {
                self.flaws.insert(at, flaw);
            }
            self.checked.mark(place);
        }
        Ok(Some((source, self.flaws.get(&at).cloned())))
    }

    /// Goes through the entries that were not asked for: their names and lengths.
    ///
    /// # Errors
    /// Errors of the source.
    pub(in crate::read) fn each_untaken(&mut self, each: &mut dyn FnMut(&str, u64)) -> Result<()> {
        let mut at = self.zip.directory.start;
        while at < self.zip.directory.end {
            let Some(record) = Record::read(&mut self.zip.window, at)? else { break };
            if !self.place_of(&record, at).is_some_and(|place| self.taken.has(place)) && !record.name.ends_with('/') {
                each(&record.name, record.size);
            }
            at = at.saturating_add(record.len);
        }
        Ok(())
    }

    /// Which of the names is that of the record at `at`.
    fn place_of(&self, record: &Record, at: u64) -> Option<usize> {
        self.names.binary_search(&(digest(&record.name), at)).ok()
    }

    /// Which of the names is this one, and where its record is.
    fn find(&mut self, name: &str) -> Result<Option<(usize, u64)>> {
        let digest = digest(name);
        let first = self.names.partition_point(|(known, _)| *known < digest);
        let same = self.names.iter().enumerate().skip(first).take_while(|(_, (known, _))| *known == digest);
        for (place, (_, at)) in same {
            if Record::read(&mut self.zip.window, *at)?.is_some_and(|record| record.name == name) {
                return Ok(Some((place, *at)));
            }
        }
        Ok(None)
    }

    /// How many octets of the archive lie before the entry that is next, for progress.
    pub(in crate::read) fn position(&self) -> u64 {
        let (start, end) = (self.zip.directory.start, self.zip.directory.end);
        let gone = u128::from(self.zip.at.saturating_sub(start));
        let part = gone.saturating_mul(u128::from(self.zip.window.source().len()));
        let whole = u128::from(end.saturating_sub(start).max(1));
        part.checked_div(whole).and_then(|part| u64::try_from(part).ok()).unwrap_or(u64::MAX)
    }
}

/// What is wrong with the octets of an entry, which are read to their end.
#[cfg(feature = "outlook")]
fn flaw_of(source: &Source) -> Result<Option<Flaw>> {
    let mut portion = vec![0; 64 << 10];
    let mut readable = 0_u64;
    loop {
        match source.read_at(readable, &mut portion) {
            Ok(0) => break,
            Ok(n) => readable = readable.saturating_add(n as u64),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if is_damage(&error) => return Ok(Some(Flaw { readable, what: error.to_string() })),
            Err(error) => return Err(Error::from(error).non_fatal()),
        }
    }
    let defect = source.take_defects().into_iter().next();
    Ok(defect.map(|defect| Flaw { readable, what: defect.detail().to_owned() }))
}

impl Directory {
    /// Finds the end record from the end of the file, past a comment, and what it says of the directory.
    fn find(source: &Source) -> Result<Self> {
        let len = source.len();
        let tail_len = usize::try_from(len).unwrap_or(usize::MAX).min(END_LEN + COMMENT_MAX);
        let tail_start = len.saturating_sub(tail_len as u64);
        let mut tail = vec![0; tail_len];
        source.read_exact_at(tail_start, &mut tail)?;
        let mut broken = None;
        for place in memmem::rfind_iter(&tail, END) {
            let Some(record) = tail.get(place..).and_then(|rest| rest.get(..END_LEN)) else { continue };
            match Self::at_end_record(source, tail_start.saturating_add(place as u64), record) {
                Ok(directory) => return Ok(directory),
                Err(e) => broken = broken.or(Some(e)),
            }
        }
        Err(broken.unwrap_or_else(|| {
            let message =
                "is an incomplete ZIP archive: the end with the list of entries is missing; download it again, or repair it";
            Error::new(ErrorKind::Malformed, message).at(Location::Byte(len))
        }))
    }

    fn at_end_record(source: &Source, place: u64, record: &[u8]) -> Result<Self> {
        let disk = u16_at(record, 4);
        if !matches!(disk, 0 | 0xffff) {
            let message = "is the last part of a split ZIP archive: join its parts first";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let entries = u64::from(u16_at(record, 10));
        let (size, offset) = (u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
        match Self::at_end_record_64(source, place)? {
            Some(directory) => Ok(directory),
            None => Self::located(source, place, size, offset, entries, false),
        }
    }

    /// The ZIP64 end record (4.3.14) that the locator (4.3.15) before the end record leads to.
    fn at_end_record_64(source: &Source, end_record: u64) -> Result<Option<Self>> {
        let Some(locator_at) = end_record.checked_sub(20) else { return Ok(None) };
        let mut window = Window::new(source.clone());
        let locator = window.array::<20>(locator_at)?.filter(|octets| octets.starts_with(LOCATOR_64));
        let Some(locator) = locator else { return Ok(None) };
        // A prefix moves the record away from where the locator says; it stands before the locator then.
        for place in [Some(u64_at(&locator, 8)), locator_at.checked_sub(56)].into_iter().flatten() {
            if let Some(record) = window.array::<56>(place)?.filter(|octets| octets.starts_with(END_64)) {
                let (entries, size, offset) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
                return Self::located(source, place, size, offset, entries, true).map(Some);
            }
        }
        Ok(None)
    }

    /// The directory of `size` octets that ends at `end`, or else begins at `offset`.
    fn located(source: &Source, end: u64, size: u64, offset: u64, entries: u64, is_64: bool) -> Result<Self> {
        let mut window = Window::new(source.clone());
        let mut begins = |at: u64| Ok::<_, Error>(window.array::<4>(at)?.is_some_and(|octets| octets == *RECORD));
        if size == 0 && entries == 0 {
            return Ok(Self { start: end, end, prefix: 0, entries, is_64 });
        }
        if let Some(start) = end.checked_sub(size)
            && let Some(prefix) = start.checked_sub(offset)
            && begins(start)?
        {
            return Ok(Self { start, end, prefix, entries, is_64 });
        }
        if offset < end && begins(offset)? {
            return Ok(Self { start: offset, end: offset.saturating_add(size).min(end), prefix: 0, entries, is_64 });
        }
        let message = "the list of entries of the ZIP archive was not found where its end record says";
        Err(Error::new(ErrorKind::Malformed, message).at(Location::Byte(end)))
    }
}

impl Record {
    /// The record at `at`; `None` where there is none.
    fn read(window: &mut Window, at: u64) -> Result<Option<Self>> {
        let Some(fixed) = window.array::<46>(at)?.filter(|fixed| fixed.starts_with(RECORD)) else { return Ok(None) };
        let (name_len, extra_len, comment_len) = (u16_at(&fixed, 28), u16_at(&fixed, 30), u16_at(&fixed, 32));
        let name = window.octets(at.saturating_add(46), name_len)?;
        let extra = window.octets(at.saturating_add(46).saturating_add(u64::from(name_len)), extra_len)?;
        let mut record = Self {
            flags: u16_at(&fixed, 8),
            method: u16_at(&fixed, 10),
            crc: u32_at(&fixed, 16),
            compressed: u64::from(u32_at(&fixed, 20)),
            size: u64::from(u32_at(&fixed, 24)),
            local_header: u64::from(u32_at(&fixed, 42)),
            modified: None,
            name: label(&name),
            len: [name_len, extra_len, comment_len].into_iter().map(u64::from).fold(46, u64::saturating_add),
        };
        record.take_extra(&extra);
        Ok(Some(record))
    }

    /// The extra fields (4.5): ZIP64, and the time of Info-ZIP's "extended timestamp".
    fn take_extra(&mut self, mut extra: &[u8]) {
        while let Some((header, rest)) = extra.split_at_checked(4) {
            let (field, after) = rest.split_at_checked(usize::from(u16_at(header, 2))).unwrap_or((rest, &[]));
            match (u16_at(header, 0), field) {
                (1, _) => self.take_zip64(field),
                (0x5455, [flags, time @ ..]) if flags & 1 != 0 && time.len() >= 4 => {
                    let seconds = u32_at(time, 0).cast_signed();
                    self.modified = Some(DateTime::from_unix_seconds(seconds.into()));
                }
                _ => {}
            }
            extra = after;
        }
    }

    /// The ZIP64 extra field (4.5.3) holds, in this order, each number that is all ones in the record.
    fn take_zip64(&mut self, field: &[u8]) {
        let mut numbers = field.chunks_exact(8);
        for number in [&mut self.size, &mut self.compressed, &mut self.local_header] {
            if *number == u64::from(u32::MAX)
                && let Some(octets) = numbers.next()
            {
                *number = u64_at(octets, 0);
            }
        }
    }
}

fn digest(name: &str) -> u64 {
    XxHash3_64::oneshot(name.as_bytes())
}

/// The name of a compression method (4.4.5).
fn method_name(method: u16) -> String {
    let name = match method {
        1 => "Shrink",
        6 => "Implode",
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        93 => "Zstandard",
        95 => "xz",
        98 => "PPMd",
        99 => "AES encryption",
        _ => return format!("method {method}"),
    };
    name.to_owned()
}

fn u16_at(octets: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(octets, at))
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(octets, at))
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(octets, at))
}

/// `N` octets of a record whose length has been checked.
fn array_at<const N: usize>(octets: &[u8], at: usize) -> [u8; N] {
    octets.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}
