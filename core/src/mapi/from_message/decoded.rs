use crate::{
    error::Result,
    mime::{BodyReader, Entity, TransferEncoding},
    source::{Content, ReadAt, Source},
};
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

/// Decoded octets that are held; of more only their number is kept, and they are decoded again where they are read.
const HELD: usize = 1 << 20;

/// The octets of a body without its transfer encoding, and whether that was broken.
pub(super) fn decoded(entity: &Entity, message: &Content) -> Result<(Content, bool)> {
    if entity.encoding() == TransferEncoding::Identity {
        return Ok((message.slice(entity.body()), false));
    }
    let (entity, message) = (entity.clone(), message.clone());
    held_or_counted(move || entity.reader(&message))
}

/// The same of what `open` reads.
pub(super) fn held_or_counted(open: impl Fn() -> BodyReader + Send + Sync + 'static) -> Result<(Content, bool)> {
    let mut reader = open();
    let (mut held, mut len) = (Vec::new(), 0_u64);
    loop {
        let piece = reader.next_piece()?;
        if piece.is_empty() {
            break;
        }
        len += piece.len() as u64;
        if len <= HELD as u64 {
            held.extend_from_slice(piece);
        } else {
            held = Vec::new();
        }
    }
    let broken = reader.defect().is_some();
    if len <= HELD as u64 {
        return Ok((held.into(), broken));
    }
    let source = Decoding { open: Box::new(open), len, cursor: Mutex::new(None) };
    Ok((Content::from(Arc::new(source) as Source), broken))
}

/// A body that is decoded where it is read, best from front to back.
struct Decoding {
    open: Box<dyn Fn() -> BodyReader + Send + Sync>,
    len: u64,
    cursor: Mutex<Option<Cursor>>,
}

struct Cursor {
    reader: BodyReader,
    /// The piece that was decoded last, and where it begins.
    piece: Vec<u8>,
    start: u64,
}

impl fmt::Debug for Decoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoding({} octets)", self.len)
    }
}

impl ReadAt for Decoding {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len || buf.is_empty() {
            return Ok(0);
        }
        let mut cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || Cursor { reader: (self.open)(), piece: Vec::new(), start: 0 };
        let mut at = cursor.take().filter(|cursor| cursor.start <= offset).unwrap_or_else(open);
        loop {
            let within = usize::try_from(offset - at.start).unwrap_or(usize::MAX);
            if let Some(octets) = at.piece.get(within..).filter(|octets| !octets.is_empty()) {
                let n = octets.len().min(buf.len());
                buf.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
                *cursor = Some(at);
                return Ok(n);
            }
            at.start += at.piece.len() as u64;
            at.piece.clear();
            let piece = at.reader.next_piece()?;
            if piece.is_empty() {
                return Ok(0);
            }
            at.piece.extend_from_slice(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{limits::Limits, mime::Structure};

    #[test]
    fn a_body_that_is_not_held_reads_alike_anywhere() {
        let octets: Vec<u8> = (0..3_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let encoded = crate::mime::compose::to_base64(&octets);
        let message = Content::from(format!("Content-Transfer-Encoding: base64\n\n{encoded}").into_bytes());
        let structure = Structure::read(&message, &Limits::default()).unwrap();
        let (content, broken) = decoded(&structure.entities()[0], &message).unwrap();
        assert!(!broken && content.as_slice().is_none());
        assert_eq!(content.to_vec(octets.len()).unwrap(), octets);
        for (from, to) in [(2_999_990_usize, 3_000_000_usize), (0, 10), (1_500_000, 1_600_000), (1_499_999, 1_500_001)]
        {
            let slice = content.slice(from as u64..to as u64).to_vec(1 << 20).unwrap();
            assert!(slice == octets[from..to], "{from}..{to}");
        }
    }
}
