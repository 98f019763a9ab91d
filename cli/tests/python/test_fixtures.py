"""The fixtures say of themselves what Python's own mailbox module says of them."""

import hashlib
import json
import mailbox
import pathlib
import re

import pytest

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "mbox"


def expectation(path):
    """The line about the file, and the lines about its items."""
    lines = path.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    file, *items = map(json.loads, lines)
    assert len(items) == file["items"]
    return file, items


def unquoted(octets):
    header, gap, body = octets.partition(b"\n\n")
    return header + gap + re.sub(rb"(?m)^>(>*From )", rb"\1", body)


def test_takeout_is_what_its_expectation_says():
    _, items = expectation(FIXTURES / "takeout.mbox")
    box = mailbox.mbox(FIXTURES / "takeout.mbox", create=False)
    assert len(box) == len(items)
    for key, item in zip(box.keys(), items):
        octets = unquoted(box.get_bytes(key))
        assert hashlib.sha256(octets).hexdigest() == item["sha256"]
        assert len(octets) == item["size"]
        assert box[key]["Message-ID"] == f"<{item['messageId']}>"


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.mbox")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_items_lie_where_they_are_said_to(path):
    file, items = expectation(path)
    octets = path.read_bytes()
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        octets = octets.decode("utf-16").encode()
    at = file["leading"]
    for item in items:
        assert item["offset"] == at
        stored = octets[at : at + item["length"]]
        at += item["length"]
        assert stored.decode("utf-8", "replace").startswith(item["fromLine"])
        assert stored.endswith(item["separator"].encode())
        if item["unquotedLines"] == 0:
            from_line = item["fromLine"].encode()
            message = stored[len(from_line) : len(stored) - len(item["separator"])]
            assert hashlib.sha256(message).hexdigest() == item["sha256"]
    assert at + file["tail"] == len(octets)
