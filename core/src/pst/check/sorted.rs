//! Records that are sorted in bounded memory: sorted runs in a temporary file that are merged when they are read.

use crate::error::Result;
#[cfg(not(target_family = "wasm"))]
use crate::{
    error::{Error, ErrorKind},
    source::{FileSource, ReadAt},
};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Octets of records that are in memory until they go to disk as a run, where there is one.
#[cfg(not(target_family = "wasm"))]
const RUN: usize = 6 << 20;
/// Octets of memory for reading all runs, and the least for one.
#[cfg(not(target_family = "wasm"))]
const WINDOWS: usize = 6 << 20;
#[cfg(not(target_family = "wasm"))]
const WINDOW: usize = 16 << 10;

/// A record of these parts one behind another.
pub(super) fn record<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut record = [0; N];
    record.iter_mut().zip(parts.iter().copied().flatten()).for_each(|(to, from)| *to = *from);
    record
}

/// Records of `N` octets that compare as octets do.
pub(super) struct Sorter<const N: usize> {
    held: Vec<[u8; N]>,
    #[cfg(not(target_family = "wasm"))]
    file: Option<std::fs::File>,
    /// Where each run ends in the file.
    #[cfg(not(target_family = "wasm"))]
    ends: Vec<u64>,
}

impl<const N: usize> Default for Sorter<N> {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            #[cfg(not(target_family = "wasm"))]
            file: None,
            #[cfg(not(target_family = "wasm"))]
            ends: Vec::new(),
        }
    }
}

impl<const N: usize> Sorter<N> {
    pub(super) fn push(&mut self, record: [u8; N]) -> Result<()> {
        self.held.push(record);
        #[cfg(not(target_family = "wasm"))]
        if self.held.as_flattened().len() >= RUN {
            self.spill()?;
        }
        Ok(())
    }

    #[cfg(not(target_family = "wasm"))]
    fn spill(&mut self) -> Result<()> {
        use std::io::Write as _;
        self.held.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile().map_err(failed)?),
        };
        let run = self.held.as_flattened();
        file.write_all(run).map_err(failed)?;
        self.ends.push(self.ends.last().copied().unwrap_or(0).saturating_add(run.len() as u64));
        self.held.clear();
        Ok(())
    }

    /// The records in order.
    pub(super) fn sorted(mut self) -> Result<Sorted<N>> {
        self.held.sort_unstable();
        let mut runs = Vec::new();
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = self.file.take() {
            let len = self.ends.last().copied().unwrap_or(0);
            let source = std::sync::Arc::new(FileSource::unnamed(file, len));
            let window = WINDOWS.checked_div(self.ends.len()).unwrap_or(WINDOWS).max(WINDOW);
            let mut start = 0;
            for end in self.ends {
                let disk = Disk { source: source.clone(), at: start, end, window };
                runs.push(Run { held: Vec::new(), at: 0, disk: Some(disk) });
                start = end;
            }
        }
        runs.push(Run {
            held: self.held,
            at: 0,
            #[cfg(not(target_family = "wasm"))]
            disk: None,
        });
        let mut sorted = Sorted { runs, first: BinaryHeap::new(), peeked: None };
        for index in 0..sorted.runs.len() {
            sorted.advance(index)?;
        }
        Ok(sorted)
    }
}

#[cfg(not(target_family = "wasm"))]
fn failed(cause: std::io::Error) -> Error {
    let place = std::env::temp_dir();
    let message = format!(
        "what the check has to sort does not fit into a temporary file in {}: free some space there, or choose another folder (TMPDIR)",
        place.display()
    );
    Error::new(ErrorKind::Io, message).because(cause)
}

#[cfg(not(target_family = "wasm"))]
struct Disk {
    source: std::sync::Arc<FileSource>,
    at: u64,
    end: u64,
    window: usize,
}

struct Run<const N: usize> {
    held: Vec<[u8; N]>,
    at: usize,
    #[cfg(not(target_family = "wasm"))]
    disk: Option<Disk>,
}

impl<const N: usize> Run<N> {
    fn next(&mut self) -> Result<Option<[u8; N]>> {
        #[cfg(not(target_family = "wasm"))]
        if self.at == self.held.len()
            && let Some(disk) = self.disk.as_mut().filter(|disk| disk.at < disk.end)
        {
            let left = usize::try_from(disk.end.saturating_sub(disk.at)).unwrap_or(usize::MAX);
            self.held.clear();
            self.held.resize(left.min(disk.window).checked_div(N).unwrap_or(0), [0; N]);
            let octets = self.held.as_flattened_mut();
            disk.source.read_exact_at(disk.at, octets)?;
            disk.at = disk.at.saturating_add(octets.len() as u64);
            self.at = 0;
        }
        let next = self.held.get(self.at).copied();
        self.at = self.at.saturating_add(1);
        Ok(next)
    }
}

/// Records in order.
pub(super) struct Sorted<const N: usize> {
    runs: Vec<Run<N>>,
    first: BinaryHeap<Reverse<([u8; N], usize)>>,
    peeked: Option<[u8; N]>,
}

impl<const N: usize> Sorted<N> {
    fn advance(&mut self, index: usize) -> Result<()> {
        if let Some(record) = self.runs.get_mut(index).map(Run::next).transpose()?.flatten() {
            self.first.push(Reverse((record, index)));
        }
        Ok(())
    }

    pub(super) fn next(&mut self) -> Result<Option<[u8; N]>> {
        if let Some(record) = self.peeked.take() {
            return Ok(Some(record));
        }
        let Some(Reverse((record, index))) = self.first.pop() else { return Ok(None) };
        self.advance(index)?;
        Ok(Some(record))
    }

    pub(super) fn peek(&mut self) -> Result<Option<[u8; N]>> {
        if self.peeked.is_none() {
            self.peeked = self.next()?;
        }
        Ok(self.peeked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_in_order_however_many_there_are() {
        for count in [0_u32, 1, 1000, 2_000_000] {
            let mut sorter = Sorter::<8>::default();
            for i in 0..count {
                let key = u64::from(i.wrapping_mul(2_654_435_761));
                sorter.push(key.to_be_bytes()).unwrap();
            }
            let mut sorted = sorter.sorted().unwrap();
            let (mut before, mut there) = (None, 0);
            while let Some(record) = sorted.next().unwrap() {
                assert!(before <= Some(record));
                (before, there) = (Some(record), there + 1);
            }
            assert_eq!(there, count);
        }
    }
}
