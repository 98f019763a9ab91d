use super::{blob::Blob, local::Local};
use crate::mapi::CodePage;

/// A recurrence ([MS-OXOCAL] 2.2.1.44.1) and, of an appointment, its times and exceptions (2.2.1.44.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurrence {
    pub(super) frequency: Frequency,
    pub(super) pattern: Pattern,
    /// 0 and the Gregorian ones count like the world; any other calendar is told as a defect.
    pub(super) calendar: u16,
    /// Minutes, weeks or months from one occurrence to the next, by frequency.
    pub(super) period: u32,
    pub(super) end: End,
    /// Of a task: the next one comes so long after the last was done (SlidingDateTime), not on days that are set.
    pub(super) is_regenerating: bool,
    /// 0 is Sunday.
    pub(super) first_day_of_week: u32,
    /// The days, at midnight, on which the series has no occurrence of its own.
    pub(super) deleted: Vec<Local>,
    pub(super) start_date: Local,
    pub(super) times: Option<Times>,
    pub(super) exceptions: Vec<Exception>,
    /// The exceptions go on where the value ends.
    pub(super) is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Day,
    /// Days of the week, bit 0 Sunday.
    Week(u32),
    /// A day of the month.
    Month(u32),
    MonthEnd,
    /// Days of the week, and which of them: 1 to 4, 5 the last.
    MonthNth(u32, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Never,
    Count(u32),
    /// The day of the last occurrence, at midnight.
    Date(Local),
}

/// Minutes from midnight to the start and to the end of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An occurrence that differs ([MS-OXOCAL] 2.2.1.44.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exception {
    pub(super) start: Local,
    pub(super) end: Local,
    pub(super) original_start: Local,
    pub(super) subject: Option<String>,
    pub(super) location: Option<String>,
    pub(super) busy_status: Option<i64>,
    pub(super) reminder_delta: Option<i64>,
    pub(super) reminder_set: Option<bool>,
    pub(super) is_all_day: Option<bool>,
    flags: u16,
}

const SUBJECT: u16 = 0x0001;
const MEETING_TYPE: u16 = 0x0002;
const REMINDER_DELTA: u16 = 0x0004;
const REMINDER: u16 = 0x0008;
const LOCATION: u16 = 0x0010;
const BUSY_STATUS: u16 = 0x0020;
const ATTACHMENT: u16 = 0x0040;
const SUB_TYPE: u16 = 0x0080;
const COLOUR: u16 = 0x0100;

impl Recurrence {
    /// Reads the value of PidLidAppointmentRecur or PidLidTaskRecurrence; `None` when it is none.
    pub(super) fn parse(value: &[u8], code_page: CodePage) -> Option<Self> {
        let mut blob = Blob::new(value);
        let mut recurrence = Self::pattern(&mut blob)?;
        let writer_version = (|| {
            blob.u32()?;
            let writer_version = blob.u32()?;
            recurrence.times = Some(Times { start: blob.u32()?, end: blob.u32()? });
            Some(writer_version)
        })();
        if let Some(writer_version) = writer_version {
            recurrence.is_cut = recurrence.read_exceptions(&mut blob, writer_version, code_page).is_none();
        }
        Some(recurrence)
    }

    fn pattern(blob: &mut Blob<'_>) -> Option<Self> {
        blob.take(4)?;
        let frequency = match blob.u16()? {
            0x200A => Frequency::Daily,
            0x200B => Frequency::Weekly,
            0x200C => Frequency::Monthly,
            0x200D => Frequency::Yearly,
            _ => return None,
        };
        let kind = blob.u16()?;
        let calendar = blob.u16()?;
        blob.take(4)?;
        let period = blob.u32()?;
        let is_regenerating = blob.u32()? != 0;
        let pattern = match kind {
            0 => Pattern::Day,
            1 => Pattern::Week(blob.u32()?),
            2 | 0xA => Pattern::Month(blob.u32()?),
            3 | 0xB => Pattern::MonthNth(blob.u32()?, blob.u32()?),
            4 | 0xC => {
                blob.u32()?;
                Pattern::MonthEnd
            }
            _ => return None,
        };
        let (end_type, count, first_day_of_week) = (blob.u32()?, blob.u32()?, blob.u32()?);
        let n = blob.u32()?;
        let deleted = blob.u32s(n)?.into_iter().map(Local::from_minutes).collect();
        let n = blob.u32()?;
        blob.u32s(n)?;
        let (start_date, end_date) = (Local::from_minutes(blob.u32()?), Local::from_minutes(blob.u32()?));
        let end = match end_type {
            0x2021 => End::Date(end_date),
            0x2022 => End::Count(count),
            _ => End::Never,
        };
        Some(Self {
            frequency,
            pattern,
            calendar: if kind >= 0xA { u16::MAX } else { calendar },
            period,
            end,
            is_regenerating,
            first_day_of_week,
            deleted,
            start_date,
            times: None,
            exceptions: Vec::new(),
            is_cut: false,
        })
    }

    fn read_exceptions(&mut self, blob: &mut Blob<'_>, writer_version: u32, code_page: CodePage) -> Option<()> {
        for _ in 0..blob.u16()? {
            self.exceptions.push(Exception::parse(blob, code_page)?);
        }
        // What follows has the texts in Unicode; without it those in the code page stand.
        blob.block()?;
        for exception in &mut self.exceptions {
            exception.extend(blob, writer_version)?;
        }
        Some(())
    }
}

impl Exception {
    fn parse(blob: &mut Blob<'_>, code_page: CodePage) -> Option<Self> {
        let mut exception = Self {
            start: Local::from_minutes(blob.u32()?),
            end: Local::from_minutes(blob.u32()?),
            original_start: Local::from_minutes(blob.u32()?),
            flags: blob.u16()?,
            ..Self::default()
        };
        let has = |flag: u16| exception.flags & flag != 0;
        let text = |blob: &mut Blob<'_>| {
            blob.u16()?;
            let n = blob.u16()?;
            Some(code_page.decode(blob.take(usize::from(n))?).0)
        };
        if has(SUBJECT) {
            exception.subject = Some(text(blob)?);
        }
        if has(MEETING_TYPE) {
            blob.u32()?;
        }
        if has(REMINDER_DELTA) {
            exception.reminder_delta = Some(blob.i32()?.into());
        }
        if has(REMINDER) {
            exception.reminder_set = Some(blob.u32()? != 0);
        }
        if has(LOCATION) {
            exception.location = Some(text(blob)?);
        }
        if has(BUSY_STATUS) {
            exception.busy_status = Some(blob.u32()?.into());
        }
        if has(ATTACHMENT) {
            blob.u32()?;
        }
        if has(SUB_TYPE) {
            exception.is_all_day = Some(blob.u32()? != 0);
        }
        if has(COLOUR) {
            blob.u32()?;
        }
        Some(exception)
    }

    /// [MS-OXOCAL] 2.2.1.44.4.
    fn extend(&mut self, blob: &mut Blob<'_>, writer_version: u32) -> Option<()> {
        if writer_version >= 0x3009 {
            blob.block()?;
        }
        blob.block()?;
        if self.flags & (SUBJECT | LOCATION) != 0 {
            blob.take(12)?;
            if self.flags & SUBJECT != 0 {
                let n = blob.u16()?;
                self.subject = Some(blob.utf16(n)?);
            }
            if self.flags & LOCATION != 0 {
                let n = blob.u16()?;
                self.location = Some(blob.utf16(n)?);
            }
            blob.block()?;
        }
        Some(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A weekly series on Mondays at 10:00 for half an hour, from 2024-01-01, one day deleted, one moved and renamed.
    pub(in crate::mapi::to_calendar) fn weekly() -> Vec<u8> {
        let minutes = |days: u32| (154_497 + days) * 1440;
        let mut out = Vec::new();
        for half in [0x3004_u16, 0x3004, 0x200B, 1, 0] {
            out.extend(half.to_le_bytes());
        }
        let moved = minutes(14) + 600;
        for word in [0, 1, 0, 0b10, 0x2022, 10, 1, 2, minutes(7), minutes(14), 1, minutes(15), minutes(0), minutes(63)]
        {
            out.extend(word.to_le_bytes());
        }
        for word in [0x3006, 0x3009, 600, 630] {
            out.extend(u32::to_le_bytes(word));
        }
        out.extend(1_u16.to_le_bytes());
        for word in [moved + 1440, moved + 1500, moved] {
            out.extend(u32::to_le_bytes(word));
        }
        out.extend((SUBJECT | BUSY_STATUS).to_le_bytes());
        out.extend(b"\x04\0\x03\0new");
        out.extend(0_u32.to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out.extend(b"\x04\0\0\0\0\0\0\0");
        out.extend(0_u32.to_le_bytes());
        out.extend([0; 12]);
        out.extend(b"\x04\0n\0\xe9\0w\0!\0");
        out.extend(0_u32.to_le_bytes());
        out.extend(0_u32.to_le_bytes());
        out
    }

    #[test]
    fn a_series_with_exceptions() {
        let recurrence = Recurrence::parse(&weekly(), CodePage::WINDOWS_1252).unwrap();
        assert_eq!(recurrence.start_date.date(), "20240101");
        assert_eq!((recurrence.frequency, recurrence.pattern), (Frequency::Weekly, Pattern::Week(2)));
        assert_eq!(recurrence.end, End::Count(10));
        assert_eq!(recurrence.deleted.len(), 2);
        let [exception] = &*recurrence.exceptions else { panic!("{recurrence:?}") };
        assert_eq!(exception.subject.as_deref(), Some("néw!"));
        assert_eq!(exception.start.date_time(), "20240116T100000");
        assert!(!recurrence.is_cut);
    }

    #[test]
    fn what_is_cut_gives_what_is_left() {
        let whole = weekly();
        for n in 0..whole.len() {
            if let Some(recurrence) = Recurrence::parse(&whole[..n], CodePage::WINDOWS_1252) {
                assert_eq!(recurrence.end, End::Count(10));
            }
        }
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(at in 0..200_usize, octet: u8, octets: Vec<u8>) {
            let _ = Recurrence::parse(&octets, CodePage::UTF_8);
            let mut value = weekly();
            if let Some(place) = value.get_mut(at) {
                *place = octet;
            }
            let _ = Recurrence::parse(&value, CodePage::UTF_8);
        }
    }
}
