"""TNEF, messages and archives of Outlook, stores."""

import base64
import io
import struct
import zipfile
from pathlib import Path

from kinds import grows
from mail import messages, message

LONG, TEXT, BINARY, OBJECT = 0x0003, 0x001F, 0x0102, 0x000D
SUBJECT, BODY, RTF, CLASS = 0x0037, 0x1000, 0x1009, 0x001A


# TNEF.

# Properties and what they hold: no more than 262,144 of one message, and a text of `Limits::text`.
HELD = 180


def value(kind: int, it) -> bytes:
    if kind == LONG:
        return struct.pack("<I", it)
    octets = it.encode("utf-16-le") + b"\0\0" if kind == TEXT else it
    return struct.pack("<II", 1, len(octets)) + octets + b"\0" * (-len(octets) % 4)


def properties(some) -> bytes:
    some = list(some)
    out = [struct.pack("<I", len(some))]
    for number, kind, it in some:
        if isinstance(number, str):
            name = number.encode("utf-16-le") + b"\0\0"
            out.append(struct.pack("<HH16sII", kind, 0x8000, b"g" * 16, 1, len(name)) + name + b"\0" * (-len(name) % 4))
        else:
            out.append(struct.pack("<HH", kind, number))
        out.append(value(kind, it))
    return b"".join(out)


def attribute(level: int, number: int, octets: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(octets)) + octets + struct.pack("<H", sum(octets) & 0xFFFF)


NOTE = [(CLASS, TEXT, "IPM.Note"), (SUBJECT, TEXT, "x"), (BODY, TEXT, "text")]


def tnef(name: str, start: int, **how):
    """Mail whose winmail.dat has the attributes that the function gives."""

    def add(function):
        def generate(out, size):
            octets = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, b"\0\0\1\0") + function(size)
            head = b"MIME-Version: 1.0\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n"
            out.write(message(1, head, base64.encodebytes(octets)))

        command = "convert in.mbox --to to.zip --tnef decode --progress none --fsync none"
        grows(command, start, file="in.mbox", name=f"TNEF: {name}", **{"memory": HELD, **how})(generate)
        return function

    return add


def with_properties(more) -> bytes:
    return attribute(1, 0x00069003, properties([*NOTE, *more]))


tnef("attributes", 1000)(lambda size: attribute(1, 0x00078008, b"IPM.Note\0") * size)
tnef("unknown attributes", 1000)(lambda size: attribute(1, 0x0006FFFF, b"x") * size)
tnef("properties", 1000)(lambda size: with_properties((0x3000 + n % 0x4000, TEXT, "x") for n in range(size)))
tnef("properties with names", 1000)(lambda size: with_properties((f"name{n}", TEXT, "x") for n in range(size)))
tnef("properties of one name", 1000)(lambda size: with_properties(("name", TEXT, "x") for n in range(size)))
tnef("sets of properties", 500)(lambda size: with_properties([]) * size)
tnef("a text", 20000)(lambda size: with_properties([(0x1000, TEXT, "x\r\n" * size)]))
tnef("recipients", 500)(
    lambda size: with_properties([])
    + attribute(
        1,
        0x00069004,
        struct.pack("<I", size)
        + properties([(0x3001, TEXT, "Bob"), (0x3003, TEXT, "bob@example.org"), (0x0C15, LONG, 1), (0x39FE, TEXT, "bob@example.org")]) * size,
    )
)
tnef("attachments", 200)(
    lambda size: with_properties([])
    + (attribute(2, 0x00069002, b"\1\0" + b"\0" * 12) + attribute(2, 0x00018010, b"a.txt\0") + attribute(2, 0x0006800F, b"octets")) * size
)


def rtf(name: str, text: bytes, end: bytes = b"", start: int = 5000, html: bool = True, **how) -> None:
    def generate(size: int) -> bytes:
        head = b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fswiss Arial;}}" if html else b"{\\rtf1\\ansi\\deff0 "
        octets = head + text * size + end + b"}"
        packed = struct.pack("<IIII", len(octets) + 12, len(octets), 0x414C454D, 0) + octets
        return attribute(1, 0x00069003, properties([NOTE[0], NOTE[1], (RTF, BINARY, packed)]))

    tnef(f"RTF, {name}", start, **how)(generate)


rtf("text", b"some text\\par\r\n")
rtf("plain text", b"some text\\par\r\n", html=False)
rtf("tags", b"{\\*\\htmltag64 <p>}x")
rtf("groups in groups", b"{", html=False)
rtf("groups that close", b"{}")
rtf("groups in groups, of HTML", b"{\\*\\htmltag ")
rtf("closing braces", b"}")
rtf("octets in hexadecimal", b"\\'e9")
rtf("Unicode", b"\\u233?")
rtf("control words", b"\\b\\b0 ", html=False)
rtf("fonts", b"{\\fonttbl{\\f1\\fcharset128 x;}}\\f1 x")
rtf("pictures", b"{\\pict\\pngblip 89504e47}", html=False)
rtf("binary octets", b"\\bin4 \0\0\0\0")
rtf("skipped characters", b"\\uc9\\u233 ")
rtf("control words that do not end", b"\\aaaaaaaa")
rtf("60 MB of text", b"some text\\par\r\n", start=3_700_000, seconds=30, memory=320)


# Messages in compound files.


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3; paths are separated by `/`."""
    entries: list[dict] = [{"name": "Root Entry", "children": {}, "type": 5}]
    for path, octets in streams.items():
        at = 0
        *storages, name = path.split("/")
        for part in storages:
            children = entries[at]["children"]
            if part not in children:
                children[part] = len(entries)
                entries.append({"name": part, "children": {}, "type": 1})
            at = children[part]
        entries[at]["children"][name] = len(entries)
        entries.append({"name": name, "children": {}, "type": 2, "octets": octets})
    none, end = 0xFFFFFFFF, 0xFFFFFFFE
    mini, mini_fat, body, fat = bytearray(), [], bytearray(), []

    def put(octets: bytes) -> int:
        if not octets:
            return end
        first, count = len(fat), -(-len(octets) // 512)
        body.extend(octets + b"\0" * (-len(octets) % 512))
        fat.extend([*range(first + 1, first + count), end])
        return first

    for entry in entries:
        entry.setdefault("octets", b"")
        if entry["type"] == 2 and len(entry["octets"]) >= 4096:
            entry["at"] = put(entry["octets"])
        elif entry["type"] == 2 and entry["octets"]:
            first, count = len(mini_fat), -(-len(entry["octets"]) // 64)
            mini.extend(entry["octets"] + b"\0" * (-len(entry["octets"]) % 64))
            mini_fat.extend([*range(first + 1, first + count), end])
            entry["at"] = first
        else:
            entry["at"] = end
    links = [[none, none, none] for _ in entries]

    def tree(numbers: list[int]) -> int:
        if not numbers:
            return none
        middle = len(numbers) // 2
        at = numbers[middle]
        links[at][0], links[at][1] = tree(numbers[:middle]), tree(numbers[middle + 1 :])
        return at

    for number, entry in enumerate(entries):
        if entry["children"]:
            links[number][2] = tree([entry["children"][name] for name in sorted(entry["children"], key=lambda one: (len(one), one.upper()))])
    entries[0]["at"] = put(bytes(mini))
    entries[0]["octets"] = bytes(mini)
    directory = bytearray()
    for entry, (left, right, child) in zip(entries, links):
        name = entry["name"].encode("utf-16-le") + b"\0\0"
        size = len(entry["octets"])
        directory += struct.pack("<64sHBBIII36xIQ", name, len(name), entry["type"], 1, left, right, child, entry["at"] & none, size)
    directory += (struct.pack("<64sHBBIII36xIQ", b"", 0, 0, 0, none, none, none, 0, 0)) * (-len(entries) % 4)
    directory_at = put(bytes(directory))
    mini_fat_at = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(-(-len(mini_fat) * 4 // 512) * 512, b"\xff"))
    here = len(fat)
    tables = lists = 0
    while True:
        needed = -(-(here + tables + lists) // 128)
        more = max(0, -(-(needed - 109) // 127))
        if (needed, more) == (tables, lists):
            break
        tables, lists = needed, more
    fat += [0xFFFFFFFD] * tables + [0xFFFFFFFC] * lists
    numbers = list(range(here, here + tables))
    body += struct.pack(f"<{len(fat)}I", *fat).ljust(tables * 512, b"\xff")
    rest = numbers[109:]
    for one in range(lists):
        some = rest[one * 127 : (one + 1) * 127]
        body += struct.pack("<127I", *some, *[none] * (127 - len(some)))
        body += struct.pack("<I", here + tables + one + 1 if one + 1 < lists else end)
    head = struct.pack("<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory_at, 0, 4096,
                       mini_fat_at, -(-len(mini_fat) // 128), here + tables if lists else end, lists)
    first = numbers[:109]
    return head + struct.pack("<109I", *first, *[none] * (109 - len(first))) + bytes(body)


def storage(place: str, some, head: bytes, streams: dict[str, bytes]) -> None:
    """The properties of one object, into `streams`."""
    table = bytearray(head)
    for number, kind, it in some:
        if kind == LONG:
            table += struct.pack("<HHIII", kind, number, 6, it, 0)
            continue
        octets = it.encode("utf-16-le") if kind == TEXT else it
        table += struct.pack("<HHIII", kind, number, 6, len(octets) + (2 if kind == TEXT else 0), 0)
        streams[f"{place}__substg1.0_{number:04X}{kind:04X}"] = octets
    streams[f"{place}__properties_version1.0"] = bytes(table)


def names(streams: dict[str, bytes], count: int) -> None:
    """The names of so many properties."""
    entries, texts = bytearray(), bytearray()
    for number in range(count):
        entries += struct.pack("<IHH", len(texts), 7, number)
        text = f"name{number}".encode("utf-16-le")
        texts += struct.pack("<I", len(text)) + text + b"\0" * (-len(text) % 4)
    streams["__nameid_version1.0/__substg1.0_00020102"] = b""
    streams["__nameid_version1.0/__substg1.0_00030102"] = bytes(entries)
    streams["__nameid_version1.0/__substg1.0_00040102"] = bytes(texts)


def msg(name: str, start: int, **how):
    """A message in a compound file: the function gives properties, recipients, attachments and named properties."""

    def add(function):
        def generate(out, size):
            streams: dict[str, bytes] = {}
            some, recipients, attachments, named = function(size)
            names(streams, named)
            for number in range(recipients):
                row = [(0x3001, TEXT, "Bob"), (0x39FE, TEXT, "bob@example.org"), (0x0C15, LONG, 1)]
                storage(f"__recip_version1.0_#{number:08X}/", row, b"\0" * 8, streams)
            for number in range(attachments):
                row = [(0x3705, LONG, 1), (0x3707, TEXT, "a.txt"), (0x3701, BINARY, b"octets")]
                storage(f"__attach_version1.0_#{number:08X}/", row, b"\0" * 8, streams)
            head = struct.pack("<8xIIII8x", recipients, attachments, recipients, attachments)
            storage("", [*NOTE, *some], head, streams)
            out.write(compound(streams))

        command = "convert in.msg --to to.zip --progress none --fsync none"
        grows(command, start, file="in.msg", name=f"MSG: {name}", memory=64, **how)(generate)
        return function

    return add


msg("recipients", 200)(lambda size: ([], size, 0, 0))
msg("attachments", 200)(lambda size: ([], 0, size, 0))
msg("properties", 500, most=1 << 15)(lambda size: (((0x3000 + n, TEXT, "x") for n in range(min(size, 0x5000 - 0x37F))), 0, 0, 0))
msg("properties with names", 500, most=1 << 15)(lambda size: (((0x8000 + n, TEXT, "x") for n in range(min(size, 0x7FFE))), 0, 0, min(size, 0x7FFE)))
msg("a text", 20000)(lambda size: ([(0x007D, TEXT, "X: y\r\n" * size)], 0, 0, 0))


@grows("convert in.msg --to to.zip --progress none --fsync none", 5, file="in.msg", name="MSG: messages in messages", most=1 << 9, memory=64)
def messages_in_messages(out, size):
    streams: dict[str, bytes] = {}
    names(streams, 0)
    place = ""
    for depth in range(size):
        head = struct.pack("<8xIIII8x", 0, 1, 0, 1) if depth == 0 else struct.pack("<8xIIII", 0, 1, 0, 1)
        storage(place, NOTE, head, streams)
        place += "__attach_version1.0_#00000000/"
        streams[f"{place}__properties_version1.0"] = b"\0" * 8 + struct.pack("<HHIII", LONG, 0x3705, 6, 5, 0) + struct.pack("<HHIII", OBJECT, 0x3701, 6, 0xFFFFFFFF, 4)
        place += "__substg1.0_3701000D/"
    storage(place, NOTE, struct.pack("<8xIIII", 0, 0, 0, 0), streams)
    out.write(compound(streams))


# Archives of Outlook for Mac.


def olm(name: str, start: int, **how):
    """An archive whose entries the function gives, as pairs."""

    def add(function):
        def generate(out, size):
            with zipfile.ZipFile(out, "w") as archive:
                for path, octets in function(size):
                    archive.writestr(path, octets)

        grows("convert in.olm --to to.zip --progress none --fsync none", start, file="in.olm", name=f"OLM: {name}", memory=64, **how)(generate)
        return function

    return add


MESSAGES = "Local/com.microsoft.__Messages/"
EMAIL = "<email><OPFMessageCopySubject>s</OPFMessageCopySubject><OPFMessageCopyBody>b</OPFMessageCopyBody>%s</email>"


def one_file(inside: str) -> list[tuple[str, str]]:
    return [(f"{MESSAGES}Inbox/message_00000.xml", f"<emails>{inside}</emails>")]


olm("files", 200)(lambda size: ((f"{MESSAGES}Inbox/message_{n:05}.xml", f"<emails>{EMAIL % n}</emails>") for n in range(size)))
olm("messages of a file", 500)(lambda size: one_file(EMAIL % "" * size))
olm("folders", 200)(lambda size: ((f"{MESSAGES}F{n}/message_00000.xml", f"<emails>{EMAIL % n}</emails>") for n in range(size)))
ADDRESS = "<emailAddress OPFContactEmailAddressAddress='a@b.example'/>"
olm("recipients", 1000)(lambda size: one_file(EMAIL % f"<OPFMessageCopyToAddresses>{ADDRESS * size}</OPFMessageCopyToAddresses>"))
CATEGORY = "<category OPFCategoryCopyName='c{}'/>"
olm("categories", 1000)(
    lambda size: one_file(EMAIL % f"<OPFMessageCopyCategoryList>{''.join(CATEGORY.format(n) for n in range(size))}</OPFMessageCopyCategoryList>")
)
ATTACHED = "<messageAttachment OPFAttachmentName='a' OPFAttachmentURL='Local/a'/>"
olm("attachments", 500)(
    lambda size: [("Local/a", b"octets"), *one_file(EMAIL % f"<OPFMessageCopyAttachmentList>{ATTACHED * size}</OPFMessageCopyAttachmentList>")]
)
olm("elements in elements", 2000)(lambda size: one_file("<email>" + "<a>" * size))
olm("attributes", 2000)(lambda size: one_file("<email " + " ".join(f"a{n}='x'" for n in range(size)) + "></email>"))
olm("character references", 5000)(lambda size: one_file(f"<email><OPFMessageCopyBody>{'&#xFC;' * size}</OPFMessageCopyBody></email>"))
olm("comments", 5000)(lambda size: one_file("<email>" + "<!-- x -->" * size + "</email>"))


# Stores, which mailferry itself writes.


def store(name: str, start: int, command: str = "list in.pst --json", **how):
    def add(function):
        messages(f"PST: {name}", start, command, first="convert in.mbox --to in.pst --as pst --progress none --fsync none", memory=64, **how)(function)
        return function

    return add


LABELLED = b"X-Gmail-Labels: a/b%d\n"
CONVERT = "convert in.pst --to to.zip --progress none --fsync none"
store("messages", 200)(lambda number, _: message(number))
store("messages converted", 200, CONVERT)(lambda number, _: message(number))
store("messages checked", 200, "check in.pst")(lambda number, _: message(number))
store("messages salvaged", 200, "list in.pst --json --recover")(lambda number, _: message(number))
store("folders", 100, most=1 << 15)(lambda number, _: message(number, LABELLED % number))
store("folders converted", 100, CONVERT, most=1 << 15)(lambda number, _: message(number, LABELLED % number))
store("folders in folders", 10, most=1 << 11)(
    lambda number, size: message(number, b"X-Gmail-Labels: " + b"/".join(b"f%d" % n for n in range(size)) + b"\n") if number == 0 else b""
)
store("recipients", 200, CONVERT, most=1 << 16)(
    lambda number, size: message(1, b"Cc: " + b",\n ".join(b"a%d@b.example" % n for n in range(size)) + b"\n") if number == 0 else b""
)
store("attachments", 100, CONVERT, most=1 << 15)(
    lambda number, size: message(
        1,
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        b"--b\nContent-Disposition: attachment; filename=a\n\nx\n" * size + b"--b--\n",
    )
    if number == 0
    else b""
)
store("names of properties", 200, CONVERT, most=1 << 14)(
    lambda number, size: message(1, b"".join(b"X-Field-%d: x\n" % n for n in range(size))) if number == 0 else b""
)
