/// How octets relate to those that the source holds.
///
/// The order is that of what was done to them: `max` is what two changes come to.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fidelity {
    /// They are the item's, octet for octet.
    #[default]
    Verbatim,
    /// They are the item's with other line ends, in another encoding, or with parts of it written anew.
    Normalized,
    /// They were made, because the source does not hold the item in its standard form.
    Synthesized,
}

impl Fidelity {
    /// The stable name in the item log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verbatim => "verbatim",
            Self::Normalized => "normalized",
            Self::Synthesized => "synthesized",
        }
    }
}
