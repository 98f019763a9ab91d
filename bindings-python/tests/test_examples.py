"""The examples run against the installed package, and their types are checked strictly."""

import os
import pathlib
import subprocess
import sys

import pytest

import mailferry

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240501T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Example\r\nN:Example;Ann;;;\r\nEMAIL:ann@example.org\r\nEND:VCARD\r\n"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook(path, takeout, monkeypatch):
    for module in ("polars", "matplotlib", "ipykernel"):
        pytest.importorskip(module, reason=f"{module} is not installed: notebooks are not run")
    client = pytest.importorskip("nbclient")
    import nbformat

    monkeypatch.setenv("TAKEOUT", str(takeout))
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = str(notebook.cells)
    assert "<table>" in shown and "24" in shown


# What each is given, and what it says.
RUNS = {
    "convert": (["mail.mbox", "out.zip", "zoho"], ["24 items, 24 of which zoho takes", "24 migrated, 0 skipped, 0 failed", "0 differ"]),
    "filter": (["mail.mbox", "claire@atelier.example", "*"], ["3 messages of claire@atelier.example in *", "Déjeuner à midi"]),
    "attachments": (["mail.mbox", "saved", "*"], [" saved, "]),
    "table": (["mail.mbox", "mail.parquet"], ["24 rows in mail.parquet"]),
    "write_mbox": (["mail.mbox", "cleaned"], ["messages written", ".mbox: "]),
    "to_pst": (["out.pst", "mail.mbox", "a.ics", "a.vcf"], ["mail: 24 of 24", "0 errors", "Tea  RRULE:FREQ=DAILY;COUNT=3", "Ann Example  ann@example.org"]),
    "folders": (["mail.mbox", "1:2"], ["24 items noted in mail.mbox.index", "1:2 of 24, in ", "    Subject: "]),
    "errors": (["mail.mbox", "noise.bin", "none.mbox"], ["noise.bin: no mailbox", "none.mbox: the system refuses it"]),
    "cancel": (["mail.mbox", "out", "60"], ["24 of 24 items in "]),
    "many": (["words.txt", "mail.mbox", "again.mbox"], [" words in 2 mailboxes"]),
}


def test_there_are_ten():
    assert sorted(RUNS) == [path.stem for path in SCRIPTS]
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 45 for path in SCRIPTS)


def run(name, arguments, folder):
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(takeout, tmp_path):
    for name in ("mail.mbox", "again.mbox"):
        (tmp_path / name).write_bytes(takeout.read_bytes())
    (tmp_path / "a.ics").write_bytes(CALENDAR)
    (tmp_path / "a.vcf").write_bytes(CARD)
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 64)
    return tmp_path


@pytest.mark.parametrize("name", sorted(RUNS))
def test_an_example_runs(name, folder):
    if name == "table":
        pytest.importorskip("polars")
    arguments, expected = RUNS[name]
    done = run(name, arguments, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for text in expected:
        assert text in done.stdout, done.stdout
    # Without what it needs it says what that is.
    usage = run(name, [], folder)
    assert usage.returncode == 1 and f"python {name}.py" in usage.stderr


def test_what_was_noted_is_used_until_the_source_changes(folder):
    first, second = run("folders", ["mail.mbox", "1:24"], folder), run("folders", ["mail.mbox", "1:24"], folder)
    assert first.stdout.splitlines()[1:] == second.stdout.splitlines()
    with open(folder / "mail.mbox", "ab") as mailbox:
        mailbox.write(b"From a@x Mon Jan  1 10:00:00 2024\nSubject: new\n\ntext\n")
    third = run("folders", ["mail.mbox", "1:25"], folder)
    assert "changed since" in third.stderr and "25 items noted" in third.stdout and "1:25 of 25" in third.stdout


def test_what_is_out_of_time_stops_and_goes_on(big, tmp_path):
    stopped = run("cancel", [str(big), str(tmp_path / "out"), "0.5"], tmp_path)
    assert stopped.returncode == 130 and "run it again" in stopped.stdout, stopped.stderr
    report = mailferry.convert(big, tmp_path / "out")
    assert report.totals["available"] == 24_000 == report.totals["migrated"] + report.reasons.get("already_migrated", 0)


def test_the_examples_are_checked_strictly(tmp_path):
    pytest.importorskip("mypy")
    pytest.importorskip("pyright")
    scripts = [path for path in SCRIPTS if path.stem != "table" or has_polars()]
    for path in scripts:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"], "VIRTUAL_ENV": sys.prefix}

    def check(*command):
        names = [path.name for path in scripts]
        return subprocess.run([sys.executable, "-m", *command, *names], capture_output=True, text=True, cwd=tmp_path, env=environment).stdout

    assert "Success" in (said := check("mypy", "--strict")), said
    assert "0 errors" in (said := check("pyright")), said


def has_polars():
    try:
        import polars
    except ImportError:
        return False
    return bool(polars)
