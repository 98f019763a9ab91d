//! Chains of sectors ([MS-CFB] 2.3), and the octets in them.

use super::{MAX_SECTOR, claims::Claims, pages::Pages};
use crate::{
    error::Result,
    source::{Content, ReadAt, Source},
};
use std::{
    collections::HashMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// Ranges of the file that are kept for all streams together. Of one with more of them every 64th sector is kept, and the links between
/// are followed once more where it is read.
const RANGES: usize = 1 << 19;
const STEP: u32 = 64;

/// The sectors of a file.
pub(super) struct Sectors {
    source: Source,
    shift: u32,
    /// How many the file has room for.
    count: u32,
    state: Mutex<State>,
}

struct State {
    fat: Pages,
    /// Sectors that a stream has.
    taken: Claims,
    /// How many sectors the streams have that were followed, by their entries.
    followed: HashMap<u32, u64>,
    ranges_left: usize,
}

/// The octets of a chain.
pub(super) struct Chain {
    pub(super) content: Content,
    /// Why it ends before it should, if it does.
    pub(super) broken: Option<&'static str>,
}

impl Sectors {
    pub(super) fn new(source: Source, shift: u32) -> Self {
        let behind_header = source.len().saturating_sub(1 << shift);
        let count = u32::try_from(behind_header.div_ceil(1 << shift)).unwrap_or(MAX_SECTOR).min(MAX_SECTOR);
        let state = State {
            fat: Pages::new(Content::from(Vec::new())),
            taken: Claims::default(),
            followed: HashMap::new(),
            ranges_left: RANGES,
        };
        Self { source, shift, count, state: Mutex::new(state) }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Where a sector lies, as far as the file goes.
    pub(super) fn range(&self, sector: u32) -> Range<u64> {
        let start = (u64::from(sector) + 1) << self.shift;
        start.min(self.source.len())..start.saturating_add(1 << self.shift).min(self.source.len())
    }

    /// Takes the sectors that the allocation table is in; what one beyond the file would describe is free.
    pub(super) fn take_table(&self, sectors: &[u32]) {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let mut contents = Vec::new();
        // One for all that are missing: a table may lie beyond the end of the file as a whole.
        let free = Content::from(vec![0xFF; 1 << self.shift]);
        for sector in sectors {
            let range = self.range(*sector);
            let missing = (1_u64 << self.shift).saturating_sub(octets_in(&range));
            push(&mut ranges, range);
            if missing > 0 {
                contents.push(Content::new(self.source.clone(), std::mem::take(&mut ranges)));
                contents.push(free.slice(0..missing));
            }
        }
        contents.push(Content::new(self.source.clone(), ranges));
        self.lock().fat = Pages::new(Content::join(contents));
    }

    /// Whether the allocation table, which lies in these sectors, has one in use that the file is too short for.
    pub(super) fn is_cut_off(&self, table: &[u32]) -> Result<bool> {
        if table.iter().any(|sector| *sector >= self.count) {
            return Ok(true);
        }
        let described = (table.len() as u64) << self.shift.saturating_sub(2);
        let mut state = self.lock();
        for sector in self.count..u32::try_from(described).unwrap_or(MAX_SECTOR) {
            if state.fat.number(sector)?.is_some_and(|next| next != super::FREE) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The octets of the chain that begins at a sector, `most` of them; as many as there are where that is not known. It belongs to
    /// the stream of an entry of the directory, and to no other.
    pub(super) fn chain(self: &Arc<Self>, entry: u32, first: u32, most: Option<u64>) -> Result<Chain> {
        let mut state = self.lock();
        let wanted = most.map(|most| u32::try_from(most.div_ceil(1 << self.shift)).unwrap_or(u32::MAX));
        let known = state.followed.get(&entry).and_then(|known| u32::try_from(*known).ok());
        let bound = wanted.unwrap_or(self.count).min(known.unwrap_or(self.count));
        let (mut ranges, mut marks, mut len): (Vec<Range<u64>>, Vec<u32>, u64) = (Vec::new(), Vec::new(), 0);
        let (mut sector, mut found, mut broken) = (first, 0_u32, None);
        while found < bound {
            if sector > MAX_SECTOR {
                broken = wanted.map(|_| "it has fewer sectors than it should");
                break;
            }
            if sector >= self.count {
                broken = Some("its sectors lie beyond the end of the file");
                break;
            }
            if known.is_none() && !state.taken.claim(sector) {
                broken = Some("its sectors belong to another stream too, or are linked in a circle");
                break;
            }
            let range = self.range(sector);
            len = len.saturating_add(octets_in(&range));
            if ranges.len() <= state.ranges_left {
                push(&mut ranges, range);
            }
            if found % STEP == 0 {
                marks.push(sector);
            }
            found = found.saturating_add(1);
            sector = state.fat.number(sector)?.unwrap_or(super::FREE);
        }
        let most = most.unwrap_or(len);
        if known.is_some() {
            // It was told when it was met first.
            broken = None;
        } else {
            state.followed.insert(entry, u64::from(found));
            broken = broken.or((len < most).then_some("it is longer than the file"));
        }
        let content = if ranges.len() > state.ranges_left {
            Content::from(Arc::new(Scattered { sectors: Arc::clone(self), marks, len }) as Source)
        } else {
            if known.is_none() && ranges.len() > 1 {
                state.ranges_left = state.ranges_left.saturating_sub(ranges.len());
            }
            Content::new(self.source.clone(), ranges)
        };
        Ok(Chain { content: content.slice(0..most), broken })
    }
}

fn octets_in(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// Adds a range, to the last one where it follows it.
pub(super) fn push(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

/// A stream in more pieces than are kept.
struct Scattered {
    sectors: Arc<Sectors>,
    /// Every 64th sector.
    marks: Vec<u32>,
    len: u64,
}

impl ReadAt for Scattered {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let shift = self.sectors.shift;
        let index = u32::try_from(offset >> shift).unwrap_or(u32::MAX);
        let mark = usize::try_from(index / STEP).ok().and_then(|at| self.marks.get(at));
        let (Some(mark), true) = (mark, offset < self.len) else { return Ok(0) };
        let mut sector = *mark;
        {
            let mut state = self.sectors.lock();
            for _ in 0..index % STEP {
                sector = state.fat.number(sector).map_err(io::Error::other)?.unwrap_or(super::FREE);
            }
        }
        let range = self.sectors.range(sector);
        let from = range.start.saturating_add(offset & !(u64::MAX << shift));
        let left = usize::try_from(range.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let n = left.min(buf.len());
        match self.sectors.source.read_at(from, buf.get_mut(..n).unwrap_or_default())? {
            0 if n > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => Ok(n),
        }
    }
}
