use super::*;
use std::sync::Arc;

fn mended(octets: &[u8]) -> (String, Notes) {
    let mut card = VCard::parse(Arc::new(octets.to_vec())).unwrap();
    let notes = CardMender::new().mend(&mut card).unwrap();
    let octets = card.to_content().unwrap().to_vec(1 << 20).unwrap();
    let unfolded = crate::content_line::unfold(&octets).into_owned();
    (String::from_utf8_lossy(&unfolded).into_owned(), notes)
}

/// What a line of a card becomes that is right in all else.
fn line(version: &str, before: &str) -> (String, usize) {
    line_of(version, before.as_bytes())
}

fn line_of(version: &str, before: &[u8]) -> (String, usize) {
    let head = format!("BEGIN:VCARD\r\nVERSION:{version}\r\nFN:Ann Doe\r\nN:Doe;Ann;;;\r\n");
    let (text, notes) = mended(&[head.as_bytes(), before, b"\r\nEND:VCARD\r\n"].concat());
    let rest = text.strip_prefix(&head).unwrap_or_else(|| panic!("{text}"));
    let lines = rest.strip_suffix("END:VCARD\r\n").unwrap_or_else(|| panic!("{text}"));
    (lines.trim_end_matches("\r\n").replace("\r\n", "|"), notes.flagged.len())
}

#[test]
fn what_is_right_stays_octet_for_octet() {
    for card in [
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Ann;;;\r\nFN:Ann Doe\r\nTEL;TYPE=home,voice:+1 555\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:x\r\nFN:A\r\nN:;;;;\r\nitem1.EMAIL;type=INTERNET;type=pref:a@example.org\r\n\
         item1.X-ABLabel:_$!<Home>!$_\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAB\r\nBDAY;value=date:1980-01-01\r\n\
         NOTE:a\\, b\\; c\\n\r\n d\r\nADR:;;1 Way,Flat 2;Town;;;X\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nNOTE:a; b\r\nPHOTO:data:image/png;base64,iVBORw0K\r\nBDAY:--0415\r\n\
         TEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-555\r\nGEO:geo:1.0,2.0\r\nREV:20200101T000000Z\r\nX-Y:a,b;c\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Ann\r\nTEL;HOME:1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:a=\r\nb\r\n\
         PHOTO;JPEG;BASE64:\r\n AAEC\r\n\r\nEND:VCARD\r\n",
    ] {
        let mut parsed = VCard::parse(Arc::new(card.as_bytes().to_vec())).unwrap();
        let notes = CardMender::new().mend(&mut parsed).unwrap();
        assert_eq!(notes, Notes::default(), "{card}");
        assert_eq!(parsed.content().to_vec(9_999).unwrap(), card.as_bytes());
    }
}

#[test]
fn begin_and_end_are_in_capitals() {
    let rest = "VERSION:3.0\r\nFN:Ann Doe\r\nN:Doe;Ann;;;\r\n";
    for (begin, end) in [("BEGIN:vCard", "END:vCard"), ("begin:vcard", "end:vcard"), ("BEGIN:VCARD", "End:VCard")] {
        let (text, notes) = mended(format!("{begin}\r\n{rest}{end}\r\n").as_bytes());
        assert_eq!(text, format!("BEGIN:VCARD\r\n{rest}END:VCARD\r\n"));
        assert_eq!(notes.mended, ["BEGIN and END in capitals"], "{begin}");
    }
}

#[test]
fn required_properties_are_made() {
    for (card, wanted, told) in [
        ("VERSION:3.0\r\nN:Doe;Ann;B,C;Dr.;\r\n", "VERSION:3.0\r\nN:Doe;Ann;B,C;Dr.;\r\nFN:Dr. Ann B C Doe\r\n", 1),
        ("VERSION:3.0\r\nFN: \r\nN:Roe;Max;;;\r\n", "VERSION:3.0\r\nFN:Max Roe\r\nN:Roe;Max;;;\r\n", 1),
        (
            "VERSION:3.0\r\nORG:Firm\\, Inc.;Sales\r\n",
            "VERSION:3.0\r\nORG:Firm\\, Inc.;Sales\r\nFN:Firm\\, Inc.\r\nN:Firm\\, Inc.;;;;\r\n",
            2,
        ),
        (
            "VERSION:3.0\r\nEMAIL:a@example.org\r\n",
            "VERSION:3.0\r\nEMAIL:a@example.org\r\nFN:a@example.org\r\nN:a@example.org;;;;\r\n",
            2,
        ),
        ("VERSION:3.0\r\nFN:Only Full\r\nTEL:1\r\n", "VERSION:3.0\r\nFN:Only Full\r\nTEL:1\r\nN:Full;Only;;;\r\n", 1),
        ("VERSION:4.0\r\nFN:Ann\r\n", "VERSION:4.0\r\nFN:Ann\r\n", 0),
        ("VERSION:4.0\r\nNICKNAME:Bee\r\n", "VERSION:4.0\r\nNICKNAME:Bee\r\nFN:Bee\r\n", 1),
        ("VERSION:2.1\r\nFN:Ann Doe\r\n", "VERSION:2.1\r\nFN:Ann Doe\r\nN:Doe;Ann;;;\r\n", 1),
        ("FN:Ann Doe\r\nN:Doe;Ann\r\n", "VERSION:3.0\r\nFN:Ann Doe\r\nN:Doe;Ann\r\n", 1),
        ("FN:Ann Doe\r\nN:Doe;Ann\r\nTEL;HOME:1\r\n", "VERSION:2.1\r\nFN:Ann Doe\r\nN:Doe;Ann\r\nTEL;HOME:1\r\n", 1),
        ("VERSION:3\r\nFN:Ann Doe\r\nN:Doe;Ann\r\n", "VERSION:3.0\r\nFN:Ann Doe\r\nN:Doe;Ann\r\n", 1),
        ("FN:Ann\r\nVERSION:4.0\r\n", "VERSION:4.0\r\nFN:Ann\r\n", 1),
        ("FN:Ann\r\nN:;Ann\r\nVERSION:3.0\r\n", "FN:Ann\r\nN:;Ann\r\nVERSION:3.0\r\n", 0),
    ] {
        let (text, notes) = mended(format!("BEGIN:VCARD\r\n{card}END:VCARD\r\n").as_bytes());
        assert_eq!(text, format!("BEGIN:VCARD\r\n{wanted}END:VCARD\r\n"), "{card}");
        assert_eq!((notes.mended.len(), notes.flagged.len()), (told, 0), "{card}: {notes:?}");
    }
    let (text, notes) = mended(b"BEGIN:VCARD\r\nVERSION:3.0\r\nX-A:1\r\nEND:VCARD\r\n");
    assert!(text.contains("X-A:1\r\nFN:Unknown\r\nN:Unknown;;;;\r\n") && notes.flagged.len() == 1, "{text}");
}

#[test]
fn what_may_stand_once_stands_once() {
    for (version, card, wanted) in [
        ("3.0", "N:Doe;Ann\r\nN:Roe;Bob\r\nFN:Ann\r\n", "N:Doe;Ann\r\nX-N:Roe;Bob\r\nFN:Ann\r\n"),
        ("3.0", "N:Doe;Ann\r\nFN:\r\nFN:Ann\r\nFN:Annie\r\n", "N:Doe;Ann\r\nFN:Ann\r\nX-FN:Annie\r\n"),
        ("3.0", "N:D\r\nFN:Ann\r\nBDAY:1980-01-01\r\nBDAY:1980-01-01\r\n", "N:D\r\nFN:Ann\r\nBDAY:1980-01-01\r\n"),
        ("3.0", "N:D\r\nFN:Ann\r\nUID:1\r\nUID:2\r\nVERSION:3.0\r\n", "N:D\r\nFN:Ann\r\nUID:1\r\nX-UID:2\r\n"),
        ("4.0", "FN:Ann\r\nFN:Annie\r\n", "FN:Ann\r\nFN:Annie\r\n"),
        (
            "4.0",
            "FN:Ann\r\nN;LANGUAGE=ja:a;b\r\nN;LANGUAGE=en:c;d\r\n",
            "FN:Ann\r\nN;LANGUAGE=ja;ALTID=1:a;b\r\nN;LANGUAGE=en;ALTID=1:c;d\r\n",
        ),
        ("4.0", "FN:Ann\r\nN;ALTID=1:a;b\r\nN;ALTID=1:c;d\r\n", "FN:Ann\r\nN;ALTID=1:a;b\r\nN;ALTID=1:c;d\r\n"),
        ("4.0", "FN:Ann\r\nBDAY:19800101\r\nBDAY:19810101\r\n", "FN:Ann\r\nBDAY:19800101\r\nX-BDAY:19810101\r\n"),
    ] {
        let (text, _) = mended(format!("BEGIN:VCARD\r\nVERSION:{version}\r\n{card}END:VCARD\r\n").as_bytes());
        assert_eq!(text, format!("BEGIN:VCARD\r\nVERSION:{version}\r\n{wanted}END:VCARD\r\n"), "{card}");
    }
}

#[test]
fn text_is_escaped_and_uris_are_not() {
    for (version, before, after) in [
        ("3.0", "NOTE:first; second, third", "NOTE:first\\; second\\, third"),
        ("3.0", "TITLE:a\\, b, c", "TITLE:a\\, b\\, c"),
        ("3.0", "ORG:Smith, Jones;Sales", "ORG:Smith\\, Jones;Sales"),
        ("3.0", "NOTE:see http\\://example.org", "NOTE:see http://example.org"),
        ("3.0", "CATEGORIES:a,b", "CATEGORIES:a,b"),
        ("4.0", "NOTE:first; second, third", "NOTE:first; second\\, third"),
        ("3.0", "item4.URL;type=pref:http\\://example.org", "item4.URL;type=pref:http://example.org"),
        ("3.0", "URL:https://example.org/?a=1\\,2\\;b", "URL:https://example.org/?a=1,2;b"),
        ("2.1", "URL:http\\://example.org", "URL:http://example.org"),
        ("4.0", "SOURCE:https\\://example.org/a\\,b.vcf", "SOURCE:https://example.org/a,b.vcf"),
        ("3.0", "IMPP;X-SERVICE-TYPE=Jabber:xmpp\\:ann@example.org", "IMPP;X-SERVICE-TYPE=Jabber:xmpp:ann@example.org"),
        (
            "3.0",
            "X-SOCIALPROFILE;type=twitter:http\\://example.org/ann",
            "X-SOCIALPROFILE;type=twitter:http://example.org/ann",
        ),
        ("4.0", "GEO:geo\\:37.4\\,-122.1", "GEO:geo:37.4,-122.1"),
        ("4.0", "GEO:37.4;-122.1", "GEO:geo:37.4,-122.1"),
        ("3.0", "GEO:geo:37.4,-122.1", "GEO:37.4;-122.1"),
        ("3.0", "GEO:37.4,-122.1", "GEO:37.4;-122.1"),
    ] {
        assert_eq!(line(version, before), (after.to_owned(), 0), "{before}");
    }
}

#[test]
fn pictures_are_written_as_their_version_has_them() {
    const JPEG: &str = "/9j/4AABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJico";
    let data = format!("PHOTO:data:image/jpeg;base64,{JPEG}");
    let b = format!("PHOTO;ENCODING=b;TYPE=JPEG:{JPEG}");
    for (version, before, after) in [
        ("4.0", format!("PHOTO;ENCODING=b;TYPE=JPEG:{JPEG}"), &data),
        ("4.0", format!("PHOTO;ENCODING=BASE64:{JPEG}"), &data),
        ("4.0", format!("PHOTO:data:image/jpeg\\;base64\\,{JPEG}"), &data),
        ("4.0", format!("PHOTO:data:image/jpeg;base64\\,{JPEG}"), &data),
        ("4.0", format!("PHOTO;TYPE=JPEG:{JPEG}"), &data),
        ("3.0", format!("PHOTO:data:image/jpeg;base64,{JPEG}"), &b),
        ("3.0", format!("PHOTO;VALUE=URI:data:image/jpeg\\;base64\\,{JPEG}"), &b),
        ("3.0", format!("PHOTO;{JPEG}").replace(';', ";ENCODING=b;TYPE=JPEG"), &b),
        ("3.0", format!("PHOTO;ENCODING=b;TYPE=JPEG:{}\r\n{}", &JPEG[..30], &JPEG[30..]), &b),
    ] {
        assert_eq!(line(version, &before), (after.clone(), 0), "{before}");
    }
    for (version, before, after) in [
        ("3.0", "PHOTO;ENCODING=BASE64;TYPE=PNG:iVBORw0K", "PHOTO;TYPE=PNG;ENCODING=b:iVBORw0K"),
        ("3.0", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0="),
        ("4.0", "PHOTO:data:image/png;base64,iVBORw0", "PHOTO:data:image/png;base64,iVBORw0="),
        ("2.1", "PHOTO;ENCODING=BASE64;PNG:iVBORw0", "PHOTO;ENCODING=BASE64;PNG:iVBORw0="),
        ("3.0", "PHOTO:http://example.org/x.gif", "PHOTO;VALUE=uri:http://example.org/x.gif"),
        ("3.0", "PHOTO;TYPE=GIF;http://example.org/x.gif", "PHOTO;TYPE=GIF;VALUE=uri:http://example.org/x.gif"),
        ("4.0", "PHOTO;http://example.org/x.gif", "PHOTO:http://example.org/x.gif"),
        ("4.0", "PHOTO;data:image/png;base64,iVBORw0K", "PHOTO:data:image/png;base64,iVBORw0K"),
    ] {
        assert_eq!(line(version, before), (after.to_owned(), 0), "{before}");
    }
    for (version, before) in [
        ("3.0", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4*AB"),
        ("2.1", "PHOTO;ENCODING=BASE64;JPEG:/9j/4"),
        ("4.0", "PHOTO;ENCODING=b;TYPE=JPEG:-_-_"),
    ] {
        assert_eq!(line(version, before), (before.to_owned(), 1), "{before}");
    }
}

#[test]
fn parameters_and_names_are_put_right() {
    for (version, before, after) in [
        ("4.0", "EMAIL;PREF=1,TYPE=HOME:x@example.org", "EMAIL;PREF=1;TYPE=HOME:x@example.org"),
        ("4.0", "TEL;TYPE=CELL,PREF=2:+1", "TEL;TYPE=CELL;PREF=2:+1"),
        ("3.0", "TEL;TYPE=HOME,TYPE=VOICE:+1", "TEL;TYPE=HOME,VOICE:+1"),
        ("3.0", "TEL;;TYPE=HOME:+1", "TEL;TYPE=HOME:+1"),
        ("3.0", "TEL;HOME;VOICE:+1", "TEL;TYPE=HOME,VOICE:+1"),
        ("3.0", "NOTE;CHARSET=UTF-8:x", "NOTE:x"),
        ("3.0", "NOTE;ENCODING=QUOTED-PRINTABLE:M=C3=BC=0D=0Aller", "NOTE:Mü\\nller"),
        ("3.0", "NOTE;ENCODING=8BIT:x", "NOTE:x"),
        ("3.0", "X_PHONE:1", "X-PHONE:1"),
        ("3.0", "MY FIELD:1", "X-MY-FIELD:1"),
        ("4.0", "item_1.X-A;MY_P=b:1", "item-1.X-A;X-MY-P=b:1"),
        ("4.0", "EMAIL;TYPE=home,pref:a", "EMAIL;TYPE=home;PREF=1:a"),
        ("4.0", "EMAIL;PREF=0:a", "EMAIL;PREF=1:a"),
        ("3.0", "EMAIL;PREF=3:a|EMAIL;PREF=2:b", "EMAIL;X-PREF=3:a|EMAIL;TYPE=pref;X-PREF=2:b"),
    ] {
        assert_eq!(line(version, &before.replace('|', "\r\n")), (after.to_owned(), 0), "{before}");
    }
    assert_eq!(line("3.0", "what is this"), ("X-LINE:what is this".to_owned(), 1));
}

#[test]
fn dates_are_those_of_the_version() {
    for (version, before, after) in [
        ("4.0", "BDAY:1996-04-15", "BDAY:19960415"),
        ("4.0", "BDAY:--04-15", "BDAY:--0415"),
        ("4.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY:--0415"),
        ("4.0", "BDAY:circa 1800", "BDAY;VALUE=text:circa 1800"),
        ("4.0", "REV:2020-01-01T10:00:00Z", "REV:20200101T100000Z"),
        ("3.0", "BDAY:--0415", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"),
        ("3.0", "BDAY:--04-15", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"),
        ("3.0", "BDAY:1604-04-15", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"),
        ("3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15"),
        ("3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1980-04-15", "BDAY;X-APPLE-OMIT-YEAR=1604:1980-04-15"),
        ("3.0", "BDAY:19960415", "BDAY:19960415"),
        ("3.0", "BDAY:1996-04-15T201243+04:00", "BDAY:1996-04-15T20:12:43+04:00"),
        ("3.0", "BDAY:19960415T201243Z", "BDAY:19960415T201243Z"),
    ] {
        assert_eq!(line(version, before), (after.to_owned(), 0), "{before}");
    }
    assert_eq!(line("3.0", "BDAY:15/04/1996"), ("BDAY:15/04/1996".to_owned(), 1));
    for (before, after) in [
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15", "BDAY:--04-15"),
        ("BDAY:1604-04-15", "BDAY:--04-15"),
        ("BDAY:--0415", "BDAY:--0415"),
    ] {
        let octets = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nN:D\r\nFN:A\r\n{before}\r\nEND:VCARD\r\n");
        let mut card = VCard::parse(Arc::new(octets.into_bytes())).unwrap();
        CardMender::new().with_yearless_dates(YearlessDates::Hyphens).mend(&mut card).unwrap();
        let text = String::from_utf8(card.content().to_vec(999).unwrap()).unwrap();
        assert!(text.contains(&format!("\r\n{after}\r\n")), "{text}");
    }
}

#[test]
fn octets_become_utf8() {
    for (before, after) in [
        (&b"NOTE:M\xfcller in K\xf6ln"[..], "NOTE:Müller in Köln"),
        (b"ADR;TYPE=home:;;Gr\xfc\xdfeweg 1;K\xf6ln;;;", "ADR;TYPE=home:;;Grüßeweg 1;Köln;;;"),
        (b"NOTE;CHARSET=windows-1251:\xcf\xf0\xe8\xe2\xe5\xf2", "NOTE:Привет"),
        (b"NOTE:\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0", "NOTE:Привет\\, как дела"),
        ("NOTE:M\u{fc}ller".as_bytes(), "NOTE:Müller"),
    ] {
        assert_eq!(line_of("3.0", before), (after.to_owned(), 0), "{after}");
    }
}

#[test]
fn cards_are_closed_and_folded() {
    let long = format!("NOTE:{}", "é".repeat(60));
    for (card, told) in [
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A\r\n".to_owned(), "END added"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A".to_owned(), "END added"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A\r\n\r\nEND:VCARD\r\n".to_owned(), "blank lines removed"),
    ] {
        let (text, notes) = mended(card.as_bytes());
        assert_eq!(text, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A\r\nEND:VCARD\r\n", "{card:?}");
        assert_eq!(notes.mended, [told], "{card:?}");
    }
    let octets = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A\r\n{long}\r\nEND:VCARD\r\n");
    let mut card = VCard::parse(Arc::new(octets.into_bytes())).unwrap();
    assert_eq!(CardMender::new().mend(&mut card).unwrap().mended, ["lines folded anew"]);
    let octets = card.content().to_vec(999).unwrap();
    assert!(octets.split(|octet| *octet == b'\n').all(|line| line.len() <= 76 && std::str::from_utf8(line).is_ok()));
}

#[test]
fn a_card_in_a_card_becomes_one_line() {
    let (text, _) = mended(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:B\r\nEND:VCARD\r\nTEL:1\r\nEND:VCARD\r\n",
    );
    assert!(text.contains("\r\nAGENT:BEGIN:VCARD\\nFN:B\\nEND:VCARD\r\nTEL:1\r\n"), "{text}");
}
