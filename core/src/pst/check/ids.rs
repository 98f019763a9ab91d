//! Identifiers of the properties that several rules are about ([MS-OXPROPS]); those that stand in lists of columns only are there.

pub(super) const MESSAGE_CLASS: u16 = 0x001A;
pub(super) const SUBJECT: u16 = 0x0037;
pub(super) const CLIENT_SUBMIT_TIME: u16 = 0x0039;
pub(super) const RECIPIENT_TYPE: u16 = 0x0C15;
pub(super) const DISPLAY_BCC: u16 = 0x0E02;
pub(super) const DISPLAY_CC: u16 = 0x0E03;
pub(super) const DISPLAY_TO: u16 = 0x0E04;
pub(super) const MESSAGE_DELIVERY_TIME: u16 = 0x0E06;
pub(super) const MESSAGE_FLAGS: u16 = 0x0E07;
pub(super) const MESSAGE_SIZE: u16 = 0x0E08;
pub(super) const MESSAGE_STATUS: u16 = 0x0E17;
pub(super) const ATTACH_SIZE: u16 = 0x0E20;
pub(super) const RECORD_KEY: u16 = 0x0FF9;
pub(super) const ENTRY_ID: u16 = 0x0FFF;
pub(super) const BODY: u16 = 0x1000;
pub(super) const RTF_COMPRESSED: u16 = 0x1009;
pub(super) const HTML: u16 = 0x1013;
pub(super) const NATIVE_BODY: u16 = 0x1016;
pub(super) const DISPLAY_NAME: u16 = 0x3001;
pub(super) const ADDRESS_TYPE: u16 = 0x3002;
pub(super) const EMAIL_ADDRESS: u16 = 0x3003;
pub(super) const CREATION_TIME: u16 = 0x3007;
pub(super) const LAST_MODIFICATION_TIME: u16 = 0x3008;
pub(super) const SEARCH_KEY: u16 = 0x300B;
pub(super) const VALID_FOLDER_MASK: u16 = 0x35DF;
pub(super) const CONTENT_COUNT: u16 = 0x3602;
pub(super) const CONTENT_UNREAD_COUNT: u16 = 0x3603;
pub(super) const SUBFOLDERS: u16 = 0x360A;
pub(super) const CONTAINER_CLASS: u16 = 0x3613;
pub(super) const ATTACH_DATA: u16 = 0x3701;
pub(super) const ATTACH_FILENAME: u16 = 0x3704;
pub(super) const ATTACH_METHOD: u16 = 0x3705;
pub(super) const RENDERING_POSITION: u16 = 0x370B;
pub(super) const INTERNET_CODE_PAGE: u16 = 0x3FDE;
/// The folder of a row of the receive folder table.
pub(super) const RECEIVE_FOLDER: u16 = 0x6605;
/// The identifier and the version of a row ([MS-PST] 2.3.4.4.1).
pub(super) const ROW_ID: u16 = 0x67F2;
pub(super) const ROW_VERSION: u16 = 0x67F3;
