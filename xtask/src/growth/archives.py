"""Archives, compressed files and trees of files."""

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile
import zlib
from pathlib import Path

from kinds import grows
from mail import message

MAIL = b"From: a@b\nSubject: x\nDate: Thu, 1 Feb 2024 10:00:00 +0000\n\nx\n"


def zip_of(out, entries, method: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in entries:
            archive.writestr(name, octets)


def zipped(name: str, start: int, command: str = "list in.zip --json", **how):
    def add(function):
        grows(command, start, file="in.zip", name=f"ZIP: {name}", **how)(lambda out, size: zip_of(out, function(size)))
        return function

    return add


zipped("messages", 200)(lambda size: ((f"mail/{n}.eml", MAIL) for n in range(size)))
zipped("messages converted", 200, "convert in.zip --to to.zip --progress none --fsync none")(
    lambda size: ((f"mail/{n}.eml", MAIL) for n in range(size))
)
zipped("folders", 200, memory=64)(lambda size: ((f"a{n}/1.eml", MAIL) for n in range(size)))
zipped("entries that nobody knows", 500, statuses=(0, 2))(lambda size: ((f"{n}.dat", b"") for n in range(size)))
warnings.filterwarnings("ignore", "Duplicate name")
zipped("entries of one name", 200)(lambda size: (("1.eml", MAIL) for _ in range(size)))
zipped("deep paths", 200, most=15000, memory=64)(lambda size: [("a/" * size + "1.eml", MAIL)])
zipped("mailboxes", 200)(lambda size: ((f"{n}.mbox", message(n)) for n in range(size)))
zipped("calendars", 200)(lambda size: ((f"{n}.ics", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n") for n in range(size)))
zipped("Takeout", 200)(
    lambda size: [("Takeout/archive_browser.html", b"<html>"), *((f"Takeout/Mail/{n}.mbox", message(n)) for n in range(size))]
)
@grows("list in.zip --json", 1 << 16, file="in.zip", name="ZIP: one entry, deflated")
def deflated(out, size):
    zip_of(out, [("a.mbox", message(1, b"", b"some line of text\n" * (size // 16)))], zipfile.ZIP_DEFLATED)


def tarred(name: str, start: int, command: str = "list in.tar --json", form: int = tarfile.GNU_FORMAT, **how):
    def add(function):
        def generate(out, size):
            with tarfile.open(fileobj=out, mode="w", format=form) as archive:
                for path, octets in function(size):
                    entry = tarfile.TarInfo(path)
                    entry.size = len(octets)
                    archive.addfile(entry, io.BytesIO(octets))

        grows(command, start, file="in.tar", name=f"tar: {name}", **how)(generate)
        return function

    return add


tarred("messages", 200)(lambda size: ((f"mail/{n}.eml", MAIL) for n in range(size)))
tarred("folders", 200, memory=64)(lambda size: ((f"a{n}/1.eml", MAIL) for n in range(size)))
tarred("entries that nobody knows", 500, statuses=(0, 2))(lambda size: ((f"{n}.dat", b"") for n in range(size)))
tarred("long names", 200)(lambda size: (("a" * 150 + f"/{n}.eml", MAIL) for n in range(size)))
tarred("long names of POSIX", 200, form=tarfile.PAX_FORMAT)(lambda size: (("a" * 150 + f"/é{n}.eml", MAIL) for n in range(size)))
tarred("a long name", 1000, most=1 << 20)(lambda size: [("a" * size + ".eml", MAIL)])


@grows("list in.tar --json", 200, file="in.tar", name="tar: records of POSIX before one entry")
def records(out, size):
    packed = b"".join(b"%d %b" % (len(line) + 3, line) for line in (b"k%06d=v\n" % n for n in range(size)))
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, len(packed)
    entry = tarfile.TarInfo("1.eml")
    entry.size = len(MAIL)
    for one, octets in [(header, packed), (entry, MAIL)]:
        out.write(one.tobuf(tarfile.USTAR_FORMAT) + octets + b"\0" * (-len(octets) % 512))
    out.write(b"\0" * 1024)


# Compressed files.

TEXT = b"".join(message(n) for n in range(50))


def pieces(name: str, pack) -> None:
    suffix = name.split(":")[0]

    @grows(f"list in.mbox.{suffix} --json", 50, file=f"in.mbox.{suffix}", name=name, memory=64)
    def generate(out, size):
        out.writelines(pack(TEXT) for _ in range(size))


pieces("gz: members", gzip.compress)
pieces("bz2: streams", bz2.compress)
pieces("xz: streams", lzma.compress)


@grows("list in.mbox.gz --json", 1 << 18, file="in.mbox.gz", name="gz: one member", memory=64)
def one_member(out, size):
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    for number in range(size // 200):
        out.write(pack.compress(message(number)))
    out.write(pack.flush())


@grows("list in.mbox.xz --json", 1 << 18, file="in.mbox.xz", name="xz: one stream", memory=64)
def one_stream(out, size):
    pack = lzma.LZMACompressor(preset=0)
    for number in range(size // 200):
        out.write(pack.compress(message(number)))
    out.write(pack.flush())


# Trees of files.


def tree(name: str, start: int, command: str = "list in --json", most: int = 1 << 17, **how):
    """So many files, whose paths and octets the function gives."""

    def add(function):
        def generate(room: Path, size: int):
            made = set()
            for path, octets in function(size):
                file = room / "in" / path
                if file.parent not in made:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    made.add(file.parent)
                file.write_bytes(octets)

        grows(command, start, name=f"files: {name}", most=most, **how)(generate)
        return function

    return add


tree("messages", 200)(lambda size: ((f"{n}.eml", MAIL) for n in range(size)))
tree("messages converted", 200, "convert in --to to.zip --progress none --fsync none")(lambda size: ((f"{n}.eml", MAIL) for n in range(size)))
tree("folders", 200)(lambda size: ((f"a{n}/1.eml", MAIL) for n in range(size)))
tree("mailboxes", 200)(lambda size: ((f"{n}.mbox", message(n)) for n in range(size)))
tree("Maildir", 200)(lambda size: [("new/0", MAIL), ("tmp/0", MAIL), *((f"cur/{n}.x:2,S", MAIL) for n in range(size))])
tree("Maildirs", 100)(lambda size: (path for n in range(size) for path in [(f".F{n}/cur/1:2,S", MAIL), (f".F{n}/new/1", MAIL), (f".F{n}/tmp/1", b"")]))
tree("Apple Mail", 200)(lambda size: ((f"INBOX.mbox/Messages/{n}.emlx", b"%d\n%b" % (len(MAIL), MAIL)) for n in range(size)))
tree("Proton", 200)(lambda size: (one for n in range(size) for one in [(f"{n}.eml", MAIL), (f"{n}.metadata.json", b'{"Version":1,"Payload":{}}')]))
tree("files that nobody knows", 200, statuses=(0, 2))(lambda size: ((f"{n}.dat", b"\0\1\2") for n in range(size)))
tree("files without a name that tells", 200)(lambda size: ((f"{n}", MAIL) for n in range(size)))


# Sizes at which a limit is promised.

grows("list in.zip --json", 1_000_000, file="in.zip", name="ZIP: a million entries, listed", seconds=20)(
    lambda out, size: zip_of(out, ((f"mail/{n}.eml", b"Subject: x\n\nx\n") for n in range(size)))
)


@grows("convert in --to to.zip --progress none --fsync none", 200_000, name="files: 200,000 sources", seconds=60)
def many_sources(room: Path, size: int) -> None:
    for number in range(size):
        if number % 1000 == 0:
            (room / f"in/{number}").mkdir(parents=True)
        (room / f"in/{number // 1000 * 1000}/{number}.eml").write_bytes(b"Subject: x\n\nx\n")
