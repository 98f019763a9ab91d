//! Messages that are hard to read, and what the standards say of them: `fixtures/mime/*_cases.jsonl`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a table of known length")]

use mailferry::{
    mime::{Address, Mailbox},
    model::{Attachment, Message},
};
use serde_json::{Value, json};
use std::{fs, io};

/// The number of cases that there are at least.
const CASES: usize = 197;

#[test]
fn every_hard_case_is_read_as_the_standards_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/mime");
    let table = |name: &str| fs::read_to_string(format!("{folder}/{name}.jsonl")).unwrap();
    let table = table("hard_cases") + &table("field_cases");
    let cases: Vec<Value> = table.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let message = Message::new(octets(&case["message"]).into());
        for (topic, expected) in case["expected"].as_object().unwrap() {
            let ours = say(&message, topic);
            if ours != *expected {
                wrong.push(format!(
                    "{}: {topic}\n  expected {expected}\n  ours     {ours}\n  {}",
                    case["case"], case["note"]
                ));
            }
        }
    }
    println!("{} cases", cases.len());
    assert!(cases.len() >= CASES, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn octets(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().chars().map(|char| u8::try_from(char).unwrap()).collect()
}

fn say(message: &Message, topic: &str) -> Value {
    match topic {
        "subject" => message.subject().unwrap().into(),
        "from" => mailboxes(&message.from().unwrap()),
        "to" => mailboxes(&message.to().unwrap()),
        "date" => message.date().unwrap().map(|date| date.to_string()).into(),
        "messageId" => message.message_id().unwrap().into(),
        "text" => message.text().unwrap().into(),
        "html" => message.html().unwrap().into(),
        "attachments" => message.attachments().unwrap().iter().map(attachment).collect(),
        _ => panic!("no such topic: {topic}"),
    }
}

fn mailboxes(addresses: &[Address]) -> Value {
    let pair = |mailbox: &Mailbox| json!([mailbox.name, mailbox.address]);
    addresses.iter().flat_map(Address::mailboxes).map(pair).collect()
}

fn attachment(attachment: &Attachment) -> Value {
    let mut octets = Vec::new();
    io::copy(&mut attachment.reader(), &mut octets).unwrap();
    let octets: String = octets.into_iter().map(char::from).collect();
    json!({ "name": attachment.file_name(), "type": attachment.media_type(), "octets": octets })
}
