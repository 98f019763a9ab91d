"""What is selected and tagged, read back by Python's own email module."""

import email
import email.policy
import json
import os
import pathlib
import subprocess

import pytest

SUBJECTS = ["plain", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "folded\n over lines", "=?iso-8859-1?b?4uPk?= end"]


def convert(folder, *options):
    """Runs the command over an mbox of the subjects, each twice, and gives the lines of its item log."""
    with open(folder / "in.mbox", "w", encoding="utf-8") as mbox:
        for subject in SUBJECTS * 2:
            mbox.write(f"From a@example.org Mon Jan  1 00:00:00 2024\nSubject: {subject}\nFrom: a@example.org\n\nbody\n\n")
    command = [os.environ["MAILFERRY"], "convert", "in.mbox", "--to", "out", "--progress", "none", *options]
    subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
    log = pathlib.Path(folder / "out.items.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in log.splitlines()]


def subject(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["Subject"]


@pytest.mark.parametrize("suffix", [" [moved]", " déménagé", "✓"])
def test_a_suffix_is_read_behind_every_subject(tmp_path, suffix):
    for line in convert(tmp_path, "--subject-suffix", suffix):
        octets = (tmp_path / "out" / line["path"]).read_bytes()
        before = email.message_from_string(f"Subject: {SUBJECTS[(line['source']['ordinal'] - 1) % 4]}\n\n", policy=email.policy.default)
        assert subject(tmp_path / "out" / line["path"]) == before["Subject"] + suffix
        assert octets.endswith(b"\nFrom: a@example.org\n\nbody\n")
        assert (line["fidelity"], line["changed"]) == ("normalized", ["subject"])


def test_duplicates_name_what_is_kept(tmp_path):
    lines = convert(tmp_path, "--dedupe", "exact")
    assert [line["status"] for line in lines] == ["migrated"] * 4 + ["skipped"] * 4
    assert [line["duplicateOf"] for line in lines[4:]] == [line["id"] for line in lines[:4]]
