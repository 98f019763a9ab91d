"""The table of items, as those who read Arrow see it."""

import hashlib
import io
import subprocess
import sys

import pytest

import mailferry

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: tables are not read")


def test_the_schema_is_that_of_the_rows(takeout):
    index = mailferry.open(takeout).index()
    table = pyarrow.table(index)
    assert table.schema == pyarrow.schema(index) and table.column_names == index.column_names
    table.validate(full=True)


def test_a_row_says_what_the_item_says(takeout):
    rows = pyarrow.table(mailferry.open(takeout).index(batch_size=5)).to_pylist()
    items = list(mailferry.open(takeout))
    assert len(rows) == len(items) == 24
    for row, item in zip(rows, items):
        assert (row["id"], row["kind"], row["folder"], row["role"]) == (item.id, item.kind, item.folder, item.role)
        assert (row["labels"], row["keywords"]) == (item.labels, item.keywords)
        assert (row["received"], row["date"]) == (item.received, item.date)
        assert (row["from_name"], row["from"]) == (item.sender.name, item.sender.address)
        assert row["to"] == [address.address for address in item.to]
        assert (row["subject"], row["message_id"], row["size"]) == (item.subject, item.message_id, item.size)
        assert row["attachments"] == len(item.attachments)
        assert row["attachment_bytes"] == sum(len(bytes(attachment)) for attachment in item.attachments)
        assert row["has_html"] == (item.html is not None)
        assert row["sha256"] == hashlib.sha256(bytes(item)).hexdigest()


def test_headers_alone(takeout):
    names = mailferry.open(takeout).index(content=False).column_names
    assert "sha256" not in names and "subject" in names


def test_it_is_read_anew_each_time(takeout):
    index = mailferry.open(takeout, kind="mail", folder="Inbox").index()
    assert pyarrow.table(index).num_rows == pyarrow.table(index).num_rows == 9


def test_what_cannot_be_read_is_raised(takeout, tmp_path):
    index = mailferry.open([takeout, tmp_path / "none.mbox"]).index()
    with pytest.raises(Exception, match="none.mbox"):
        pyarrow.table(index)
    index = mailferry.open([takeout, tmp_path / "none.mbox"], on_error="skip").index()
    assert pyarrow.table(index).num_rows == 24


def test_a_file_object_is_read_too(takeout):
    assert pyarrow.table(mailferry.open(io.BytesIO(takeout.read_bytes())).index()).num_rows == 24


def test_calendars_and_contacts_have_rows(root):
    for path in sorted(root.glob("fixtures/ics/*/*.ics")) + sorted(root.glob("fixtures/vcf/*/*.vcf")):
        table = pyarrow.table(mailferry.open(path, on_error="skip").index())
        table.validate(full=True)
        assert table.num_rows == sum(1 for _ in mailferry.open(path, on_error="skip"))


def test_polars(takeout):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(mailferry.open(takeout).index())
    assert frame.height == 24 and frame["received"].dt.year().unique().to_list() == [2024]


def test_pandas(takeout):
    pandas = pytest.importorskip("pandas")
    frame = pyarrow.table(mailferry.open(takeout).index()).to_pandas()
    assert len(frame) == 24 and str(frame["received"].dtype) == "datetime64[us, UTC]"
    index = mailferry.open(takeout).index(columns=["id", "folder", "received", "size"])
    frame = pandas.DataFrame(index)
    assert list(frame.columns) == index.column_names and len(frame) == 24
    assert frame.groupby("folder")["size"].count()["Inbox"] == 9 and frame["received"].dt.year.unique().tolist() == [2024]


def test_parquet_by_polars_and_duckdb(takeout, tmp_path):
    index = mailferry.open(takeout).index(columns=["id", "folder", "received", "from", "size", "attachments"])
    rows = list(index)
    polars = pytest.importorskip("polars", reason="polars is not installed: Parquet is not written by it")
    polars.DataFrame(index).write_parquet(tmp_path / "polars.parquet")
    assert polars.read_parquet(tmp_path / "polars.parquet").to_dicts() == rows
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: Parquet is not written by it")
    duckdb.sql("copy (from index) to '%s' (format parquet)" % (tmp_path / "duckdb.parquet"))
    assert duckdb.sql("select id, size from '%s'" % (tmp_path / "duckdb.parquet")).fetchall() == [(row["id"], row["size"]) for row in rows]


def test_rows_without_arrow_are_those_of_arrow(takeout, root):
    columns = ["id", "kind", "labels", "received", "from", "size", "sha256", "text", "attachments", "octets"]
    for source in [takeout, *sorted(root.glob("fixtures/ics/*/*.ics"))[:20], *sorted(root.glob("fixtures/vcf/*/*.vcf"))[:20]]:
        box = mailferry.open(source, on_error="skip")
        for index in (box.index(batch_size=5), box.index(columns=columns)):
            assert list(index) == pyarrow.table(index).to_pylist()


def test_a_loop_raises_what_reading_raises(takeout, tmp_path):
    for columns in (None, ["id", "subject"]):
        rows = iter(mailferry.open([takeout, tmp_path / "none.mbox"]).index(columns=columns))
        with pytest.raises(FileNotFoundError) as error:
            list(rows)
        assert error.value.filename == str(tmp_path / "none.mbox")
        assert list(rows) == []
        token = mailferry.CancelToken()
        rows = iter(mailferry.open(takeout, cancel=token).index(columns=columns, batch_size=2))
        next(rows)
        token.cancel()
        with pytest.raises(mailferry.CancelledError):
            list(rows)


def test_duckdb(takeout):
    duckdb = pytest.importorskip("duckdb")
    index = mailferry.open(takeout).index()
    rows = duckdb.sql("select folder, count(*), sum(size) from index group by all order by 2 desc, 1").fetchall()
    assert rows[0][:2] == ("Inbox", 9)
    assert duckdb.sql("select count(*) from index").fetchall() == [(24,)]


def test_the_command_writes_parquet(takeout, tmp_path):
    to = tmp_path / "x.parquet"
    command = [sys.executable, "-m", "mailferry", "index", str(takeout), "--to", str(to)]
    subprocess.run(command, check=True)
    import pyarrow.parquet

    assert pyarrow.parquet.read_table(to).equals(pyarrow.table(mailferry.open(str(takeout)).index()))
    assert subprocess.run(command, capture_output=True).returncode == 2
