"""Mail in Apache Spark (4.1 or newer): mailboxes as a table, and conversions on a cluster. Install ``mailferry[spark]``.

A table of mailboxes, read by the workers::

    spark.dataSource.register(mailferry.spark.MailDataSource)
    table = spark.read.format("mailferry").option("columns", "folder,date,subject,text").load("s3://bucket/**/*.mbox")

Options of the reader: ``columns`` (names separated by commas), ``target_size`` (octets of one partition), ``path`` or ``paths`` (a JSON
list), ``storage_options`` (JSON, for fsspec), and the options of ``mailferry.open`` that select and read. With ``pushdown`` filters on
``received``, ``folder`` and ``kind`` are applied before anything else is read, where ``spark.sql.python.filterPushdown.enabled`` is true.
Use such a table for one query only, and load it anew for the next: Spark up to 4.3 keeps what the filters left with the table, so that a
query without them misses rows (SPARK-51575, mended for Spark 5.0 with SPARK-58551). Without ``pushdown`` every query is whole.

A conversion, whose receipts come back as a table; mail never goes through the JVM::

    receipts = mailferry.spark.convert(spark, ["mail/*.mbox"], "/shared/archive", target_size=1 << 30)

It ends where ``mailferry.convert`` does, and can be run again: what is done is not done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import pyarrow
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    InputPartition,
    LessThan,
)
from pyspark.sql.types import StructType

from . import _native, splits

__all__ = ["MailDataSource", "convert"]

#: Options of the reader that are not those of mailferry, in lower case, as Spark hands all of them on.
OWN = ("path", "paths", "columns", "target_size", "storage_options", "batch_size", "pushdown")
#: Options that are true or false.
SWITCHES = ("hidden", "recover", "keep_rtf", "skip_trash", "skip_junk", "has_attachment")
#: Options that are lists; their entries are separated by commas.
LISTS = ("kind", "folder", "skip_folder", "label", "from", "sender", "recipient", "subject")
#: Octets of one partition.
TARGET_SIZE = 128 << 20
#: Rows of one batch.
ROWS = 4096


class _Columns:
    """What carries a schema of Arrow by its interface."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_schema__(self) -> object:
        return self._capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule


class MailDataSource(DataSource):
    """The format ``mailferry`` of ``spark.read``."""

    @classmethod
    def name(cls) -> str:
        return "mailferry"

    def columns(self) -> list[str]:
        """The names of the columns that are read."""
        asked = self.options.get("columns", "")
        named = [name.strip() for name in asked.split(",") if name.strip()]
        if "id" in named:
            raise ValueError("columns: id is a number among all items, which no partition knows: path and offset tell items apart instead")
        return named or [name for name, usual in _native._table_columns() if usual]

    def schema(self) -> StructType:
        from pyspark.sql.pandas.types import from_arrow_schema

        return from_arrow_schema(pyarrow.schema(_Columns(_native._table_schema(self.columns()))))

    def reader(self, schema: StructType) -> DataSourceReader:
        kind = PushingMailReader if _is_true(self.options.get("pushdown", "")) else MailReader
        return kind(dict(self.options), self.columns())


class MailReader(DataSourceReader):
    """Reads the splits of mailboxes, a partition each."""

    def __init__(self, options: dict[str, str], columns: list[str]) -> None:
        self.options = options
        self.columns = columns
        #: What filters ask for, by the options that they are.
        self.selected: dict[str, Any] = {}

    def _storage_options(self) -> dict[str, Any]:
        return dict(json.loads(self.options.get("storage_options", "{}")))

    def partitions(self) -> list[InputPartition]:
        given = [self.options["path"]] if self.options.get("path") else []
        given += json.loads(self.options.get("paths", "[]"))
        if not given:
            raise ValueError("name what to read: .load(PATH)")
        paths = [match for path in given for match in _local_matches(path)]
        options = {name: _value(name, text) for name, text in self.options.items() if name not in OWN}
        for name, value in self.selected.items():
            options.setdefault(name, value)
        size = int(self.options.get("target_size", TARGET_SIZE))
        planned = splits.plan(paths, target_size=size, storage_options=self._storage_options(), **options)
        return [InputPartition(json.dumps(split)) for split in planned]

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        rows = int(self.options.get("batch_size", ROWS))
        opener = splits.opener(self._storage_options())
        stream = _native._table_of_split(partition.value, self.columns, rows, opener)
        yield from pyarrow.RecordBatchReader.from_stream(_Columns(stream))


class PushingMailReader(MailReader):
    """The same, with filters applied while it is read. Spark refuses a reader that can do so where that is not enabled."""

    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:
        """Takes those on the date of arrival, the folder and the kind; Spark applies them once more."""
        for filter in filters:
            self._push(filter)
        return filters

    def _push(self, filter: Filter) -> None:
        column = filter.attribute[0] if len(getattr(filter, "attribute", ())) == 1 else None
        if isinstance(filter, (EqualTo, In)):
            values = [filter.value] if isinstance(filter, EqualTo) else list(filter.value)
            name = column if column in ("kind", "folder") else None
            # A name with signs of a pattern in it is left to Spark.
            if name and name not in self.selected and values and all(_is_plain(value) for value in values):
                self.selected[name] = values
        elif column == "received" and isinstance(filter, (GreaterThan, GreaterThanOrEqual)):
            self._bound("after", filter.value, max)
        elif column == "received" and isinstance(filter, LessThan):
            self._bound("before", filter.value, min)

    def _bound(self, name: str, value: Any, closer: Any) -> None:
        if isinstance(value, datetime):
            # The option counts whole seconds; what is in the same one is left to Spark.
            at = value.astimezone(timezone.utc).replace(microsecond=0)
            at = at if name == "after" or at == value else datetime.fromtimestamp(at.timestamp() + 1, timezone.utc)
            self.selected[name] = closer(self.selected[name], at) if name in self.selected else at


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and not any(sign in value for sign in "*?[]{}!\\")


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def _value(name: str, text: str) -> Any:
    """An option as mailferry takes it."""
    if name in SWITCHES:
        return _is_true(text)
    if name in LISTS:
        return [entry.strip() for entry in text.split(",")]
    return int(text) if name in ("code_page", "seed") else text


def _local_matches(path: str) -> list[str]:
    import glob

    if splits.is_address(path) or not glob.has_magic(path):
        return [path]
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise FileNotFoundError(f"{path}: nothing matches")
    return matches


def convert(
    spark: SparkSession,
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    destination: str | os.PathLike[str],
    *,
    target_size: int = 1 << 30,
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> DataFrame:
    """Converts on the workers, makes one result of it, and gives the receipts: ``number``, ``split``, ``attempt``, ``migrated``, ``failed``,
    ``skipped``, ``bytes`` and ``receipt`` (JSON).

    The destination is a path that the driver and all workers share; ``options`` are those of ``mailferry.convert``.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    paths = [match for source in given for match in _local_matches(os.fspath(source))]
    planned = splits.plan(paths, target_size=target_size, storage_options=storage_options, **options)
    to, storage = os.fspath(destination), dict(storage_options or {})

    def work(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        from mailferry import splits

        for batch in batches:
            for row in batch.to_pylist():
                receipt = splits.run(json.loads(row["split"]), to, storage_options=storage)
                totals = receipt["report"]["totals"]
                counts = {name: [totals[name]] for name in ("migrated", "failed", "skipped", "bytes")}
                yield pyarrow.RecordBatch.from_pydict(
                    {
                        "number": [row["number"]],
                        "split": [receipt["split"]],
                        "attempt": [receipt["attempt"]],
                        **counts,
                        "receipt": [json.dumps(receipt)],
                    }
                )

    schema = "number long, split string, attempt string, migrated long, failed long, skipped long, bytes long, receipt string"

    def done_of(planned: list[dict[str, Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
        rows = [(split["number"], json.dumps(split)) for split in planned]
        frame = spark.createDataFrame(spark.sparkContext.parallelize(rows, len(rows)), "number long, split string")
        done = frame.mapInArrow(work, schema).collect()
        return done, [json.loads(row["receipt"]) for row in done]

    looking = [split for split in planned if split.get("pass") == "survey"]
    if looking:
        planned = splits.decide(to, planned, done_of(looking)[1], storage_options=storage)
    done, receipts = done_of(planned)
    splits.finish(to, planned, receipts, storage_options=storage)
    return spark.createDataFrame(done, schema)
