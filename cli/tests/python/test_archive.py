"""What `mailferry convert` writes, read by Python's own zipfile, email and json modules."""

import email
import email.policy
import hashlib
import json
import os
import pathlib
import subprocess
import zipfile

import pytest

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "mbox"
TAKEOUT = FIXTURES / "takeout.mbox"


def convert(destination, *options, source=TAKEOUT):
    """Runs the command and gives the lines of its item log."""
    command = [os.environ["MAILFERRY"], "convert", source, "--to", destination, "--progress", "none", *options]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    log = pathlib.Path(f"{destination}.items.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in log.splitlines()]


def expected():
    lines = TAKEOUT.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[1:]]


@pytest.mark.parametrize("level", ["store", "fast", "best"])
def test_zipfile_reads_every_entry(tmp_path, level):
    log = convert(tmp_path / "out.zip", "--zip-level", level)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        assert sorted(entry.filename for entry in files) == sorted(line["path"] for line in log)
        for line, item in zip(log, expected(), strict=True):
            octets = archive.read(line["path"])
            assert len(octets) == line["size"] == item["size"]
            assert hashlib.sha256(octets).hexdigest() == line["sha256"] == item["sha256"]
        for entry in files:
            assert entry.filename.isascii() or entry.flag_bits & 0x800
            assert entry.compress_type == (zipfile.ZIP_STORED if level == "store" else zipfile.ZIP_DEFLATED)


def test_folder_holds_the_same_messages(tmp_path):
    log = convert(tmp_path / "out")
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.eml")}
    assert written == {line["path"] for line in log}
    for line, item in zip(log, expected(), strict=True):
        octets = (tmp_path / "out" / line["path"]).read_bytes()
        assert hashlib.sha256(octets).hexdigest() == item["sha256"]


def test_log_says_what_email_reads(tmp_path):
    log = convert(tmp_path / "out")
    for line, item in zip(log, expected(), strict=True):
        octets = (tmp_path / "out" / line["path"]).read_bytes()
        message = email.message_from_bytes(octets, policy=email.policy.default)
        assert line["messageId"] == item["messageId"] == message["Message-ID"].strip("<>")
        if octets.isascii():
            assert line["subject"] == message["Subject"]
        assert line["status"] == "migrated"
        assert line["kind"] == "mail"
        assert line["fidelity"] == "verbatim"
        assert line["dateSource"] == "from_line"
        if "role" in item:
            assert line.get("role") == item["role"]


def test_report_adds_up(tmp_path):
    log = convert(tmp_path / "out.zip")
    report = json.loads(pathlib.Path(f"{tmp_path / 'out.zip'}.report.json").read_text(encoding="utf-8"))
    totals = report["totals"]
    assert totals["available"] == totals["migrated"] + totals["failed"] + totals["skipped"] == len(log)


@pytest.mark.parametrize("jobs", ["2", "7"])
def test_threads_do_not_change_an_octet(tmp_path, jobs):
    one, many = tmp_path / "one.zip", tmp_path / "many.zip"
    convert(one, "--jobs", "1")
    convert(many, "--jobs", jobs)
    assert one.read_bytes() == many.read_bytes()


def test_parts_are_whole_archives(tmp_path):
    log = convert(tmp_path / "out.zip", "--split", "400K", "--zip-level", "store")
    parts = sorted(tmp_path.glob("out.part*.zip"))
    assert len(parts) > 1
    found = 0
    for part in parts:
        assert part.stat().st_size < 400 * 1024
        with zipfile.ZipFile(part) as archive:
            assert archive.testzip() is None
            found += sum(not entry.is_dir() for entry in archive.infolist())
    assert found == sum(line["status"] == "migrated" for line in log)


def test_line_ends_are_what_was_asked_for(tmp_path):
    log = convert(tmp_path / "out.zip", "--eol", "crlf")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        for line in log:
            octets = archive.read(line["path"])
            assert octets.count(b"\n") == octets.count(b"\r\n") > 0
            assert line["fidelity"] == "normalized"
