//! Bounds that are always on, so that no file can exhaust memory or time.

/// Upper bounds on what a source may make this crate hold or follow.
///
/// The defaults let every real file through that is known; a caller may tighten or widen them.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a header section that are parsed; the rest passes through unread.
    pub header_section: usize,
    /// Depth of multipart and message/rfc822 nesting that is parsed.
    pub nesting: usize,
    /// Entities (body parts) of one message that are parsed.
    pub entities: usize,
    /// Quoted From_ lines of one message that are unquoted; the rest stays as it stands.
    pub quoted_lines: usize,
    /// Octets that an mbox reader looks ahead for the closing delimiter of a multipart.
    pub multipart_lookahead: u64,
    /// Entries of an archive (ZIP, tar).
    pub archive_entries: u64,
    /// How many times its compressed size an input may expand to, once past [`Limits::expansion_floor`].
    pub expansion_ratio: u64,
    /// Octets that any compressed input may expand to whatever its ratio.
    pub expansion_floor: u64,
    /// Overrides of recurring components in one calendar that are brought together with their masters, 40 octets of memory each.
    pub overrides: usize,
    /// Octets of a calendar component or a card that is converted; a larger one passes through as it is.
    pub component: usize,
    /// Octets of decoded text that one body yields to a person (text, HTML).
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_section: 1 << 20,
            nesting: 64,
            entities: 100_000,
            quoted_lines: 1 << 19,
            multipart_lookahead: 32 << 20,
            archive_entries: 10_000_000,
            expansion_ratio: 250,
            expansion_floor: 256 << 20,
            overrides: 1 << 18,
            component: 8 << 20,
            text: 64 << 20,
        }
    }
}
