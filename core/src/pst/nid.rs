//! Node identifiers ([MS-PST] 2.2.2.1, 2.4.1): the low five bits are the type, the rest an index.

/// The type of a node.
pub(crate) fn kind(nid: u32) -> u32 {
    nid & 0x1F
}

/// The identifier with the same index and another type.
pub(crate) fn with_kind(nid: u32, kind: u32) -> u32 {
    nid & !0x1F | kind
}

pub(crate) const NORMAL_FOLDER: u32 = 0x02;
pub(crate) const SEARCH_FOLDER: u32 = 0x03;
pub(crate) const NORMAL_MESSAGE: u32 = 0x04;
pub(crate) const ATTACHMENT: u32 = 0x05;
pub(crate) const ASSOCIATED_MESSAGE: u32 = 0x08;
pub(crate) const LTP: u32 = 0x1F;
pub(crate) const HIERARCHY_TABLE: u32 = 0x0D;
pub(crate) const CONTENTS_TABLE: u32 = 0x0E;
pub(crate) const ASSOCIATED_CONTENTS_TABLE: u32 = 0x0F;

pub(crate) const MESSAGE_STORE: u32 = 0x21;
pub(crate) const NAME_TO_ID_MAP: u32 = 0x61;
pub(crate) const ROOT_FOLDER: u32 = 0x122;
pub(crate) const RECEIVE_FOLDERS: u32 = 0x62B;
pub(crate) const ATTACHMENT_TABLE: u32 = 0x671;
pub(crate) const RECIPIENT_TABLE: u32 = 0x692;
