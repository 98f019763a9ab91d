"""Real files, where they are there: whatever they hold, no accessor raises, and the command counts the same items."""

import os
import pathlib
import pickle
import subprocess
import sys

import pytest

import mailferry

CORPUS = pathlib.Path(os.environ.get("MAILFERRY_CORPUS") or pathlib.Path(__file__).parents[3] / "shared/corpus", "files")
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no corpus at {CORPUS}: real files are not read")
ACCESSORS = [name for name in dir(mailferry.Item) if not name.startswith("_") and name not in ("to_email", "header", "raw_header")]


def looked_at(item):
    """Asks for all that an item tells."""
    for name in ACCESSORS:
        getattr(item, name)
    # A calendar object is put into a calendar, with its time zones.
    assert len(bytes(item)) == item.size or item.kind != "mail"
    for name, value in item.headers[:50]:
        assert isinstance(value, str) and item.header(name) is not None and isinstance(item.raw_header(name), bytes)
    for number, attachment in enumerate(item.attachments):
        octets = bytes(attachment)
        assert attachment.media_type.count("/") <= 1 and (attachment.name is None or attachment.name)
        if number == 0 and item.size < 100_000:
            assert bytes(pickle.loads(pickle.dumps(attachment))) == octets
    if item.size < 100_000:
        again = pickle.loads(pickle.dumps(item))
        assert (bytes(again), again.subject, again.received, again.folder) == (bytes(item), item.subject, item.received, item.folder)
    repr(item)


def test_nothing_in_the_corpus_raises():
    files = items = 0
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
        try:
            box = mailferry.open(path, on_error="skip")
        except (mailferry.Error, OSError):
            continue
        files += 1
        for item in box:
            items += 1
            try:
                looked_at(item)
            except Exception as wrong:
                raise AssertionError(f"{path}, {item.id}") from wrong
    print(f"{items} items of {files} files")
    assert items > files > 100


def count(path):
    """The items that are read; none where nothing can be read."""
    try:
        return sum(1 for _ in mailferry.open(path, on_error="skip"))
    except mailferry.Error:
        return 0


def test_the_command_lists_as_many_items():
    for folder in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        command = [sys.executable, "-m", "mailferry", "list", "--json", str(folder)]
        listed = subprocess.run(command, capture_output=True).stdout.splitlines()
        assert len(listed) == count(folder), folder
