//! A mailbox like those of Google Takeout, the same for the same size.
//!
//! 35 % plain text, 20 % text and HTML, 30 % newsletters, 15 % with one to three attachments whose sizes have a heavy
//! tail; of these 70 % cannot be compressed. Bodies are quoted as mboxrd.

use crate::{Result, random::Random};
use std::{
    fmt,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// What was generated.
pub(crate) struct Mailbox {
    pub(crate) octets: u64,
    pub(crate) messages: u64,
    quoted_lines: u64,
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets, {} messages, {} quoted lines", self.octets, self.messages, self.quoted_lines)
    }
}

/// Writes a mailbox of about `size` octets.
pub(crate) fn to_file(path: &Path, size: u64) -> Result<Mailbox> {
    let mut out = BufWriter::with_capacity(1 << 22, File::create(path)?);
    let mut generator = Generator::new(1);
    let mut mailbox = Mailbox { octets: 0, messages: 0, quoted_lines: 0 };
    let mut message = Vec::new();
    let mut stored = Vec::new();
    while mailbox.octets < size {
        message.clear();
        stored.clear();
        let from_line = generator.message(mailbox.messages, &mut message);
        stored.extend_from_slice(from_line.as_bytes());
        mailbox.quoted_lines += quote(&message, &mut stored);
        stored.push(b'\n');
        out.write_all(&stored)?;
        mailbox.octets += stored.len() as u64;
        mailbox.messages += 1;
    }
    out.flush()?;
    Ok(mailbox)
}

/// Stocks that messages are put together from, so that a gigabyte takes seconds.
struct Generator {
    random: Random,
    words: Vec<String>,
    texts: Vec<String>,
    encoded_texts: Vec<String>,
    newsletters: Vec<String>,
    /// Base64 in whole lines: of noise, and of text.
    noise: Vec<u8>,
    tables: Vec<u8>,
}

const ACCENTED: [&str; 8] = ["été", "naïve", "Zürich", "東京", "привет", "café", "señor", "łódź"];
const LABELS: [&str; 10] = [
    "Inbox,Important,Opened,Category Personal",
    "Sent,Opened",
    "Archived,Opened,Category Updates",
    "Inbox,Unread,Category Promotions",
    "Spam,Unread",
    "Trash,Opened",
    "=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Messages_envoy=C3=A9s,Non_lus?=",
    "Inbox,\"Clients, 2024\",Projects/Alpha/Specs",
    "Drafts",
    "Chat,Opened",
];
const BASE64_LINE: usize = 77;

impl Generator {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let words = (0..4000)
            .map(|_| {
                let length = random.between(2, 11);
                (0..length).map(|_| char::from(*random.of(b"etaoinshrdlucmfwypvbgk"))).collect()
            })
            .collect();
        let mut generator = Self {
            random,
            words,
            texts: Vec::new(),
            encoded_texts: Vec::new(),
            newsletters: Vec::new(),
            noise: Vec::new(),
            tables: Vec::new(),
        };
        for _ in 0..400 {
            let length = generator.random.between(500, 20_000);
            let text = generator.text(length);
            generator.encoded_texts.push(quoted_printable(&text));
            generator.texts.push(text);
        }
        for _ in 0..120 {
            let length = generator.random.between(20_000, 120_000);
            let html = generator.html(length);
            generator.newsletters.push(quoted_printable(&html));
        }
        let noise: Vec<u8> = (0..24 << 20).map(|_| generator.random.next() as u8).collect();
        generator.noise = base64(&noise);
        generator.tables = base64(generator.texts.concat().as_bytes());
        generator
    }

    fn word(&mut self) -> &str {
        match self.random.below(100) {
            0 => ACCENTED[self.random.below(ACCENTED.len())],
            _ => &self.words[self.random.pareto(0.6) as usize % self.words.len()],
        }
    }

    fn text(&mut self, length: usize) -> String {
        let mut text = String::new();
        let mut width = 0;
        while text.len() < length {
            let word = self.word();
            text += word;
            width += word.chars().count() + 1;
            if width <= 68 {
                text.push(' ');
                continue;
            }
            width = 0;
            text += match self.random.below(1000) {
                0..60 => "\n\n",
                60..62 => "\nFrom here on ",
                62 => "\n>From ",
                _ => "\n",
            };
        }
        text.push('\n');
        text
    }

    fn html(&mut self, length: usize) -> String {
        let mut html =
            String::from("<html><head><style>.a{font-family:Arial;color:#333;padding:0 12px}</style></head><body>\n");
        while html.len() < length {
            let words = self.random.between(40, 500);
            let text: Vec<String> = (0..words).map(|_| self.word().to_owned()).collect();
            html += &format!(
                "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td class=\"a\" \
                 style=\"font-size:14px;line-height:20px\"><a href=\"https://click.example.com/{:x}/{:x}\">{}</a></td></tr></table>\n",
                self.random.next(),
                self.random.next(),
                text.join(" ")
            );
        }
        html + "</body></html>\n"
    }

    /// Appends message number `n` and gives its From_ line.
    fn message(&mut self, n: u64, out: &mut Vec<u8>) -> String {
        let time = 1_262_304_000 + n * 977 + self.random.below(900) as u64;
        let date = Date::of(time);
        let thread = 1_300_000_000_000_000_000 + (self.random.next() >> 6);
        let mut header = format!(
            "X-GM-THRID: {thread}\nX-Gmail-Labels: {}\nDelivered-To: me@gmail.example\n",
            self.random.of(&LABELS)
        );
        for _ in 0..self.random.between(2, 6) {
            header += &format!(
                "Received: by 2002:a05:6402:{:x}:b0:5a3 with SMTP id {:x};\n        {}\n",
                self.random.below(4096),
                self.random.next(),
                date.rfc5322()
            );
        }
        header += "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=20230601;\n        \
                   h=to:subject:message-id:date:from:mime-version;\n        b=";
        for _ in 0..5 {
            header += &format!("{:x}{:x}{:x}\n         ", self.random.next(), self.random.next(), self.random.next());
        }
        header.truncate(header.trim_end().len());
        let words = self.random.between(2, 12);
        let subject: Vec<String> = (0..words).map(|_| self.word().to_owned()).collect();
        let mut subject = subject.join(" ");
        if !subject.is_ascii() || self.random.below(10) < 3 {
            subject = format!(
                "=?UTF-8?B?{}?=",
                String::from_utf8_lossy(&base64(subject.as_bytes())).trim_end().replace('\n', "")
            );
        }
        let user = self.random.between(1, 801);
        header += &format!(
            "\nReturn-Path: <bounce-{:x}@example.com>\nFrom: User {user} <u{user}@example{}.com>\nTo: Me \
             <me@gmail.example>\nSubject: {subject}\nDate: {}\nMessage-ID: <{:x}.{n:x}@example.com>\nMIME-Version: 1.0\n",
            self.random.next(),
            user % 37,
            date.rfc5322(),
            self.random.next(),
        );
        out.extend_from_slice(header.as_bytes());
        self.entity(out);
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        format!("From {thread}@xxx {}\n", date.takeout())
    }

    fn entity(&mut self, out: &mut Vec<u8>) {
        const PLAIN: &str = "Content-Type: text/plain; charset=\"UTF-8\"\n";
        const HTML: &str = "Content-Type: text/html; charset=\"UTF-8\"\n";
        const QP: &str = "Content-Transfer-Encoding: quoted-printable\n\n";
        let boundary = format!("{:016x}{:016x}", self.random.next(), self.random.next());
        let delimiter = format!("--{boundary}\n");
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        match self.random.below(100) {
            0..35 => {
                let length = 50 + self.random.log_normal(7.5) as usize;
                let text = self.random.of(&self.texts);
                put(&[PLAIN, "Content-Transfer-Encoding: 8bit\n\n", &text[..text.floor_char_boundary(length)]]);
            }
            35..55 => {
                let (plain, html) = (self.random.below(400), self.random.below(400));
                put(&["Content-Type: multipart/alternative; boundary=\"", &boundary, "\"\n\n", &delimiter]);
                put(&[PLAIN, QP, &self.encoded_texts[plain], &delimiter]);
                put(&[HTML, QP, &self.encoded_texts[html], "--", &boundary, "--\n"]);
            }
            55..85 => {
                let html = self.random.of(&self.newsletters).clone();
                let length = self.random.between(2_000, html.len());
                put(&[HTML, QP, &html[..length]]);
            }
            _ => {
                let text = self.random.of(&self.texts).clone();
                put(&["Content-Type: multipart/mixed; boundary=\"", &boundary, "\"\n\n", &delimiter, PLAIN, "\n"]);
                put(&[&text[..text.floor_char_boundary(2_000)], "\n"]);
                for _ in 0..*self.random.of(&[1, 1, 1, 2, 3]) {
                    let length = (10_000.0 * self.random.pareto(0.55)).min(5_000_000.0) as usize;
                    let is_noise = self.random.below(10) < 7;
                    let (stock, media_type, name) = if is_noise {
                        (&self.noise, "image/jpeg", "photo.jpg")
                    } else {
                        (&self.tables, "text/csv", "data.csv")
                    };
                    let lines = length / 57 + 1;
                    let first = self.random.below((stock.len() / BASE64_LINE).saturating_sub(lines + 1));
                    let start = first * BASE64_LINE;
                    let end = (start + lines * BASE64_LINE).min(stock.len());
                    let head = format!(
                        "{delimiter}Content-Type: {media_type}; name=\"{name}\"\nContent-Disposition: attachment; \
                         filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n"
                    );
                    out.extend_from_slice(head.as_bytes());
                    out.extend_from_slice(&stock[start..end]);
                }
                out.extend_from_slice(format!("--{boundary}--\n").as_bytes());
            }
        }
    }
}

/// Appends `message` with its From_ lines quoted and gives their number.
fn quote(message: &[u8], out: &mut Vec<u8>) -> u64 {
    let mut quoted = 0;
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        let marks = line.iter().take_while(|octet| **octet == b'>').count();
        if line[marks..].starts_with(b"From ") {
            out.push(b'>');
            quoted += 1;
        }
        out.extend_from_slice(line);
    }
    quoted
}

fn base64(octets: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(octets.len() * 4 / 3 + octets.len() / 57 + 8);
    for line in octets.chunks(57) {
        for group in line.chunks(3) {
            let bits = group.iter().enumerate().fold(0, |bits, (i, octet)| bits | u32::from(*octet) << (16 - 8 * i));
            for i in 0..4 {
                out.push(if i <= group.len() { ALPHABET[(bits >> (18 - 6 * i)) as usize & 63] } else { b'=' });
            }
        }
        out.push(b'\n');
    }
    out
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        for octet in line.bytes() {
            let plain = (b' '..=b'~').contains(&octet) && octet != b'=';
            let needed = if plain { 1 } else { 3 };
            if width + needed > 75 {
                out += "=\n";
                width = 0;
            }
            width += needed;
            if plain { out.push(char::from(octet)) } else { out += &format!("={octet:02X}") }
        }
        out.push('\n');
    }
    out
}

/// A date in UTC.
struct Date {
    weekday: &'static str,
    day: u64,
    month: &'static str,
    year: u64,
    clock: String,
}

impl Date {
    fn of(unix_seconds: u64) -> Self {
        const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [(&str, u64); 12] = [
            ("Jan", 31),
            ("Feb", 28),
            ("Mar", 31),
            ("Apr", 30),
            ("May", 31),
            ("Jun", 30),
            ("Jul", 31),
            ("Aug", 31),
            ("Sep", 30),
            ("Oct", 31),
            ("Nov", 30),
            ("Dec", 31),
        ];
        let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut year, mut day) = (1970, days);
        while day >= 365 + u64::from(is_leap(year)) {
            day -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let length = |month: usize| MONTHS[month].1 + u64::from(month == 1 && is_leap(year));
        let mut month = 0;
        while day >= length(month) {
            day -= length(month);
            month += 1;
        }
        Self {
            weekday: WEEKDAYS[(days % 7) as usize],
            day: day + 1,
            month: MONTHS[month].0,
            year,
            clock: format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
        }
    }

    fn rfc5322(&self) -> String {
        format!("{}, {} {} {} {} +0000", self.weekday, self.day, self.month, self.year, self.clock)
    }

    fn takeout(&self) -> String {
        format!("{} {} {:02} {} +0000 {}", self.weekday, self.month, self.day, self.clock, self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(Date::of(1_709_210_096).rfc5322(), "Thu, 29 Feb 2024 12:34:56 +0000");
        assert_eq!(Date::of(1_262_304_000).takeout(), "Fri Jan 01 00:00:00 +0000 2010");
    }

    #[test]
    fn a_mailbox_is_read_as_it_was_generated() {
        let path = std::env::temp_dir().join(format!("mailferry-generated-{}.mbox", std::process::id()));
        let mailbox = to_file(&path, 3 << 20).unwrap();
        let source = std::sync::Arc::new(mailferry::source::FileSource::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        let options = mailferry::read::ReadOptions::default();
        let mut reader = mailferry::read::mbox::MboxReader::open(source, "generated.mbox", &options).unwrap();
        let (mut messages, mut quoted_lines) = (0, 0);
        while let Some(item) = mailferry::read::ItemReader::next_item(&mut reader).unwrap() {
            messages += 1;
            quoted_lines += item.origin.mbox.unwrap().unquoted_lines;
            assert!(item.defects.is_empty(), "{:?}", item.defects);
        }
        assert_eq!((messages, quoted_lines), (mailbox.messages, mailbox.quoted_lines));
    }
}
