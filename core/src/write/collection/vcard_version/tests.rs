use super::*;

fn converted(card: &str, to: VCardVersion) -> (Vec<String>, usize) {
    let content = Content::from(format!("BEGIN:VCARD\r\n{card}END:VCARD\r\n").into_bytes());
    let (octets, defects) = convert(&content, to, YearlessDates::Apple, 1 << 20).unwrap();
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
        ("EMAIL;TYPE=INTERNET,PREF:a@example.org", "EMAIL;TYPE=internet;PREF=1:a@example.org"),
        ("TEL;TYPE=\"WORK,FAX\":1", "TEL;TYPE=work,fax:1"),
        ("PHOTO;ENCODING=b;TYPE=PNG:AAEC", "PHOTO:data:image/png;base64,AAEC"),
        ("KEY;ENCODING=B;TYPE=PGP:AAEC", "KEY:data:application/pgp-keys;base64,AAEC"),
        ("BDAY;VALUE=date:1996-04-15", "BDAY:19960415"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY:--0415"),
        ("BDAY:circa 1800", "BDAY;VALUE=text;X-V3-NAME=BDAY:circa 1800"),
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
            "TEL;X-VALUE=uri;TYPE=voice,home,pref:+1-555-0100 ext. 5",
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
        ("VERSION:4.0\r\nFN:Ann Doe\r\n", ["FN:Ann Doe", "N;X-DERIVED=true:Doe;Ann;;;"]),
        (
            "VERSION:4.0\r\nKIND:group\r\nFN:The Does\r\n",
            ["X-ADDRESSBOOKSERVER-KIND:group", "N;X-DERIVED=true:The Does;;;;"],
        ),
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

#[test]
fn text_of_vcard_2_1_is_what_it_says() {
    for (before, after) in [
        ("NOTE:path C:\\new\\names", "NOTE:path C:\\\\new\\\\names"),
        ("NOTE:first; second, third", "NOTE:first\\; second\\, third"),
        ("NOTE:first\\; second", "NOTE:first\\; second"),
        ("TITLE;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:=CF;=F0", "TITLE:П\\;р"),
        ("CATEGORIES:Friends;Work", "CATEGORIES:Friends,Work"),
        ("ADR;HOME:;;C:\\x, 1;Town;;;", "ADR;TYPE=home:;;C:\\\\x\\, 1;Town;;;"),
        ("URL:https://example.org/@52.51,13.37,17z;q=a", "URL:https://example.org/@52.51,13.37,17z;q=a"),
        ("URL;ENCODING=QUOTED-PRINTABLE:https://example.org/?a=3D1,2;b", "URL:https://example.org/?a=1,2;b"),
        ("X-MS-CARDPICTURE;TYPE=JPEG;ENCODING=BASE64:AAEC", "X-MS-CARDPICTURE;ENCODING=b;TYPE=JPEG:AAEC"),
    ] {
        assert_eq!(line("2.1", before, VCardVersion::V3), after, "{before}");
    }
    let picture = line("2.1", "X-MS-CARDPICTURE;TYPE=JPEG;ENCODING=BASE64:AAEC", VCardVersion::V4);
    assert_eq!(picture, "X-MS-CARDPICTURE:data:image/jpeg;base64,AAEC");
}

#[test]
fn the_order_of_preferences_is_kept() {
    for (before, after) in [
        (
            "EMAIL;PREF=1;TYPE=home:a|EMAIL;PREF=10;TYPE=work:b|EMAIL;PREF=100:c|EMAIL:d",
            "EMAIL;TYPE=home,pref:a|EMAIL;X-PREF=10;TYPE=work:b|EMAIL;X-PREF=100:c|EMAIL:d",
        ),
        ("ADR;PREF=50:;;2;;;;|ADR;PREF=3:;;1;;;;", "ADR;X-PREF=50:;;2;;;;|ADR;X-PREF=3;TYPE=pref:;;1;;;;"),
        ("URL;PREF=1:http://a|URL;PREF=1:http://b", "URL;TYPE=pref:http://a|URL;X-PREF=1:http://b"),
        ("TEL;PREF=1:1|EMAIL;PREF=1:a", "TEL;TYPE=pref:1|EMAIL;TYPE=pref:a"),
    ] {
        assert_eq!(line("4.0", &before.replace('|', "\r\n"), VCardVersion::V3), after, "{before}");
    }
}

/// The lines of a card after it was converted and back, and those that it had, where they are not the same.
fn differs(version: &str, property: &str) -> Option<(Vec<String>, Vec<String>)> {
    let (from, to) = match version {
        "3.0" => (VCardVersion::V3, VCardVersion::V4),
        _ => (VCardVersion::V4, VCardVersion::V3),
    };
    let card = format!("VERSION:{version}\r\n{PERSON}{}\r\n", property.replace('|', "\r\n"));
    let there = format!("VERSION:{}\r\n{}\r\n", to.as_str(), lines(&card, to).join("\r\n"));
    let mut back: Vec<_> = lines(&there, from).iter().map(|line| line.replace("\\;", ";")).collect();
    let mut had: Vec<_> = card.lines().skip(1).map(|line| line.replace("\\;", ";")).collect();
    back.sort();
    had.sort();
    (back != had).then(|| (back.into_iter().filter(|line| !had.contains(line)).collect(), had))
}

#[test]
fn a_card_of_3_0_comes_back_from_4_0() {
    let differences: Vec<_> = [
        "EMAIL;TYPE=internet,pref:a@example.org|EMAIL;TYPE=internet:b@example.org",
        "TEL;TYPE=home,pref:1|TEL;TYPE=work,pref:2",
        "TEL;TYPE=Verein:1",
        "LABEL;TYPE=home:1 Way\\nTown|ADR;TYPE=home:;;1 Way;Town;;;",
        "LABEL;TYPE=home:1 Way\\nTown|ADR;TYPE=home,postal,pref:;;1 Way;Town;;;",
        "LABEL;TYPE=dom:Elsewhere",
        "SORT-STRING:Harten",
        "AGENT;VALUE=uri:CID:part3@example.org",
        "AGENT:BEGIN:VCARD\\nFN:Bob\\nEND:VCARD\\n",
        "AGENT:Bob",
        "MAILER:PigeonMail 2.1",
        "CLASS:PUBLIC",
        "NAME:Ann's card",
        "PROFILE:VCARD",
        "X-CLASS:PUBLIC",
        "TZ:-05:00",
        "TZ;VALUE=text:-05:00; EST",
        "GEO:37.386;-122.083",
        "BDAY:1996-04-15",
        "BDAY;VALUE=date-time:1987-09-27T08:30:00-06:00",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-12-24",
        "BDAY:circa 1800",
        "BDAY:1996-04",
        "REV;VALUE=date:1995-10-31",
        "REV:1995-10-31T22:27:10Z",
        "REV:0",
        "PHOTO;ENCODING=b;TYPE=JPEG:AAEC",
        "PHOTO;ENCODING=b;TYPE=image/png:AAEC",
        "PHOTO;ENCODING=b:AAEC",
        "PHOTO;VALUE=uri;TYPE=GIF:http://example.org/x.gif",
        "SOUND;ENCODING=b:AAEC",
        "KEY;ENCODING=b;TYPE=PGP:AAEC",
        "KEY;VALUE=text:-----BEGIN",
        "KEY:-----BEGIN",
        "UID:abc",
        "NICKNAME:a,b",
        "NOTE:a\\, b\\; c\\nd",
        "RELATED;VALUE=text;TYPE=child:Child",
        "ANNIVERSARY:2014-08-12",
        "BIRTHPLACE:Here",
        "LANG:de",
        "KIND:group",
        "X-ADDRESSBOOKSERVER-KIND:group",
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1",
        "X-GENDER:F",
        "X-GENDER:Female",
        "X-ANNIVERSARY:2014-08-12",
        "item1.X-ABDATE;TYPE=pref:2014-09-01|item1.X-ABLabel:_$!<Anniversary>!$_",
        "item2.X-ABRELATEDNAMES;TYPE=pref:Jenny|item2.X-ABLabel:Friend",
        "X-SOCIALPROFILE;x-user=ann;TYPE=twitter:http://example.org/ann",
        "IMPP;X-SERVICE-TYPE=Jabber;TYPE=home:xmpp:ann@example.org",
        "X-ABUID:5AD380FD-B2DE-4261-BA99-DE1D1DB52FBE\\:ABPerson",
        "X-DATE;VALUE=date:2014-08-12",
        "X-FOO;A=b,\"c;d\":a,b;c",
        "X-CREATED:yesterday",
    ]
    .into_iter()
    .filter_map(|property| differs("3.0", property))
    .collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn a_card_of_4_0_comes_back_from_3_0() {
    let differences: Vec<_> = [
        "EMAIL;PREF=1:a|EMAIL;TYPE=work;PREF=10:b|EMAIL;PREF=100:c",
        "TEL;PREF=1:1|TEL;PREF=1:2",
        "TEL;VALUE=uri;TYPE=voice,home;PREF=1:tel:+1-555-0100;ext=5",
        "TEL;VALUE=uri:sip:ann@example.org",
        "TEL:+1 555",
        "ADR;LABEL=1 Way^nTown;TYPE=home:;;1 Way;Town;;;",
        "ADR;LABEL=Elsewhere:;;;;;;",
        "LANG;TYPE=work;PREF=2:en",
        "RELATED;TYPE=friend:urn:uuid:1",
        "RELATED;VALUE=text;TYPE=co-worker:Please contact my assistant",
        "RELATED;TYPE=agent;VALUE=uri:urn:uuid:1",
        "CLIENTPIDMAP:1;urn:uuid:53e374d9-337e-4727-8803-a1e9c14e0556",
        "EMAIL;PID=4.1,5.2:a",
        "BIRTHPLACE:Babies'R'Us Hospital",
        "BIRTHPLACE;VALUE=uri:geo:46.769307,-71.283079",
        "DEATHPLACE:Aboard the Titanic",
        "DEATHDATE:19960415",
        "BDAY:--0415",
        "BDAY:1996-04",
        "BDAY;VALUE=text:circa 1800",
        "BDAY:19531015T231000Z",
        "ANNIVERSARY:20090808",
        "GENDER:M;Fellow",
        "KIND:org",
        "MEMBER:mailto:a@example.org",
        "XML:<config xmlns=\"http://example.org/\"/>",
        "TZ:Raleigh/North America",
        "TZ;VALUE=utc-offset:-0500",
        "GEO:geo:37.386013,-122.082932",
        "PHOTO:http://www.example.com/ann.gif",
        "PHOTO;MEDIATYPE=image/gif:http://www.example.com/ann",
        "PHOTO:data:image/jpeg;base64,AAEC",
        "KEY:data:application/pgp-keys;base64,AAEC",
        "KEY;VALUE=text:-----BEGIN",
        "FBURL;MEDIATYPE=text/calendar;PREF=1:ftp://example.com/busy/project-a.ifb",
        "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1",
        "UID;VALUE=text:abc",
        "FN;LANGUAGE=de:Anna Doe",
        "EXPERTISE;LEVEL=beginner;INDEX=2:chinese literature",
        "HOBBY;INDEX=1;LEVEL=high:reading",
        "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://example.com/@ann",
        "PRONOUNS;LANGUAGE=en;PREF=1:they/them",
        "NOTE:a; b",
        "X-FOO:data:image/png;base64,AAEC",
        "X-GENDER:F",
        "X-ABDATE;VALUE=date-and-or-time:20190220T000035",
        "IMPP;X-SERVICE-TYPE=Jabber:xmpp:ann@example.org",
        "X-CLASS:PUBLIC",
        "NICKNAME;ALTID=1;LANGUAGE=en:Boss",
    ]
    .into_iter()
    .filter_map(|property| differs("4.0", property))
    .collect();
    assert!(differences.is_empty(), "{differences:#?}");
    let sorted = "VERSION:4.0\r\nFN:Rene\r\nN;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;\r\n";
    let there = lines(sorted, VCardVersion::V3);
    assert!(there.contains(&"SORT-STRING:Harten".to_owned()), "{there:?}");
    let back = lines(&format!("VERSION:3.0\r\n{}\r\n", there.join("\r\n")), VCardVersion::V4);
    assert_eq!(back, ["FN:Rene", "N;SORT-AS=\"Harten,Rene\":van der Harten;Rene;;;"]);
    // What is made for RFC 2426 alone does not come back.
    let there = lines("VERSION:4.0\r\nFN:Ann Doe\r\n", VCardVersion::V3);
    assert_eq!(lines(&format!("VERSION:3.0\r\n{}\r\n", there.join("\r\n")), VCardVersion::V4), ["FN:Ann Doe"]);
}
