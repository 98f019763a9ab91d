//! What an opaque S/MIME message encloses: `SignedData` (RFC 5652 §5) in `application/pkcs7-mime` (RFC 8551 §3.5.2).
//!
//! Enough of BER (X.690) is read to get at the octets that were signed, as they come, in one pass. Nothing is verified.

use super::Entity;
use crate::source::Content;
use std::io::{self, Read};

/// `id-signedData`, 1.2.840.113549.1.7.2, and `id-data`, 1.2.840.113549.1.7.1.
const SIGNED_DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const DATA: &[u8] = b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
/// Levels of elements that are followed; a signed message has few.
const MAX_DEPTH: usize = 16;

/// The octets that were signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Enclosed {
    pub(crate) octets: Vec<u8>,
    /// Whether they end where they say.
    pub(crate) complete: bool,
}

/// Whether an entity may be a signed message that encloses what it signs.
pub(crate) fn may_be(entity: &Entity) -> bool {
    let parameters = entity.media_type().parameters();
    match entity.media_type().essence() {
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
            let kind = parameters.octets("smime-type").unwrap_or_default();
            ![&b"enveloped-data"[..], b"authenveloped-data", b"certs-only", b"compressed-data"]
                .iter()
                .any(|other| other.eq_ignore_ascii_case(kind))
        }
        "application/octet-stream" => {
            entity.file_name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"))
        }
        _ => false,
    }
}

/// What the body of `entity` encloses; `None` where it is no signed data, encloses nothing, or more than `limit` octets.
pub(crate) fn enclosed(entity: &Entity, message: &Content, limit: usize) -> io::Result<Option<Enclosed>> {
    let mut ber = Ber { reader: entity.reader(message), at: 0, limit };
    match ber.enclosed() {
        Ok(enclosed) => Ok(Some(enclosed)),
        Err(Stopped::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(Stopped::Io(error)) => Err(error),
        Err(Stopped::Other) => Ok(None),
    }
}

/// Why nothing came of it.
enum Stopped {
    Io(io::Error),
    /// It is something else.
    Other,
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where an element ends.
#[derive(Clone, Copy)]
enum End {
    At(u64),
    /// At two octets of zero.
    Marked,
}

struct Element {
    tag: u8,
    end: End,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const EXPLICIT_0: u8 = 0xA0;
const OCTET_STRING: u8 = 0x04;
const OCTET_STRINGS: u8 = 0x24;
const END_OF_CONTENTS: u8 = 0;

struct Ber<R> {
    reader: R,
    at: u64,
    limit: usize,
}

impl<R: Read> Ber<R> {
    fn enclosed(&mut self) -> Result<Enclosed, Stopped> {
        self.enter(SEQUENCE)?;
        self.identifier(SIGNED_DATA)?;
        self.enter(EXPLICIT_0)?;
        self.enter(SEQUENCE)?;
        let version = self.enter(INTEGER)?;
        self.skip(&version, 0)?;
        let algorithms = self.enter(SET)?;
        self.skip(&algorithms, 0)?;
        let content = self.enter(SEQUENCE)?;
        self.identifier(DATA)?;
        // A signature apart from what it signs ends here.
        if matches!(content.end, End::At(end) if end <= self.at) {
            return Err(Stopped::Other);
        }
        self.enter(EXPLICIT_0)?;
        let string = self.element()?;
        let mut octets = Vec::new();
        let complete = match self.string(&string, 0, &mut octets) {
            Ok(()) => true,
            Err(Stopped::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(stopped) => return Err(stopped),
        };
        Ok(Enclosed { octets, complete })
    }

    fn octet(&mut self) -> io::Result<u8> {
        let mut octet = [0];
        self.reader.read_exact(&mut octet)?;
        self.at += 1;
        let [octet] = octet;
        Ok(octet)
    }

    /// The identifier and length octets of an element (X.690 §8.1).
    fn element(&mut self) -> Result<Element, Stopped> {
        let tag = self.octet()?;
        if tag & 0x1F == 0x1F {
            // Tags of several octets are in nothing that is read here.
            while self.octet()? & 0x80 != 0 {}
        }
        let first = self.octet()?;
        let mut len = u64::from(first & 0x7F);
        if first == 0x80 {
            return Ok(Element { tag, end: End::Marked });
        }
        if first > 0x80 {
            let count = len;
            len = 0;
            for _ in 0..count {
                len = len.checked_mul(256).ok_or(Stopped::Other)? | u64::from(self.octet()?);
            }
        }
        let end = self.at.checked_add(len).ok_or(Stopped::Other)?;
        Ok(Element { tag, end: End::At(end) })
    }

    fn enter(&mut self, tag: u8) -> Result<Element, Stopped> {
        let element = self.element()?;
        if element.tag == tag { Ok(element) } else { Err(Stopped::Other) }
    }

    fn identifier(&mut self, wanted: &[u8]) -> Result<(), Stopped> {
        let Element { end: End::At(end), .. } = self.enter(OBJECT_IDENTIFIER)? else { return Err(Stopped::Other) };
        if end - self.at != wanted.len() as u64 {
            return Err(Stopped::Other);
        }
        for &octet in wanted {
            if self.octet()? != octet {
                return Err(Stopped::Other);
            }
        }
        Ok(())
    }

    /// Passes over what is in an element.
    fn skip(&mut self, element: &Element, depth: usize) -> Result<(), Stopped> {
        match element.end {
            End::At(end) => {
                let len = end.saturating_sub(self.at);
                let skipped = io::copy(&mut self.reader.by_ref().take(len), &mut io::sink())?;
                self.at += skipped;
                if skipped < len { Err(Stopped::Io(io::ErrorKind::UnexpectedEof.into())) } else { Ok(()) }
            }
            End::Marked if depth < MAX_DEPTH => loop {
                let inner = self.element()?;
                if inner.tag == END_OF_CONTENTS {
                    return Ok(());
                }
                self.skip(&inner, depth + 1)?;
            },
            End::Marked => Err(Stopped::Other),
        }
    }

    /// Takes the octets of a string, in one piece or several (X.690 §8.7).
    fn string(&mut self, string: &Element, depth: usize, octets: &mut Vec<u8>) -> Result<(), Stopped> {
        match (string.tag, string.end) {
            (OCTET_STRING, End::At(end)) => {
                let len = end.saturating_sub(self.at);
                let room = self.limit.saturating_sub(octets.len()) as u64;
                let taken = io::copy(&mut self.reader.by_ref().take(len.min(room)), octets)?;
                self.at += taken;
                match taken {
                    taken if taken == len => Ok(()),
                    taken if taken == room => Err(Stopped::Other),
                    _ => Err(Stopped::Io(io::ErrorKind::UnexpectedEof.into())),
                }
            }
            (OCTET_STRINGS, end) if depth < MAX_DEPTH => loop {
                if matches!(end, End::At(end) if end <= self.at) {
                    return Ok(());
                }
                let inner = self.element()?;
                if inner.tag == END_OF_CONTENTS && matches!(end, End::Marked) {
                    return Ok(());
                }
                self.string(&inner, depth + 1, octets)?;
            },
            _ => Err(Stopped::Other),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `text` in a signed message.
    pub(crate) fn signing(text: &[u8]) -> Vec<u8> {
        signed(ber, &ber(OCTET_STRINGS, &der(OCTET_STRING, text)))
    }

    /// An element of definite length.
    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = content.len();
        let length = match len {
            0..0x80 => vec![len as u8],
            _ => vec![0x82, (len >> 8) as u8, len as u8],
        };
        [&[tag], &*length, content].concat()
    }

    /// An element of indefinite length.
    fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    /// Signed data with this string in it; nothing behind it is read.
    fn signed(make: fn(u8, &[u8]) -> Vec<u8>, string: &[u8]) -> Vec<u8> {
        let content = make(SEQUENCE, &[der(OBJECT_IDENTIFIER, DATA), make(EXPLICIT_0, string)].concat());
        let algorithms = make(SET, &make(SEQUENCE, &der(OBJECT_IDENTIFIER, b"\x2A\x03")));
        let signed = make(SEQUENCE, &[der(INTEGER, &[1]), algorithms, content, make(SET, b"")].concat());
        make(SEQUENCE, &[der(OBJECT_IDENTIFIER, SIGNED_DATA), make(EXPLICIT_0, &signed)].concat())
    }

    fn read(octets: &[u8], limit: usize) -> Option<(Vec<u8>, bool)> {
        let mut ber = Ber { reader: octets, at: 0, limit };
        ber.enclosed().ok().map(|enclosed| (enclosed.octets, enclosed.complete))
    }

    #[test]
    fn the_octets_that_were_signed_come_out_of_der_and_ber() {
        let text = b"Content-Type: text/plain\r\n\r\nHello".repeat(20);
        let (head, tail) = text.split_at(100);
        let pieces = [der(OCTET_STRING, head), der(OCTET_STRING, tail)].concat();
        let nested = [ber(OCTET_STRINGS, &der(OCTET_STRING, head)), der(OCTET_STRING, tail)].concat();
        for (name, message) in [
            ("DER", signed(der, &der(OCTET_STRING, &text))),
            ("BER, one string", signed(ber, &der(OCTET_STRING, &text))),
            ("BER, a string in pieces", signed(ber, &ber(OCTET_STRINGS, &pieces))),
            ("DER around a string in pieces", signed(der, &der(OCTET_STRINGS, &pieces))),
            ("BER, pieces in pieces", signed(ber, &ber(OCTET_STRINGS, &nested))),
        ] {
            assert_eq!(read(&message, 10_000), Some((text.clone(), true)), "{name}");
            assert_eq!(read(&message, 639), None, "{name}: limit");
            assert_eq!(
                read(&message[..300], 10_000).map(|(octets, complete)| (text.starts_with(&octets), complete)),
                Some((true, false)),
                "{name}: cut off"
            );
        }
    }

    #[test]
    fn what_encloses_nothing_is_left_alone() {
        let detached = signed(der, b"");
        let no_content = {
            let content = der(SEQUENCE, &der(OBJECT_IDENTIFIER, DATA));
            let signed = der(SEQUENCE, &[der(INTEGER, &[1]), der(SET, b""), content, der(SET, b"")].concat());
            der(SEQUENCE, &[der(OBJECT_IDENTIFIER, SIGNED_DATA), der(EXPLICIT_0, &signed)].concat())
        };
        let enveloped = der(SEQUENCE, &der(OBJECT_IDENTIFIER, b"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03"));
        let deep = [0x30, 0x80].repeat(100_000);
        for octets in [&detached, &no_content, &enveloped, &deep, &b"MIIB".to_vec(), &Vec::new()] {
            assert_eq!(read(octets, 100), None);
        }
    }

    proptest! {
        #[test]
        fn no_octets_panic(octets: Vec<u8>, cut in 0_usize..80) {
            read(&octets, 1000);
            let mut message = signed(ber, &ber(OCTET_STRINGS, &octets));
            message.truncate(cut);
            read(&message, 1000);
        }
    }
}
