//! Octets that are kept until they can be written: few of them in memory, the rest in a temporary file.

#[cfg(not(target_family = "wasm"))]
mod file;

#[cfg(not(target_family = "wasm"))]
use file::TemporaryFile;
use std::io::{self, Write};

/// Octets that memory is asked for at a time.
const CHUNK: usize = 64 << 10;
/// Chunks that are kept in memory before they go to the temporary file, where there is one: 1 MiB.
#[cfg(not(target_family = "wasm"))]
const CHUNKS: usize = 16;

/// Takes octets and gives them all, in the same order, at the end.
#[derive(Default)]
pub(crate) struct Spool {
    /// What came behind that in the file.
    chunks: Vec<Vec<u8>>,
    len: u64,
    #[cfg(not(target_family = "wasm"))]
    file: Option<TemporaryFile>,
}

impl Spool {
    /// A spool that keeps what does not fit into memory in a file at `path`, which is gone when the spool is.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn at(path: std::path::PathBuf, disk: &crate::disk::Disk) -> Self {
        Self { file: Some(TemporaryFile::new(path, disk.clone())), ..Self::default() }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Everything it took, to `writer`.
    pub(crate) fn write_to(self, writer: &mut impl Write) -> io::Result<()> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = self.file {
            file.write_to(writer)?;
        }
        self.chunks.iter().try_for_each(|chunk| writer.write_all(chunk))
    }

    #[cfg(not(target_family = "wasm"))]
    fn spill(&mut self) -> io::Result<()> {
        if let Some(file) = self.file.as_mut().filter(|_| self.chunks.len() == CHUNKS) {
            self.chunks.iter().try_for_each(|chunk| file.append(chunk))?;
            self.chunks.clear();
        }
        Ok(())
    }
}

impl Write for Spool {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = self.chunks.last().map_or(0, |chunk| CHUNK - chunk.len());
        if room == 0 {
            #[cfg(not(target_family = "wasm"))]
            self.spill()?;
            let mut chunk = Vec::new();
            chunk.reserve_exact(CHUNK);
            self.chunks.push(chunk);
        }
        let room = if room == 0 { CHUNK } else { room };
        let (taken, _) = octets.split_at(octets.len().min(room));
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.extend_from_slice(taken);
            self.len += taken.len() as u64;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;
    use proptest::prelude::*;
    use std::fs;

    fn spooled(spool: Spool) -> Vec<u8> {
        let mut octets = Vec::new();
        spool.write_to(&mut octets).unwrap();
        octets
    }

    fn noise(len: usize) -> Vec<u8> {
        (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    #[test]
    fn only_what_exceeds_the_bound_goes_to_the_file() {
        let root = tempfile::tempdir().unwrap();
        let mut spool = Spool::at(root.path().join("x"), &Disk::default());
        spool.write_all(&noise(CHUNKS * CHUNK)).unwrap();
        assert_eq!(spool.file.as_ref().unwrap().len(), 0);
        spool.write_all(b"!").unwrap();
        assert_eq!(spool.file.as_ref().unwrap().len(), (CHUNKS * CHUNK) as u64);
        assert_eq!(spool.chunks, [b"!"]);
    }

    #[test]
    fn no_file_is_left_nor_seen_by_others_meanwhile() {
        let root = tempfile::tempdir().unwrap();
        let mut spool = Spool::at(root.path().join("x"), &Disk::default());
        spool.write_all(&noise(3 * CHUNKS * CHUNK)).unwrap();
        if cfg!(unix) {
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "none is left even by a process that is killed");
        }
        drop(spool);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_of_others_is_not_touched() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        fs::write(&path, "mine").unwrap();
        let mut spool = Spool::at(path.clone(), &Disk::default());
        let error = spool.write_all(&noise(2 * CHUNKS * CHUNK)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        drop(spool);
        assert_eq!(fs::metadata(&path).unwrap().len(), 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn it_gives_what_it_took(lengths in proptest::collection::vec(0..3 * CHUNK, 0..40)) {
            let root = tempfile::tempdir().unwrap();
            let mut expected = Vec::new();
            let mut spools = [Spool::default(), Spool::at(root.path().join("x"), &Disk::default())];
            for len in lengths {
                let octets = noise(len);
                for spool in &mut spools {
                    spool.write_all(&octets).unwrap();
                }
                expected.extend(octets);
            }
            for spool in spools {
                prop_assert_eq!(spool.len(), expected.len() as u64);
                prop_assert!(spooled(spool) == expected);
            }
            prop_assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        }
    }
}
