"""`verify`, `undo` and `run`, whose files Python reads and changes."""

import csv
import hashlib
import json
import mailbox
import os
import pathlib
import subprocess
import zipfile

import pytest

from read_back import read_back

TAKEOUT = pathlib.Path(__file__).parents[3] / "fixtures" / "mbox" / "takeout.mbox"


def run(*arguments, expected=0):
    done = subprocess.run([os.environ["MAILFERRY"], *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def convert(destination, *options):
    run("convert", TAKEOUT, "--to", destination, "--progress", "none", *options)
    return lines(f"{destination}.items.jsonl")


def lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("form", ["eml", "maildir", "proton"])
def test_verify_finds_what_python_changes(tmp_path, form):
    out = tmp_path / "out"
    log = convert(out, "--as", form)
    assert json.loads(run("verify", out, TAKEOUT, "--json"))["found"] == []
    first, second, third = (out / line["path"] for line in log[:3])
    first.write_bytes(first.read_bytes().replace(b"\n", b"\r\n", 1))
    second.unlink()
    (third.parent / "mine.eml").write_bytes(b"Subject: mine\n\n")
    report = json.loads(run("verify", out, "--json", expected=1))
    found = {(difference["kind"], difference["what"]) for difference in report["found"]}
    assert found == {
        ("changed", log[0]["path"]),
        ("missing", log[1]["path"]),
        ("unknown_file", (third.parent / "mine.eml").relative_to(out).as_posix()),
    }


@pytest.mark.parametrize("form", ["eml", "maildir", "proton"])
def test_undo_removes_what_is_as_it_was_written_and_lists_it(tmp_path, form):
    out = tmp_path / "out"
    log = convert(out, "--as", form)
    changed = out / log[0]["path"]
    changed.write_bytes(b"changed")
    run("undo", out, expected=1)
    left = [path for path in out.rglob("*") if path.is_file()]
    assert left == [changed]
    undone = lines(f"{out}.undo001.jsonl")
    ends = {line["path"]: line["done"] for line in undone if "id" in line}
    assert ends == {line["path"]: "kept" if line is log[0] else "removed" for line in log}
    assert not pathlib.Path(f"{out}.items.jsonl").exists()


def test_a_mailbox_that_is_in_use_is_named_and_stays(tmp_path):
    out = tmp_path / "out"
    log = convert(out, "--as", "mbox")
    path = log[0]["path"]
    theirs = mailbox.mbox(out / path)
    theirs.add("Subject: mine\n\nHi\n")
    theirs.remove(theirs.keys()[0])
    theirs.close()
    found = json.loads(run("verify", out, "--json", expected=1))["found"]
    assert {(difference["kind"], difference["what"]) for difference in found} == {("changed", path)}
    named = " ".join(difference["detail"] for difference in found)
    inside = [line["id"] for line in log if line["path"] == path]
    assert f"item {inside[0]} of" in named and all(f"item {other} of" not in named for other in inside[1:])
    run("undo", out, expected=1)
    assert [file for file in out.rglob("*") if file.is_file()] == [out / path]


def test_undo_of_an_archive_asks_for_all_of_it(tmp_path):
    out = tmp_path / "out.zip"
    log = convert(out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("mine.eml", b"Subject: mine\n\n")
    run("undo", out, expected=1)
    with zipfile.ZipFile(out) as archive:
        assert {hashlib.sha256(archive.read(line["path"])).hexdigest() for line in log} == {
            line["sha256"] for line in log}


def test_a_project_is_run_and_told(tmp_path):
    table = tmp_path / "project.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["source", "destination", "target", "skip-trash"])
        writer.writeheader()
        writer.writerow({"source": "*", "skip-trash": "yes"})
        writer.writerow({"source": TAKEOUT, "destination": "out/ann", "target": "maildir"})
        writer.writerow({"source": TAKEOUT, "destination": "out/bob.zip", "target": "zoho"})
        writer.writerow({"source": TAKEOUT, "destination": "out/cid", "target": "thunderbird"})
    report = json.loads(run("run", table, "--json"))
    assert [box["state"] for box in report["mailboxes"]] == ["done"] * 3
    assert json.loads((tmp_path / "project.report.json").read_text(encoding="utf-8")) == report
    for destination, form in [("ann", "maildir"), ("bob.zip", "eml"), ("cid", "mbox")]:
        read = read_back(tmp_path / "out" / destination, form)
        assert read["wrong"] == [] and read["found"] == read["logged"] > 0
    totals = report["totals"]
    assert totals["available"] == totals["migrated"] + totals["failed"] + totals["skipped"]
    assert totals["skipped"] > 0, "the row of defaults holds"
    with (tmp_path / "project.report.csv").open(newline="", encoding="utf-8") as file:
        assert sum(int(row["migrated"]) for row in csv.DictReader(file) if row.get("state")) in (
            totals["migrated"], 2 * totals["migrated"])
    again = json.loads(run("run", table, "--json"))
    assert [box["state"] for box in again["mailboxes"]] == ["done_before"] * 3


def test_a_maildir_that_python_has_used_goes_on(tmp_path):
    out = tmp_path / "out"
    log = convert(out, "--as", "maildir", "--sample", "3")
    box = mailbox.Maildir(out, create=False)
    for folder in [box, *(box.get_folder(name) for name in box.list_folders())]:
        for key, message in list(folder.items()):
            message.set_flags("FRS")
            folder[key] = message
    before = sum(1 for line in log if line["status"] == "migrated")
    run("convert", TAKEOUT, "--to", out, "--progress", "none", "--as", "maildir")
    second = lines(f"{out}.sync002.items.jsonl")
    assert sum(line.get("reason") == "already_migrated" for line in second) == before
    assert sum(line["status"] == "migrated" for line in second) == len(second) - before
    box = mailbox.Maildir(out, create=False)
    folders = [box, *(box.get_folder(name) for name in box.list_folders())]
    assert sum(len(folder) for folder in folders) == len(second)
