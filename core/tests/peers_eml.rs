//! What Python's `email`, Node's `mailparser` and `postal-mime` agree on of 1,182 real messages is what this crate says too,
//! or the table below says why not. Skipped where the corpus is not at hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a table of known length")]

use mailferry::{
    mime,
    model::{Message, MessageView},
    source::{Content, FileSource, Source},
};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

const INNER: &str = "ours: a message inside a message is one attachment (RFC 2046 §5.2.1, RFC 8621 §4.1.4); the peers \
    mix its text and attachments with those of the outer one unless it says `attachment`";
const UNDECLARED: &str =
    "ours: undeclared 8-bit octets as windows-1252, which keeps each of them; the peers replace them";
const BLANK: &str = "ours: the header section begins behind a blank line; the peers see an empty one";
const BOM: &str = "ours: a byte-order mark is no part of the first field name";
const UUENCODED: &str = "ours: x-uue is decoded; the peers leave it as it is";
const IN_TEXT: &str = "ours: uuencoded files inside of a text are attachments; the peers leave them in the text";
const FOLDED_ID: &str = "ours: white space inside a message identifier goes (RFC 5322 §4.5.4)";
const ALL_AUTHORS: &str =
    "ours: From has a list (RFC 5322 §3.6.2); the peers' first address stands for it in the truth";

/// Where the three agree and this crate does not: path, what it is about, who is right and why.
#[rustfmt::skip]
const DISAGREEMENTS: &[(&str, &[&str], &str)] = &[
    ("alephdata+ingest-file/tests/fixtures/email_attached_inline.eml", &["count", "sha256"], INNER),
    ("ietf-tools+mailarchive/tests/data/attachment_message_rfc822.mail", &["count", "names", "sha256"], INNER),
    ("ietf-tools+mailarchive/tests/data/mailbox-x-envelope-from", &["subject", "from", "name", "date", "message_id"], BLANK),
    ("ietf-tools+mailarchive/tests/data/mailbox_return-path", &["subject", "from", "name", "date", "message_id"], BLANK),
    ("stalwartlabs+stalwart/jmap/email_get/message_attachment.eml", &["names", "sha256"], INNER),
    ("stalwartlabs+stalwart/jmap/email_snippet/subpart.eml", &["names", "sha256"], INNER),
    ("apache+james-mime4j/resources/mimetools-testmsgs/ak-0696.msg", &["count", "sha256"], INNER),
    ("apache+james-mime4j/resources/mimetools-testmsgs/frag.msg", &["names"], INNER),
    ("apache+james-mime4j/resources/mimetools-testmsgs/jt-0498.msg", &["count", "sha256"], INNER),
    ("apache+james-mime4j/resources/mimetools-testmsgs/multi-digest.msg", &["names"], INNER),
    ("apache+james-mime4j/resources/mimetools-testmsgs/re-fwd.msg", &["count", "sha256"], INNER),
    ("jstedfast+MimeKit/TestData/messages/feedback-report.txt", &["from"], BOM),
    ("MailCore+mailcore2/mbox/jwz/35", &["sha256"], UUENCODED),
    ("MailCore+mailcore2/mbox/jwz/68", &["count", "names", "sha256"], IN_TEXT),
    ("apache+james-mime4j/resources/mimetools-testmsgs/uu-zeegee.msg", &["count", "names", "sha256"], IN_TEXT),
    ("zbateson+mail-mime-parser/_data/emails/m0018.txt", &["count", "names", "sha256"], IN_TEXT),
    ("MailCore+mailcore2/mbox/jwz/59", &["count", "sha256"], INNER),
    ("MailCore+mailcore2/mbox/jwz/83", &["sha256"], INNER),
    ("MailCore+mailcore2/mbox/jwz/86", &["message_id"], FOLDED_ID),
    ("MailCore+mailcore2/summary/input/1640-no-charset.eml", &["subject"], UNDECLARED),
    ("MailCore+mailcore2/summary/input/1641-no-charset.eml", &["subject"], UNDECLARED),
    ("MailCore+mailcore2/summary/input/1798-korean.eml", &["subject"], UNDECLARED),
    ("MailCore+mailcore2/summary/input/2135-korean.eml", &["subject"], UNDECLARED),
    ("mikel+mail/emails/plain_emails/raw_email_multiple_from.eml", &["from"], ALL_AUTHORS),
    ("jhillyerd+enmime/testdata/mail/malformed-multiple-address-header-values.raw", &["from"], ALL_AUTHORS),
    ("zbateson+mail-mime-parser/_data/emails/m0002.txt", &["subject"], UNDECLARED),
    ("zbateson+mail-mime-parser/_data/emails/m0003.txt", &["subject"], UNDECLARED),
    ("zbateson+mail-mime-parser/_data/emails/m0009.txt", &["subject"], UNDECLARED),
    ("zbateson+mail-mime-parser/_data/emails/m0023.txt", &["subject"], UNDECLARED),
    ("zbateson+mail-mime-parser/_data/emails/m2015.txt", &["subject"], UNDECLARED),
    ("zbateson+mail-mime-parser/_data/emails/m4001.txt", &["subject"], UNDECLARED),
    ("mailgun+flanker/fixtures/messages/from-encoding.eml", &["name"], UNDECLARED),
    ("mailgun+flanker/fixtures/messages/mailformed-headers.eml", &["subject"], UNDECLARED),
    ("mailgun+flanker/messages/spam/broken-headers.eml", &["subject"], UNDECLARED),
    ("stalwartlabs+mail-parser/eml/legacy/020.eml", &["subject"], UNDECLARED),
    ("stalwartlabs+mail-parser/eml/legacy/052.eml", &["subject"], UNDECLARED),
    ("stalwartlabs+mail-parser/eml/rfc/004.eml", &["count", "names", "sha256"], INNER),
    ("apache+spamassassin/nice/cjk/gb2312.1", &["subject", "name"], UNDECLARED),
    ("ProtonMail+proton-bridge/message/testdata/text_plain_bad_sender.eml", &["name"], UNDECLARED),
    ("ProtonMail+proton-bridge/message/testdata/text_plain_bad_subject.eml", &["subject"], UNDECLARED),
    ("notmuch+notmuch/corpora/broken/empty-part", &["count", "names", "sha256"], INNER),
    ("python+cpython/test_email/msg_02.txt", &["count", "names", "sha256"], INNER),
    ("python+cpython/test_email/msg_25.txt", &["count", "names", "sha256"], INNER),
    ("python+cpython/test_email/msg_30.txt", &["count", "names", "sha256"], INNER),
    ("python+cpython/test_email/msg_34.txt", &["count", "sha256"], INNER),
];

const PEERS: [&str; 3] = ["python", "mailparser", "postal_mime"];

fn corpus() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = std::env::var_os("MAILFERRY_CORPUS").map_or(beside, PathBuf::from);
    path.is_dir().then_some(path)
}

#[test]
fn what_three_parsers_agree_on_is_what_we_say() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus beside the workspace and MAILFERRY_CORPUS is not set");
        return;
    };
    let truth = fs::read_to_string(corpus.join("truth/eml.jsonl")).unwrap();
    let listed =
        DISAGREEMENTS.iter().flat_map(|(path, topics, _)| topics.iter().map(|topic| ((*path).to_owned(), *topic)));
    let known: BTreeSet<_> = listed.collect();
    let mut found = BTreeSet::new();
    let (mut messages, mut agreed) = (0, 0);
    for line in truth.lines() {
        let truth: Value = serde_json::from_str(line).unwrap();
        let path = truth["path"].as_str().unwrap();
        let source: Source = Arc::new(FileSource::open(corpus.join(path)).unwrap());
        let view = MessageView::of(&Message::new(Content::from(source))).unwrap();
        messages += 1;
        // Of an opaque S/MIME message the peers give `smime.p7m`, and this crate what it signs.
        let is_signed = view.defects.iter().any(|defect| defect.kind == "signature");
        for (topic, ours) in ours(&view) {
            if is_signed && ["count", "names", "sha256"].contains(&topic) {
                continue;
            }
            let theirs = PEERS.map(|peer| theirs(&truth[peer], topic));
            if theirs[0] != theirs[1] || theirs[0] != theirs[2] {
                continue;
            }
            agreed += 1;
            if theirs[0] != ours {
                let path = path.trim_start_matches("files/eml/").to_owned();
                if !known.contains(&(path.clone(), topic)) {
                    eprintln!("{path}: {topic}\n  theirs {}\n  ours   {ours}", theirs[0]);
                }
                found.insert((path, topic));
            }
        }
    }
    println!("{messages} messages, {agreed} agreements of three, {} of them with a disagreement of ours", found.len());
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "new disagreements: {new:?}\nno longer disagreements, take them out of the table: {gone:?}"
    );
}

/// What the view says, in the words in which the peers are compared.
fn ours(view: &MessageView) -> Vec<(&'static str, String)> {
    let attachments = |say: fn(&mailferry::model::AttachmentView) -> String| {
        let mut said: Vec<String> = view.attachments.iter().map(say).collect();
        said.sort();
        said.join(" | ")
    };
    vec![
        ("subject", words(view.subject.as_deref().unwrap_or_default())),
        ("from", view.from.iter().map(|from| from.address.to_lowercase()).collect::<Vec<_>>().join(",")),
        (
            "name",
            view.from.iter().map(|from| words(from.name.as_deref().unwrap_or_default())).collect::<Vec<_>>().join(","),
        ),
        ("date", view.date.as_deref().map(instant).unwrap_or_default()),
        ("message_id", view.message_id.clone().unwrap_or_default()),
        ("count", view.attachments.len().to_string()),
        ("names", attachments(|attachment| words(attachment.name.as_deref().unwrap_or_default()))),
        ("sha256", attachments(|attachment| attachment.sha256.clone())),
    ]
}

fn theirs(peer: &Value, topic: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attachments = |key: &str| {
        let list = peer["attachments"].as_array().cloned().unwrap_or_default();
        let mut said: Vec<String> = list.iter().map(|attachment| words(&text(&attachment[key]))).collect();
        said.sort();
        said.join(" | ")
    };
    let from = || {
        let from = text(&peer["from"]);
        mime::addresses(from.as_bytes()).iter().flat_map(|address| address.mailboxes().to_vec()).collect::<Vec<_>>()
    };
    match topic {
        "subject" => words(&text(&peer["subject"])),
        "from" => from().iter().map(|from| from.address.to_lowercase()).collect::<Vec<_>>().join(","),
        "name" => {
            from().iter().map(|from| words(from.name.as_deref().unwrap_or_default())).collect::<Vec<_>>().join(",")
        }
        "date" => {
            let date = if peer["date_iso"].is_null() { &peer["date"] } else { &peer["date_iso"] };
            instant(&text(date))
        }
        "message_id" => text(&peer["message_id"]).trim().trim_start_matches('<').trim_end_matches('>').to_owned(),
        "count" => peer["attachments"].as_array().map_or(0, Vec::len).to_string(),
        "names" => attachments("filename"),
        "sha256" => attachments("sha256"),
        _ => panic!("no such topic"),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A date as seconds, so that zones do not matter.
fn instant(date: &str) -> String {
    mime::parse_date(date.as_bytes()).map(|date| date.unix_seconds().to_string()).unwrap_or_default()
}
