//! Property identifiers by their canonical names, `PidTag` left out ([MS-OXPROPS]).
//!
//! [MS-OXPROPS]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops/

macro_rules! property_ids {
    ($($name:ident = $id:literal, $canonical:literal;)+) => {
        $(#[doc = concat!("PidTag", $canonical, ".")] pub const $name: u16 = $id;)+
    };
}

property_ids! {
    MESSAGE_CLASS = 0x001A, "MessageClass";
    SUBJECT = 0x0037, "Subject";
    CLIENT_SUBMIT_TIME = 0x0039, "ClientSubmitTime";
    MESSAGE_DELIVERY_TIME = 0x0E06, "MessageDeliveryTime";
    MESSAGE_FLAGS = 0x0E07, "MessageFlags";
    ATTACH_SIZE = 0x0E20, "AttachSize";
    REPL_ITEM_ID = 0x0E30, "ReplItemid";
    FLAG_STATUS = 0x1090, "FlagStatus";
    ICON_INDEX = 0x1080, "IconIndex";
    LAST_VERB_EXECUTED = 0x1081, "LastVerbExecuted";
    MESSAGE_STATUS = 0x0E17, "MessageStatus";
    RECORD_KEY = 0x0FF9, "RecordKey";
    DISPLAY_NAME = 0x3001, "DisplayName";
    LAST_MODIFICATION_TIME = 0x3008, "LastModificationTime";
    VALID_FOLDER_MASK = 0x35DF, "ValidFolderMask";
    IPM_SUBTREE_ENTRY_ID = 0x35E0, "IpmSubTreeEntryId";
    IPM_OUTBOX_ENTRY_ID = 0x35E2, "IpmOutboxEntryId";
    IPM_WASTEBASKET_ENTRY_ID = 0x35E3, "IpmWastebasketEntryId";
    IPM_SENT_MAIL_ENTRY_ID = 0x35E4, "IpmSentMailEntryId";
    FINDER_ENTRY_ID = 0x35E7, "FinderEntryId";
    CONTENT_COUNT = 0x3602, "ContentCount";
    CONTAINER_CLASS = 0x3613, "ContainerClass";
    IPM_APPOINTMENT_ENTRY_ID = 0x36D0, "IpmAppointmentEntryId";
    IPM_CONTACT_ENTRY_ID = 0x36D1, "IpmContactEntryId";
    IPM_JOURNAL_ENTRY_ID = 0x36D2, "IpmJournalEntryId";
    IPM_NOTE_ENTRY_ID = 0x36D3, "IpmNoteEntryId";
    IPM_TASK_ENTRY_ID = 0x36D4, "IpmTaskEntryId";
    IPM_DRAFTS_ENTRY_ID = 0x36D7, "IpmDraftsEntryId";
    ADDITIONAL_REN_ENTRY_IDS = 0x36D8, "AdditionalRenEntryIds";
    ATTACH_DATA = 0x3701, "AttachDataBinary (or AttachDataObject)";
    ATTACH_FILENAME = 0x3704, "AttachFilename";
    ATTACH_METHOD = 0x3705, "AttachMethod";
    ATTACH_LONG_FILENAME = 0x3707, "AttachLongFilename";
    ATTACH_PATHNAME = 0x3708, "AttachPathname";
    ATTACH_LONG_PATHNAME = 0x370D, "AttachLongPathname";
    INTERNET_CODEPAGE = 0x3FDE, "InternetCodepage";
    MESSAGE_CODEPAGE = 0x3FFD, "MessageCodepage";
    PST_PASSWORD = 0x67FF, "PstPassword";
}
