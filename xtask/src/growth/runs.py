"""What runs leave, and what goes by it: logs, reports, tables of mailboxes."""

import json
import subprocess
import time
from pathlib import Path

from kinds import grows
from mail import FROM, HEAD, message

CONVERT = "convert in.mbox --to {} --progress none --fsync none --jobs 2"


def mbox(out, size):
    for number in range(size):
        out.write(message(number))


def folders(out, size):
    for number in range(size):
        out.write(FROM + b"X-Gmail-Labels: F%d\n" % number + HEAD + b"Subject: x\n\nx\n\n")


for form, to in [("folder", "kept"), ("ZIP archive", "kept.zip"), ("tgz archive", "kept.tgz")]:
    first = CONVERT.format(to)
    limit = 1 << 16 if form == "folder" else 1 << 20
    grows(f"verify {to}", 500, file="in.mbox", first=first, most=limit, name=f"{form} verified")(mbox)
    grows(f"verify {to} in.mbox", 500, file="in.mbox", first=first, most=limit, name=f"{form} verified against its source", memory=64)(mbox)
    grows(CONVERT.format(to), 500, file="in.mbox", first=first, most=limit, name=f"{form}, nothing new", memory=64)(mbox)
    grows(f"undo {to}", 500, file="in.mbox", first=first, most=limit, name=f"{form} undone", changes=True)(mbox)
    grows(f"report --html to.html {to}", 500, file="in.mbox", first=first, most=limit, name=f"{form}, page of its report", memory=64)(mbox)

grows("report --html to.html kept.zip", 500, file="in.mbox", first=CONVERT.format("kept.zip"), memory=64, name="page of a report with a folder a message")(
    folders
)



def cut_off(room: Path, size: int) -> None:
    """A run that was killed when half of its items were in the log: what is left has to be gone through by the next one."""
    binary = (room / "binary").resolve()
    with open(room / "in.mbox", "wb") as out:
        mbox(out, size)
    log = room / "kept.items.jsonl"
    run = subprocess.Popen([binary, *CONVERT.format("kept").split()], cwd=room, stdout=subprocess.DEVNULL)
    while run.poll() is None and (not log.exists() or log.stat().st_size < size * 150):
        time.sleep(0.002)
    run.kill()
    run.wait()


grows(CONVERT.format("kept"), 2000, most=1 << 17, name="folder, resumed", changes=True, memory=64)(cut_off)


@grows("convert in.mbox in.vcf --to kept.zip --progress none --fsync none --jobs 2", 500, file="in.mbox", first=CONVERT.format("kept.zip"), memory=64, changes=True)
def a_second_source_added(out, size):
    mbox(out, size)
    Path(out.name).with_suffix(".vcf").write_bytes(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n")


@grows("convert --to to.zip --progress none --fsync none", 100, memory=40, most=1 << 15)
def sources_of_one_command(room: Path, size: int) -> None:
    (room / "in").mkdir()
    for number in range(size):
        (room / f"in/{number}.eml").write_bytes(b"Subject: x\n\nx\n")
    (room / "words.json").write_text(json.dumps([f"in/{number}.eml" for number in range(size)]))


@grows("convert in.mbox --to to.zip --progress none --fsync none", 100, most=1 << 14)
def folders_mapped(room: Path, size: int) -> None:
    with open(room / "in.mbox", "wb") as out:
        mbox(out, 100)
    (room / "words.json").write_text(json.dumps([word for n in range(size) for word in ["--map-folder", f"A{n}=B{n}"]]))


@grows("list in.mbox --json", 100, most=1 << 14)
def folders_left_out(room: Path, size: int) -> None:
    with open(room / "in.mbox", "wb") as out:
        mbox(out, 100)
    (room / "words.json").write_text(json.dumps([word for n in range(size) for word in ["--skip-folder", f"A{n}*"]]))


@grows("list in.mbox --json", 100, most=1 << 14)
def stars_of_a_pattern(room: Path, size: int) -> None:
    with open(room / "in.mbox", "wb") as out:
        out.write(message(1, b"X-Gmail-Labels: " + b"a" * 1000 + b"\n"))
    (room / "words.json").write_text(json.dumps(["--folder", "a*" * size + "b"]))


@grows("convert in.mbox --to to.zip --progress none --fsync none --address-map in.tsv", 1000, memory=64)
def addresses_of_a_map(room: Path, size: int) -> None:
    (room / "in.mbox").write_bytes(message(1))
    with open(room / "in.tsv", "w") as out:
        for number in range(size):
            out.write(f"/O=X/CN=RECIPIENTS/CN=U{number}\tu{number}@example.org\n")


# Tables of mailboxes.


def table(room: Path, size: int) -> None:
    (room / "in.mbox").write_bytes(message(1))
    with open(room / "table.csv", "w") as out:
        out.write("source,destination\n")
        for number in range(size):
            out.write(f"in.mbox,to/{number}.zip\n")


grows("plan table.csv", 20, most=1 << 14, name="mailboxes of a project, planned", memory=64)(table)
grows("run table.csv --progress none", 10, most=1 << 11, name="mailboxes of a project, run", memory=64)(table)


@grows("plan table.csv", 100, most=1 << 14, memory=64)
def sources_of_a_mailbox(room: Path, size: int) -> None:
    (room / "in.mbox").write_bytes(message(1))
    sources = "|".join(f"{number}.mbox" for number in range(size))
    for number in range(size):
        (room / f"{number}.mbox").write_bytes(message(number))
    (room / "table.csv").write_text(f"source,destination\n{sources},to.zip\n")


COLUMNS = ["source type", "source server url", "source login/mail", "source password", "destination type", "destination url", "destination mail"]


def accounts(out, size: int, more: int) -> None:
    names = [*COLUMNS, "destination password", *(f"column {number}" for number in range(more))]
    out.write((";".join(names) + "\n").encode())
    for number in range(size):
        row = ["IMAP", "imap.x.example", f"a{number}@x.example", "p", "Exchange", "", f"b{number}@y.example", "p"]
        out.write((";".join([*row, *("x" for _ in range(more))]) + "\n").encode())


grows("project omm table.csv", 200, file="table.csv", most=1 << 17, name="rows of a table of accounts", memory=64)(lambda out, size: accounts(out, size, 0))
grows("project omm table.csv", 200, file="table.csv", most=1 << 17, name="columns of a table of accounts", memory=64, statuses=(0, 1, 2))(
    lambda out, size: accounts(out, 10, size)
)


# Sizes at which a limit is promised.

grows(CONVERT.format("to.zip"), 200_000, file="in.mbox", name="200,000 folders", memory=64, seconds=60)(folders)
