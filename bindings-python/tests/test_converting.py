"""Conversions, what is told of them, and how they are stopped."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pytest

import mailferry


def entries(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_is_accounted_for(takeout, tmp_path):
    report = mailferry.convert(takeout, tmp_path / "out.zip")
    totals = report.totals
    assert totals["available"] == totals["migrated"] == 24 and totals["failed"] == totals["skipped"] == 0
    assert report.kinds["mail"]["migrated"] == 24 and report.years[2024]["migrated"] == 24
    assert report.folders["Trash"]["role"] == "trash" and not report.cancelled and report.error is None
    written = [name for name in entries(tmp_path / "out.zip") if name.endswith(".eml")]
    assert len(written) == 24
    assert json.loads((tmp_path / "out.zip.report.json").read_text())["totals"] == totals


def test_what_is_written_does_not_depend_on_the_source_or_the_threads(takeout, tmp_path):
    octets = takeout.read_bytes()
    sources = [takeout, octets, io.BytesIO(octets)]
    made = []
    for number, source in enumerate(sources):
        for jobs in (1, 3):
            path = tmp_path / f"{number}-{jobs}.zip"
            mailferry.convert(source, path, name="takeout.mbox", jobs=jobs)
            made.append(path.read_bytes())
    assert len(set(made)) == 1


def test_options_reach_the_core(takeout, tmp_path):
    report = mailferry.convert(takeout, tmp_path / "a", form="mbox", skip_trash=True, map_folder={"Sent": "Out"}, csv=True)
    assert report.totals["skipped"] == 1 and report.reasons == {"excluded_trash": 1}
    assert (tmp_path / "a.report.csv").exists()
    assert any("Out" in name for name in os.listdir(tmp_path / "a"))
    with pytest.raises(mailferry.OptionsError):
        mailferry.convert(takeout, tmp_path / "b", form="papyrus")
    with pytest.raises(TypeError, match="unknown option colour"):
        mailferry.convert(takeout, tmp_path / "b", colour="red")
    assert not (tmp_path / "b").exists()


def test_names_of_options_are_those_of_the_command_and_older_ones_do(takeout, tmp_path):
    page = tmp_path / "page.html"
    new = mailferry.convert(takeout, tmp_path / "a", as_="mbox", from_="ann", html=page, tnef="decode")
    old = mailferry.convert(takeout, tmp_path / "b", form="mbox", sender=["ann"], page=str(page), tnef="decode")
    assert new.totals == old.totals and new.totals["skipped"] > 0 and page.exists()
    options = json.loads((tmp_path / "a.report.json").read_bytes())["options"]
    assert options["archive"] == {"as": "mbox"} and options["read"] == {"tnef": "decode"} and options["scheme"] == 1
    with pytest.raises(mailferry.OptionsError, match="given twice"):
        mailferry.convert(takeout, tmp_path / "c", as_="mbox", form="eml")
    with pytest.raises(mailferry.OptionsError, match="tnef: .*keep, decode"):
        mailferry.convert(takeout, tmp_path / "c", tnef="burn")


def test_verify_reads_the_options_from_the_report(takeout, tmp_path, monkeypatch):
    addresses = {"/o=x/cn=ann": "ann@example.org"}
    options = {"eol": "crlf", "root_folder": "Old", "skip_trash": True, "address_map": addresses}
    mailferry.convert(takeout, tmp_path / "out", **options)
    monkeypatch.chdir("/")
    assert mailferry.verify(tmp_path / "out", takeout).differences == 0
    with pytest.raises(mailferry.OptionsError, match="--eol"):
        mailferry.verify(tmp_path / "out", takeout, **{**options, "eol": "lf"})
    with pytest.raises(mailferry.OptionsError, match="--mbox-quoting"):
        mailferry.convert(takeout, tmp_path / "out", **options, mbox_quoting="raw")
    assert mailferry.convert(takeout, tmp_path / "out", **options).totals["migrated"] == 0
    report = tmp_path / "out.report.json"
    old = json.loads(report.read_bytes())
    del old["options"]
    report.write_text(json.dumps(old))
    assert mailferry.verify(tmp_path / "out").differences == 0
    with pytest.raises(mailferry.OptionsError, match="does not contain"):
        mailferry.verify(tmp_path / "out", takeout)


def test_a_target_has_its_plan(takeout, tmp_path):
    assert mailferry.plan(takeout, "zoho").goes["items"] == 24
    assert mailferry.convert(takeout, tmp_path / "zoho.zip", target="zoho").totals["migrated"] == 24
    with pytest.raises(mailferry.OptionsError, match="nowhere"):
        mailferry.plan(takeout, "nowhere")


ANN = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nUID:ann\r\nEND:VCARD\r\n"
FRIENDS = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Friends\r\nN:Friends;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n" \
    b"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ann\r\nUID:friends\r\nEND:VCARD\r\n"


def test_groups_of_cards_are_told_as_is_asked_for(tmp_path):
    def book(source, **options):
        to = tmp_path / f"{len(os.listdir(tmp_path))}.zip"
        mailferry.convert(source, to, name="Friends.vcf", **options)
        assert mailferry.verify(to, source, name="Friends.vcf", **options).differences == 0
        [octets] = [octets for name, octets in entries(to).items() if name.endswith(".vcf")]
        return octets

    assert book(ANN + FRIENDS) == book(ANN + FRIENDS, card_groups="keep") == ANN + FRIENDS
    categories = book(ANN + FRIENDS, card_groups="categories")
    assert categories == ANN.replace(b"END:", b"CATEGORIES:Friends\r\nEND:")
    cards = book(categories, card_groups="cards")
    assert cards.startswith(categories + b"BEGIN:VCARD\r\n") and cards.count(b"BEGIN:VCARD\r\n") == 2
    for line in [b"FN:Friends", b"X-ADDRESSBOOKSERVER-KIND:group", b"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ann"]:
        assert line + b"\r\n" in cards[len(categories):]
    for wrong in [{"card_groups": "flocks"}, {"card_groups": "cards", "collect": "item"}]:
        with pytest.raises(mailferry.OptionsError, match="groups"):
            mailferry.convert(ANN, tmp_path / "wrong.zip", name="Friends.vcf", **wrong)
    assert not (tmp_path / "wrong.zip").exists()


def test_verify_and_undo(takeout, tmp_path):
    to = tmp_path / "out"
    mailferry.convert(takeout, to)
    assert mailferry.verify(to, takeout).differences == 0
    changed = next(to.rglob("*.eml"))
    changed.chmod(0o644)
    changed.write_bytes(b"Subject: other\n\n")
    verification = mailferry.verify(to)
    assert verification.differences == 1 and verification.found[0]["kind"] == "changed"
    undoing = mailferry.undo(to)
    assert (undoing.removed, undoing.kept) == (23, 1) and changed.exists()
    with pytest.raises(mailferry.Error):
        mailferry.verify(tmp_path / "nothing")


def test_a_store_is_checked(takeout, tmp_path):
    to = tmp_path / "out.pst"
    mailferry.convert(takeout, to, as_="pst")
    report = mailferry.check(to)
    assert (report["layout"], report["errors"], report["warnings"], report["findings"]) == ("Unicode", 0, 0, [])
    octets = bytearray(to.read_bytes())
    octets[0x4400] ^= 0x80
    to.chmod(0o644)
    to.write_bytes(octets)
    assert "page-crc" in [rule["rule"] for rule in mailferry.check(to)["rules"]]
    with pytest.raises(mailferry.UnknownFormatError):
        mailferry.check(takeout)


def test_what_was_transformed_is_verified_with_its_transform(takeout, tmp_path):
    to = tmp_path / "out.zip"

    def transform(item):
        return bytes(item).replace(b"Subject:", b"X-Was: here\nSubject:", 1) if item.ordinal % 2 else None

    assert mailferry.convert(takeout, to, transform=transform).totals["migrated"] == 12
    assert mailferry.verify(to, takeout, transform=transform).differences == 0
    with pytest.raises(mailferry.OptionsError, match="the transform"):
        mailferry.verify(to, takeout)
    with pytest.raises(ZeroDivisionError):
        mailferry.verify(to, takeout, transform=lambda item: 1 / 0)


def test_many_mailboxes(takeout, tmp_path):
    rows = [{"source": takeout, "to": tmp_path / str(number), "after": "2024-02-20"} for number in range(3)]
    ended = []
    report = mailferry.run_project(rows, at_a_time=2, ended=ended.append)
    assert [mailbox["state"] for mailbox in report.mailboxes] == ["done"] * 3
    assert report.totals["migrated"] == 15 and len(ended) == 3
    assert pickle.loads(pickle.dumps(report)) == report


def test_what_is_raised_inside_a_call_comes_out_as_it_is(takeout, tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 0:
                raise KeyError("mine")
            return super().read(min(size, 100_000))

    octets = takeout.read_bytes() * 50
    mailferry.convert(takeout, tmp_path / "done.zip")
    for call in [
        lambda source: mailferry.convert(source, tmp_path / "out.zip"),
        mailferry.inspect,
        lambda source: mailferry.plan(source, "zoho"),
        lambda source: mailferry.verify(tmp_path / "done.zip", source),
        lambda source: mailferry.open(source, dedupe="exact"),
    ]:
        with pytest.raises(KeyError, match="mine"):
            call(Broken(octets))

    def ended(row):
        raise LookupError(row["state"])

    with pytest.raises(LookupError, match="done"):
        mailferry.run_project([{"source": takeout, "to": tmp_path / "row"}], ended=ended)


def test_results_are_data(takeout, tmp_path):
    results = [
        mailferry.convert(takeout, tmp_path / "out.zip"),
        mailferry.inspect(takeout),
        mailferry.plan(takeout, "gmail"),
        mailferry.verify(tmp_path / "out.zip"),
        mailferry.undo(tmp_path / "out.zip", dry=True),
        mailferry.run_project([{"source": str(takeout), "to": tmp_path / "other"}]),
    ]
    for result in results:
        assert pickle.loads(pickle.dumps(result)) == result
        assert json.loads(result.to_json()) == result.to_dict()
        assert result._repr_html_().startswith("<table>")
    hostile = mailferry.Report('{"totals": {}, "folders": {"<script>": {"available": 1}}}')
    assert "<script>" not in hostile._repr_html_() and "&lt;script&gt;" in hostile._repr_html_()


def test_the_outcome_is_told(takeout, tmp_path):
    complete = mailferry.convert(takeout, tmp_path / "a")
    assert complete.outcome == {"state": "complete"} and repr(complete).startswith("<Report complete ")
    none = mailferry.convert(takeout, tmp_path / "b", after="2090-01-01")
    assert none.outcome["state"] == "nothing_migrated" and none.outcome["reasons"][0]["what"] == "all_skipped"
    assert "nothing_migrated" in repr(none)
    (tmp_path / "x.docx").write_bytes(b"PK no mail")
    incomplete = mailferry.convert([takeout, tmp_path / "x.docx"], tmp_path / "c")
    assert incomplete.outcome["state"] == "incomplete" and "x.docx" in incomplete.outcome["reasons"][0]["text"]
    project = mailferry.run_project([{"source": tmp_path / "x.docx", "to": tmp_path / "d"}])
    assert "not_done=1" in repr(project)


def test_no_output_is_a_source_or_another_output(takeout, tmp_path):
    source = tmp_path / "in.mbox"
    source.write_bytes(takeout.read_bytes())
    for to, page in (("out", "in.mbox"), ("out.zip", "out.zip"), ("out", "out.report.json"), ("in.mbox", None)):
        with pytest.raises(mailferry.DestinationError):
            mailferry.convert(source, tmp_path / to, page=page and tmp_path / page)
    assert source.read_bytes() == takeout.read_bytes() and os.listdir(tmp_path) == ["in.mbox"]


def test_what_is_damaged_is_written_again(takeout, tmp_path):
    out = tmp_path / "out"
    mailferry.convert(takeout, out)
    first, second = sorted(out.rglob("*.eml"))[:2]
    before = first.read_bytes()
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    assert mailferry.convert(takeout, out).totals["migrated"] == 1 and first.read_bytes() == before
    checked = mailferry.convert(takeout, out, check=True)
    assert checked.totals["migrated"] == 1 and checked.kept["count"] == 1 and second.read_bytes().endswith(b"?")


def test_progress_is_called_and_may_raise(big, tmp_path):
    told = []
    mailferry.convert(big, tmp_path / "a.zip", zip_level="store", progress=lambda done, total: told.append((done, total)))
    size = big.stat().st_size
    assert told[-1] == (size, size) and told == sorted(told)

    def refuse(done, total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        mailferry.convert(big, tmp_path / "b.zip", progress=refuse)
    entries(tmp_path / "b.zip")


def test_bars_are_moved(takeout, tmp_path):
    class Bar:
        made = []

        def __init__(self, **look):
            self.total, self.n, self.closed = None, 0, False
            Bar.made.append(self)

        def update(self, n):
            self.n += n

        def close(self):
            self.closed = True

    own = Bar()
    mailferry.convert(takeout, tmp_path / "a.zip", progress=own)
    mailferry.convert(takeout, tmp_path / "b.zip", progress=Bar)
    size = takeout.stat().st_size
    assert (own.n, own.total, own.closed) == (size, size, False)
    assert (Bar.made[1].n, Bar.made[1].closed) == (size, True)


def test_a_transform_changes_replaces_and_drops(takeout, tmp_path):
    def transform(item):
        if item.folder == "Spam":
            return None
        if item.folder == "Drafts":
            return b"Subject: replaced\r\n\r\nbody\r\n"
        return item

    report = mailferry.convert(takeout, tmp_path / "out.zip", transform=transform)
    assert (report.totals["migrated"], report.totals["skipped"]) == (23, 1)
    assert report.reasons == {"dropped_by_transform": 1} and report.warnings["transformed"] == 1
    assert b"Subject: replaced\r\n\r\nbody\r\n" in entries(tmp_path / "out.zip").values()
    log = [json.loads(line) for line in (tmp_path / "out.zip.items.jsonl").read_text().splitlines()]
    assert [line["fidelity"] for line in log if line.get("changed")] == ["normalized"]


def test_what_a_transform_raises_comes_out_as_it_is(takeout, tmp_path):
    def transform(item):
        raise ZeroDivisionError(item.id)

    with pytest.raises(ZeroDivisionError, match="1:1"):
        mailferry.convert(takeout, tmp_path / "out.zip", transform=transform)
    entries(tmp_path / "out.zip")
    with pytest.raises(TypeError, match="Item, bytes, or None"):
        mailferry.convert(takeout, tmp_path / "other.zip", transform=lambda item: 3)


def test_failures_are_told_or_raised(takeout, tmp_path):
    sources = [takeout, tmp_path / "none.mbox"]
    report = mailferry.convert(sources, tmp_path / "a.zip")
    assert report.totals["migrated"] == 24 and "none.mbox" in report.sources[1]["error"]
    with pytest.raises(mailferry.Error, match="none.mbox"):
        mailferry.convert(sources, tmp_path / "b.zip", on_error="raise")
    assert len([name for name in entries(tmp_path / "b.zip") if name.endswith(".eml")]) == 24


def test_a_destination_that_cannot_be_written_is_an_error_of_the_system(takeout, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((OSError, mailferry.DestinationError)):
        mailferry.convert(takeout, tmp_path / "file" / "out.zip")


def test_other_threads_go_on(big, tmp_path):
    ticks, done = 0, threading.Event()

    def convert():
        mailferry.convert(big, tmp_path / "out.zip")
        done.set()

    thread = threading.Thread(target=convert)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 20


STOPPED = """
import signal, sys, time, mailferry
# A shell that starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("started", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def interrupted(call, *arguments):
    """How many seconds after Ctrl-C `call` ends; it is let run for 0.7 seconds."""
    command = [sys.executable, "-c", STOPPED.format(call=call), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"started\n"
        time.sleep(0.7)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"stopped\n"
        taken = time.monotonic() - begun
        process.wait()
    return taken


# A busy machine is allowed for; what is asked for is a second.
SOON = 3
posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


@posix
@pytest.mark.parametrize("call", [
    "mailferry.convert([sys.argv[1]] * 200, sys.argv[2])",
    "mailferry.inspect([sys.argv[1]] * 2000)",
    "mailferry.open([sys.argv[1]] * 2000, dedupe='exact')",
    "sum(1 for _ in mailferry.open([sys.argv[1]] * 2000, folder='nowhere'))",
    "mailferry.run_project([{'source': [sys.argv[1]] * 200, 'to': sys.argv[2]}])",
], ids=["convert", "inspect", "open", "next", "run_project"])
def test_ctrl_c_stops_within_a_second(big, tmp_path, call):
    to = tmp_path / "out.zip"
    assert interrupted(call, big, to) < SOON
    if to.exists():
        entries(to)


def hollow(path, start, end):
    """A file of 64 GB, nearly all of it a hole."""
    with open(path, "wb") as file:
        file.write(start)
        file.seek(64 << 30)
        file.write(end)
    return path


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A mailbox of a small message and a huge one, and a file that is a huge message."""
    folder = tmp_path_factory.mktemp("huge")
    message = b"Subject: huge\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n", b"\n--b--\n"
    small = b"From a\nSubject: small\n\nbody\n\nFrom b\n"
    return hollow(folder / "huge.mbox", small + message[0], message[1]), hollow(folder / "huge.eml", *message)


@posix
@pytest.mark.parametrize("call", [
    "mailferry.convert(mbox, to)",
    "mailferry.convert(eml, to)",
    "mailferry.convert(eml, to, jobs=3)",
    "mailferry.convert(open(mbox, 'rb'), to)",
    "mailferry.inspect(mbox)",
    "mailferry.plan(mbox, 'zoho')",
    "list(mailferry.open(mbox))",
    "next(mailferry.open(eml)).attachments",
    "mailferry.run_project([{'source': mbox, 'to': to}])",
    "mailferry.convert(b'From a\\nSubject: x\\n\\n', to), mailferry.verify(to, mbox)",
])
def test_ctrl_c_stops_within_a_second_inside_a_huge_item(huge, tmp_path, call):
    to = tmp_path / "out.zip"
    assert interrupted(f"_, mbox, eml, to = sys.argv; {call}", *huge, to) < SOON
    if to.exists():
        written = [name for name in entries(to) if name.endswith(".eml")]
        assert len(written) == ("mbox" in call.split(";")[-1])


@posix
def test_ctrl_c_stops_an_undoing(tmp_path):
    to = tmp_path / "out"
    mailferry.convert(b"From a\nSubject: x\n\n", to)
    [written] = to.rglob("*.eml")
    # As much to read as can be: a hole of the size that the log tells is read before it is found to differ.
    log = tmp_path / "out.items.jsonl"
    size = written.stat().st_size
    os.truncate(written, 64 << 30)
    log.write_text(log.read_text().replace(f'"size":{size}', f'"size":{64 << 30}'))
    assert interrupted("mailferry.undo(sys.argv[1])", to) < SOON
    assert written.exists() and log.exists()


@posix
def test_ctrl_c_stops_a_table_inside_a_huge_item(huge):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: tables are not read")
    # A stream of Arrow has its own errors, and who catches them is stopped all the same.
    call = "import pyarrow, contextlib\n    for _ in range(200):\n" \
        "        with contextlib.suppress(pyarrow.ArrowInvalid): pyarrow.table(mailferry.open(sys.argv[1]).index())"
    assert interrupted(call, huge[1]) < SOON


TWICE = """
import signal, sys, mailferry
signal.signal(signal.SIGALRM, signal.default_int_handler)
item = next(mailferry.open(sys.argv[1]))
for _ in range(2):
    signal.alarm(1)
    try:
        item.attachments
    except KeyboardInterrupt:
        print("stopped")
print(item.subject)
"""


@posix
def test_an_item_whose_reading_was_stopped_can_be_read_again(huge):
    done = subprocess.run([sys.executable, "-c", TWICE, huge[1]], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["stopped", "stopped", "huge"], done.stderr
