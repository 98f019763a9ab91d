use std::fmt;

/// A GUID, its octets as they are stored (the first three fields little-endian, [MS-DTYP] 2.3.4.2).
///
/// [MS-DTYP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/49e490b8-f972-45d6-a3a4-99f924998d97
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// PS_MAPI: properties with a fixed identifier.
    pub const PS_MAPI: Self = Self::well_known(0x0002_0328);
    /// PS_PUBLIC_STRINGS: names such as `Keywords`.
    pub const PS_PUBLIC_STRINGS: Self = Self::well_known(0x0002_0329);
    /// PSETID_Common: reminders, categories, side-effects.
    pub const PSETID_COMMON: Self = Self::well_known(0x0006_2008);
    /// PSETID_Address: contacts and distribution lists.
    pub const PSETID_ADDRESS: Self = Self::well_known(0x0006_2004);
    /// PSETID_Appointment: appointments.
    pub const PSETID_APPOINTMENT: Self = Self::well_known(0x0006_2002);
    /// PSETID_Task: tasks.
    pub const PSETID_TASK: Self = Self::well_known(0x0006_2003);
    /// PSETID_Log: journal entries.
    pub const PSETID_LOG: Self = Self::well_known(0x0006_200A);
    /// PSETID_Note: sticky notes.
    pub const PSETID_NOTE: Self = Self::well_known(0x0006_200E);
    /// PSETID_Meeting: meeting requests and answers, `6ED8DA90-450B-101B-98DA-00AA003F1305`.
    pub const PSETID_MEETING: Self =
        Self([0x90, 0xDA, 0xD8, 0x6E, 0x0B, 0x45, 0x1B, 0x10, 0x98, 0xDA, 0x00, 0xAA, 0x00, 0x3F, 0x13, 0x05]);
    /// PS_INTERNET_HEADERS: header fields by their name, `00020386-0000-0000-C000-000000000046`.
    pub const PS_INTERNET_HEADERS: Self = Self::well_known(0x0002_0386);

    /// `xxxxxxxx-0000-0000-C000-000000000046`, as most property sets are named.
    pub const fn well_known(first: u32) -> Self {
        let [a, b, c, d] = first.to_le_bytes();
        Self([a, b, c, d, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46])
    }
}

/// `00062008-0000-0000-C000-000000000046`.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = self.0;
        write!(
            f,
            "{:08X}-{:04X}-{:04X}",
            u32::from_le_bytes([a0, a1, a2, a3]),
            u16::from_le_bytes([b0, b1]),
            u16::from_le_bytes([c0, c1])
        )?;
        for (i, octet) in rest.iter().enumerate() {
            write!(f, "{}{octet:02X}", if i == 0 || i == 2 { "-" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_the_standards_write_it() {
        assert_eq!(Guid::PSETID_LOG.to_string(), "0006200A-0000-0000-C000-000000000046");
        assert_eq!(Guid::PSETID_MEETING.to_string(), "6ED8DA90-450B-101B-98DA-00AA003F1305");
    }
}
