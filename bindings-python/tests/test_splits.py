import json
import pathlib

import mailferry
import pytest
from mailferry import _native, splits

MESSAGE = "From a@example.org Mon Jan  1 00:00:{:02} 2024\nFrom: Ann <a@example.org>\nMessage-ID: <{}@x>\nSubject: {}\n\nText {}\n\n"


def mbox(messages: int) -> str:
    return "".join(MESSAGE.format(n % 60, n, n, n) for n in range(messages))


@pytest.fixture
def source(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "in.mbox"
    path.write_text(mbox(50))
    return path


def lines(to: pathlib.Path) -> list[dict]:
    with open(f"{to}.items.jsonl") as log:
        return [{**json.loads(line), "path": None} for line in log]


def test_splits_are_what_one_run_writes(source, tmp_path):
    planned = splits.plan(source, target_size=1500, fsync="none")
    assert len(planned) > 3 and [split["number"] for split in planned] == list(range(1, len(planned) + 1))
    to = tmp_path / "many"
    receipts = [splits.run(split, to) for split in reversed(planned)]
    # They travel as JSON.
    report = splits.finish(to, json.loads(json.dumps(planned)), json.loads(json.dumps(receipts)))
    assert report.totals["migrated"] == 50 and report.outcome["state"] == "complete"
    mailferry.convert(source, tmp_path / "one", fsync="none")
    assert lines(to) == lines(tmp_path / "one")
    assert mailferry.verify(to, source).differences == 0
    assert splits.run(planned[0], to)["attempt"] == receipts[-1]["attempt"]
    assert splits.finish(to, planned) == report


def test_what_is_wrong_is_said(source, tmp_path):
    planned = splits.plan(source, target_size=1500)
    with pytest.raises(mailferry.OptionsError, match="names"):
        splits.plan(source, names="{ordinal}")
    looking = splits.plan(source, target_size=1500, dedupe="exact")
    with pytest.raises(mailferry.OptionsError, match="have no receipt"):
        splits.decide(tmp_path / "to", looking)
    with pytest.raises(mailferry.OptionsError, match="have no receipt"):
        splits.finish(tmp_path / "to", planned, [])
    source.write_text(mbox(51))
    with pytest.raises(mailferry.OptionsError, match="has changed since the splits were planned"):
        splits.run(planned[0], tmp_path / "to")
    with pytest.raises(mailferry.OptionsError, match="not a split"):
        splits.run({"id": "x"}, tmp_path / "to")


@pytest.mark.parametrize("select", [{"dedupe": "exact"}, {"sample": 12}, {"sample": 9, "seed": 3, "dedupe": "loose"}])
def test_what_depends_on_all_items_is_decided_between_two_passes(source, tmp_path, select):
    other = tmp_path / "other.mbox"
    other.write_text(mbox(60))
    planned = splits.plan([source, other], target_size=1500, fsync="none", **select)
    assert {split["pass"] for split in planned} == {"survey"}
    to = tmp_path / "many"
    looked = [splits.run(split, to) for split in planned]
    with pytest.raises(mailferry.OptionsError, match="only look at the items"):
        splits.finish(to, planned)
    decided = splits.decide(to, json.loads(json.dumps(planned)), json.loads(json.dumps(looked)))
    assert decided == splits.decide(to, planned) == splits.decide(to, splits.decide(to, planned))
    report = splits.finish(to, decided, [splits.run(split, to) for split in reversed(decided)])
    one = mailferry.convert([source, other], tmp_path / "one", fsync="none", **select)
    assert lines(to) == lines(tmp_path / "one") and report.totals == one.totals and report.totals["skipped"] > 0
    assert mailferry.verify(to).differences == 0


def test_addresses_are_read_by_fsspec(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/mail/a.mbox", mbox(30).encode())
    memory.pipe("/mail/b.mbox", mbox(5).encode())
    planned = splits.plan("memory://mail/*.mbox", target_size=1000)
    receipts = [splits.run(split, tmp_path / "to") for split in planned]
    assert splits.finish(tmp_path / "to", planned, receipts).totals["migrated"] == 35
    memory.pipe("/mail/a.mbox", mbox(31).encode())
    with pytest.raises(mailferry.OptionsError, match="now it has"):
        splits.run(planned[0], tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        splits.plan("memory://mail/*.none")


def test_an_object_store_that_is_busy_fails_the_split_and_leaves_nothing(tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").pipe("/busy/a.mbox", mbox(30).encode())
    planned = splits.plan("memory://busy/a.mbox", target_size=1000)
    refusals = iter([True, False, True, True] + [False] * 10_000)
    opener = splits.opener

    class Busy:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def read(self, *size):
            if next(refusals):
                raise OSError(503, "Slow Down")
            return self.file.read(*size)

    def busy(storage_options):
        def open_source(address):
            file, version = opener(storage_options)(address)
            return Busy(file), version

        return open_source

    monkeypatch.setattr(splits, "opener", busy)
    failed, receipts = 0, []
    for split in planned:
        for _ in range(9):
            try:
                receipts.append(splits.run(split, tmp_path / "to"))
                break
            except OSError as error:
                assert "Slow Down" in str(error)
                failed += 1
    assert failed > 0 and len(receipts) == len(planned)
    assert splits.finish(tmp_path / "to", planned, receipts).totals["migrated"] == 30
    assert len(lines(tmp_path / "to")) == 30


class Stream:
    def __init__(self, capsule):
        self.capsule = capsule

    def __arrow_c_stream__(self, requested_schema=None):
        return self.capsule


def test_a_table_has_the_columns_that_are_asked_for(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "in.mbox"
    html = "Content-Type: text/html\n\n<style>p{}</style><p>Caf&eacute;</p><p hidden>no</p>"
    reply = "References: <1@x> <2@x>\nMessage-ID: <3@x>\n\nYes.\n\nOn Monday Ann wrote:\n> Is it?"
    path.write_text("".join(f"From a@b Mon Jan  1 00:00:00 2024\n{text}\n\n" for text in (html, reply)))
    (split,) = [json.dumps(split) for split in splits.plan(path)]
    columns = ["thread_id", "text", "text_reply", "references", "attachments", "octets"]
    stream = Stream(_native._table_of_split(split, columns, 100, None))
    table = pyarrow.RecordBatchReader.from_stream(stream).read_all()
    assert table.column_names == columns
    first, second = table.to_pylist()
    assert first["text"] == "Café" and first["attachments"] == [] and first["thread_id"] is None
    assert second["text_reply"] == "Yes." and second["references"] == ["1@x", "2@x"] and second["thread_id"] == "1@x"
    assert second["octets"].startswith(b"References:")
    with pytest.raises(mailferry.OptionsError, match="there is no colour"):
        _native._table_schema(["colour"])
    assert {"path", "folder", "date", "subject", "text", "attachments"} <= {name for name, usual in _native._table_columns() if usual}


def test_an_index_has_the_columns_that_are_asked_for(source):
    pyarrow = pytest.importorskip("pyarrow")
    with mailferry.open(source) as box:
        index = box.index(columns=["id", "subject", "text"])
        assert index.column_names == ["id", "subject", "text"] and "3 columns" in repr(index)
        rows = pyarrow.table(index).to_pylist()
        assert len(rows) == 50 and rows[7] == {"id": "1:8", "subject": "7", "text": "Text 7\n"}
        with pytest.raises(mailferry.OptionsError, match="there is no colour"):
            box.index(columns=["colour"])
