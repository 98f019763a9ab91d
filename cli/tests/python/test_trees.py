"""Maildirs and EMLX files are read as Python's own mailbox and plistlib modules read them."""

import hashlib
import json
import mailbox
import os
import pathlib
import plistlib
import subprocess
import tarfile

import pytest

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures"
KEYWORDS = {"D": "$draft", "F": "$flagged", "P": "$forwarded", "R": "$answered", "S": "$seen", "T": "$deleted"}
BITS = {0: "$seen", 1: "$deleted", 2: "$answered", 4: "$flagged", 6: "$draft", 8: "$forwarded", 24: "$junk", 25: "$notjunk"}


def convert(source, destination):
    """Runs the command and gives the lines of its item log by the digests of the messages."""
    command = [os.environ["MAILFERRY"], "convert", source, "--to", destination, "--progress", "none"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    log = pathlib.Path(f"{destination}.items.jsonl").read_text(encoding="utf-8")
    return {line["sha256"]: line for line in map(json.loads, log.splitlines())}


def written_by_python(path):
    """A Maildir++ of a few messages in every combination of flags that has a meaning."""
    box = mailbox.Maildir(path)
    folders = [(box, "INBOX")]
    for name, stands_for in [("Sent", "Sent"), ("Archive.2024", "Archive/2024"), ("Entw&APw-rfe", "Entwürfe")]:
        folders.append((box.add_folder(name), stands_for))
    for n, flags in enumerate(["", "S", "FS", "RS", "DPT", "DFPRST"]):
        folder, _ = folders[n % len(folders)]
        message = mailbox.MaildirMessage(f"From: a@example.org\nSubject: {n}\n\nbody {n}\n")
        message.set_subdir("cur" if flags else "new")
        message.set_flags(flags)
        message.set_date(1_500_000_000 + n)
        folder.add(message)
    return folders


def test_a_maildir_is_what_python_says(tmp_path):
    folders = written_by_python(tmp_path / "Maildir")
    lines = convert(tmp_path / "Maildir", tmp_path / "out")
    assert len(lines) == sum(len(folder) for folder, _ in folders) == 6
    for folder, name in folders:
        for key in folder.keys():
            line = lines[hashlib.sha256(folder.get_bytes(key)).hexdigest()]
            message = folder[key]
            assert line["folder"] == name
            assert line.get("keywords", []) == sorted(KEYWORDS[flag] for flag in message.get_flags())
            assert line["dateSource"] == "file_time"
            assert line["receivedAt"] == f"2017-07-14T02:40:{int(message.get_date()) - 1_500_000_000:02}Z"
            assert line["source"]["key"].rsplit("/")[-1] == key


@pytest.mark.parametrize("line_end", ["lf", "crlf"])
def test_the_fixture_of_a_maildir_is_what_python_says(tmp_path, line_end):
    fixture = FIXTURES / "tar" / line_end / "maildir.tar"
    with tarfile.open(fixture) as archive:
        archive.extractall(tmp_path / "Maildir", filter="tar")
    for folder in [tmp_path / "Maildir", *(tmp_path / "Maildir").glob(".*")]:
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(exist_ok=True)
    _, *items = map(json.loads, fixture.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines())
    box = mailbox.Maildir(tmp_path / "Maildir", create=False)
    found = {}
    for folder in [box, *(box.get_folder(name) for name in box.list_folders())]:
        for key in folder.keys():
            found[hashlib.sha256(folder.get_bytes(key)).hexdigest()] = folder[key]
    assert len(found) == len(items)
    for item in items:
        message = found[item["sha256"]]
        flags = {KEYWORDS[flag] for flag in message.get_flags() if flag in KEYWORDS}
        words = {"work", "$forwarded"} if "a" in message.get_flags() else set()
        assert set(item["keywords"]) == flags | words


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.emlx")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_emlx_file_is_what_plistlib_says(path):
    _, item = map(json.loads, path.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines())
    length, _, rest = path.read_bytes().partition(b"\n")
    message, state = rest[: int(length)], plistlib.loads(rest[int(length) :])
    assert hashlib.sha256(message).hexdigest() == item["sha256"]
    assert item["keywords"] == sorted(keyword for bit, keyword in BITS.items() if state["flags"] >> bit & 1)
    assert state["date-received"] == 1_704_067_200 and item["receivedAt"] == "2024-01-01T00:00:00Z"
