use super::{
    base64, quoted_printable,
    token::{without_leading_comments, without_quotes},
    uuencode,
};
use crate::{
    defect::{Defect, DefectKind},
    source::{Content, ReadAt},
};
use std::{
    io::{self, Read},
    ops::Range,
};

/// Encoded octets that are taken from a body at a time.
const CHUNK: u64 = 48 << 10;

/// A `Content-Transfer-Encoding` (RFC 2045 §6).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferEncoding {
    /// The octets are as they are: `7bit`, `8bit`, `binary`, or unknown transfer encoding.
    #[default]
    Identity,
    /// Base64 (RFC 2045 §6.8).
    Base64,
    /// Quoted-printable (RFC 2045 §6.7).
    QuotedPrintable,
    /// `x-uuencode` and its other names.
    Uuencode,
}

impl TransferEncoding {
    /// Reads the value of a `Content-Transfer-Encoding`; `None` for one that is not known.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let value = without_leading_comments(value);
        let end = value.iter().position(|octet| b";(".contains(octet)).unwrap_or(value.len());
        let word = value.get(..end)?.trim_ascii();
        Some(match without_quotes(word).to_ascii_lowercase().as_slice() {
            b"" | b"7bit" | b"8bit" | b"binary" | b"7-bit" | b"8-bit" | b"7bits" | b"8bits" | b"none" => Self::Identity,
            b"base64" | b"base-64" | b"x-base64" => Self::Base64,
            b"quoted-printable" | b"quoted_printable" | b"quotedprintable" | b"quoted printable" => {
                Self::QuotedPrintable
            }
            b"x-uuencode" | b"uuencode" | b"x-uue" | b"uue" | b"x-uu" => Self::Uuencode,
            _ => return None,
        })
    }
}

/// The decoded octets of a body, read a piece at a time: however long it is, little of it is in memory.
#[derive(Debug)]
pub struct BodyReader {
    body: Encoded,
    at: u64,
    decoder: Decoder,
    decoded: Vec<u8>,
    taken: usize,
    finished: bool,
    chunk: u64,
}

/// Where encoded octets come from.
#[derive(Debug)]
enum Encoded {
    Content(Content),
    /// A range of what another reader gives: a file in the text of an encoded body.
    Decoded(Box<BodyReader>, Range<u64>),
}

#[derive(Debug)]
enum Decoder {
    Identity,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
    Uuencode(uuencode::Decoder),
}

impl BodyReader {
    pub(super) fn new(body: Content, encoding: TransferEncoding) -> Self {
        Self::over(Encoded::Content(body), encoding)
    }

    /// Decodes the octets `range` of what `outer` gives once more.
    pub(super) fn within(outer: Self, range: Range<u64>, encoding: TransferEncoding) -> Self {
        Self::over(Encoded::Decoded(Box::new(outer), range), encoding)
    }

    fn over(body: Encoded, encoding: TransferEncoding) -> Self {
        let decoder = match encoding {
            TransferEncoding::Identity => Decoder::Identity,
            TransferEncoding::Base64 => Decoder::Base64(base64::Decoder::default()),
            TransferEncoding::QuotedPrintable => Decoder::QuotedPrintable(quoted_printable::Decoder::default()),
            TransferEncoding::Uuencode => Decoder::Uuencode(uuencode::Decoder::default()),
        };
        Self { body, at: 0, decoder, decoded: Vec::new(), taken: 0, finished: false, chunk: CHUNK }
    }

    /// What broke the rules of the encoding in what was read so far.
    pub fn defect(&self) -> Option<Defect> {
        let broken = match &self.decoder {
            Decoder::Identity => None,
            Decoder::Base64(decoder) => decoder.is_broken().then_some("invalid base64"),
            Decoder::QuotedPrintable(decoder) => decoder.is_broken().then_some("invalid quoted-printable"),
            Decoder::Uuencode(decoder) => decoder.is_broken().then_some("invalid uuencode lines"),
        };
        broken.map(|detail| Defect::new(DefectKind::TransferEncoding, detail))
    }

    /// Decodes the next piece in place of the last; an empty one is the end.
    ///
    /// # Errors
    /// What the source says.
    pub(crate) fn next_piece(&mut self) -> io::Result<&[u8]> {
        self.decoded.clear();
        self.taken = 0;
        while self.decoded.is_empty() && !self.finished {
            self.decode_chunk()?;
        }
        Ok(&self.decoded)
    }

    fn decode_chunk(&mut self) -> io::Result<()> {
        match &mut self.body {
            Encoded::Content(body) => {
                let to = body.len().min(self.at + self.chunk);
                let chunk = body.slice(self.at..to);
                let len = usize::try_from(to - self.at).unwrap_or_default();
                let mut read = Vec::new();
                let encoded = match chunk.as_slice() {
                    Some(slice) => slice,
                    None => {
                        read.resize(len, 0);
                        chunk.read_exact_at(0, &mut read)?;
                        &read
                    }
                };
                self.decoder.push(encoded, &mut self.decoded);
                self.at = to;
                self.finished = to == body.len();
            }
            Encoded::Decoded(outer, range) => {
                let piece = outer.next_piece()?;
                let place = |octet: u64| usize::try_from(octet.saturating_sub(self.at)).unwrap_or(usize::MAX);
                let encoded = piece.get(place(range.start).min(piece.len())..).unwrap_or_default();
                let skipped = piece.len() - encoded.len();
                let encoded = encoded.get(..place(range.end).saturating_sub(skipped)).unwrap_or(encoded);
                self.decoder.push(encoded, &mut self.decoded);
                self.at += piece.len() as u64;
                self.finished = piece.is_empty() || self.at >= range.end;
            }
        }
        if self.finished {
            self.decoder.finish(&mut self.decoded);
        }
        Ok(())
    }
}

impl Decoder {
    fn push(&mut self, encoded: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Identity => out.extend_from_slice(encoded),
            Self::Base64(decoder) => decoder.push(encoded, out),
            Self::QuotedPrintable(decoder) => decoder.push(encoded, out),
            Self::Uuencode(decoder) => decoder.push(encoded, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Identity => {}
            Self::Base64(decoder) => decoder.finish(out),
            Self::QuotedPrintable(decoder) => decoder.finish(out),
            Self::Uuencode(decoder) => decoder.finish(out),
        }
    }
}

impl Read for BodyReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.decoded.len() {
            self.next_piece()?;
        }
        let rest = self.decoded.get(self.taken..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_known_with_comments_around_it() {
        for (value, encoding) in [
            ("base64", Some(TransferEncoding::Base64)),
            ("(a comment) base64", Some(TransferEncoding::Base64)),
            ("(one (nested) \\) comment) (two)\tquoted-printable", Some(TransferEncoding::QuotedPrintable)),
            (" BASE64 (yes)", Some(TransferEncoding::Base64)),
            ("(only a comment)", Some(TransferEncoding::Identity)),
            ("(not closed base64", Some(TransferEncoding::Identity)),
            ("x-unknown", None),
        ] {
            assert_eq!(TransferEncoding::parse(value.as_bytes()), encoding, "{value}");
        }
    }

    #[test]
    fn a_range_of_decoded_octets_is_decoded_once_more() {
        let body = Content::from(b"YSBiZWdpbiA2NDQgYQojMFYlVApgCmVuZAogYg==".to_vec());
        for chunk in [1, 3, 100] {
            let mut outer = BodyReader::new(body.clone(), TransferEncoding::Base64);
            outer.chunk = chunk;
            let mut reader = BodyReader::within(outer, 2..26, TransferEncoding::Uuencode);
            let mut octets = Vec::new();
            io::copy(&mut reader, &mut octets).unwrap();
            assert_eq!(octets, b"Cat");
            assert_eq!(reader.defect(), None);
        }
    }
}
