"""Reads a destination of `mailferry convert` with Python's own readers, and holds what they find against the item log.

    python read_back.py DEST FORM

prints a JSON object: `logged`, the items that the log has as migrated; `found`, those of them that a reader found with equal
octets (mail), or whose files hold as many cards, or no fewer components (calendars and cards stand together in files); `wrong`, the first others.
"""

import collections
import email
import hashlib
import json
import mailbox
import pathlib
import re
import sys
import tarfile
import zipfile


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def unquoted(octets):
    return re.sub(rb"(?m)^>(>*From )", rb"\1", octets)


def entries(destination):
    """The files at a destination, archives in one pass: their paths as the log has them, and their octets."""
    name = destination.name
    if destination.is_dir():
        for path in destination.rglob("*"):
            if path.is_file():
                yield path.relative_to(destination).as_posix(), path.read_bytes()
    elif name.endswith((".tar", ".tgz", ".tar.gz")):
        with tarfile.open(destination) as archive:
            for entry in archive:
                if entry.isfile():
                    yield entry.name, archive.extractfile(entry).read()
    else:
        parts = sorted(destination.parent.glob(f"{destination.stem}.part*.zip"))
        for part in parts or [destination]:
            before = f"{part.name}!" if parts else ""
            with zipfile.ZipFile(part) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir():
                        yield before + entry.filename, archive.read(entry)


def cards(octets):
    """How many cards stand in a file; one within another is a part of that."""
    count = depth = 0
    for line in re.split(rb"\r\n|\n|\r", octets):
        line = line.strip().upper()
        if line == b"BEGIN:VCARD":
            count += depth == 0
            depth += 1
        elif line == b"END:VCARD":
            depth -= 1
    return count


def components(octets):
    """How many components stand in a file of calendars, outside any other; a calendar without one counts as one.

    Time zones do not count, unless there is nothing else.
    """
    unfolded = re.sub(rb"(\r\n|\n|\r)[ \t]", b"", octets)
    count, here, inside = 0, 0, []
    for line in re.split(rb"\r\n|\n|\r", unfolded):
        name, _, value = (part.strip().upper() for part in line.partition(b":"))
        if name == b"BEGIN":
            own = inside[1:] if inside[:1] == [b"VCALENDAR"] else inside
            if not inside:
                here = 0
            if not own and value not in (b"VCALENDAR", b"VTIMEZONE"):
                here += 1
            inside.append(value)
        elif name == b"END" and inside:
            inside.pop()
            if not inside:
                count += max(here, 1)
    # What is broken in its source, and never ends, is written as it is.
    return count + (max(here, 1) if inside else 0)


def mbox_digests(path):
    """The SHA-256 of each message of an mbox, with and without the line end that parts it from the next."""
    box = mailbox.mbox(path, create=False)
    for key in box.keys():
        octets = unquoted(box.get_bytes(key))
        yield [sha256(octets)] + [sha256(octets.removesuffix(end)) for end in (b"\n", b"\r\n", b"\n\n", b"\r\n\r\n")]


def read_mboxes(destination, lines):
    for path, expected in lines.items():
        left = collections.Counter(line["sha256"] for line in expected)
        for digests in mbox_digests(destination / path):
            digest = next((digest for digest in digests if left[digest]), None)
            if digest is None:
                yield 0, f"{path}: a message that no line has"
            else:
                left[digest] -= 1
                yield 1, None
        for digest, count in left.items():
            if count:
                yield 0, f"{path}: {count} × {digest} not found"


def read_maildir(destination, lines):
    root = mailbox.Maildir(destination, create=False)
    found = {}
    for name in [None, *root.list_folders()]:
        folder = root if name is None else root.get_folder(name)
        for key in folder.keys():
            prefix = "" if name is None else f".{name}/"
            found[f"{prefix}{folder._lookup(key)}"] = sha256(folder.get_bytes(key))
    for path, expected in lines.items():
        [line] = expected
        # In `cur`, and with the flags that the log has.
        ok = found.pop(path, None) == line["sha256"]
        yield int(ok), None if ok else f"{path}: not found, or other octets"
    for path in found:
        yield 0, f"{path}: a message that no line has"


def read_entries(destination, lines):
    left = dict(lines)
    # The part of a split archive that a file of many items went to stands in the list of files only.
    made = pathlib.Path(f"{destination}.files.jsonl")
    for line in map(json.loads, made.open(encoding="utf-8")) if made.exists() else []:
        entry = line["path"].partition("!")[2]
        if line["is"] == "collection" and entry in left:
            left[line["path"]] = left.pop(entry)
    for path, octets in entries(destination):
        expected = left.pop(path, None)
        if expected is None:
            continue
        if path.endswith(".eml"):
            [line] = expected
            email.message_from_bytes(octets)
            ok = sha256(octets) == line["sha256"]
            yield int(ok), None if ok else f"{path}: other octets"
            continue
        # Components with one UID may be one item, so that there may be more of them.
        is_book = path.endswith(".vcf")
        count = cards(octets) if is_book else components(octets)
        if count == len(expected) or (count > len(expected) and not is_book):
            yield len(expected), None
        else:
            yield 0, f"{path}: {count} cards or components for {len(expected)} lines"
    for path in left:
        yield 0, f"{path}: not found"


def read_load_file(destination, lines):
    text = (destination / "loadfile.dat").read_bytes().decode("utf-8-sig")
    rows = [[field.strip("\u00fe") for field in row.split("\u0014")] for row in text.split("\r\n")[:-1]]
    known = {path: line for path, [line] in lines.items()}
    for row in rows[1:]:
        row = dict(zip(rows[0], row, strict=True))
        path = row["NATIVE_PATH"].replace("\\", "/")
        line = known.pop(path, None)
        octets = (destination / path).read_bytes()
        ok = line is not None and sha256(octets) == row["SHA256"] == line["sha256"]
        yield int(ok), None if ok else f"{path}: other octets, or no line"
    for path in known:
        yield 0, f"{path}: no row of the load file"


def read_stores(destination, mail):
    """As many messages as were logged are in each store, by libpff."""
    try:
        import pypff
    except ImportError:
        yield 0, "pypff is not installed (pip install libpff-python): no store was read"
        return

    def messages(folder):
        return folder.number_of_sub_messages + sum(
            messages(folder.get_sub_folder(i)) for i in range(folder.number_of_sub_folders))

    for path, lines in mail.items():
        store = pypff.file()
        store.open(str(destination / path))
        found = messages(store.get_root_folder())
        yield found, None if found == len(lines) else f"{path}: {found} messages instead of {len(lines)}"


def read_back(destination, form):
    """What readers find at `destination`, which was written in `form`."""
    destination = pathlib.Path(destination)
    mail, others = collections.defaultdict(list), collections.defaultdict(list)
    logged = 0
    with open(f"{destination}.items.jsonl", encoding="utf-8") as log:
        for line in map(json.loads, log):
            if line["status"] != "migrated":
                continue
            paths = [line["path"], *line.get("copies", [])]
            logged += 1
            own_reader = form == "ediscovery" or (form in ("mbox", "maildir", "pst") and line["kind"] == "mail")
            for path in paths:
                (mail if own_reader else others)[path].append(line)
    reader = {"mbox": read_mboxes, "maildir": read_maildir, "ediscovery": read_load_file, "pst": read_stores}.get(form, read_entries)
    answers = list(reader(destination, mail)) if mail else []
    answers += read_entries(destination, others) if others else []
    wrong = [what for _, what in answers if what]
    return {"logged": logged, "found": sum(count for count, _ in answers), "wrong": wrong}


if __name__ == "__main__":
    report = read_back(*sys.argv[1:])
    report["wrong"] = report["wrong"][:20]
    print(json.dumps(report, indent=1))
