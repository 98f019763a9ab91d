//! Whether the subject was edited after the message came: Outlook lets its user do so, and keeps the header section as it was.

use super::{Translator, header::Header};
use crate::{
    Defect, DefectKind,
    mapi::{CodePage, contents::subject, pid},
    mime::{Field, encoded_word_openings},
};
use encoding_rs::Encoding;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters of which a store that cuts subjects keeps at least so many.
const CUT: usize = 200;

impl Translator<'_> {
    /// Writes the subject that is shown, where that is not the received one, and the received one beside it; `false` where they are
    /// the same as far as the store can hold them.
    pub(super) fn edited_subject(&mut self, header: &mut Header, field: &Field<'_>) -> bool {
        let Some(shown) = self.values.text(pid::SUBJECT).and_then(|_| subject(self.values)) else {
            return false;
        };
        let received = field.text();
        if !self.is_edit(field, &received, &shown) {
            return false;
        }
        header.out.text("Subject", &shown);
        header.add("Subject");
        if !received.trim().is_empty() {
            header.kept("X-Original-Subject", field);
        }
        let detail = format!(
            "the subject was edited after the message came: the received one, \"{}\", is in X-Original-Subject",
            start(&received)
        );
        self.defects.push(Defect::new(DefectKind::Rewritten, detail));
        true
    }

    /// Whether a person changed the subject: not what a store does to it, which is to cut it, to take out white space, to replace
    /// what it has no character for, or to take it for another charset.
    fn is_edit(&self, field: &Field<'_>, received: &str, shown: &str) -> bool {
        if received == shown {
            return false;
        }
        let (received_words, shown_words) = (words(received), words(shown));
        let is_cut = |short: &str, long: &str| short.chars().count() >= CUT && long.starts_with(short);
        if received_words == shown_words
            || is_cut(&shown_words, &received_words)
            || is_cut(&received_words, &shown_words)
        {
            return false;
        }
        // An encoded word that nobody can read says nothing.
        let raw = field.raw_text();
        if received.contains("=?") || shown_words == words(&raw) || labels(&raw).any(|label| charset(label).is_none()) {
            return false;
        }
        let is_unsound = |text: &str| text.contains('\u{FFFD}');
        let is_alike =
            || plain(shown) == plain(received) || plain(shown) == plain(&received.replace(|c: char| !c.is_ascii(), ""));
        if !received.is_ascii() && (shown.is_ascii() || is_unsound(shown)) && is_alike() {
            return false;
        }
        !is_misread(&raw, received, shown, self.message.code_page)
    }
}

/// The characters of a subject less all white space, as folding and stores change that.
fn words(text: &str) -> String {
    let is_word = |c: &char| !c.is_whitespace() && !c.is_control();
    // ASCII is its own normal form.
    if text.is_ascii() { text.chars().filter(is_word).collect() } else { text.nfc().filter(is_word).collect() }
}

/// What is left of a subject where there are only letters of ASCII: marks fall off, and what has no counterpart is a question mark.
fn plain(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c) && c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether what is shown are the octets of the received subject in a charset that is not theirs.
fn is_misread(raw: &str, received: &str, shown: &str, of_store: CodePage) -> bool {
    // Escapes of ISO-2022 are ASCII too.
    if shown.bytes().all(|octet| octet.is_ascii() && octet != 0x1B) {
        return false;
    }
    let charsets = labels(raw).filter_map(charset).chain([encoding_rs::UTF_8]);
    let taken_for = [Some(encoding_rs::WINDOWS_1252), of_store.encoding()];
    let octets: Vec<_> = taken_for.into_iter().flatten().map(|encoding| encoding.encode(shown).0).collect();
    let is_received = |text: &str| words(text) == words(received);
    charsets
        .take(8)
        .any(|charset| octets.iter().any(|octets| is_received(&charset.decode_without_bom_handling(octets).0)))
}

/// The charsets that the encoded words of a field name (RFC 2047 §2).
fn labels(raw: &str) -> impl Iterator<Item = &[u8]> {
    encoded_word_openings(raw.as_bytes()).filter(|opening| opening.is_known()).map(|opening| opening.charset)
}

fn charset(label: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label(label)
}

/// The first characters of a subject, for a message to a person.
fn start(subject: &str) -> String {
    const MOST: usize = 60;
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match subject.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", subject.get(..end).unwrap_or_default()),
        None => subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapi::{
        Octets, PropertyValue, Translation,
        support::{message, text},
        to_message::to_message,
    };

    /// The subject and the original one that are written, and whether the edit is told.
    fn subjects(transport: &str, shown: PropertyValue) -> (String, Option<String>, bool) {
        let message = message([(pid::TRANSPORT_MESSAGE_HEADERS, text(transport)), (pid::SUBJECT, shown)]);
        let mut defects = Vec::new();
        let octets = to_message(&message, &Translation::default(), &mut defects).to_vec(1 << 16).unwrap();
        let section = crate::mime::HeaderSection::parse(&octets);
        assert_eq!(section.all("Subject").count(), 1);
        let of = |name: &str| section.first(name).map(|field| field.text());
        (of("Subject").unwrap(), of("X-Original-Subject"), defects.iter().any(|d| d.kind() == DefectKind::Rewritten))
    }

    #[test]
    fn an_edit_is_shown_and_the_received_subject_stays_beside_it() {
        for (received, original, shown) in [
            ("Invoice", "Invoice", "[paid] Invoice"),
            ("original subject", "original subject", "edited by the owner in Outlook"),
            ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße", "Grüße aus Köln"),
            ("Re: =?utf-8?Q?=D0=9F?=", "Re: П", "answered"),
            ("Angebot\r\n 2021", "Angebot 2021", "Angebot 2021 (alt)"),
            ("Invoice", "Invoice", "Счёт"),
            ("invoice", "invoice", "Invoice"),
            ("Résumé", "Résumé", "Resume sent"),
        ] {
            let (subject, kept, told) = subjects(&format!("Subject: {received}\r\nX-A: b\r\n\r\n"), text(shown));
            assert_eq!((&*subject, kept.as_deref(), told), (shown, Some(original), true), "{received}");
        }
    }

    #[test]
    fn what_a_store_does_to_a_subject_is_no_edit() {
        let long = "x".repeat(300);
        let ansi = |octets: &[u8]| PropertyValue::String8(Octets::from(octets.to_vec()));
        for (received, shown) in [
            ("Re: one  two ", text("\u{1}\u{5}Re: one two")),
            ("one\r\n\ttwo", text("one two")),
            ("=?utf-8?Q?Caf=C3=A9_=E2=80=93_now?=", text("Cafe - now")),
            ("=?utf-8?Q?Caf=C3=A9_now?=", text("Caf? now")),
            ("=?koi8-r?B?7cnS?=", text("???")),
            ("=?utf-8?B?R3LDvMOfZQ==?=", text("GrÃ¼ÃŸe")),
            ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", ansi(b"\x1b$BF|K\\\x1b(B")),
            ("=?shift_jis?B?k/qWew==?=", ansi(b"\x93\xfa\x96\x7b")),
            ("=?windows-1251?B?zOjw?=", ansi(b"\xcc\xe8\xf0")),
            ("=?utf-8?Q?e=CC=81?=", text("é")),
            ("=?x-unheard-of?B?R3LD?=", text("Gr")),
            (&*long, text(&long[..255])),
            ("kept", text("")),
        ] {
            let (_, kept, told) = subjects(&format!("Subject: {received}\r\n\r\n"), shown.clone());
            assert_eq!((kept, told), (None, false), "{received}, {shown:?}");
        }
    }
}
