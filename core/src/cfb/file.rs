use super::{
    Entry, EntryKind, FREE, MAX_SECTOR,
    claims::Claims,
    directory::Directory,
    header::Header,
    pages::Pages,
    sectors::{Sectors, push},
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    pst::le::u32_at,
    source::{Content, Source},
};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Streams of the file's own, which no entry of the directory stands for.
const DIRECTORY: u32 = u32::MAX;
const MINI_FAT: u32 = u32::MAX - 1;
/// The root entry, whose stream is the one that short streams lie in.
const ROOT: u32 = 0;
/// Defects that are told.
const TOLD: usize = 16;
/// Octets of a short stream that are read, whatever the header says of what is short.
const SHORT: u64 = 64 << 10;

/// A compound file that is read where it lies.
pub(crate) struct CompoundFile {
    sectors: Arc<Sectors>,
    cutoff: u64,
    mini_shift: u32,
    root: Entry,
    /// What is said of a file that is cut off.
    cut: Option<Defect>,
    state: Mutex<State>,
}

struct State {
    directory: Directory,
    mini_fat: Pages,
    /// The stream that short ones lie in.
    mini: Content,
    /// Sectors that a short stream has, the entries of such streams that were followed, and what those of them have that are broken.
    taken: Claims,
    followed: Claims,
    broken: HashMap<u32, u64>,
    defects: Vec<Defect>,
    /// Storages that were told to be damaged: they are gone through more than once.
    told: HashSet<u32>,
    untold: usize,
}

/// The octets of a stream.
pub(crate) enum Stream {
    /// In memory: it is short.
    Short(Vec<u8>),
    /// Where they lie.
    Long(Content),
}

impl Stream {
    pub(crate) fn content(self) -> Content {
        match self {
            Self::Short(octets) => Content::from(octets),
            Self::Long(content) => content,
        }
    }

    /// The first octets, `most` of them.
    pub(crate) fn first(&self, most: usize) -> Result<Vec<u8>> {
        match self {
            Self::Short(octets) => Ok(octets.get(..most).unwrap_or(octets).to_vec()),
            Self::Long(content) => content.slice(0..most as u64).to_vec(most),
        }
    }
}

impl CompoundFile {
    /// Opens a compound file. What is damaged is told by [`CompoundFile::take_defects`].
    ///
    /// # Errors
    /// [`ErrorKind::UnknownFormat`] when it is none, [`ErrorKind::Malformed`] when it has no directory, [`ErrorKind::Io`] when it cannot
    /// be read.
    pub(crate) fn open(source: Source) -> Result<Self> {
        let header = Header::read(&*source)?;
        let sectors = Arc::new(Sectors::new(source.clone(), header.shift));
        let mut defects = Vec::new();
        let table = allocation_table(&source, &header, &sectors, &mut defects)?;
        sectors.take_table(&table);
        let cut = sectors.is_cut_off(&table)?.then(|| {
            let what =
                format!("the compound file ends after {} octets, and its table has sectors behind them", source.len());
            Defect::new(DefectKind::Truncated, what).at(source.len()).cutting_short()
        });
        let directory = sectors.chain(DIRECTORY, header.directory, None)?;
        let mut tell = |what: &str, broken: Option<&str>| {
            defects.extend(broken.map(|why| damage(format!("{what} of the compound file is damaged: {why}"))));
        };
        tell("the directory", directory.broken);
        let mut directory = Directory::new(directory.content, header.shift < 12);
        let no_root = || Error::new(ErrorKind::Malformed, "the compound file has no directory");
        let (root, _) = directory.entry(ROOT)?.ok_or_else(no_root)?;
        if root.kind != EntryKind::Storage {
            return Err(no_root());
        }
        let (mut mini_fat, mut mini) = (Content::from(Vec::new()), Content::from(Vec::new()));
        if root.len > 0 {
            let chain = sectors.chain(ROOT, root.start, Some(root.len))?;
            tell("the stream of short streams", chain.broken);
            mini = chain.content;
            let chain = sectors.chain(MINI_FAT, header.mini_fat, None)?;
            tell("the table of short streams", chain.broken);
            mini_fat = chain.content;
        }
        let state = State {
            directory,
            mini_fat: Pages::new(mini_fat),
            mini,
            taken: Claims::default(),
            followed: Claims::default(),
            broken: HashMap::new(),
            defects,
            told: HashSet::new(),
            untold: 0,
        };
        let (cutoff, mini_shift) = (header.cutoff.min(SHORT), header.mini_shift);
        Ok(Self { sectors, cutoff, mini_shift, root, cut, state: Mutex::new(state) })
    }

    pub(crate) fn root(&self) -> &Entry {
        &self.root
    }

    /// Where the file breaks off, if it is shorter than it was.
    pub(crate) fn cut(&self) -> Option<&Defect> {
        self.cut.as_ref()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was found damaged, since the last call.
    pub(crate) fn take_defects(&self) -> Vec<Defect> {
        let mut state = self.lock();
        let untold = std::mem::take(&mut state.untold);
        let mut defects = std::mem::take(&mut state.defects);
        if untold > 0 {
            defects.push(damage(format!("{untold} more streams and storages are damaged")));
        }
        defects
    }

    /// Goes through what is in a storage, in whatever order.
    ///
    /// # Errors
    /// Errors of the source.
    pub(crate) fn children(&self, storage: &Entry, each: &mut dyn FnMut(Entry)) -> Result<()> {
        let mut state = self.lock();
        if let Some(why) = state.directory.children(storage, each)?
            && state.told.insert(storage.id)
        {
            state.tell("storage", &storage.name, why);
        }
        Ok(())
    }

    /// The entry at a place of the directory.
    ///
    /// # Errors
    /// Not fatal when there is none, and errors of the source.
    pub(crate) fn entry(&self, id: u32) -> Result<Entry> {
        let entry = self.lock().directory.entry(id)?;
        let lost = || Error::new(ErrorKind::Malformed, "an entry of the compound file is not valid").non_fatal();
        entry.map(|(entry, _)| entry).ok_or_else(lost)
    }

    /// The octets of a stream, as many as are there.
    ///
    /// # Errors
    /// Errors of the source.
    pub(crate) fn stream(&self, entry: &Entry) -> Result<Stream> {
        let (stream, broken) = match entry.len {
            0 => return Ok(Stream::Short(Vec::new())),
            len if len < self.cutoff => {
                let (octets, broken) = self.lock().short(entry, self.mini_shift)?;
                (Stream::Short(octets), broken)
            }
            len => {
                let chain = self.sectors.chain(entry.id, entry.start, Some(len))?;
                (Stream::Long(chain.content), chain.broken)
            }
        };
        if let Some(why) = broken {
            self.lock().tell("stream", &entry.name, why);
        }
        Ok(stream)
    }
}

impl State {
    fn tell(&mut self, what: &str, name: &str, why: &str) {
        if self.defects.len() < TOLD {
            self.defects.push(damage(format!("the {what} \"{name}\" is damaged: {why}")));
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    /// The octets of a short stream, in memory. A sector belongs to one stream only: a small file could be as long as one wants, else.
    fn short(&mut self, entry: &Entry, shift: u32) -> Result<(Vec<u8>, Option<&'static str>)> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let is_new = self.followed.claim(entry.id);
        let len = self.broken.get(&entry.id).copied().unwrap_or(entry.len);
        let (mut sector, mut left) = (entry.start, len);
        let mut broken = None;
        while left > 0 {
            let start = u64::from(sector) << shift;
            if sector > MAX_SECTOR || start >= self.mini.len() {
                broken = Some("it has fewer sectors than it should");
                break;
            }
            if is_new && !self.taken.claim(sector) {
                broken = Some("its sectors belong to another stream too, or are linked in a circle");
                break;
            }
            let len = left.min(1 << shift).min(self.mini.len().saturating_sub(start));
            push(&mut ranges, start..start.saturating_add(len));
            left = left.saturating_sub(1 << shift);
            sector = self.mini_fat.number(sector)?.unwrap_or(MAX_SECTOR + 1);
        }
        if broken.is_some() {
            self.broken.insert(entry.id, len.saturating_sub(left));
        }
        let mut octets = Vec::new();
        for range in ranges {
            let content = self.mini.slice(range);
            octets.append(&mut content.to_vec(SHORT as usize)?);
        }
        // It was told when it was met first.
        Ok((octets, broken.filter(|_| is_new)))
    }
}

fn damage(what: String) -> Defect {
    Defect::new(DefectKind::Structure, what)
}

/// The sectors of the allocation table: those in the header, and those in the sectors that it goes on in ([MS-CFB] 2.5).
fn allocation_table(
    source: &Source,
    header: &Header,
    sectors: &Sectors,
    defects: &mut Vec<Defect>,
) -> Result<Vec<u32>> {
    let numbers = 1_u32 << header.shift.saturating_sub(2);
    // No more than are needed for every sector of the file, whatever the file says: lists of them may be linked in a circle.
    let needed = usize::try_from(sectors.count().div_ceil(numbers)).unwrap_or(usize::MAX);
    let mut table = header.fat.clone();
    let mut at = header.difat;
    let last = usize::try_from(numbers).unwrap_or(0).saturating_sub(1);
    let mut lists_left = needed.div_ceil(last.max(1)).saturating_add(1);
    while table.len() < needed && at <= MAX_SECTOR {
        let Some(left) = lists_left.checked_sub(1).filter(|_| at < sectors.count()) else {
            defects.push(damage(
                "the list of the sectors of the allocation table is damaged: what they describe is lost".to_owned(),
            ));
            break;
        };
        lists_left = left;
        let list = Content::new(source.clone(), [sectors.range(at)]).to_vec(1 << header.shift)?;
        let number = |i: usize| u32_at(&list, i.saturating_mul(4)).unwrap_or(FREE);
        table.extend((0..last).map(number));
        at = number(last);
    }
    table.truncate(needed);
    Ok(table)
}

impl fmt::Debug for CompoundFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompoundFile({} sectors)", self.sectors.count())
    }
}
