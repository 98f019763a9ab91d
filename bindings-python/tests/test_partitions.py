"""The rows of all partitions of a table are those of one index, wherever they are cut."""

import json
import pathlib

import mailferry
import pytest
from mailferry import _native, splits

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: tables are not read")

COLUMNS = [name for name, _ in _native._table_columns() if name != "id"]


class Stream:
    def __init__(self, capsule):
        self.capsule = capsule

    def __arrow_c_stream__(self, requested_schema=None):
        return self.capsule


def rows_of_partitions(sources, target_size: int, columns=COLUMNS, opener=None, **options) -> tuple[list[dict], int]:
    """The rows of all partitions in their order, as a worker of an engine reads them, and how many partitions there are."""
    planned = splits.plan(sources, target_size=target_size, **options)
    rows = []
    for split in planned:
        stream = Stream(_native._table_of_split(json.dumps(split), columns, 7, opener))
        rows += pyarrow.RecordBatchReader.from_stream(stream).read_all().to_pylist()
    return rows, len(planned)


def rows_of_index(sources, columns=COLUMNS, **options) -> list[dict]:
    with mailferry.open(sources, on_error="skip", **options) as box:
        return pyarrow.table(box.index(columns=columns)).to_pylist()


def mbox(messages: int) -> str:
    inner = "From x@example.org Mon Jan  1 00:00:00 2024\nSubject: in text\n"
    texts = ["short", "word " * 90, f"--b\nContent-Type: text/plain\n\n{inner}--b--", f">{inner}"]
    return "".join(
        f"From a@example.org Mon Jan  1 00:00:{n % 60:02} 2024\nMessage-ID: <{n}@x>\nReferences: <{n // 3}@x>\nSubject: {n}\n"
        f'{"Content-Type: multipart/mixed; boundary=b" if n % 4 == 2 else "X-A: b"}\n\n{texts[n % 4]}\n\n'
        for n in range(messages)
    )


def tree(root: pathlib.Path) -> pathlib.Path:
    for n in range(20):
        folder = root / ["Inbox", "Sent", "Sent/2024"][n % 3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.eml").write_text(f"Subject: {n}\nDate: Mon, 1 Jan 2024 00:00:{n:02} +0000\n\nText {n}\n")
    (root / "Inbox" / "list.mbox").write_text(mbox(12))
    (root / "Inbox" / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    return root


@pytest.mark.parametrize("target_size", [300, 5000, 1 << 30])
def test_mailboxes_are_cut_anywhere(tmp_path, target_size):
    (tmp_path / "a.mbox").write_text(mbox(60))
    (tmp_path / "b.mbox").write_text(mbox(9).replace("\n", "\r\n"))
    sources = [tmp_path / "a.mbox", tree(tmp_path / "tree"), tmp_path / "b.mbox"]
    rows, partitions = rows_of_partitions(sources, target_size)
    assert rows == rows_of_index(sources) and len(rows) == 60 + 20 + 12 + 9
    assert partitions > 3 or target_size > 300


def test_a_store_is_cut_into_items(tmp_path):
    (tmp_path / "a.mbox").write_text(mbox(50))
    mailferry.convert(tmp_path / "a.mbox", tmp_path / "a.pst", as_="pst", fsync="none")
    store = tmp_path / "a.pst"
    for target_size in (10_000, 60_000):
        rows, partitions = rows_of_partitions(store, target_size)
        assert partitions > 3 and rows == rows_of_index(store) and len(rows) == 50


def test_what_is_selected_is_the_same(tmp_path):
    (tmp_path / "a.mbox").write_text(mbox(60))
    for options in ({"subject": ["7"]}, {"after": "2024-01-01T00:00:30Z"}, {"folder": ["none"]}):
        rows, _ = rows_of_partitions(tmp_path / "a.mbox", 900, **options)
        assert rows == rows_of_index(tmp_path / "a.mbox", **options)


def test_fixtures_are_read_alike(root):
    sources = sorted(path for kind in ("mbox", "eml") for path in (root / "fixtures" / kind).rglob("*") if path.is_file())
    sources = [path for path in sources if path.suffix in (".mbox", ".eml")]
    rows, partitions = rows_of_partitions(sources, 20_000)
    assert partitions > 3 and rows == rows_of_index(sources)


def test_lists_of_a_store_tell_its_header_columns(tmp_path):
    (tmp_path / "a.mbox").write_text(mbox(50))
    mailferry.convert(tmp_path / "a.mbox", tmp_path / "a.pst", as_="pst", fsync="none")
    columns = ["id", "path", "kind", "folder", "role", "labels", "received", "date", "from_name", "subject", "uid"]
    listed = rows_of_index(tmp_path / "a.pst", columns)
    # With a column that no list has, messages are opened.
    opened = rows_of_index(tmp_path / "a.pst", [*columns, "message_id"])
    assert listed == [{name: row[name] for name in columns} for row in opened] and len(listed) == 50


def test_a_partition_knows_no_number_among_all():
    spark = pytest.importorskip("mailferry.spark", reason="pyspark is not installed")
    with pytest.raises(ValueError, match="path and offset"):
        spark.MailDataSource({"columns": "id,subject"}).columns()


def test_partitions_of_addresses(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/partitions/a.mbox", mbox(40).encode())
    (tmp_path / "a.mbox").write_text(mbox(40))
    columns = [name for name in COLUMNS if name not in ("source", "path", "folder")]
    rows, partitions = rows_of_partitions("memory://partitions/a.mbox", 900, columns, splits.opener(None))
    assert partitions > 3 and rows == rows_of_index(tmp_path / "a.mbox", columns)
