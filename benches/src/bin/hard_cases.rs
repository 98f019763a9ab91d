//! Counts how many of `fixtures/mime/hard_cases.jsonl` the crate `mail-parser` reads as the standards say.
//!
//! `cargo run -p benches --bin hard_cases`; leniently: line ends and white space around a text are not compared.
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders};
use serde_json::{Value, json};
use std::{error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let table = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/mime/hard_cases.jsonl"))?;
    let (mut right, mut cases) = (0, 0);
    for line in table.lines() {
        let case: Value = serde_json::from_str(line)?;
        let octets: Vec<u8> =
            case["message"].as_str().unwrap_or_default().chars().filter_map(|char| u8::try_from(char).ok()).collect();
        let message = MessageParser::default().parse(&octets);
        let wrong: Vec<&str> = case["expected"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(topic, expected)| !message.as_ref().is_some_and(|message| says(message, topic, expected)))
            .map(|(topic, _)| topic.as_str())
            .collect();
        cases += 1;
        right += usize::from(wrong.is_empty());
        if !wrong.is_empty() {
            println!("{}: {}", case["case"].as_str().unwrap_or_default(), wrong.join(", "));
        }
    }
    println!("mail-parser 0.11 reads {right} of {cases}");
    Ok(())
}

fn says(message: &Message, topic: &str, expected: &Value) -> bool {
    let text = |said: Option<&str>| said.map(lenient) == expected.as_str().map(lenient);
    match topic {
        "subject" => text(message.subject()),
        "from" => mailboxes(message.from()) == *expected,
        "to" => mailboxes(message.to()) == *expected,
        "messageId" => text(message.message_id()),
        "date" => text(message.date().map(|date| date.to_rfc3339()).as_deref()),
        // It makes text of HTML and HTML of text: only what must be there is compared.
        "text" | "html" if expected.is_null() => true,
        "text" => {
            let bodies: Vec<_> = (0..message.text_body_count()).filter_map(|at| message.body_text(at)).collect();
            text(Some(&bodies.join("\n")))
        }
        "html" => text(message.body_html(0).as_deref()),
        "attachments" => message.attachments().map(attachment).collect::<Value>() == *expected,
        _ => false,
    }
}

fn lenient(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

fn mailboxes(address: Option<&Address>) -> Value {
    let pair = |mailbox: &mail_parser::Addr| json!([mailbox.name(), mailbox.address()]);
    address.into_iter().flat_map(Address::iter).map(pair).collect()
}

fn attachment(part: &MessagePart) -> Value {
    let media_type = part.content_type().map_or_else(
        || if part.is_message() { "message/rfc822".into() } else { "text/plain".into() },
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase(),
    );
    let octets: String = part.contents().iter().copied().map(char::from).collect();
    json!({ "name": part.attachment_name(), "type": media_type, "octets": octets })
}
