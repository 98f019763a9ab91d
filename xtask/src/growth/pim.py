"""Calendars and address books."""

from kinds import grows

ICS = "convert in.ics --to to.zip --progress none --fsync none --jobs 2"
# A card that is converted is held: no more than `Limits::component`, 8 MiB.
CONVERTED = 130
VCF = "convert in.vcf --to to.zip --progress none --fsync none --jobs 2"
GMAIL = "convert in.ics --to to --target gmail --progress none --fsync none --jobs 2"
VCF_GMAIL = "convert in.vcf --to to --target gmail --progress none --fsync none --jobs 2"
OPEN = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
CLOSE = b"END:VCALENDAR\r\n"
SHOW = "show in.ics --json"


def event(number: int, more: bytes = b"", start: bytes = b"DTSTART:20240101T100000Z") -> bytes:
    return b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20240101T000000Z\r\n%b\r\nSUMMARY:Meeting %d\r\n%bEND:VEVENT\r\n" % (
        number,
        start,
        number,
        more,
    )


def calendar(name: str, start: int, command: str = ICS, **how):
    """A calendar whose components the function gives for a size, as octets or a list of them."""

    def add(function):
        def generate(out, size):
            out.write(OPEN)
            inside = function(size)
            for octets in [inside] if isinstance(inside, bytes) else inside:
                out.write(octets)
            out.write(CLOSE)

        grows(command, start, file="in.ics", name=name, **how)(generate)
        return function

    return add


def zone(number: int, more: bytes = b"") -> bytes:
    return (
        b"BEGIN:VTIMEZONE\r\nTZID:Z%d\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n"
        b"TZOFFSETTO:+0100\r\n%bEND:STANDARD\r\nEND:VTIMEZONE\r\n" % (number, more)
    )


def events(size: int):
    return (event(n) for n in range(size))


def in_zones(size: int):
    yield from (zone(n) for n in range(size))
    yield from (event(n, start=b"DTSTART;TZID=Z%d:20240101T100000" % n) for n in range(size))


calendar("events", 500)(events)
calendar("events listed", 500, "list in.ics --json")(events)
calendar("events, a file each", 500, ICS + " --collect item")(events)
calendar("events, files of 50", 500, ICS + " --collect 50")(events)
calendar("events, files of 50 kB", 500, ICS + " --collect 50K")(events)
calendar("events for Gmail", 500, GMAIL)(events)
calendar("events in a store", 200, "convert in.ics --to to.pst --as pst --progress none --fsync none", memory=64)(events)
calendar("events selected", 500, "list in.ics --json --after 2024-01-01 --subject 7")(events)
calendar("events, loose duplicates", 500, ICS + " --dedupe loose")(lambda size: (event(n % (size // 2)) for n in range(size)))
calendar("events of one UID", 500, ICS + " --collect item")(lambda size: (event(1) for n in range(size)))
calendar("events without UID", 500)(lambda size: (b"BEGIN:VEVENT\r\nSUMMARY:%d\r\nEND:VEVENT\r\n" % n for n in range(size)))
# Beyond 16,384 they are objects of their own.
calendar("exceptions of an event", 500, ICS + " --collect item", most=16_000, memory=64)(
    lambda size: [event(1, b"RRULE:FREQ=DAILY\r\n")]
    + [event(1, b"RECURRENCE-ID:%d0101T100000Z\r\n" % (2000 + n % 8000)) for n in range(size)]
)
calendar("zones and events", 200, memory=64)(in_zones)
calendar("zones and events, a file each", 200, ICS + " --collect item", memory=64)(in_zones)
calendar("zones and events, files of 50", 200, ICS + " --collect 50", memory=64)(in_zones)
calendar("zones and an event that uses all", 200, memory=64)(
    lambda size: [zone(n) for n in range(size)] + [event(1, b"".join(b"X-T;TZID=Z%d:20240101T100000\r\n" % n for n in range(size)))]
)
calendar("zones that nobody uses", 500)(lambda size: (zone(n) for n in range(size)))
calendar("zones of one name", 500)(lambda size: [zone(1, b"COMMENT:%d\r\n" % n) for n in range(size)] + [event(1, start=b"DTSTART;TZID=Z1:20240101T100000")])
calendar("rules of a zone", 1000)(
    lambda size: [
        b"BEGIN:VTIMEZONE\r\nTZID:Z\r\n",
        b"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n" * size,
        b"END:VTIMEZONE\r\n",
        event(1, start=b"DTSTART;TZID=Z:20240101T100000"),
    ]
)
for word in [b"EXDATE:20240101T100000Z", b"RDATE:20240101T100000Z", b"ATTENDEE:mailto:a@b.example", b"CATEGORIES:x", b"X-A:x", b"COMMENT:x"]:
    kind = word.split(b":")[0].decode()
    calendar(f"{kind} lines", 2000)(lambda size, word=word: event(1, (word + b"\r\n") * size))
    calendar(f"{kind} lines for Gmail", 2000, GMAIL, memory=64)(lambda size, word=word: event(1, (word + b"\r\n") * size))
calendar("dates of one EXDATE", 2000)(lambda size: event(1, b"EXDATE:" + b",".join([b"20240101T100000Z"] * size) + b"\r\n"))
calendar("parts of a rule", 2000)(lambda size: event(1, b"RRULE:FREQ=DAILY" + b";BYDAY=MO" * size + b"\r\n"))
calendar("parameters", 2000)(lambda size: event(1, b"X-A" + b";P=v" * size + b":x\r\n"))
calendar("categories of one line", 2000, memory=64)(lambda size: event(1, b"CATEGORIES:" + b",".join(b"c%d" % n for n in range(size)) + b"\r\n"))
calendar("quotes of a parameter", 5000)(lambda size: event(1, b"X-A;P=" + b'"' * size + b":x\r\n"))
calendar("folds", 5000)(lambda size: event(1, b"X-A:x\r\n" + b" x\r\n" * size))
calendar("a line", 50000)(lambda size: event(1, b"X-A:" + b"x" * size + b"\r\n"))
calendar("a text", 50000, SHOW, memory=160)(lambda size: event(1, b"DESCRIPTION:" + b"\\n" * size + b"\r\n"))
calendar("alarms", 500)(lambda size: event(1, b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" * size))
calendar("alarms for Gmail", 500, GMAIL)(
    lambda size: event(1, b"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n" * size)
)
calendar("components in components", 1000)(lambda size: event(1, b"BEGIN:X-A\r\n" * size + b"END:X-A\r\n" * size))
calendar("components that do not end", 1000)(lambda size: b"BEGIN:VEVENT\r\n" * size)
calendar("ends without beginnings", 1000)(lambda size: b"END:VEVENT\r\n" * size)
calendar("tasks", 500)(lambda size: (b"BEGIN:VTODO\r\nUID:%d\r\nSUMMARY:x\r\nEND:VTODO\r\n" % n for n in range(size)))
calendar("busy times", 2000)(lambda size: b"BEGIN:VFREEBUSY\r\nUID:1\r\n" + b"FREEBUSY:20240101T100000Z/PT1H\r\n" * size + b"END:VFREEBUSY\r\n")
calendar("a picture", 50000)(lambda size: event(1, b"ATTACH;ENCODING=BASE64;VALUE=BINARY:" + b"QUFB" * (size // 4) + b"\r\n"))


@grows(ICS, 200, file="in.ics")
def calendars_in_one_file(out, size):
    for number in range(size):
        out.write(OPEN + event(number) + CLOSE)


@grows(ICS + " --collect 50", 200, file="in.ics", memory=64)
def calendars_with_zones_in_one_file(out, size):
    for number in range(size):
        out.write(OPEN + zone(number) + event(number, start=b"DTSTART;TZID=Z%d:20240101T100000" % number) + CLOSE)


def cards(name: str, start: int, command: str = VCF, **how):
    def add(function):
        def generate(out, size):
            inside = function(size)
            for octets in [inside] if isinstance(inside, bytes) else inside:
                out.write(octets)

        grows(command, start, file="in.vcf", name=name, **how)(generate)
        return function

    return add


def card(number: int, more: bytes = b"", version: bytes = b"3.0") -> bytes:
    return b"BEGIN:VCARD\r\nVERSION:%b\r\nUID:%d\r\nFN:Person %d\r\nN:Person;%d;;;\r\n%bEND:VCARD\r\n" % (version, number, number, number, more)


def people(size: int):
    return (card(n) for n in range(size))


cards("cards", 500)(people)
cards("cards listed", 500, "list in.vcf --json")(people)
cards("cards, a file each", 500, VCF + " --collect item")(people)
cards("cards in version 4.0", 500, VCF + " --vcard 4.0")(people)
cards("cards in version 3.0", 500, VCF + " --vcard 3.0")(lambda size: (card(n, b"KIND:individual\r\n", b"4.0") for n in range(size)))
cards("cards for Gmail", 500, VCF_GMAIL)(people)
cards("cards in a store", 200, "convert in.vcf --to to.pst --as pst --progress none --fsync none", memory=64)(people)
cards("cards of one UID", 500, VCF + " --collect item")(lambda size: (card(1) for n in range(size)))
cards("cards, loose duplicates", 500, VCF + " --dedupe loose")(lambda size: (card(n % (size // 2)) for n in range(size)))
cards("cards without UID", 500, VCF + " --card-uids")(lambda size: (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:%d\r\nEND:VCARD\r\n" % n for n in range(size)))
LINES = [b"TEL:1", b"EMAIL;TYPE=HOME:a@b.example", b"item1.X-ABLabel:x", b"CATEGORIES:x", b"NOTE:x", b"ADR:;;x;;;;", b"X-A:x"]
for line in LINES:
    kind = line.split(b":")[0].split(b";")[0].decode()
    for version in ["3.0", "4.0"]:
        cards(f"{kind} lines in version {version}", 2000, f"{VCF} --vcard {version}", memory=CONVERTED)(lambda size, line=line: card(1, (line + b"\r\n") * size))
cards("groups of lines", 1000, VCF + " --vcard 4.0", memory=CONVERTED)(
    lambda size: card(1, b"".join(b"item%d.TEL:1\r\nitem%d.X-ABLabel:x\r\n" % (n, n) for n in range(size)))
)
cards("types", 2000, VCF + " --vcard 4.0", memory=CONVERTED)(lambda size: card(1, b"TEL" + b";TYPE=HOME" * size + b":1\r\n"))
cards("types of one parameter", 2000, VCF + " --vcard 4.0", memory=CONVERTED)(lambda size: card(1, b"TEL;TYPE=" + b",".join([b"HOME"] * size) + b":1\r\n"))
cards("categories of one card", 2000, VCF + " --card-groups categories", memory=64)(
    lambda size: card(1, b"CATEGORIES:" + b",".join(b"c%d" % n for n in range(size)) + b"\r\n")
)
cards("a photo", 50000, VCF + " --vcard 4.0")(lambda size: card(1, b"PHOTO;ENCODING=b;TYPE=JPEG:" + b"QUFB" * (size // 4) + b"\r\n"))
cards("a photo of version 2.1", 50000, VCF + " --vcard 3.0")(
    lambda size: card(1, b"PHOTO;ENCODING=BASE64;JPEG:\r\n" + b" QUFBQUFB\r\n" * (size // 8) + b"\r\n", b"2.1")
)
cards("quoted-printable of version 2.1", 2000, VCF + " --vcard 3.0")(
    lambda size: card(1, b"NOTE;ENCODING=QUOTED-PRINTABLE:" + b"=C3=A9=\r\n" * size + b"\r\n", b"2.1")
)
cards("escapes", 20000, "show in.vcf --json", memory=160)(lambda size: card(1, b"NOTE:" + b"\\," * size + b"\r\n"))
cards("cards in cards", 1000, VCF + " --vcard 3.0")(lambda size: b"BEGIN:VCARD\r\n" * size + b"END:VCARD\r\n" * size)
cards("members of a group", 1000, VCF + " --vcard 3.0")(
    lambda size: card(1, b"KIND:group\r\n" + b"".join(b"MEMBER:urn:uuid:%d\r\n" % n for n in range(size)), b"4.0")
)


def groups(size: int):
    yield from people(size)
    yield from (card(size + n, b"X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:%d\r\n" % n) for n in range(size))


cards("groups and people", 200, VCF + " --card-groups categories", memory=64)(groups)
cards("groups and people, as cards", 200, VCF + " --vcard 4.0 --card-groups cards", memory=64)(groups)

# Sizes at which a limit is promised.
calendar("zones and events, 30,000 of each", 30_000, seconds=20, memory=64)(in_zones)
