use super::*;
use crate::mime::signed_data;
use encoding_rs::Encoding;
use std::io::Read;

fn encoded(label: &str, text: &str) -> Vec<u8> {
    let (octets, _, wrong) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
    assert!(!wrong, "{text} is not in {label}");
    octets.into_owned()
}

fn message(parts: &[&[u8]]) -> Message {
    Message::new(parts.concat().into())
}

fn details(message: &Message) -> Vec<String> {
    message.all_defects().unwrap().iter().map(ToString::to_string).collect()
}

fn attachments(message: &Message) -> Vec<(Option<String>, String)> {
    let attachments = message.attachments().unwrap();
    let said = attachments.iter().map(|attachment| {
        let mut octets = String::new();
        attachment.reader().read_to_string(&mut octets).unwrap();
        (attachment.file_name(), octets)
    });
    said.collect()
}

#[test]
fn raw_header_fields_follow_the_body() {
    for (label, text) in [
        ("windows-1251", "Электронный чек"),
        ("koi8-r", "Счёт за январь"),
        ("gb2312", "会议通知"),
        ("gb2312", "通知"),
        ("big5", "會議通知"),
        ("euc-kr", "회의"),
        ("shift_jis", "表示"),
        ("iso-8859-7", "Γιώργος"),
        ("iso-8859-2", "PÓŁKA"),
        ("windows-1255", "שלום"),
    ] {
        let raw = encoded(label, text);
        for (before, behind) in [
            ("Content-Type: text/plain; charset=", "\n\n"),
            ("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=", "\n\nx\n--b--"),
        ] {
            let message = message(&[
                b"Subject: ",
                &raw,
                b"\nFrom: \"",
                &raw,
                b"\" <a@x.test>\n",
                before.as_bytes(),
                label.as_bytes(),
                behind.as_bytes(),
            ]);
            assert_eq!(message.subject().unwrap().as_deref(), Some(text), "{label}");
            let from = message.from().unwrap();
            assert_eq!(from[0].mailboxes()[0].name.as_deref(), Some(text), "{label}");
            assert_eq!(from[0].mailboxes()[0].address, "a@x.test");
            let used = details(&message).into_iter().find(|detail| detail.contains(" in Subject were read as "));
            assert!(used.is_some_and(|used| used.starts_with("charset: ")), "{label}");
        }
    }
    let utf_8 = message(&["Subject: Grüße\nContent-Type: text/plain; charset=windows-1251\n\nx".as_bytes()]);
    assert_eq!(utf_8.subject().unwrap().as_deref(), Some("Grüße"));
    assert_eq!(details(&utf_8), [""; 0]);
}

#[test]
fn a_body_that_declares_nothing_decides_by_what_it_is() {
    let text = encoded("koi8-r", "Добрый день! Высылаю вам счёт за январь. С уважением, Анна");
    let subject = encoded("koi8-r", "Счёт");
    let message = message(&[b"Subject: ", &subject, b"\n\n", &text]);
    assert_eq!(message.subject().unwrap().as_deref(), Some("Счёт"));
    assert_eq!(message.text().unwrap().unwrap().chars().take(6).collect::<String>(), "Добрый");
}

#[test]
fn texts_are_read_by_what_other_parts_say_where_their_own_label_fails() {
    let text = encoded("windows-1251", "Да");
    let by_word = message(&[b"Subject: =?windows-1251?Q?=D7?=\nContent-Type: text/plain; charset=utf-8\n\n", &text]);
    assert_eq!(by_word.text().unwrap().as_deref(), Some("Да"));
    assert_eq!(details(&by_word), ["charset: text that is not in the declared charset utf-8 was read as windows-1251"]);
    let by_meta = message(&[
        b"Content-Type: text/html; charset=utf-8\n\n<META CONTENT=\"text/html; CHARSET=koi8-r\">",
        &encoded("koi8-r", "Да"),
    ]);
    assert!(by_meta.html().unwrap().unwrap().ends_with("Да"));
    let by_part = message(&[
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n",
        &text,
        b"\n--b\nContent-Type: text/html; charset=windows-1251\n\n<p>x\n--b--\n",
    ]);
    assert_eq!(by_part.text().unwrap().as_deref(), Some("Да"));
}

#[test]
fn encoded_words_that_are_not_in_their_charset_are_told() {
    let wrong = message(&[b"Subject: =?iso-2022-jp?B?5Lya6K2w?=\n\nx"]);
    assert_eq!(wrong.subject().unwrap().as_deref(), Some("会議"));
    assert_eq!(
        details(&wrong),
        [
            "charset: an encoded word in Subject that is not in the declared charset iso-2022-jp was read as utf-8 at byte 0"
        ]
    );
}

#[test]
fn names_of_files_in_raw_octets_follow_the_body() {
    let message = message(&[
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b\n",
        b"Content-Type: application/pdf; name=\"",
        &encoded("koi8-r", "счёт.pdf"),
        b"\"\n\ny\n--b--\n",
    ]);
    assert_eq!(attachments(&message), [(Some("счёт.pdf".to_owned()), "y".to_owned())]);
}

#[test]
fn uuencoded_files_in_texts_are_attachments() {
    let uu = "see\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye";
    let mixed = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{uu}\n--b\nContent-Type: image/png; name=a.png\n\npng\n--b--\n"
    );
    let cat = (Some("cat.txt".to_owned()), "Cat".to_owned());
    let alone = message(&[b"Subject: s\n\n", uu.as_bytes()]);
    assert_eq!(alone.text().unwrap().as_deref(), Some("see\nbye"));
    assert_eq!(attachments(&alone), std::slice::from_ref(&cat));
    let mixed = message(&[mixed.as_bytes()]);
    assert_eq!(mixed.text().unwrap().as_deref(), Some("see\nbye"));
    assert_eq!(attachments(&mixed), [cat, (Some("a.png".to_owned()), "png".to_owned())]);
}

#[test]
fn an_opaque_signature_shows_what_it_signs() {
    let inner =
        b"Content-Type: multipart/mixed; boundary=i\n\n--i\n\nHello\n--i\nContent-Type: text/html\n\n<p>Hi\n--i\n\
        Content-Disposition: attachment; filename=a.txt\n\nfile\n--i--\n";
    let header = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\n";
    let signed = signed_data::tests::signing(inner);
    let once = message(&[b"Subject: s\n", header, &signed]);
    let twice = message(&[header, &signed_data::tests::signing(&[&header[..], &signed].concat())]);
    for message in [&once, &twice] {
        assert_eq!(message.text().unwrap().as_deref(), Some("Hello"));
        assert_eq!(message.html().unwrap().as_deref(), Some("<p>Hi"));
        assert!(message.has_html().unwrap());
        assert_eq!(attachments(message), [(Some("a.txt".to_owned()), "file".to_owned())]);
    }
    let told = "signature: the message inside an S/MIME signature is shown; the signature was not verified at byte 0";
    assert_eq!(details(&once), [told]);
    let cut = message(&[header, &signed[..signed.len() - 40]]);
    assert_eq!(cut.text().unwrap().as_deref(), Some("Hello"));
    assert!(details(&cut)[0].contains("was not verified, and it is cut off"), "{:?}", details(&cut));
    let encrypted = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\n\x30\x80";
    assert_eq!(message(&[encrypted]).attachments().unwrap().len(), 1);
    // No more than three of them are opened.
    let deep = (0..10).fold(inner.to_vec(), |inside, _| [&header[..], &signed_data::tests::signing(&inside)].concat());
    let deep = message(&[&deep]);
    assert_eq!((deep.text().unwrap(), deep.attachments().unwrap().len()), (None, 1));
}
