use super::{CodePage, Guid};
use crate::{date_time::DateTime, error::Result, source::Content};
use encoding_rs::UTF_16LE;
use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

/// A property's identifier and type ([MS-OXCDATA] 2.9), as one number `0xIIIITTTT`.
///
/// [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PropertyTag(pub u32);

impl PropertyTag {
    /// The identifier; from 0x8000 on it stands for a name ([`NamedProperties`](super::NamedProperties)).
    pub fn id(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The type, if it is one that is known.
    pub fn property_type(self) -> Option<PropertyType> {
        PropertyType::from_code(self.0 as u16)
    }
}

impl fmt::Debug for PropertyTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

macro_rules! property_types {
    ($($variant:ident = $code:literal,)+) => {
        /// The type of a property's value ([MS-OXCDATA] 2.11.1), `Ptyp` left out.
        ///
        /// [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PropertyType {
            $(#[doc = concat!("Ptyp", stringify!($variant), ".")] $variant = $code,)+
        }

        impl PropertyType {
            /// The type of this code, if there is one.
            pub fn from_code(code: u16) -> Option<Self> {
                Some(match code { $($code => Self::$variant,)+ _ => return None })
            }
        }
    };
}

property_types! {
    Null = 0x0001,
    Integer16 = 0x0002,
    Integer32 = 0x0003,
    Floating32 = 0x0004,
    Floating64 = 0x0005,
    Currency = 0x0006,
    FloatingTime = 0x0007,
    ErrorCode = 0x000A,
    Boolean = 0x000B,
    Object = 0x000D,
    Integer64 = 0x0014,
    String8 = 0x001E,
    String = 0x001F,
    Time = 0x0040,
    Guid = 0x0048,
    ServerId = 0x00FB,
    Binary = 0x0102,
    MultipleInteger16 = 0x1002,
    MultipleInteger32 = 0x1003,
    MultipleFloating32 = 0x1004,
    MultipleFloating64 = 0x1005,
    MultipleCurrency = 0x1006,
    MultipleFloatingTime = 0x1007,
    MultipleInteger64 = 0x1014,
    MultipleString8 = 0x101E,
    MultipleString = 0x101F,
    MultipleTime = 0x1040,
    MultipleGuid = 0x1048,
    MultipleBinary = 0x1102,
}

impl PropertyType {
    /// Its code.
    pub fn code(self) -> u16 {
        self as u16
    }
}

/// A property's value. Numbers are owned; strings and binaries are [`Octets`], which may lie in the source until they are read.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum PropertyValue {
    /// No value.
    Null,
    /// 16-bit integer.
    Integer16(i16),
    /// 32-bit integer.
    Integer32(i32),
    /// 64-bit integer; also Currency, in units of 1/10,000.
    Integer64(i64),
    /// 32-bit or 64-bit floating point number.
    Floating(f64),
    /// Days since 1899-12-30 and fractions of a day.
    FloatingTime(f64),
    /// Why there is no value.
    ErrorCode(u32),
    /// True or false.
    Boolean(bool),
    /// Point in time.
    Time(FileTime),
    /// GUID.
    Guid(Guid),
    /// Text in the code page of its message, without a terminating NUL as a rule.
    String8(Octets),
    /// Text in UTF-16LE, without a terminating NUL as a rule.
    String(Octets),
    /// Octets; also an object that is a stream, such as an OLE attachment's storage.
    Binary(Octets),
    /// Several values, none of them several itself.
    Multiple(Vec<PropertyValue>),
}

impl PropertyValue {
    /// The integer, whatever its width.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer16(value) => Some((*value).into()),
            Self::Integer32(value) => Some((*value).into()),
            Self::Integer64(value) => Some(*value),
            _ => None,
        }
    }

    /// The octets of a string (as stored) or a binary.
    pub fn octets(&self) -> Option<&Octets> {
        match self {
            Self::String8(octets) | Self::String(octets) | Self::Binary(octets) => Some(octets),
            _ => None,
        }
    }

    /// The text of a string up to its first NUL; U+FFFD stands where the octets are not text.
    ///
    /// Nothing past `limit` octets is read; `None` for another type or when the source cannot be read.
    pub fn text(&self, code_page: CodePage, limit: usize) -> Option<String> {
        match self {
            Self::String8(octets) => Some(code_page.decode(&octets.start(limit).ok()?).0),
            Self::String(octets) => Some(utf16le(&octets.start(limit).ok()?)),
            _ => None,
        }
    }

    /// The values of a [`PropertyValue::Multiple`], or the value itself.
    pub fn values(&self) -> &[PropertyValue] {
        match self {
            Self::Multiple(values) => values,
            one => std::slice::from_ref(one),
        }
    }
}

/// Text in UTF-16LE up to its first NUL.
fn utf16le(octets: &[u8]) -> String {
    let (pairs, _) = octets.as_chunks::<2>();
    // Most text is ASCII: without leaving off at the first that is not, a portion is looked at with wide registers.
    let unit = |pair: &[u8; 2]| u16::from_le_bytes(*pair);
    let is_ascii =
        |portion: &[[u8; 2]]| portion.iter().fold(true, |ascii, pair| ascii & (1..0x80).contains(&unit(pair)));
    if pairs.chunks(PORTION).all(is_ascii) {
        let ascii: Vec<u8> = pairs.iter().map(|pair| unit(pair) as u8).collect();
        return String::from_utf8(ascii).unwrap_or_default();
    }
    let end = pairs.iter().position(|pair| *pair == [0, 0]).unwrap_or(pairs.len());
    let text = octets.get(..2 * end).unwrap_or_default();
    UTF_16LE.decode_without_bom_handling(text).0.into_owned()
}

/// Units of UTF-16 that are looked at together.
const PORTION: usize = 512;

/// A point in time in units of 100 ns since 1601-01-01T00:00:00Z (FILETIME, [MS-DTYP] 2.3.3).
///
/// [MS-DTYP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/2c57429b-fdd4-488f-b5fc-9e4cf020fcdf
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub u64);

/// Seconds from 1601-01-01 to 1970-01-01, and units in a second.
const SINCE_1601: i64 = 11_644_473_600;
const SECOND: u64 = 10_000_000;

impl FileTime {
    /// The point in time of a date; `None` before 1601.
    pub(crate) fn of(date: DateTime) -> Option<Self> {
        let since_1601 = date.unix_seconds().checked_add(SINCE_1601)?;
        u64::try_from(since_1601).ok()?.checked_mul(SECOND).map(Self)
    }

    /// The point in time in seconds, or `None` outside the years 1601 to 9999; 0 and the far end mean "none" in MAPI.
    pub fn date_time(self) -> Option<DateTime> {
        let since_1601 = i64::try_from(self.0 / SECOND).ok()?;
        let unix_seconds = since_1601 - SINCE_1601;
        (self.0 != 0 && unix_seconds < 253_402_300_800).then(|| DateTime::from_unix_seconds(unix_seconds))
    }
}

/// The octets of one value: a part of a block that is in memory, or content of the source.
#[derive(Clone)]
pub struct Octets(Place);

#[derive(Clone)]
enum Place {
    /// Several values share the block that they were read in.
    Block(Arc<[u8]>, Range<usize>),
    Content(Content),
}

impl Octets {
    /// The octets `range` of `block`; what lies beyond its end is left out.
    pub fn of_block(block: Arc<[u8]>, range: Range<usize>) -> Self {
        let end = range.end.min(block.len());
        Self(Place::Block(block, range.start.min(end)..end))
    }

    /// The number of octets.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Place::Block(_, range) => range.len() as u64,
            Place::Content(content) => content.len(),
        }
    }

    /// Whether there are no octets.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets, when they are in memory.
    pub fn as_slice(&self) -> Option<&[u8]> {
        match &self.0 {
            Place::Block(block, range) => block.get(range.clone()),
            Place::Content(content) => content.as_slice(),
        }
    }

    /// The octets as content, to be read when they are needed.
    pub fn content(&self) -> Content {
        match &self.0 {
            Place::Block(block, range) => Content::from(block.get(range.clone()).unwrap_or_default().to_vec()),
            Place::Content(content) => content.clone(),
        }
    }

    /// All octets in memory.
    ///
    /// # Errors
    /// [`Limit`](crate::ErrorKind::Limit) when there are more than `limit`, [`Io`](crate::ErrorKind::Io) when the source fails.
    pub fn to_vec(&self, limit: usize) -> Result<Vec<u8>> {
        match &self.0 {
            Place::Block(block, range) if range.len() <= limit => {
                Ok(block.get(range.clone()).unwrap_or_default().to_vec())
            }
            _ => self.content().to_vec(limit),
        }
    }

    /// The first octets, `limit` of them at most.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) when the source fails.
    pub fn first(&self, limit: usize) -> Result<Vec<u8>> {
        self.start(limit).map(Cow::into_owned)
    }

    /// The same as [`Octets::first`], not copied where they are in memory.
    pub(crate) fn start(&self, limit: usize) -> Result<Cow<'_, [u8]>> {
        match (self.as_slice(), &self.0) {
            (Some(octets), _) => Ok(Cow::Borrowed(octets.get(..limit).unwrap_or(octets))),
            (None, Place::Content(content)) => content.slice(0..limit as u64).to_vec(limit).map(Cow::Owned),
            (None, Place::Block(..)) => Ok(Cow::Borrowed(&[])),
        }
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        let end = octets.len();
        Self(Place::Block(octets.into(), 0..end))
    }
}

impl From<Content> for Octets {
    fn from(content: Content) -> Self {
        Self(Place::Content(content))
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_slice() {
            Some(slice) if slice.len() <= 64 => write!(f, "Octets({:?})", slice.escape_ascii().to_string()),
            _ => write!(f, "Octets({})", self.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_its_nul() {
        let value = PropertyValue::String(Octets::from(b"a\0\xfc\0\0\0b\0".to_vec()));
        assert_eq!(value.text(CodePage::WINDOWS_1252, 64).as_deref(), Some("aü"));
    }

    proptest::proptest! {
        #[test]
        fn text_reads_alike_wherever_it_is_portioned(
            before in 500..520_usize, text in "[a-z\u{e9}\u{1f600}\u{4e00}]{0,20}", after in 0..600_usize
        ) {
            let text = format!("{}{text}{}", "a".repeat(before), "b".repeat(after));
            let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            proptest::prop_assert_eq!(&utf16le(&octets), &text);
            let ended = [&octets[..], b"\0\0x\0"].concat();
            proptest::prop_assert_eq!(utf16le(&ended), text);
        }
    }

    #[test]
    fn a_lone_surrogate_is_replaced_at_the_end_of_a_portion_too() {
        for at in [0, 511, 512] {
            let mut units = vec![0x61_u16; 600];
            units[at] = 0xD800;
            let octets: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let text = utf16le(&octets);
            assert_eq!((text.chars().count(), text.chars().nth(at)), (600, Some('\u{fffd}')), "{at}");
        }
    }

    #[test]
    fn a_file_time_is_a_date_in_utc() {
        let time = FileTime(116_444_736_000_000_000);
        assert_eq!(time.date_time().unwrap().unix_seconds(), 0);
        assert_eq!(FileTime(0).date_time(), None);
        assert_eq!(FileTime(0x7fff_ffff_ffff_ffff).date_time(), None);
    }

    #[test]
    fn a_date_is_a_file_time_from_1601_on() {
        for (seconds, time) in [
            (0, Some(116_444_736_000_000_000)),
            (-11_644_473_600, Some(0)),
            (-11_644_473_601, None),
            (i64::MIN, None),
            (i64::MAX, None),
            (253_402_300_799, Some(2_650_467_743_990_000_000)),
        ] {
            assert_eq!(FileTime::of(DateTime::from_unix_seconds(seconds)).map(|time| time.0), time, "{seconds}");
        }
    }

    #[test]
    fn octets_never_reach_beyond_their_block() {
        let octets = Octets::of_block(Arc::from(&b"0123"[..]), 2..9);
        assert_eq!(octets.as_slice(), Some(&b"23"[..]));
        assert_eq!(octets.first(1).unwrap(), b"2");
    }
}
