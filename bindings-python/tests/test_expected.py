"""What people expect who have used other packages for mail: sources of all kinds, containers, tokens, bars, writing."""

import asyncio
import collections.abc
import copy
import datetime
import email
import email.message
import email.policy
import gc
import io
import logging
import os
import pathlib
import pickle
import subprocess
import sys
import threading
import time
import weakref
import zipfile

import pytest

import mailferry

MBOX = b"From a@x Mon Jan  1 10:00:00 2024\nFrom: a@example.org\nSubject: one\n\ntext\n\nFrom b@x Mon Jan  1 11:00:00 2024\nSubject: two\n\ntext\n"


def subjects(source, **options):
    return [item.subject for item in mailferry.open(source, **options)]


def message(subject="made"):
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@example.org", "tom@example.org", subject
    made.set_content("Grüße\n")
    return made


class Pipe(io.RawIOBase):
    """Gives octets once, a few at a time."""

    def __init__(self, octets):
        self.octets = octets

    def readable(self):
        return True

    def read(self, size=-1):
        taken, self.octets = self.octets[: min(size, 100)], self.octets[min(size, 100) :]
        return taken


# Sources


def test_what_cannot_be_read_by_position_is_spooled(takeout):
    assert subjects(Pipe(MBOX)) == ["one", "two"]
    assert len(subjects(Pipe(takeout.read_bytes()), name="takeout.mbox")) == 24
    with subprocess.Popen(["cat", str(takeout)], stdout=subprocess.PIPE) as process:
        assert len(subjects(process.stdout, name="takeout.mbox")) == 24


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_read_once(tmp_path, takeout):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(takeout.read_bytes()))
    writer.start()
    report = mailferry.convert(pipe, tmp_path / "out.zip", name="takeout.mbox")
    writer.join()
    assert report.totals["migrated"] == 24


@pytest.mark.parametrize("given", [memoryview(MBOX), bytearray(MBOX), memoryview(bytearray(MBOX))], ids=["view", "array", "view of array"])
def test_octets_of_other_types(given):
    assert subjects(given) == ["one", "two"]


def test_members_of_archives(tmp_path, takeout):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(takeout, "mail/takeout.mbox")
    with zipfile.ZipFile(path) as archive:
        assert len(subjects(zipfile.Path(archive, "mail/takeout.mbox"))) == 24
        with archive.open("mail/takeout.mbox") as member:
            assert len(subjects(member)) == 24


def test_files_and_addresses_of_fsspec(takeout):
    fsspec = pytest.importorskip("fsspec")
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe("/mail/takeout.mbox", takeout.read_bytes())
    assert len(subjects(fsspec.open("memory://mail/takeout.mbox"))) == 24
    assert len(subjects("memory://mail/takeout.mbox")) == 24
    with filesystem.open("/mail/takeout.mbox") as file:
        assert len(subjects(file)) == 24


def test_an_address_without_fsspec_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(OSError, match="pip install fsspec"):
        mailferry.open("s3://bucket/x.mbox")


def test_items_and_messages_are_sources(takeout):
    items = list(mailferry.open(takeout, folder="Inbox"))
    assert subjects(items) == [item.subject for item in items]
    assert subjects(items[0]) == [items[0].subject]
    assert subjects(message("alone")) == ["alone"]
    assert subjects([message("one"), message("two"), MBOX, takeout])[:4] == ["one", "two", "one", "two"]
    assert subjects(iter([MBOX, message("three"), io.BytesIO(MBOX)])) == ["one", "two", "three", "one", "two"]
    assert subjects(mailferry.open(MBOX)) == ["one", "two"]
    assert subjects(collections.deque([MBOX, MBOX])) == ["one", "two"] * 2


def test_an_iterator_is_read_once():
    box = mailferry.open(iter([MBOX]))
    assert len(list(box)) == 2
    with pytest.raises(ValueError, match="read once only: give a list"):
        list(box)
    with pytest.raises(ValueError, match="read once only"):
        subjects(iter([MBOX]), dedupe="exact")
    assert subjects([message(), message()], dedupe="exact") == ["made"]


def test_what_an_iterator_raises_is_passed_on(tmp_path):
    def items():
        yield message()
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        subjects(items())
    with pytest.raises(LookupError, match="gone"):
        mailferry.write(tmp_path / "out.zip", items())


# Containers


def test_a_loop_begins_anew_at_the_end(takeout):
    box = mailferry.open(takeout)
    assert len(list(box)) == len(list(box)) == sum(1 for _ in box) == 24
    box.close()
    with pytest.raises(ValueError, match="closed"):
        list(box)


def test_a_mailbox_has_a_length_and_items_by_number_slice_and_id(takeout):
    box, items = mailferry.open(takeout), list(mailferry.open(takeout))
    assert len(box) == 24 and bool(box)
    for index in (0, 5, 3, 23, -1, -24):
        assert box[index].id == items[index].id
    for part in (slice(3), slice(2, 5), slice(None, None, 7), slice(-3, None), slice(None, None, -1), slice(9, 2, -3), slice(30, 40)):
        assert [item.id for item in box[part]] == [item.id for item in items[part]]
    assert box["1:7"].subject == items[6].subject and box[items[2].id].subject == items[2].subject
    for wrong, error in ((24, IndexError), (-25, IndexError), ("1:99", KeyError), ("x", KeyError), (None, TypeError)):
        with pytest.raises(error):
            box[wrong]
    # A loop is not disturbed by it.
    first = next(box)
    assert box[4].id == items[4].id and next(box).id == items[1].id and first.id == items[0].id


def test_folders_are_a_tree_with_counts(takeout):
    box = mailferry.open(takeout)
    folders = [folder for top in box.folders for folder in top.walk()]
    counted = collections.Counter(item.folder for item in mailferry.open(takeout))
    assert {folder.path: folder.items for folder in folders if folder.items} == dict(counted)
    assert sum(folder.total for folder in box.folders) == 24
    inbox = next(folder for folder in folders if folder.path == "Inbox")
    assert (inbox.name, inbox.names, inbox.role) == ("Inbox", ("Inbox",), "inbox") and inbox.bytes > 0
    assert "<td>Inbox</td>" in inbox._repr_html_()


def test_a_mailbox_is_filtered(takeout):
    box = mailferry.open(takeout, kind="mail")
    assert len(list(box.filter(folder="Inbox"))) == 9
    assert len(list(box.filter(folder="Inbox").filter(after="2024-02-20"))) <= 9
    with pytest.raises(TypeError, match="unknown option"):
        box.filter(colour="red")


def test_a_notebook_shows_an_item(takeout):
    octets = b"From a\nFrom: =?utf-8?q?=3Cscript=3E?= <a@example.org>\nTo: b@example.org\nSubject: <b>one</b>\n\ntext\n"
    shown = mailferry.open(octets, name="Inbox.mbox")[0]._repr_html_()
    assert "<script>" not in shown and "<b>" not in shown and "<td>b@example.org</td>" in shown and "<td>Inbox</td>" in shown
    assert all("<table>" in item._repr_html_() for item in mailferry.open(takeout))
    event = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20240501T090000Z\nSUMMARY:Tea\nEND:VEVENT\nEND:VCALENDAR\n"
    assert "2024-05-01" in mailferry.open(event, name="a.ics")[0]._repr_html_()


def test_headers_are_a_mapping(takeout):
    headers = next(mailferry.open(takeout)).headers
    assert isinstance(headers, collections.abc.Mapping) and isinstance(headers, mailferry.Headers)
    assert headers["subject"] == headers["SUBJECT"] == dict(headers)["Subject"] and "date" in headers and "nope" not in headers
    assert [name for name, _ in headers.items()] == list(headers) and headers[0] == headers.items()[0] and len(headers[:2]) == 2
    assert headers.get("nope") is None and headers.get("nope", "x") == "x" and headers.get_all("nope") == []
    with pytest.raises(KeyError):
        headers["nope"]
    assert pickle.loads(pickle.dumps(headers)) == headers == copy.copy(headers)


def test_attachments_are_saved_and_streamed(takeout, tmp_path):
    box = mailferry.open(takeout)
    attachments = [attachment for item in box for attachment in item.attachments]
    for attachment in attachments:
        assert attachment.size == len(bytes(attachment))
        with attachment.open() as file:
            assert file.read(3) + file.read() == bytes(attachment)
    saved = box.save_attachments(tmp_path)
    assert len(saved) == len(attachments) and all(path.parent == tmp_path for path in saved)
    assert sorted(path.read_bytes() for path in saved) == sorted(map(bytes, attachments))
    assert len(box.save_attachments(tmp_path, "*.PDF")) == sum((a.name or "").lower().endswith(".pdf") for a in attachments)
    path = attachments[0].save(tmp_path / "one.bin")
    assert path == tmp_path / "one.bin"
    with pytest.raises(FileExistsError):
        attachments[0].save(path)
    attachments[1].save(path, overwrite=True)
    assert path.read_bytes() == bytes(attachments[1])


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/passwd", "CON", ".hidden", "a:b.txt", "x\x00y", ".."])
def test_an_attachment_is_saved_inside_its_folder(name, tmp_path):
    made = message()
    made.add_attachment(b"octets", maintype="application", subtype="x", filename="plain.bin")
    octets = made.as_bytes().replace(b'"plain.bin"', b'"' + name.encode() + b'"')
    (attachment,) = next(mailferry.open(octets, name="x.eml")).attachments
    folder = tmp_path / "folder"
    folder.mkdir()
    saved = attachment.save(folder)
    assert saved.parent == folder and [path.name for path in folder.iterdir()] == [saved.name] and len(list(tmp_path.iterdir())) == 1


def test_items_are_weakly_referenced():
    item = next(mailferry.open(MBOX))
    reference = weakref.ref(item)
    assert reference() is item
    del item
    gc.collect()
    assert reference() is None
    assert len(weakref.WeakSet([mailferry.open(MBOX)])) <= 1


# Errors and options


def test_errors_are_typed_and_have_their_paths(tmp_path, takeout):
    box = mailferry.open([takeout, tmp_path / "none.mbox", b"\0\1\2 nothing at all"], on_error="skip")
    assert len(list(box)) == 24
    missing, unknown = box.errors
    assert isinstance(missing, FileNotFoundError) and missing.filename == str(tmp_path / "none.mbox") and missing.errno == 2
    assert isinstance(unknown, mailferry.UnknownFormatError) and unknown.path == "mailbox"


@pytest.mark.parametrize(
    "options, told",
    [
        ({"after": "2024-02-01", "before": "2024-01-01"}, "nothing is received"),
        ({"after": datetime.date(2024, 2, 1), "before": datetime.date(2024, 2, 1)}, "nothing is received"),
        ({"larger": "1M", "smaller": "1K"}, "nothing is larger"),
    ],
)
def test_a_selection_of_nothing_is_refused(options, told, tmp_path):
    with pytest.raises(mailferry.OptionsError, match=told):
        mailferry.open(MBOX, **options)
    with pytest.raises(mailferry.OptionsError, match=told):
        mailferry.convert(MBOX, tmp_path / "out.zip", **options)


def test_folders_to_map_are_pairs(tmp_path):
    for wrong in (["Sent"], [["Sent"]], "Sent"):
        with pytest.raises(mailferry.OptionsError, match="map_folder: a list of pairs"):
            mailferry.convert(MBOX, tmp_path / "out.zip", map_folder=wrong)


def test_failed_mailboxes_of_a_project_are_told(tmp_path, takeout):
    mailboxes = [
        {"source": takeout, "to": tmp_path / "a.zip"},
        {"source": tmp_path / "none.mbox", "to": tmp_path / "b.zip"},
    ]
    report = mailferry.run_project(mailboxes)
    (failed,) = report.failed
    assert failed["destination"] == str(tmp_path / "b.zip") and failed["state"] == "failed" and "b.zip" in repr(report)
    with pytest.raises(mailferry.ProjectError, match="1 of 2 mailboxes are not complete: .*b.zip") as caught:
        report.raise_for_failures()
    assert caught.value.report == report and caught.value.kind == "project"
    assert report.reports[str(tmp_path / "a.zip")].totals["migrated"] == 24
    mailferry.run_project(mailboxes[:1]).raise_for_failures()


# Progress


def test_progress_of_rich(takeout, tmp_path):
    progress = pytest.importorskip("rich.progress")
    console = pytest.importorskip("rich.console").Console(file=io.StringIO())
    bars = progress.Progress(console=console)
    mailferry.convert(takeout, tmp_path / "a.zip", progress=bars)
    (task,) = bars.tasks
    assert task.completed == task.total == takeout.stat().st_size and not bars.live.is_started
    with progress.Progress(console=console) as bars:
        mailferry.convert(takeout, tmp_path / "b.zip", progress=bars)
        assert bars.live.is_started


@pytest.mark.parametrize("given", [True, False, None, print])
def test_progress_everywhere(given, takeout, tmp_path, capsys):
    to = tmp_path / "a.zip"
    mailferry.convert(takeout, to, progress=given)
    mailferry.inspect(takeout, progress=given)
    mailferry.plan(takeout, "zoho", progress=given)
    mailferry.verify(to, takeout, progress=given)
    mailferry.run_project([{"source": takeout, "to": tmp_path / "b.zip"}], progress=given)
    assert len(list(mailferry.open(takeout, progress=given))) == 24


def test_progress_of_tqdm(takeout, tmp_path):
    tqdm = pytest.importorskip("tqdm")
    size, told = takeout.stat().st_size, io.StringIO()
    with tqdm.tqdm(file=told) as bar:
        mailferry.plan(takeout, "zoho", progress=bar)
        assert bar.n == bar.total == size
    with tqdm.tqdm(file=told) as bar:
        assert len(list(mailferry.open(takeout, progress=bar))) == 24 and bar.n == size


# Cancelling


@pytest.mark.parametrize("make", [mailferry.CancelToken, threading.Event])
def test_a_token_ends_every_call(make, big, takeout, tmp_path):
    token = make()
    token.cancel() if isinstance(token, mailferry.CancelToken) else token.set()
    to = tmp_path / "a.zip"
    mailferry.convert(takeout, to)
    calls = [
        lambda: list(mailferry.open(big, cancel=token)),
        lambda: mailferry.plan(big, "zoho", cancel=token),
        lambda: mailferry.inspect(big, cancel=token),
        lambda: mailferry.verify(to, big, cancel=token),
    ]
    calls += [
        lambda: mailferry.convert(big, tmp_path / "b.zip", cancel=token),
        lambda: mailferry.run_project([{"source": big, "to": tmp_path / "b.zip"}], cancel=token),
    ]
    for call in calls:
        with pytest.raises(mailferry.CancelledError):
            call()
    assert not (tmp_path / "b.zip").exists()


def test_a_token_ends_a_project(big, tmp_path):
    token = threading.Event()
    threading.Timer(0.3, token.set).start()
    mailboxes = [{"source": [str(big)] * 50, "to": tmp_path / f"{number}.zip"} for number in range(3)]
    began = time.monotonic()
    assert mailferry.run_project(mailboxes, cancel=token).cancelled and time.monotonic() - began < 3


def test_a_token_ends_a_conversion_from_another_thread(big, tmp_path):
    token = mailferry.CancelToken()
    threading.Timer(0.3, token.cancel).start()
    began = time.monotonic()
    report = mailferry.convert([big] * 50, tmp_path / "a.zip", cancel=token)
    assert report.cancelled and report.outcome["state"] == "incomplete" and time.monotonic() - began < 3
    assert mailferry.verify(tmp_path / "a.zip").differences == 0


def test_a_task_that_is_cancelled_ends_its_thread(big, tmp_path):
    async def convert():
        token = mailferry.CancelToken()
        task = asyncio.create_task(asyncio.to_thread(mailferry.convert, [big] * 50, tmp_path / "a.zip", cancel=token))
        await asyncio.sleep(0.3)
        token.cancel()
        return await task

    began = time.monotonic()
    assert asyncio.run(convert()).cancelled
    assert time.monotonic() - began < 3


def test_iteration_ends_by_a_token(big):
    token = mailferry.CancelToken()
    with pytest.raises(mailferry.CancelledError), mailferry.open(big, cancel=token) as box:
        for number, _ in enumerate(box):
            if number == 10:
                token.cancel()
    assert number == 10 and token.cancelled


# Logging


def test_logging(caplog, takeout, tmp_path):
    with caplog.at_level(logging.INFO, logger="mailferry"):
        mailferry.convert([takeout, tmp_path / "none.mbox"], tmp_path / "a.zip")
        mailferry.verify(tmp_path / "a.zip")
        list(mailferry.open([takeout, tmp_path / "none.mbox"], on_error="skip"))
    assert {record.name for record in caplog.records} == {"mailferry"}
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("none.mbox" in text for text in warned) and any("incomplete" in text for text in warned)
    assert any("0 differences" in record.getMessage() for record in caplog.records)


# Writing


@pytest.mark.parametrize("to, options", [("out.zip", {}), ("out", {"as_": "maildir"}), ("box", {"as_": "mbox"}), ("out.pst", {}), ("bag", {"as_": "bundle"})])
def test_items_are_written_in_any_form(to, options, takeout, tmp_path):
    def items():
        for item in mailferry.open(takeout, folder="Inbox"):
            yield item.replace(folder="Chosen/Mail", labels=[*item.labels, "moved"])
        yield message("by email")
        yield b"From: a@example.org\r\nSubject: octets\r\n\r\ntext\r\n"
        yield {"content": message("a dict"), "folder": ["Own", "Folder"], "keywords": ["$seen"], "received": datetime.datetime(2020, 1, 2)}

    report = mailferry.write(tmp_path / to, items(), name="New", **options)
    assert report.totals["migrated"] == 12 and report.outcome["state"] == "complete"
    assert {"Chosen/Mail", "New", "Own/Folder"} <= set(report.folders)
    assert mailferry.verify(tmp_path / to).differences == 0
    again = list(mailferry.open(tmp_path / to))
    assert {"by email", "octets", "a dict"} <= {item.subject for item in again} and len(again) == 12


def test_what_is_no_item_is_refused(tmp_path):
    for wrong, told in ((3, "a source is a path"), ({"folder": "x"}, 'if it has "content"'), ({"content": 3}, "octets, an EmailMessage or an Item"), ({"content": MBOX, "colour": 1}, "an item has no colour")):
        with pytest.raises((TypeError, ValueError), match=told):
            mailferry.write(tmp_path / "out.zip", [wrong])


def test_a_transform_may_move_and_rewrite(takeout, tmp_path):
    def transform(item):
        made = item.to_email()
        made["X-Seen-By"] = "test"
        return item.replace(content=made, folder="Moved", labels=["one"])

    report = mailferry.convert(takeout, tmp_path / "out.zip", transform=transform)
    assert report.totals["migrated"] == 24
    for item in mailferry.open(tmp_path / "out.zip"):
        assert item.header("X-Seen-By") == "test"
    # The item log, by which an archive of ours is read back, has the folder of the source too.
    assert all(name.startswith("Moved/") for name in zipfile.ZipFile(tmp_path / "out.zip").namelist())
    report = mailferry.convert(takeout, tmp_path / "b.zip", transform=lambda item: message("instead"))
    assert report.totals["migrated"] == 24
