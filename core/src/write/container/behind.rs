//! An archive's file, whose octets are written and digested beside the thread that gives them.

use crate::crew::Hands;
use std::{
    collections::VecDeque,
    hash::Hasher as _,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use twox_hash::XxHash3_64;

/// Octets that are gathered before the operating system is asked, by the thread that gives them.
const ALONE: usize = 32 << 10;
/// The same where other threads ask it: each time costs them more.
const BUFFER: usize = 128 << 10;
/// Buffers that wait to be written; of one more, all are written by the thread that gives it.
const MOST_WAITING: usize = 8;

/// Octets on their way to a file. Without [`Hands`] they are written where they are given, with them by whichever thread has time; in
/// their order either way.
pub(super) struct Behind<W> {
    gathered: Vec<u8>,
    queue: Arc<Queue<W>>,
    hands: Option<Hands>,
}

struct Queue<W> {
    /// Taken before `waiting`: whoever has it writes what waits, in the order it came.
    sink: Mutex<Sink<W>>,
    waiting: Mutex<Waiting>,
}

struct Sink<W> {
    file: W,
    digest: XxHash3_64,
}

#[derive(Default)]
struct Waiting {
    buffers: VecDeque<Vec<u8>>,
    /// Empty ones, to be filled again.
    resting: Vec<Vec<u8>>,
    /// What the operating system said first; nothing is written after.
    error: Option<io::Error>,
    /// Whether it said anything.
    is_refused: bool,
}

impl<W: Write + Send + 'static> Behind<W> {
    pub(super) fn new(file: W) -> Self {
        let sink = Mutex::new(Sink { file, digest: XxHash3_64::new() });
        Self { gathered: Vec::new(), queue: Arc::new(Queue { sink, waiting: Mutex::default() }), hands: None }
    }

    /// Has octets written by `hands` from now on, unless it does already.
    pub(super) fn use_hands(&mut self, hands: Option<&Hands>) {
        if self.hands.is_none() {
            self.hands = hands.cloned();
        }
    }

    /// The XXH3-64 of all octets, which are written before.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn digest(&mut self) -> io::Result<u64> {
        self.flush()?;
        Ok(lock(&self.queue.sink).digest.finish())
    }

    /// Gives up what is not written yet.
    pub(super) fn discard(mut self) {
        self.gathered.clear();
        let mut waiting = lock(&self.queue.waiting);
        waiting.buffers.clear();
        waiting.is_refused = true;
        drop(waiting);
        // Whoever writes comes to an end first.
        drop(lock(&self.queue.sink));
    }

    /// Passes on what is gathered.
    fn pass_on(&mut self) -> io::Result<()> {
        let Some(hands) = &self.hands else { return self.flush() };
        let mut waiting = lock(&self.queue.waiting);
        waiting.check()?;
        let empty = waiting.resting.pop().unwrap_or_default();
        waiting.buffers.push_back(std::mem::replace(&mut self.gathered, empty));
        let is_full = waiting.buffers.len() > MOST_WAITING;
        drop(waiting);
        if is_full {
            return self.queue.write_all();
        }
        if let Some(held) = hands.room_for_part() {
            let queue = Arc::clone(&self.queue);
            // What comes of it is asked when more is passed on.
            drop(hands.part(held, move || queue.write_unless_it_is_done()));
        }
        Ok(())
    }

    fn room(&self) -> usize {
        let most = if self.hands.is_some() { BUFFER } else { ALONE };
        most.saturating_sub(self.gathered.len())
    }
}

impl<W: Write> Queue<W> {
    /// Writes all that waits.
    fn write_all(&self) -> io::Result<()> {
        let mut sink = lock(&self.sink);
        while let Some(buffer) = self.next() {
            self.done(sink.write(&buffer), buffer);
        }
        lock(&self.waiting).check()
    }

    /// The same, unless another thread does, which then takes what came since as well, or leaves it to whoever comes next.
    fn write_unless_it_is_done(&self) {
        let Ok(mut sink) = self.sink.try_lock() else { return };
        while let Some(buffer) = self.next() {
            self.done(sink.write(&buffer), buffer);
        }
    }

    fn next(&self) -> Option<Vec<u8>> {
        lock(&self.waiting).buffers.pop_front()
    }

    fn done(&self, written: io::Result<()>, mut buffer: Vec<u8>) {
        let mut waiting = lock(&self.waiting);
        buffer.clear();
        waiting.resting.push(buffer);
        if let Err(error) = written {
            waiting.buffers.clear();
            waiting.is_refused = true;
            waiting.error.get_or_insert(error);
        }
    }
}

impl<W: Write> Sink<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all(octets)?;
        self.digest.write(octets);
        Ok(())
    }
}

impl Waiting {
    fn check(&mut self) -> io::Result<()> {
        match self.is_refused {
            true => Err(self.error.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())),
            false => Ok(()),
        }
    }
}

impl<W: Write + Send + 'static> Write for Behind<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.hands.is_none() && octets.len() >= ALONE {
            self.flush()?;
            let written = lock(&self.queue.sink).write(octets);
            return written.map(|()| octets.len()).inspect_err(|_| lock(&self.queue.waiting).is_refused = true);
        }
        if self.room() == 0 {
            self.pass_on()?;
        }
        let taken = octets.get(..octets.len().min(self.room())).unwrap_or(octets);
        self.gathered.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// Writes all that was given.
    fn flush(&mut self) -> io::Result<()> {
        let mut waiting = lock(&self.queue.waiting);
        waiting.check()?;
        if !self.gathered.is_empty() {
            let empty = waiting.resting.pop().unwrap_or_default();
            waiting.buffers.push_back(std::mem::replace(&mut self.gathered, empty));
        }
        drop(waiting);
        self.queue.write_all()?;
        lock(&self.queue.sink).file.flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests open what no conversion does")]

    use super::*;
    use crate::{
        crew::{Crew, HELD},
        disk::{At, Disk},
        limits::Stop,
    };
    use std::{fs, num::NonZeroUsize};

    #[test]
    fn octets_are_written_in_their_order_on_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            let room = tempfile::tempdir().unwrap();
            let path = room.path().join("x");
            let mut behind = Behind::new(Disk::default().create(At::beside(&path)).unwrap());
            let crew = Crew::start(NonZeroUsize::new(threads).unwrap(), HELD, Stop::default());
            let mut expected = Vec::new();
            for n in 0..400_u32 {
                if n == 5 {
                    behind.use_hands(crew.as_ref().map(Crew::hands).as_ref());
                }
                let octets: Vec<u8> = (0..n * 37 % 20_011).map(|at| (at.wrapping_mul(n) >> 3) as u8).collect();
                behind.write_all(&octets).unwrap();
                expected.extend(octets);
            }
            let mut digest = XxHash3_64::new();
            digest.write(&expected);
            assert_eq!(behind.digest().unwrap(), digest.finish(), "{threads} threads");
            drop(crew);
            behind.write_all(b"after the threads").unwrap();
            behind.flush().unwrap();
            expected.extend(b"after the threads");
            assert!(fs::read(&path).unwrap() == expected, "{threads} threads");
            behind.write_all(b"given up").unwrap();
            behind.discard();
            assert_eq!(fs::metadata(&path).unwrap().len(), expected.len() as u64);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_operating_system_refuses_is_told_when_more_comes() {
        for threads in [1, 2, 4] {
            let mut behind = Behind::new(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
            let crew = Crew::start(NonZeroUsize::new(threads).unwrap(), HELD, Stop::default());
            behind.use_hands(crew.as_ref().map(Crew::hands).as_ref());
            let refused = (0..100).find_map(|_| behind.write_all(&[7; 50_000]).err());
            assert_eq!(refused.unwrap().kind(), io::ErrorKind::StorageFull, "{threads} threads");
            assert!(behind.flush().is_err(), "{threads} threads");
        }
    }
}
