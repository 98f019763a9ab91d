use std::{borrow::Cow, fmt};

/// Something wrong that was found, survived, and reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    kind: DefectKind,
    offset: Option<u64>,
    detail: Cow<'static, str>,
    cuts_short: bool,
}

impl Defect {
    /// A defect of `kind`; `detail` describes it as text and may be empty.
    pub fn new(kind: DefectKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, offset: None, detail: detail.into(), cuts_short: false }
    }

    /// The same defect with its offset in octets from the start of the source.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The same defect, of a source that ends too early there: what should follow is missing.
    #[must_use]
    pub fn cutting_short(mut self) -> Self {
        self.cuts_short = true;
        self
    }

    /// Whether the source ends too early there.
    pub fn cuts_short(&self) -> bool {
        self.cuts_short
    }

    /// What sort of defect it is.
    pub fn kind(&self) -> DefectKind {
        self.kind
    }

    /// Where it was found, in octets from the start of the source.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// More about it, as text.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// `kind: detail at byte N`, as it stands in the item log.
impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        match self.offset {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

macro_rules! defect_kinds {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// The sorts of defects, each with a stable name for the item log.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum DefectKind {
            $($(#[$doc])+ $variant,)+
        }

        impl DefectKind {
            /// The stable name, in snake case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The kind of this stable name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

defect_kinds! {
    /// Octets before the first message that do not belong to a message.
    LeadingGarbage = "leading_garbage",
    /// NUL octets at the end of a file, left by a crash of the program that wrote it.
    NulTail = "nul_tail",
    /// The source ends inside an item.
    Truncated = "truncated",
    /// A `Content-Length` that does not end at a separator line.
    WrongContentLength = "wrong_content_length",
    /// A header section that is longer than the limit.
    HeaderSectionLimit = "header_section_limit",
    /// More quoted From_ lines than the limit: they are left unchanged.
    QuotedLinesLimit = "quoted_lines_limit",
    /// A message without header fields.
    NoHeader = "no_header",
    /// No date anywhere: neither a From_ line, nor `Received`, nor `Date`.
    NoDate = "no_date",
    /// No date, so the item is kept although items are selected by date.
    Undated = "undated",
    /// Multiparts or messages nested deeper than the limit.
    NestingLimit = "nesting_limit",
    /// More body parts than the limit.
    EntityLimit = "entity_limit",
    /// A multipart without a boundary parameter, or whose delimiter does not occur.
    MissingBoundary = "missing_boundary",
    /// A multipart that is not closed.
    UnclosedMultipart = "unclosed_multipart",
    /// An unknown charset, or octets that are invalid in the declared charset.
    Charset = "charset",
    /// An unknown transfer encoding, or octets that are invalid in it.
    TransferEncoding = "transfer_encoding",
    /// A header field that does not follow its grammar.
    HeaderField = "header_field",
    /// Octets after the end of a compressed stream.
    TrailingGarbage = "trailing_garbage",
    /// Octets that do not match their checksum or recorded length.
    Damaged = "damaged",
    /// A component, card or XML element that is never closed.
    MissingEnd = "missing_end",
    /// An `END` line, or an end tag, of something that is not open.
    StrayEnd = "stray_end",
    /// A content line that does not follow the grammar of RFC 5545 §3.1.
    ContentLine = "content_line",
    /// Components outside of a calendar object, or a calendar object without a component.
    CalendarObject = "calendar_object",
    /// More overrides of recurring components than the limit: the rest are separate items.
    OverrideLimit = "override_limit",
    /// A time zone that is neither defined nor known.
    TimeZone = "time_zone",
    /// Something that the output format cannot express; it is kept as an `X-` property, or left out, as the detail says.
    Conversion = "conversion",
    /// Octets that a [`Transform`](crate::convert::Transform) wrote instead of those of the source.
    Transformed = "transformed",
    /// Text in 16-bit code units, read as UTF-8.
    Utf16 = "utf16",
    /// A property that could not be read, or only in part.
    Property = "property",
    /// A recipient, or the table of recipients, that could not be read.
    Recipient = "recipient",
    /// An attachment that could not be read, or only in part.
    Attachment = "attachment",
    /// A password that is set but does not protect the data.
    Password = "password",
    /// A page or block whose checksum, signature or identifier is not what it should be.
    Checksum = "checksum",
    /// A broken structure of the source that was skipped or rebuilt.
    Structure = "structure",
    /// A message class without an equivalent in any standard.
    MessageClass = "message_class",
    /// Beyond a limit of the target, which may reject it.
    TargetLimit = "target_limit",
    /// A recurrence that could not be read, or not written as a rule.
    Recurrence = "recurrence",
    /// A search folder: it has no items of its own, but shows those of other folders.
    SearchFolder = "search_folder",
    /// A TNEF stream (`winmail.dat`) that could not be read, or only in part.
    Tnef = "tnef",
    /// The signature of a displayed message, which was not verified.
    Signature = "signature",
    /// A line of an mbox that may separate messages or be text, and how it was read.
    DoubtfulSeparator = "doubtful_separator",
    /// Something that a standard or a target does not permit, and that has no single right answer: it is written as it is.
    NotMended = "not_mended",
    /// Octets that were rewritten, on request or because they were invalid.
    Rewritten = "rewritten",
}

/// How many defects of one item are told one by one, where each of its parts may have some.
#[cfg(feature = "outlook")]
const TOLD: usize = 1000;

/// Defects of the parts of an item that are counted, and not told one by one: there may be millions.
#[cfg(feature = "outlook")]
#[derive(Debug, Default)]
pub(crate) struct Untold(usize);

#[cfg(feature = "outlook")]
impl Untold {
    /// Leaves the first of the defects, and counts the others.
    pub(crate) fn take(&mut self, defects: &mut Vec<Defect>) {
        self.0 += defects.len().saturating_sub(TOLD);
        defects.truncate(TOLD);
    }

    /// What is told of those that were counted.
    pub(crate) fn defect(self, of: &str) -> Option<Defect> {
        (self.0 > 0).then(|| Defect::new(DefectKind::EntityLimit, format!("{} more defects of {of}", self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_name() {
        assert_eq!(DefectKind::named(DefectKind::NulTail.as_str()), Some(DefectKind::NulTail));
        assert_eq!(DefectKind::named("NulTail"), None);
    }

    #[test]
    fn tells_what_and_where() {
        let defect = Defect::new(DefectKind::LeadingGarbage, "12 octets before the first message").at(0);
        assert_eq!(defect.to_string(), "leading_garbage: 12 octets before the first message at byte 0");
    }
}
