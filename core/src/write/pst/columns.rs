//! The columns of the tables of a store ([MS-PST] 2.4.4.4 to 2.4.6), as Outlook has them.

use crate::{
    mapi::PropertyType::{self, Binary, Boolean, Integer32, Integer64, MultipleInteger32, String, String8, Time},
    pst::Variant,
};

type Columns = Vec<(u16, PropertyType)>;

/// Columns of text are of the type that the layout's programs expect.
pub(super) fn text(variant: Variant) -> PropertyType {
    match variant {
        Variant::Ansi => String8,
        Variant::Unicode | Variant::Unicode4k => String,
    }
}

/// Columns that are listed with [`String`] where there is text.
fn with_text(variant: Variant, columns: &[(u16, PropertyType)]) -> Columns {
    columns.iter().map(|(id, kind)| (*id, if *kind == String { text(variant) } else { *kind })).collect()
}

pub(super) fn recipient_columns(variant: Variant) -> Columns {
    const COLUMNS: [(u16, PropertyType); 15] = [
        (0x0C15, Integer32),
        (0x0E0F, Boolean),
        (0x0FF9, Binary),
        (0x0FFE, Integer32),
        (0x0FFF, Binary),
        (0x3001, String),
        (0x3002, String),
        (0x3003, String),
        (0x300B, Binary),
        (0x3900, Integer32),
        (0x39FE, String),
        (0x39FF, String),
        (0x3A40, Boolean),
        (0x5FF6, String),
        (0x5FFF, Integer32),
    ];
    with_text(variant, &COLUMNS)
}

pub(super) fn attachment_columns(variant: Variant) -> Columns {
    with_text(variant, &[(0x0E20, Integer32), (0x3704, String), (0x3705, Integer32), (0x370B, Integer32)])
}

pub(super) fn hierarchy_columns(variant: Variant) -> Columns {
    const COLUMNS: [(u16, PropertyType); 11] = [
        (0x0E30, Binary),
        (0x0E33, Integer64),
        (0x0E34, Binary),
        (0x0E38, Integer32),
        (0x3001, String),
        (0x3602, Integer32),
        (0x3603, Integer32),
        (0x360A, Boolean),
        (0x3613, String),
        (0x6635, Integer32),
        (0x6636, Integer32),
    ];
    with_text(variant, &COLUMNS)
}

pub(super) fn contents_columns(variant: Variant) -> Columns {
    const COLUMNS: [(u16, PropertyType); 26] = [
        (0x0017, Integer32),
        (0x001A, String),
        (0x0036, Integer32),
        (0x0037, String),
        (0x0039, Time),
        (0x0042, String),
        (0x0057, Boolean),
        (0x0058, Boolean),
        (0x0070, String),
        (0x0071, Binary),
        (0x0E03, String),
        (0x0E04, String),
        (0x0E06, Time),
        (0x0E07, Integer32),
        (0x0E08, Integer32),
        (0x0E17, Integer32),
        (0x0E30, Binary),
        (0x0E33, Integer64),
        (0x0E34, Binary),
        (0x0E38, Integer32),
        (0x0E3C, Binary),
        (0x0E3D, Binary),
        (0x1097, Integer32),
        (0x3008, Time),
        (0x3013, Binary),
        (0x65C6, Integer32),
    ];
    with_text(variant, &COLUMNS)
}

pub(super) fn associated_columns(variant: Variant) -> Columns {
    const COLUMNS: [(u16, PropertyType); 14] = [
        (0x001A, String),
        (0x0E07, Integer32),
        (0x0E17, Integer32),
        (0x3001, String),
        (0x3008, Time),
        (0x6800, String),
        (0x6803, Boolean),
        (0x6805, MultipleInteger32),
        (0x682F, String),
        (0x7003, Integer32),
        (0x7004, Binary),
        (0x7005, Binary),
        (0x7006, String),
        (0x7007, Integer32),
    ];
    with_text(variant, &COLUMNS)
}

/// The contents of a search folder ([MS-PST] 2.4.8.6.2).
pub(super) fn search_columns(variant: Variant) -> Columns {
    const COLUMNS: [(u16, PropertyType); 17] = [
        (0x0017, Integer32),
        (0x001A, String),
        (0x0036, Integer32),
        (0x0037, String),
        (0x0042, String),
        (0x0057, Boolean),
        (0x0058, Boolean),
        (0x0E03, String),
        (0x0E04, String),
        (0x0E05, String),
        (0x0E06, Time),
        (0x0E07, Integer32),
        (0x0E08, Integer32),
        (0x0E17, Integer32),
        (0x0E2A, Boolean),
        (0x3008, Time),
        (0x67F1, Integer32),
    ];
    with_text(variant, &COLUMNS)
}

/// Which folder takes messages of which class ([MS-PST] 2.4.1).
pub(super) fn receive_columns(variant: Variant) -> Columns {
    with_text(variant, &[(0x001A, String), (0x6605, Integer32)])
}

/// Messages that wait to be sent.
pub(super) fn outgoing_columns() -> Columns {
    vec![(0x0039, Time), (0x0E10, Integer32), (0x0E14, Integer32)]
}

/// Tables of Outlook 2007 and later, by their nodes: [MS-PST] does not tell what they are for.
pub(super) fn later_templates(variant: Variant) -> [(u32, Columns); 3] {
    [
        (0x6B6, vec![(0x0E33, Integer64), (0x0E37, Binary), (0x0E38, Integer32)]),
        (
            0x6D7,
            with_text(
                variant,
                &[
                    (0x001A, String),
                    (0x0E30, Binary),
                    (0x0E31, Binary),
                    (0x0E33, Integer64),
                    (0x0E34, Binary),
                    (0x0E38, Integer32),
                    (0x0E3E, Binary),
                ],
            ),
        ),
        (0x6F8, vec![(0x0E33, Integer64), (0x3007, Time)]),
    ]
}
