use super::{ReadAt, Source};
use crate::defect::Defect;
use std::{
    io,
    sync::{Mutex, PoisonError},
};

/// Octets that are recoded at a time, and recoded pieces that are kept.
pub(crate) const PIECE: usize = 64 << 10;
const KEPT: usize = 2;
/// Places whose offset is known, at most: pieces lie between two of them.
const MARKS: usize = 1 << 16;

/// How octets become others, a piece at a time.
pub(crate) trait Recode: Send + Sync {
    /// What has to be known at the end of a piece to go on with the next one.
    type State: Copy + Default + Send + Sync;
    /// Places whose offset is known, at most, each with a state.
    const MARKS: usize = MARKS;

    /// Recodes the start of `octets` and gives how many octets of it that took. With `is_last` nothing follows: all of it is taken. Else
    /// some may be left for the next piece, fewer than there are, so that it goes on; none taken ends it.
    fn recode(&self, octets: &[u8], is_last: bool, state: &mut Self::State, out: &mut Vec<u8>) -> usize;
}

/// A part of a source, read at any place as if it were recoded. Two pieces of it are in memory.
///
/// All of it is recoded once when it is opened, to find where it ends and how long it is.
pub(crate) struct Recoded<R: Recode> {
    source: Source,
    how: R,
    marks: Vec<Mark<R::State>>,
    /// Where the octets of the source end that were recoded, and how many that made.
    end: u64,
    len: u64,
    kept: Mutex<Vec<(u64, Vec<u8>)>>,
}

/// Where a piece begins.
#[derive(Clone, Copy)]
struct Mark<S> {
    from: u64,
    to: u64,
    state: S,
}

impl<R: Recode> Recoded<R> {
    /// Recodes `source` from `start` on, as far as it goes. `look` sees what it becomes, in order.
    ///
    /// # Errors
    /// What the source says.
    pub(crate) fn open(source: Source, start: u64, how: R, mut look: impl FnMut(&[u8])) -> io::Result<Self> {
        let mut recoded = Self { source, how, marks: Vec::new(), end: start, len: 0, kept: Mutex::default() };
        let (mut state, mut out, mut pieces, mut stride) = (R::State::default(), Vec::new(), 0_u64, 1_u64);
        loop {
            if pieces.is_multiple_of(stride) {
                recoded.marks.push(Mark { from: recoded.end, to: recoded.len, state });
            }
            if recoded.marks.len() >= R::MARKS {
                let mut keep = false;
                recoded.marks.retain(|_| {
                    keep = !keep;
                    keep
                });
                stride = stride.saturating_mul(2);
            }
            out.clear();
            let taken = recoded.piece(recoded.end, &mut state, &mut out)?;
            recoded.end = recoded.end.saturating_add(taken);
            recoded.len = recoded.len.saturating_add(out.len() as u64);
            pieces = pieces.saturating_add(1);
            look(&out);
            if taken == 0 {
                return Ok(recoded);
            }
        }
    }

    /// Where in the source it ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Recodes the piece that begins at `from`; how many octets it has.
    fn piece(&self, from: u64, state: &mut R::State, out: &mut Vec<u8>) -> io::Result<u64> {
        let left = usize::try_from(self.source.len().saturating_sub(from)).unwrap_or(usize::MAX);
        let mut octets = vec![0; left.min(PIECE)];
        self.source.read_exact_at(from, &mut octets)?;
        Ok(self.how.recode(&octets, left <= PIECE, state, out) as u64)
    }
}

impl<R: Recode> ReadAt for Recoded<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len || buf.is_empty() {
            return Ok(0);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |(to, octets): &(u64, Vec<u8>)| (*to..to.saturating_add(octets.len() as u64)).contains(&offset);
        if !kept.iter().any(holds) {
            let after = self.marks.partition_point(|mark| mark.to <= offset);
            let Some(mark) = after.checked_sub(1).and_then(|at| self.marks.get(at)) else { return Ok(0) };
            let Mark { mut from, mut to, mut state } = *mark;
            let mut octets = Vec::new();
            loop {
                octets.clear();
                let taken = self.piece(from, &mut state, &mut octets)?;
                if to.saturating_add(octets.len() as u64) > offset {
                    break;
                }
                if taken == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                from = from.saturating_add(taken);
                to = to.saturating_add(octets.len() as u64);
            }
            kept.truncate(KEPT - 1);
            kept.insert(0, (to, octets));
        }
        let Some((to, octets)) = kept.iter().find(|piece| holds(piece)) else { return Ok(0) };
        let within = usize::try_from(offset.saturating_sub(*to)).unwrap_or(usize::MAX);
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let octets = octets.get(within..).unwrap_or_default();
        let n = octets.len().min(buf.len()).min(left);
        if let (Some(to), Some(from)) = (buf.get_mut(..n), octets.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.source.take_defects()
    }
}

/// Text whose bare CR and LF become CRLF, as `text/*` has them (RFC 2046 §4.1.1).
pub(crate) struct Crlf;

impl Recode for Crlf {
    /// Whether the last octet was a CR: an LF behind it belongs to it.
    type State = bool;

    fn recode(&self, octets: &[u8], _: bool, is_behind_cr: &mut bool, out: &mut Vec<u8>) -> usize {
        let mut rest = octets;
        if !octets.is_empty() && std::mem::take(is_behind_cr) {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some((line, [end, behind @ ..])) =
            memchr::memchr2(b'\r', b'\n', rest).and_then(|at| rest.split_at_checked(at))
        {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
            rest = behind;
            if *end == b'\r' {
                *is_behind_cr = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
        }
        out.extend_from_slice(rest);
        octets.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn recoded(text: &str) -> Recoded<Crlf> {
        Recoded::open(Arc::new(text.as_bytes().to_vec()), 0, Crlf, |_| {}).unwrap()
    }

    fn read(source: &dyn ReadAt, from: u64, to: u64) -> Vec<u8> {
        let mut octets = vec![0; usize::try_from(to - from).unwrap()];
        source.read_exact_at(from, &mut octets).unwrap();
        octets
    }

    #[test]
    fn line_ends_become_those_of_mail_wherever_pieces_end() {
        for (text, wanted) in
            [("", ""), ("a", "a"), ("a\nb\rc\r\nd", "a\r\nb\r\nc\r\nd"), ("\n\r\n\r\r\n\r", "\r\n\r\n\r\n\r\n\r\n")]
        {
            let source = recoded(text);
            assert_eq!(read(&source, 0, source.len()), wanted.as_bytes(), "{text:?}");
        }
        for ends in ["\n", "\r", "\r\n", "\n\r", "\r\r\n"] {
            for before in PIECE - 3..PIECE + 2 {
                let text = format!("{}{ends}{}", "x".repeat(before), "y".repeat(PIECE));
                let wanted = format!(
                    "{}{}{}",
                    "x".repeat(before),
                    "\r\n".repeat(if ends.len() > 1 && ends != "\r\n" { 2 } else { 1 }),
                    "y".repeat(PIECE)
                );
                let source = recoded(&text);
                assert_eq!((source.len(), source.end()), (wanted.len() as u64, text.len() as u64));
                assert!(read(&source, 0, source.len()) == wanted.as_bytes(), "{ends:?} behind {before}");
            }
        }
    }

    #[test]
    fn any_place_reads_as_it_does_in_order() {
        let text: String = (0..60_000).map(|n| format!("line {n}{}", ["\n", "\r\n", "\r"][n % 3])).collect();
        let wanted = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let source = recoded(&text);
        assert_eq!(source.len(), wanted.len() as u64);
        for at in (0..wanted.len() - 5000).step_by(77_777).rev().chain([0, wanted.len() - 5000]) {
            assert!(read(&source, at as u64, at as u64 + 5000) == wanted.as_bytes()[at..at + 5000], "{at}");
        }
        assert_eq!(source.read_at(source.len(), &mut [0; 4]).unwrap(), 0);
        assert!(source.marks.len() > 5);
    }
}
