//! A small mailbox with a calendar and an address book, the same each time.

use crate::Result;
use std::{fmt::Write as _, fs, path::Path};

/// The sources, as they are named where conversions run.
pub(crate) const NAMES: [&str; 3] = ["../../in.mbox", "../../work.ics", "../../people.vcf"];

const MESSAGES: usize = 300;
const LABELS: [&str; 5] = ["Inbox", "Sent", "Projects/Boathouse", "Archived", "Drafts"];

/// Octets of a large attachment; a few of them are more than what a writer keeps in memory.
const LARGE: usize = 21 << 17;

/// What is converted: with large attachments, or without, so that many more cases take the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Large,
    Small,
}

impl Input {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "large" => Some(Self::Large),
            "small" => Some(Self::Small),
            _ => None,
        }
    }

    /// Octets of an archive, of which this makes several.
    pub(crate) fn split(self) -> &'static str {
        match self {
            Self::Large => "1800K",
            Self::Small => "100K",
        }
    }
}

pub(crate) fn write(room: &Path, input: Input) -> Result<()> {
    fs::create_dir_all(room)?;
    let mut mbox = String::new();
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for number in 0..MESSAGES {
        let label = LABELS[noise.below(LABELS.len())];
        let (day, hour) = (1 + number % 28, number % 24);
        writeln!(mbox, "From {number}@xxx Thu Feb {day:02} {hour:02}:00:00 +0000 2024")?;
        writeln!(mbox, "X-Gmail-Labels: {label}\nMessage-ID: <{number}@example.org>\nFrom: Ann <ann@example.org>")?;
        writeln!(mbox, "To: Bob <bob@example.org>\nDate: Thu, {day:02} Feb 2024 {hour:02}:00:00 +0000")?;
        writeln!(mbox, "Subject: Number {number}\nMIME-Version: 1.0\nContent-Type: text/plain\n")?;
        let size =
            if input == Input::Large && matches!(number, 60 | 150 | 240) { LARGE } else { 100 + noise.below(3_000) };
        writeln!(mbox, "It starts so.\n>From here on it was quoted.")?;
        let end = mbox.len() + size;
        while mbox.len() < end {
            writeln!(mbox, "{:016x}{:016x} and so on", noise.next(), noise.next())?;
        }
        mbox.push('\n');
    }
    fs::write(room.join("in.mbox"), mbox)?;
    let mut calendar = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n");
    let mut cards = String::new();
    for number in 0..60 {
        let day = 1 + number % 28;
        write!(calendar, "BEGIN:VEVENT\r\nUID:{number}@example.org\r\nDTSTAMP:20240101T000000Z\r\n")?;
        write!(calendar, "DTSTART:202403{day:02}T100000Z\r\nSUMMARY:Meeting {number}\r\nEND:VEVENT\r\n")?;
        write!(cards, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-{number}\r\nFN:Person {number}\r\n")?;
        write!(cards, "N:Person;{number};;;\r\nEMAIL:p{number}@example.org\r\nEND:VCARD\r\n")?;
    }
    calendar.push_str("END:VCALENDAR\r\n");
    fs::write(room.join("work.ics"), calendar)?;
    Ok(fs::write(room.join("people.vcf"), cards)?)
}

/// Numbers that always are the same.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
