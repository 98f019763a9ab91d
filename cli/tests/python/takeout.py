"""A Google Takeout in parts, as Google gives it, and the journey of one: converted for Zoho, killed, resumed, checked, gone on with.

`MAILFERRY=target/release/mailferry python3 cli/tests/python/takeout.py DIRECTORY SIZE [LARGEST]` makes one of SIZE octets in parts
(`1G`), whose largest mailbox has LARGEST octets (over 4 GB, to see ZIP64), goes all the way and prints times and memory.
"""

import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

STAMP = "takeout-20240131T120000Z"
LATER = "takeout-20240229T120000Z"
LABELS = ["Inbox,Opened", "Inbox,Unread,Category updates", "Sent,Opened", "Archived,Work,Opened", "Work,Important,Unread", "Chat",
          "Spam,Unread", "Trash,Opened", "Drafts", "Reise/2019,Opened"]
EVENTS = 5
CARDS = 7


def message(number, size):
    """The message of this number, which is the same whenever it is made."""
    label = LABELS[number % len(LABELS)]
    head = (f"X-GM-THRID: {number}\r\nX-Gmail-Labels: {label}\r\nMessage-ID: <{number}@takeout.example>\r\nFrom: Ann <ann@example.org>\r\n"
            f"To: bob@example.org\r\nSubject: letter {number}\r\nDate: Mon, 01 Jan 2024 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n").encode()
    line = f"line of letter {number}\r\n>From here on it is quoted\r\n".encode()
    return head + line * max(1, size // len(line))


def mailbox(numbers, size):
    for number in numbers:
        yield f"From {number}@xxx Mon Jan 01 00:00:00 +0000 2024\r\n".encode() + message(number, size) + b"\r\n"


def calendar(events):
    text = "".join(f"BEGIN:VEVENT\r\nUID:{n}@takeout.example\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:2024010{n + 1}T100000Z\r\n"
                   f"SUMMARY:meeting {n}\r\nEND:VEVENT\r\n" for n in range(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\n{text}END:VCALENDAR\r\n".encode()


def cards(count):
    return "".join(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Person {n}\r\nN:{n};Person;;;\r\nEMAIL:p{n}@example.org\r\nEND:VCARD\r\n" for n in range(count)).encode()


def parts(directory, size, largest=0, stamp=STAMP, more=0, packing="zip"):
    """Writes four parts. The second has messages of the first once more, as labels that are exported apart do. Gives how many
    different messages there are, and their copies."""
    octets = min(20_000, max(400, size // 400))
    count = max(20, size // octets)
    half, work = count // 2, [n for n in range(count // 2) if "Work" in LABELS[n % len(LABELS)]]
    huge = largest // octets
    files = [
        {"Takeout/archive_browser.html": [b"<html>Takeout</html>"], "Takeout/Mail/All mail Including Spam and Trash.mbox": mailbox(range(half), octets)},
        {"Takeout/Mail/Work.mbox": mailbox(work, octets), "Takeout/Google Chat/Groups/messages.json": [b"{}"],
         "Takeout/Calendar/ann@example.org.ics": [calendar(EVENTS)]},
        {"Takeout/Mail/All mail Including Spam and Trash-002.mbox": mailbox(range(half, count + huge), octets)},
        {"Takeout/Contacts/All Contacts/All Contacts.vcf": [cards(CARDS)], "Takeout/Mail/Later.mbox": mailbox(range(10**9, 10**9 + more), octets)},
    ]
    for number, entries in enumerate(files, 1):
        path = pathlib.Path(directory, f"{stamp}-{number:03}.{packing}")
        if packing == "tgz":
            with tarfile.open(path, "w:gz", compresslevel=1) as archive:
                for name, chunks in entries.items():
                    octets_of = b"".join(chunks)
                    entry = tarfile.TarInfo(name)
                    entry.size = len(octets_of)
                    archive.addfile(entry, io.BytesIO(octets_of))
            continue
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, chunks in entries.items():
                with archive.open(name, "w", force_zip64=huge > 0) as out:
                    for chunk in chunks:
                        out.write(chunk)
    return count + huge + more, len(work)


# Octets of the largest run so far. (`getrusage` would give a child the peak of this program too, which starts it.)
peak = 0


def note_peak(running):
    """Notes the memory that a run has taken up to now, where the system tells it."""
    global peak
    try:
        status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
    except OSError:
        return
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    peak = max(peak, int(found[1]) * 1024 if found else 0)


def ended(running, seconds=float("inf")):
    """Waits for a run at most so long; whether it has ended."""
    until = time.monotonic() + seconds
    while running.poll() is None:
        note_peak(running)
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def start(arguments, **streams):
    return subprocess.Popen([os.environ["MAILFERRY"], *map(str, arguments)], stdin=subprocess.DEVNULL, **streams)


def run(*arguments, expected=0):
    """Runs to the end; gives what was said."""
    with tempfile.TemporaryFile("w+") as said:
        running = start(arguments, stdout=said, stderr=said)
        ended(running)
        said.seek(0)
        text = said.read()
    assert running.returncode == expected, f"{running.returncode}: {text}"
    return text


def killed(arguments, seconds):
    """Runs and kills it after so long; whether it was still running."""
    running = start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if ended(running, seconds):
        return False
    running.send_signal(signal.SIGKILL)
    running.wait()
    return True


def journey(directory, size, largest=0, split="480M", packing="zip"):
    """The whole way; gives what it took."""
    directory = pathlib.Path(directory)
    first, later = directory / "first", directory / "later"
    first.mkdir(), later.mkdir()
    messages, copies = parts(first, size, largest, packing=packing)
    given = sorted(first.iterdir(), reverse=True)
    out = directory / "zoho.zip"
    asked = ["convert", *given, "--to", out, "--target", "zoho", "--split", split, "--dedupe", "exact", "--progress", "none"]
    began = time.monotonic()
    waits = (0.05, 0.4, max(0.8, size / 4e8))
    kills = next((number for number, wait in enumerate(waits) if not killed(asked, wait)), len(waits))
    if kills == len(waits):
        run(*asked)
    took = time.monotonic() - began
    report = json.loads(pathlib.Path(f"{out}.report.json").read_text())
    totals = report["totals"]
    assert totals["failed"] == 0, totals
    migrated = duplicates = chats = 0
    with open(f"{out}.items.jsonl", encoding="utf-8") as log:
        for line in map(json.loads, log):
            migrated += line["status"] == "migrated" and line["kind"] == "mail"
            duplicates += line.get("reason") == "duplicate"
            chats += "Chat" in line.get("labels", [])
    # Zoho takes no drafts' states, but all messages.
    assert migrated == messages, (migrated, messages)
    assert duplicates == copies, (duplicates, copies)
    assert chats, "chats keep their label"
    sources = [source["file"] for source in report["sources"]]
    numbers = [int(re.search(r"Z-(\d+)\.", name)[1]) for name in sources]
    assert numbers == sorted(numbers) and set(numbers) == {1, 2, 3, 4}, sources
    limit = int(split[:-1]) * {"K": 1024, "M": 1024**2}[split[-1]]
    archives = sorted(directory.glob("zoho*.zip"))
    assert archives and all(archive.stat().st_size <= limit for archive in archives), archives
    run("verify", out, *given)
    # Next month's: the same once more, and new messages.
    new = 3
    parts(later, size, largest, LATER, new, packing)
    run("convert", *sorted(later.iterdir()), "--to", out, "--target", "zoho", "--split", split, "--dedupe", "exact", "--progress", "none")
    # A run that was killed when all was done is followed by one more, with nothing new.
    report = json.loads(max(directory.glob("zoho.zip.sync*.report.json")).read_text())
    assert report["totals"]["migrated"] == new, report["totals"]
    run("verify", out)
    return {"messages": messages, "kills": kills, "seconds": round(took, 1), "archives": len(archives), "peak_mb": round(peak / 1024**2)}


if __name__ == "__main__":
    UNITS = {"K": 1024, "M": 1024**2, "G": 1000**3}
    octets = [int(text[:-1]) * UNITS[text[-1]] for text in sys.argv[2:]]
    print(journey(sys.argv[1], *octets))
