use super::*;

fn converted(card: &str, to: VCardVersion) -> (Vec<String>, usize) {
    let content = Content::from(format!("BEGIN:VCARD\r\n{card}END:VCARD\r\n").into_bytes());
    let (octets, defects) = convert(&content, to, 1 << 20).unwrap();
    let unfolded = crate::content_line::unfold(&octets).into_owned();
    let text = String::from_utf8(unfolded).unwrap();
    let lines: Vec<_> = text.split_terminator("\r\n").map(str::to_owned).collect();
    assert_eq!(lines.first().map(String::as_str), Some("BEGIN:VCARD"));
    assert_eq!(lines.last().map(String::as_str), Some("END:VCARD"));
    (lines[2..lines.len() - 1].to_vec(), defects.len())
}

fn lines(card: &str, to: VCardVersion) -> Vec<String> {
    converted(card, to).0
}

const PERSON: &str = "N:Doe;Ann;;;\r\nFN:Ann Doe\r\n";

/// The line that a property becomes, in a card that has a name.
fn line(version: &str, property: &str, to: VCardVersion) -> String {
    let lines = lines(&format!("VERSION:{version}\r\n{PERSON}{property}\r\n"), to);
    lines[2..].join("|")
}

#[test]
fn vcard_2_1_becomes_3_0() {
    for (before, after) in [
        ("TEL;HOME;VOICE;PREF:1 555", "TEL;TYPE=home,voice,pref:1 555"),
        ("NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BCller, =0D=0Alast", "NOTE:Müller\\, \\nlast"),
        ("NOTE;QUOTED-PRINTABLE;CHARSET=windows-1251:=CF=F0", "NOTE:Пр"),
        ("ORG:Smith, Jones;Sales", "ORG:Smith\\, Jones;Sales"),
        ("PHOTO;JPEG;ENCODING=BASE64:\r\n AAEC\r\n AwQF\r\n", "PHOTO;ENCODING=b;TYPE=JPEG:AAECAwQF"),
        ("PHOTO;VALUE=URL;GIF:http://example.org/x.gif", "PHOTO;VALUE=uri;TYPE=gif:http://example.org/x.gif"),
        ("X-MS-OL-DESIGN;CHARSET=utf-8:<x/>", "X-MS-OL-DESIGN:<x/>"),
        ("item1.URL:http\\://example.org", "item1.URL:http://example.org"),
    ] {
        assert_eq!(line("2.1", before, VCardVersion::V3), after, "{before}");
    }
}

#[test]
fn vcard_3_0_becomes_4_0() {
    for (before, after) in [
        ("EMAIL;TYPE=INTERNET,PREF:a@example.org", "EMAIL;PREF=1:a@example.org"),
        ("TEL;TYPE=\"WORK,FAX\":1", "TEL;TYPE=work,fax:1"),
        ("PHOTO;ENCODING=b;TYPE=PNG:AAEC", "PHOTO:data:image/png;base64,AAEC"),
        ("KEY;ENCODING=B;TYPE=PGP:AAEC", "KEY:data:application/pgp-keys;base64,AAEC"),
        ("BDAY;VALUE=date:1996-04-15", "BDAY:19960415"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY:--0415"),
        ("BDAY:circa 1800", "BDAY;VALUE=text:circa 1800"),
        ("GEO:37.386;-122.083", "GEO:geo:37.386,-122.083"),
        ("UID:abc", "UID;VALUE=text:abc"),
        ("UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"),
        ("X-ADDRESSBOOKSERVER-KIND:group", "KIND:group"),
        ("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "MEMBER:urn:uuid:1"),
        ("AGENT;VALUE=uri:mailto:a@example.org", "RELATED;TYPE=agent;VALUE=uri:mailto:a@example.org"),
    ] {
        assert_eq!(line("3.0", before, VCardVersion::V4), after, "{before}");
    }
}

#[test]
fn labels_join_their_addresses() {
    let card = format!(
        "VERSION:3.0\r\n{PERSON}ADR;TYPE=home:;;1 Way;Town;;;\r\nADR;TYPE=work:;;2 Way;Town;;;\r\n\
        LABEL;TYPE=work:2 Way\\nTown\r\nLABEL;TYPE=dom:Elsewhere\r\n"
    );
    let lines = lines(&card, VCardVersion::V4);
    assert_eq!(
        lines[2..],
        [
            "ADR;TYPE=home:;;1 Way;Town;;;",
            "ADR;LABEL=2 Way^nTown;TYPE=work:;;2 Way;Town;;;",
            "ADR;LABEL=Elsewhere;TYPE=dom:;;;;;;",
        ]
    );
}

#[test]
fn vcard_4_0_becomes_3_0() {
    for (before, after) in [
        (
            "TEL;VALUE=uri;TYPE=\"voice,home\";PREF=1:tel:+1-555-0100;ext=5",
            "TEL;TYPE=voice,home,pref:+1-555-0100 ext. 5",
        ),
        ("PHOTO:data:image/jpeg;base64,AAEC", "PHOTO;ENCODING=b;TYPE=JPEG:AAEC"),
        ("PHOTO:http://example.org/x.jpg", "PHOTO;VALUE=uri:http://example.org/x.jpg"),
        ("BDAY:19960415", "BDAY:1996-04-15"),
        ("BDAY:--0415", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"),
        ("BDAY:1996-04", "X-BDAY:1996-04"),
        ("GENDER:F", "X-GENDER:F"),
        ("GEO:geo:37.386,-122.083", "GEO:37.386;-122.083"),
        (
            "ADR;LABEL=\"1 Way^nTown\";TYPE=home:;;1 Way;Town;;;",
            "LABEL;TYPE=home:1 Way\\nTown|ADR;TYPE=home:;;1 Way;Town;;;",
        ),
        ("EMAIL;PID=1.1:a@example.org", "EMAIL;X-PID=1.1:a@example.org"),
        ("RELATED;TYPE=friend:urn:uuid:1", "X-RELATED;TYPE=friend:urn:uuid:1"),
    ] {
        assert_eq!(line("4.0", before, VCardVersion::V3), after, "{before}");
    }
}

#[test]
fn what_has_no_place_is_told() {
    let (_, defects) =
        converted(&format!("VERSION:4.0\r\n{PERSON}GENDER:F\r\nEMAIL;PID=1.1:a\r\nTEL:1\r\n"), VCardVersion::V3);
    assert_eq!(defects, 2);
}

#[test]
fn names_are_made_where_they_are_missing() {
    for (card, name) in [
        ("VERSION:2.1\r\nN:Doe;Ann;B;Dr.;\r\n", ["FN:Dr. Ann B Doe", "N:Doe;Ann;B;Dr.;"]),
        ("VERSION:3.0\r\nORG:Example\\, Inc.;Sales\r\n", ["FN:Example\\, Inc.", "N:Example\\, Inc.;;;;"]),
        ("VERSION:4.0\r\nFN:Ann Doe\r\n", ["FN:Ann Doe", "N:Doe;Ann;;;"]),
        ("VERSION:4.0\r\nKIND:group\r\nFN:The Does\r\n", ["X-ADDRESSBOOKSERVER-KIND:group", "N:The Does;;;;"]),
        ("VERSION:3.0\r\nX-A:1\r\n", ["FN:Unknown", "N:Unknown;;;;"]),
    ] {
        assert_eq!(lines(card, VCardVersion::V3)[..2], name, "{card}");
    }
}

#[test]
fn a_card_in_a_card_is_kept() {
    let card = format!("VERSION:2.1\r\n{PERSON}AGENT:\r\nBEGIN:VCARD\r\nFN:Bob\r\nEND:VCARD\r\nTEL:1\r\n");
    let v3 = lines(&card, VCardVersion::V3);
    assert_eq!(v3[2..], ["AGENT:BEGIN:VCARD\\nFN:Bob\\nEND:VCARD", "TEL:1"]);
    let v4 = lines(&card, VCardVersion::V4);
    assert_eq!(v4[2..], ["RELATED;TYPE=agent;VALUE=text:Bob", "X-AGENT:BEGIN:VCARD\\nFN:Bob\\nEND:VCARD", "TEL:1"]);
}
