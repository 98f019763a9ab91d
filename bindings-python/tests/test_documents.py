"""Calendar objects and contacts as plain data, the text of HTML, and indexes that are saved."""

import copy
import dataclasses
import datetime
import os
import pathlib
import pickle
import zoneinfo

import pytest

import mailferry
from mailferry.documents import Attendee, CalendarEvent, ContactCard

ROOT = pathlib.Path(__file__).parents[2]
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
day, time = datetime.date, datetime.datetime

# A zone that no database has.
CUSTOM = (
    "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16011104T020000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\n"
    "TZOFFSETFROM:-0330\nTZOFFSETTO:-0430\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010311T020000\n"
    "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nTZOFFSETFROM:-0430\nTZOFFSETTO:-0330\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)


def calendar(lines, kind="VEVENT", zones=""):
    octets = f"BEGIN:VCALENDAR\nVERSION:2.0\n{zones}BEGIN:{kind}\n{lines}\nEND:{kind}\nEND:VCALENDAR\n".encode()
    return mailferry.open(octets, name="a.ics")[0]


def contact(lines):
    return mailferry.open(f"BEGIN:VCARD\n{lines}\nEND:VCARD\n".encode(), name="a.vcf")[0].card


TIMES = [
    ("DTSTART;TZID=Europe/Berlin:20240501T090000\nDURATION:PT90M", time(2024, 5, 1, 9, tzinfo=BERLIN), time(2024, 5, 1, 10, 30, tzinfo=BERLIN)),
    ("DTSTART;TZID=W. Europe Standard Time:20240101T090000\nDTEND:20240101T090000Z", time(2024, 1, 1, 9, tzinfo=BERLIN), time(2024, 1, 1, 9, tzinfo=UTC)),
    ("DTSTART:20240501T090000Z", time(2024, 5, 1, 9, tzinfo=UTC), time(2024, 5, 1, 9, tzinfo=UTC)),
    ("DTSTART:20240501T090000\nDTEND:20240501T100000", time(2024, 5, 1, 9), time(2024, 5, 1, 10)),
    ("DTSTART;VALUE=DATE:20240501", day(2024, 5, 1), day(2024, 5, 2)),
    ("DTSTART;VALUE=DATE:20240501\nDURATION:P1W", day(2024, 5, 1), day(2024, 5, 8)),
    # Hours across a change of clocks are as long as they are; a day is a day.
    ("DTSTART;TZID=Europe/Berlin:20240330T220000\nDURATION:PT12H", time(2024, 3, 30, 22, tzinfo=BERLIN), time(2024, 3, 31, 11, tzinfo=BERLIN)),
    ("DTSTART;TZID=Europe/Berlin:20240330T220000\nDURATION:P1D", time(2024, 3, 30, 22, tzinfo=BERLIN), time(2024, 3, 31, 22, tzinfo=BERLIN)),
    ("DTSTART;TZID=Nowhere:20240501T090000", time(2024, 5, 1, 9), time(2024, 5, 1, 9)),
    ("DTSTART:99990101T000000Z\nDURATION:P4000000D", time(9999, 1, 1, tzinfo=UTC), None),
    ("DTSTART:00000101", None, None),
    ("SUMMARY:none", None, None),
]


@pytest.mark.parametrize("lines, start, end", TIMES, ids=[case[0].replace("\n", " ") for case in TIMES])
def test_times_have_their_zone(lines, start, end):
    event = calendar(lines).event
    assert (event.start, event.end) == (start, end)
    zones = [getattr(at, "tzinfo", None) for at in (event.start, start)]
    assert str(zones[0]) == str(zones[1])
    assert event.all_day is (start is not None and not isinstance(start, time))


def test_a_zone_that_the_calendar_defines_gives_the_offset():
    for month, hours in [(1, -4.5), (7, -3.5)]:
        start = calendar(f"DTSTART;TZID=Customized Time Zone:20240{month}01T090000", zones=CUSTOM).event.start
        assert (start.utcoffset(), start.tzname()) == (datetime.timedelta(hours=hours), "Customized Time Zone")
    # What the calendar defines holds, whatever its name is taken for.
    wrong = CUSTOM.replace("Customized Time Zone", "Europe/Berlin")
    assert calendar("DTSTART;TZID=Europe/Berlin:20240701T090000", zones=wrong).event.start.utcoffset() == datetime.timedelta(hours=-3.5)


def test_zones_need_no_database_of_the_system(monkeypatch):
    class Bare(zoneinfo.ZoneInfo):
        def __new__(cls, key):
            raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", Bare)
    start = calendar("DTSTART;TZID=America/New_York:20240701T090000").event.start
    assert (start.utcoffset(), start.tzinfo.key) == (datetime.timedelta(hours=-4), "America/New_York")


def test_an_event_says_all_of_it():
    event = calendar(
        "UID:1\nSUMMARY:Tea\\, then\\nwork\nLOCATION:Café\nSTATUS:CONFIRMED\nCATEGORIES:a,b\nURL:https://example.org\n"
        "ORGANIZER;CN=Ann:mailto:ann@example.org\nATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;ROLE=CHAIR:MAILTO:bob@example.org\n"
        "DTSTART:20240501T090000Z\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20240508T090000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\n"
        "RECURRENCE-ID:20240515T090000Z\nDTSTART:20240515T100000Z\nSUMMARY:later"
    ).event
    assert (event.uid, event.summary, event.location, event.status) == ("1", "Tea, then\nwork", "Café", "confirmed")
    assert event.organizer.address == "ann@example.org" and event.categories == ("a", "b") and event.url == "https://example.org"
    assert event.attendees == (Attendee(name="Bob", address="bob@example.org", role="chair", status="accepted", kind=None),)
    assert event.recurrence == "RRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20240508T090000Z"
    (later,) = event.overrides
    assert (later.summary, later.recurrence_id.day, later.start.hour) == ("later", 15, 10)
    assert pickle.loads(pickle.dumps(event)) == event == copy.deepcopy(event)
    assert dataclasses.asdict(event)["attendees"][0]["name"] == "Bob"


def test_tasks_and_journals_are_told_too():
    task = calendar("DUE;VALUE=DATE:20240501\nSTATUS:NEEDS-ACTION", "VTODO").event
    assert (task.start, task.end, task.status) == (None, day(2024, 5, 1), "needs-action")
    assert calendar("DTSTART;VALUE=DATE:20240501", "VTODO").event.end is None
    assert calendar("DESCRIPTION:x", "VJOURNAL").event.description == "x"
    assert mailferry.open(b"From a\nSubject: one\n\n")[0].event is None is mailferry.open(b"From a\nSubject: one\n\n")[0].card


def test_a_contact_says_all_of_it():
    card = contact(
        "VERSION:3.0\nFN:Dr. Ann Doe\nN:Doe;Ann;;Dr.;\nNICKNAME:A,B\nEMAIL;TYPE=INTERNET,HOME,pref:ann@example.org\nTEL;TYPE=CELL:tel:+1-555\n"
        "ADR;TYPE=WORK:;;1 High Street;Ulm;;89073;DE\nORG:Example;Sales\nTITLE:Boss\nBDAY:1990-04-12\nNOTE:x\\, y\nCATEGORIES:c\nUID:7"
    )
    assert (card.name, card.family_name, card.given_name, card.prefix, card.suffix) == ("Dr. Ann Doe", "Doe", "Ann", "Dr.", None)
    (email,), (phone,), (address,) = card.emails, card.phones, card.addresses
    assert (str(email), email.labels, email.preferred, str(phone), phone.labels) == ("ann@example.org", ("home",), True, "+1-555", ("cell",))
    assert (address.street, address.city, address.postal_code, address.country, address.labels) == ("1 High Street", "Ulm", "89073", "DE", ("work",))
    assert (card.organization, card.units, card.title, card.birthday, card.note) == ("Example", ("Sales",), "Boss", day(1990, 4, 12), "x, y")
    assert (card.nicknames, card.categories, card.uid, card.is_group) == (("A", "B"), ("c",), "7", False)
    assert pickle.loads(pickle.dumps(card)) == card


@pytest.mark.parametrize("line, expected", [("BDAY:--0412", "--04-12"), ("BDAY:19900231", "1990-02-31"), ("BDAY;VALUE=text:circa 1800", "circa 1800"), ("NOTE:x", None)])
def test_birthdays_that_are_no_dates_are_text(line, expected):
    assert contact(f"VERSION:4.0\nFN:x\n{line}").birthday == expected


def test_every_calendar_and_card_of_the_fixtures_can_be_read():
    seen = {CalendarEvent: 0, ContactCard: 0}
    for path in sorted([*ROOT.glob("fixtures/ics/**/*"), *ROOT.glob("fixtures/vcf/**/*")]):
        if path.suffix in (".ics", ".vcs", ".vcf"):
            for item in mailferry.open(path, on_error="skip"):
                found = item.event or item.card
                if found is not None:
                    seen[type(found)] += 1
                    assert repr(found) and pickle.loads(pickle.dumps(item)).subject == item.subject
    assert min(seen.values()) > 20


HTML = b"From: a@example.org\nMIME-Version: 1.0\nContent-Type: %s; charset=utf-8\n\n%s"


@pytest.mark.parametrize(
    "octets, text, has_html",
    [
        (HTML % (b"text/html", b"<style>b{}</style><p>Caf&eacute;</p><ul><li>one<li>two</ul>"), "Café", True),
        (HTML % (b"text/plain", b"plain\n"), "plain\n", False),
        (HTML % (b"multipart/alternative; boundary=x", b"--x\nContent-Type: text/plain\n\nplain\n--x\nContent-Type: text/html\n\n<p>rich</p>\n--x--\n"), "plain", True),
        (HTML % (b"multipart/alternative; boundary=x", b"--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>rich</p>\n--x--\n"), "rich", True),
        (HTML % (b"application/pdf", b"x"), None, False),
    ],
)
def test_the_text_of_html_is_what_a_person_reads(octets, text, has_html):
    item = mailferry.open(octets, name="a.eml")[0]
    assert (item.text == text) if text is None or text.endswith("\n") else item.text.startswith(text)
    assert (item.html is not None) is has_html
    assert "<" not in (item.text or "")


# Indexes that are saved


def told(item):
    return (item.id, bytes(item), item.folder, item.role, item.labels, item.keywords, item.received, item.offset, item.length, item.size)


def files():
    found = [path for path in sorted(ROOT.glob("fixtures/**/*")) if path.suffix in (".mbox", ".mmdf", ".ics", ".vcs", ".vcf", ".eml", ".gz", ".zip", ".tar", ".tgz")]
    return [pytest.param(found[start::12], id=f"share {start + 1}") for start in range(12)]


@pytest.mark.parametrize("paths", files())
def test_what_an_index_finds_is_what_a_loop_finds(paths, tmp_path):
    assert len(paths) > 3
    for path in paths:
        compare(path, tmp_path)


def compare(path, tmp_path):
    met = [told(item) for item in mailferry.open(path, on_error="skip")]
    assert mailferry.open(path, on_error="skip").save_index(tmp_path / "index") == len(met)
    box = mailferry.open(path, on_error="skip", index=tmp_path / "index")
    assert len(box) == len(met), path
    # Backwards, so that nothing is come to by going on.
    assert [told(box[number]) for number in reversed(range(len(met)))] == met[::-1], path
    assert [told(box[one[0]]) for one in met] == met, path
    with pytest.raises(KeyError):
        box["9:9"]
    with pytest.raises(IndexError):
        box[len(met)]


def test_an_index_is_of_all_sources_and_of_a_store(takeout, tmp_path):
    mailferry.write(tmp_path / "a.pst", mailferry.open(takeout))
    sources = [takeout, tmp_path / "a.pst", takeout.read_bytes()]
    box = mailferry.open(sources)
    met, counts = [told(item) for item in box], [(folder.path, folder.items, folder.bytes) for top in box.folders for folder in top.walk()]
    assert mailferry.open(sources).save_index(tmp_path / "index") == 72
    box = mailferry.open(sources, index=tmp_path / "index")
    assert [told(item) for item in box[::-1]][::-1] == met == [told(item) for item in box]
    assert [(folder.path, folder.items, folder.bytes) for top in box.folders for folder in top.walk()] == counts


def test_an_index_of_something_else_is_refused(takeout, tmp_path):
    source, index = tmp_path / "a.mbox", tmp_path / "index"
    source.write_bytes(takeout.read_bytes())
    mailferry.open(source, folder="Inbox").save_index(index)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mbox", "index"]
    assert len(mailferry.open(source, folder="Inbox", index=index)) == len(list(mailferry.open(source, folder="Inbox")))
    with pytest.raises(mailferry.OptionsError, match="folder.*Inbox"):
        mailferry.open(source, index=index)
    with pytest.raises(mailferry.OptionsError, match=r"\(1 instead of 2\)"):
        mailferry.open([source, source], folder="Inbox", index=index)
    with pytest.raises(FileNotFoundError):
        mailferry.open(source, index=tmp_path / "none")
    whole = index.read_bytes()
    for octets in (b"", b"{}\n", whole[:-5], whole[: whole.rindex(b"\n", 0, -1) + 1], whole + b"9 9 9 9 9 999\n", whole.replace(b"mailferry index 1", b"mailferry index 9")):
        index.write_bytes(octets)
        with pytest.raises(mailferry.MalformedError, match="save_index"):
            mailferry.open(source, folder="Inbox", index=index)
    index.write_bytes(whole)
    source.write_bytes(source.read_bytes().replace(b"Subject", b"Object_", 1))
    with pytest.raises(mailferry.OptionsError, match="a.mbox: changed since"):
        mailferry.open(source, folder="Inbox", index=index)
    with pytest.raises(mailferry.UnsupportedError, match="only files"):
        mailferry.open(tmp_path).save_index(tmp_path / "other")


def test_an_index_replaces_nothing_but_an_index(takeout, tmp_path):
    source, link, other, index = (tmp_path / name for name in ("a.mbox", "link", "other", "index"))
    source.write_bytes(takeout.read_bytes())
    link.symlink_to(source)
    other.write_bytes(b"of somebody else")
    box = mailferry.open(source)
    for path in (source, link, other, tmp_path):
        with pytest.raises(mailferry.OptionsError, match="choose another name"):
            box.save_index(path)
    assert source.read_bytes() == takeout.read_bytes() and other.read_bytes() == b"of somebody else"
    assert box.save_index(index) == box.save_index(index) == 24
    assert os.name == "nt" or index.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileNotFoundError):
        box.save_index(tmp_path / "none" / "index")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mbox", "index", "link", "other"]


def test_random_access_by_an_index_is_quick(big, tmp_path):
    import time as clock

    mailferry.open(big).save_index(tmp_path / "index")
    begun = clock.process_time()
    box = mailferry.open(big, index=tmp_path / "index")
    assert [box[number].subject for number in range(23_990, 0, -240)] == [str(number) for number in range(23_990, 0, -240)]
    assert clock.process_time() - begun < 3
