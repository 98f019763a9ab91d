"""What a mailbox gives, and in what form."""

import bz2
import collections.abc
import datetime
import email.message
import gzip
import io
import mailbox
import pathlib
import pickle
import threading
import uuid

import pytest

import mailferry

MBOX = (
    b"From ann@example.org Mon Jan  1 10:00:00 2024\n"
    b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>\nTo: Bob <bob@example.org>, Team: c@example.org, d@example.org;\n"
    b"Date: Mon, 1 Jan 2024 11:00:00 +0530\nMessage-ID: <1@example.org>\nIn-Reply-To: <0@example.org>\n"
    b"Subject: =?utf-8?q?caf=C3=A9?=\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe\n"
    b"--b\nContent-Type: text/html\n\n<p>Hi</p>\n"
    b"--b\nContent-Type: image/png; name=x.png\nContent-ID: <i@x>\nContent-Disposition: inline\n"
    b"Content-Transfer-Encoding: base64\n\nAAEC\n--b--\n"
    b"\nFrom b Mon Jan  1 10:00:01 2024\nSubject: two\n\nbody\n"
)


def one() -> mailferry.Item:
    return next(mailferry.open(MBOX))


def test_an_item_is_read_as_far_as_it_is_asked_for():
    item = one()
    assert (item.id, item.kind, item.subject, item.ordinal) == ("1:1", "mail", "café", 1)
    assert item.sender == mailferry.Address("Ann Müller", "ann@example.org")
    assert [address.address for address in item.to] == ["bob@example.org", "c@example.org", "d@example.org"]
    assert item.received == datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.timezone.utc)
    assert item.date == datetime.datetime(2024, 1, 1, 5, 30, tzinfo=datetime.timezone.utc)
    assert item.date.utcoffset() == datetime.timedelta(hours=5, minutes=30)
    assert (item.text, item.html) == ("Grüße\n", "<p>Hi</p>\n") or (item.text, item.html) == ("Grüße", "<p>Hi</p>")
    (attachment,) = item.attachments
    assert (attachment.name, attachment.media_type, attachment.content_id) == ("x.png", "image/png", "i@x")
    assert (bytes(attachment), attachment.disposition) == (b"\0\1\2", "inline")
    assert (item.message_id, item.in_reply_to) == ("1@example.org", ["0@example.org"])
    assert item.header("subject") == "café" and b"=?utf-8?" in item.raw_header("SUBJECT")
    assert item.header("none") is None
    assert item.headers[0][0] == "From"


def test_octets_are_those_of_the_source():
    start, end = MBOX.index(b"From: "), MBOX.index(b"\nFrom b ")
    assert bytes(one()) == MBOX[start:end]


def test_the_standard_library_gets_its_own_message():
    message = one().to_email()
    assert isinstance(message, email.message.EmailMessage)
    assert message["subject"] == "café"


@pytest.mark.parametrize("give", [
    lambda path: path,
    str,
    lambda path: path.read_bytes(),
    lambda path: bytearray(path.read_bytes()),
    lambda path: io.BytesIO(path.read_bytes()),
    lambda path: open(path, "rb"),
    lambda path: open(path, "rb", buffering=0),
    lambda path: [path],
], ids=["path", "str", "bytes", "bytearray", "BytesIO", "file", "raw file", "list"])
def test_all_sources_give_the_same(takeout, give):
    wanted = [bytes(item) for item in mailferry.open(takeout)]
    source = give(takeout)
    found = [bytes(item) for item in mailferry.open(source)]
    if hasattr(source, "close"):
        source.close()
    assert len(wanted) == 24 and found == wanted


@pytest.mark.parametrize("module", [gzip, bz2])
def test_a_compressed_file_object_is_read_through_its_read(takeout, tmp_path, module):
    path = tmp_path / "x.packed"
    with module.open(path, "wb") as file:
        file.write(takeout.read_bytes())
    with module.open(path, "rb") as file:
        assert sum(1 for _ in mailferry.open(file)) == 24


def test_messages_are_those_that_the_standard_library_finds(takeout):
    ours = [bytes(item).rstrip(b"\n") for item in mailferry.open(takeout, mbox_quoting="raw")]
    theirs = mailbox.mbox(takeout)
    assert len(ours) == len(theirs)
    assert [octets.rstrip(b"\n") for octets in map(theirs.get_bytes, theirs.keys())] == ours


class Broken(io.BytesIO):
    """Reads well up to an offset."""

    def __init__(self, octets, to):
        super().__init__(octets)
        self.to = to

    def read(self, size=-1):
        if self.tell() + size > self.to:
            raise KeyError("mine")
        return super().read(size)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_what_read_raises_comes_out_as_it_is(takeout, pack):
    octets = pack(takeout.read_bytes())
    with pytest.raises(KeyError, match="mine"):
        for item in mailferry.open(Broken(octets, len(octets) // 2), on_error="skip"):
            bytes(item)


@pytest.mark.parametrize("wrong, error", [(io.StringIO("From a\n\n"), TypeError), (3, TypeError), (None, TypeError)])
def test_what_is_no_source_is_refused(wrong, error):
    with pytest.raises(error):
        list(mailferry.open(wrong))


def test_a_closed_file_object_says_so(takeout):
    file = open(takeout, "rb")
    file.close()
    with pytest.raises(ValueError, match="closed"):
        mailferry.open(file)


def test_errors_of_the_operating_system_are_its_own(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        mailferry.open(tmp_path / "none.mbox")
    assert caught.value.errno == 2 and caught.value.filename == str(tmp_path / "none.mbox")


def test_a_panic_is_an_exception_like_others():
    from mailferry import _native

    # Builds for tests have it, published ones do not.
    with pytest.raises(mailferry.InternalError, match="mailferry itself failed: on purpose") as caught:
        getattr(_native, "_panic")()
    assert isinstance(caught.value, Exception) and caught.value.kind == "internal"
    with mailferry.open(MBOX) as box:
        assert next(box) is not None


def test_other_errors_are_of_a_class_for_each_kind(tmp_path):
    with pytest.raises(mailferry.UnknownFormatError) as caught:
        mailferry.open(b"\0\1\2 nothing at all")
    error = caught.value
    assert isinstance(error, mailferry.Error) and error.kind == "unknown_format" and error.fatal
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.kind) == (type(error), str(error), error.kind)
    with pytest.raises(ValueError):
        mailferry.open(MBOX, dedupe="sometimes")
    with pytest.raises(TypeError, match="unknown option afer"):
        mailferry.open(MBOX, afer="2024")
    with pytest.raises(mailferry.Error):
        mailferry.open(tmp_path)


def test_what_cannot_be_opened_is_raised_in_its_place_or_skipped(tmp_path, takeout):
    sources = [takeout, tmp_path / "none.mbox", takeout]
    with mailferry.open(sources, on_error="skip") as box:
        assert sum(1 for _ in box) == 48
        (error,) = box.errors
        assert "none.mbox" in str(error)
    box, items, raised = mailferry.open(sources), 0, 0
    while True:
        try:
            next(box)
            items += 1
        except FileNotFoundError:
            raised += 1
        except StopIteration:
            break
    assert (items, raised) == (48, 1)


def test_options_are_those_of_the_command(takeout):
    def subjects(**options):
        return [item.subject for item in mailferry.open(takeout, **options)]

    assert len(subjects(after="2024-02-20")) == 5
    assert len(subjects(after=datetime.date(2024, 2, 20), before=datetime.datetime(2024, 2, 22))) == 2
    assert subjects(folder="Clients*") == ["Invoice 17"]
    assert len(subjects(skip_trash=True, skip_junk=True)) == 22
    assert len(subjects(sample=3)) == 3
    assert set(subjects(sender=["tom@harbour"])) < set(subjects(sender=["tom@harbour", "claire"]))
    assert subjects(larger="100K") == ["Plans, second draft", "Photos de l'été"]
    assert subjects(kind="contact") == []


def test_threads_share_a_mailbox(takeout):
    box = mailferry.open([takeout] * 20)
    taken = [[] for _ in range(4)]

    # A loop over the mailbox would begin anew in a thread that comes when the others are through.
    def take(into):
        for item in iter(lambda: next(box, None), None):
            into.append((item.id, item.subject, len(item.attachments)))

    threads = [threading.Thread(target=take, args=(into,)) for into in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = sorted(sum(taken, []))
    assert everything == sorted((item.id, item.subject, len(item.attachments)) for item in mailferry.open([takeout] * 20))
    assert len(set(everything)) == 480


def test_threads_share_a_mailbox_over_a_file_object(takeout):
    box = mailferry.open(io.BytesIO(takeout.read_bytes() * 10))
    counts = []

    def take():
        counts.append(sum(len(bytes(item)) > 0 for item in iter(lambda: next(box, None), None)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sum(counts) == 240


@pytest.mark.parametrize("pattern", ["mbox/takeout.mbox", "ics/crlf/*.ics", "vcf/crlf/*.vcf"])
def test_items_travel(root, pattern):
    paths = sorted(root.glob(f"fixtures/{pattern}"))
    assert paths
    told = ["id", "kind", "folder", "role", "labels", "keywords", "received", "subject", "uid", "start", "size"]
    for item in mailferry.open(paths, on_error="skip"):
        again = pickle.loads(pickle.dumps(item))
        for attribute in told:
            if attribute == "size" and item.kind != "mail":
                continue
            assert getattr(again, attribute) == getattr(item, attribute), attribute
        assert bytes(again) == bytes(item)
        for ours, theirs in zip(item.attachments, pickle.loads(pickle.dumps(item.attachments)), strict=True):
            assert bytes(ours) == bytes(theirs)


def test_mailboxes_travel_by_their_path(takeout):
    box = mailferry.open(takeout, kind="mail", after="2024-02-20")
    next(box)
    assert len(list(pickle.loads(pickle.dumps(box)))) == 5
    assert pickle.loads(pickle.dumps(mailferry.open(MBOX).index())).column_names == box.index().column_names


def test_a_closed_mailbox_is_closed(takeout):
    with mailferry.open(takeout) as box:
        item = next(box)
    with pytest.raises(ValueError, match="closed"):
        next(box)
    assert len(bytes(item)) == item.size


def test_bad_mail_is_told_and_never_raised():
    bad = (
        b"From a\nMessage-ID: <[bad]@x@y>\nDate: yesterday\nFrom: @@,<>\nTo: =?nope?b?####?= <a@b\n"
        b"Content-Type: text/plain; charset=nope-1\nContent-Transfer-Encoding: base99\n\nGr\xfc\xdfe \xff\n"
    )
    item = next(mailferry.open(bad))
    for name in dir(item):
        if not name.startswith("_") and name != "to_email":
            getattr(item, name)
    assert item.date is None and item.text is not None
    assert {"charset", "transfer_encoding"} <= {defect.kind for defect in item.defects}
    assert item.raw_header("Date").strip() == b"yesterday"


def test_a_mailbox_is_read_in_constant_memory(big):
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for item in mailferry.open(big) if item.subject) == 24_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_attachments_do_not_keep_their_items(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "files.mbox"
    with open(path, "wb") as file:
        for _ in range(400):
            file.write(b"From a\nSubject: x\nContent-Type: application/pdf; name=x.pdf\n\n" + b"%PDF data\n" * 30_000 + b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(len(bytes(attachment)) for item in mailferry.open(path) for attachment in item.attachments) > 100_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_the_import_is_quick(tmp_path):
    import subprocess
    import sys

    # Of the processor, so that what else runs does not count.
    script = "import time; t = time.process_time(); import mailferry; print(time.process_time() - t)"
    times = [float(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout) for _ in range(5)]
    assert min(times) < 0.03


def test_paths_may_hold_anything(takeout, tmp_path):
    path = tmp_path / "Boîte 📚.mbox"
    path.write_bytes(takeout.read_bytes())
    assert len(list(mailferry.open(pathlib.Path(path)))) == 24


SETS = {
    "appointment": "00062002-0000-0000-C000-000000000046",
    "public": "00020329-0000-0000-C000-000000000046",
}


@pytest.mark.parametrize("name", ["meeting.msg", "contact.msg", "task.msg", "note.msg", "list.msg", "template.oft", "attachments.msg"])
def test_message_objects_have_their_properties(root, name):
    (item,) = mailferry.open(root / "fixtures/msg" / name)
    mapi = item.mapi
    assert isinstance(mapi, mailferry.MapiProperties) and isinstance(mapi, collections.abc.Mapping)
    assert mapi["PidTagMessageClass"] == mapi["MessageClass"] == mapi[0x001A] == mapi[0x001A001F] and mapi[0x1A].startswith("IPM.")
    assert len(mapi) == len(list(mapi)) == len(mapi.keys()) == len(mapi.values()) == len(mapi.items()) > 3
    for key, value in mapi.items():
        assert key in mapi and mapi[key] == value == mapi.get(key)
    for key in [0x7FFE, "NoSuchName", (SETS["public"], "no such name"), ("no set", 1), 1.5, None, -1]:
        assert key not in mapi and mapi.get(key) is None and mapi.get(key, 7) == 7
        with pytest.raises(KeyError):
            mapi[key]


def test_values_of_properties_are_those_of_python(root):
    (item,) = mailferry.open(root / "fixtures/msg/meeting.msg")
    kinds = {type(value) for value in item.mapi.values()}
    assert {str, datetime.datetime, int} <= kinds, kinds
    named = [key for key in item.mapi if isinstance(key, tuple)]
    assert named and all(isinstance(space, uuid.UUID) and isinstance(name, (int, str)) for space, name in named)
    space, name = named[0]
    assert item.mapi[str(space), name] == item.mapi["{%s}" % str(space).upper(), name] == item.mapi[space, name]
    for value in item.mapi.values():
        assert not isinstance(value, datetime.datetime) or value.utcoffset() == datetime.timedelta(0)
    assert item.mapi.recipients == []
    rows = [row for item in mailferry.open(root / "fixtures/olm") if item.mapi for row in item.mapi.recipients]
    assert rows and all("PidTagDisplayName" in row and row.recipients == [] for row in rows)


def test_messages_of_a_store_have_their_properties(takeout, tmp_path):
    store = tmp_path / "a.pst"
    mailferry.convert(takeout, store, as_="pst", fsync="none")
    items = list(mailferry.open(store))
    assert len(items) == 24
    for item in items:
        mapi = item.mapi
        assert isinstance(mapi, mailferry.MapiProperties)
        assert mapi["PidTagMessageClass"] == mapi[0x001A] and mapi["MessageClass"].startswith(("IPM.", "REPORT."))
        assert mapi.get("PidTagInternetMessageId", "").strip("<>") == (item.message_id or "")
        assert isinstance(mapi["PidTagMessageFlags"], int)
        assert isinstance(mapi.get("PidTagCreationTime", datetime.datetime.now()), datetime.datetime)
        for key, value in mapi.items():
            assert key in mapi and mapi[key] == value
        for row in mapi.recipients:
            assert row["PidTagRecipientType"] in (1, 2, 3) and row["PidTagDisplayName"] and row.recipients == []
    assert any(item.mapi.recipients for item in items)
    assert any(isinstance(key, tuple) for item in items for key in item.mapi), "no property that has a name"


def test_only_message_objects_have_properties(root, takeout):
    assert next(mailferry.open(takeout)).mapi is None
    (item,) = mailferry.open(root / "fixtures/msg/note.msg")
    assert item.replace(folder="x").mapi["MessageClass"] == item.mapi["MessageClass"]
    assert pickle.loads(pickle.dumps(item)).mapi is None
    (mail,) = mailferry.open(root / "fixtures/msg/attachments.msg")
    assert mail.mapi is not None and mail.replace(content=b"Subject: x\n\n").mapi is None
    assert all(item.mapi is not None for item in mailferry.open(root / "fixtures/olm/other-items.olm"))
