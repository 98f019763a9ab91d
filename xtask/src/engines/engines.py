"""Conversions and tables by Apache Spark whose workers and executors are killed at random: every item exactly once, as of one run.

engines.py ROOM MEGABYTES KILLS [SOURCE …]
"""

import collections
import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

room, megabytes, kills = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
os.environ["PYSPARK_PYTHON"] = sys.executable

import mailferry  # noqa: E402
import mailferry.spark  # noqa: E402
import pyarrow  # noqa: E402
import pyspark  # noqa: E402
from pyspark.sql import SparkSession, functions  # noqa: E402

os.environ["SPARK_HOME"] = str(pathlib.Path(pyspark.__file__).parent)


def made(path: pathlib.Path) -> pathlib.Path:
    """A mailbox of so many megabytes."""
    chance = random.Random(22)
    with open(path, "w") as file:
        number = 0
        while file.tell() < megabytes << 20:
            lines = "\n".join(f"{chance.random():.15f} and so on" for _ in range(chance.randrange(400)))
            file.write(f"From a@example.org Mon Jan  1 00:00:00 2024\nMessage-ID: <{number}@x>\nSubject: {number}\n\n{lines}\n\n")
            number += 1
    return path


def descendants() -> dict[int, str]:
    """The command lines of the processes below this one."""
    parents, lines = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                pass
    ours, found = {os.getpid()}, {}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    for pid in ours - {os.getpid()}:
        found[pid] = lines.get(pid, "")
    return found


class Killer(threading.Thread):
    """Kills a process that does the work every now and then."""

    def __init__(self, name: str, most: int) -> None:
        super().__init__(daemon=True)
        self.sign, self.left, self.done, self.over = name, most, 0, False

    def run(self) -> None:
        while not self.over and self.left:
            time.sleep(random.uniform(0.2, 1.5))
            workers = [pid for pid, line in descendants().items() if self.sign in line]
            if workers and not self.over:
                try:
                    os.kill(random.choice(workers), signal.SIGKILL)
                    self.done, self.left = self.done + 1, self.left - 1
                except ProcessLookupError:
                    pass


def log(destination: pathlib.Path) -> list[dict]:
    with open(f"{destination}.items.jsonl") as file:
        lines = [json.loads(line) for line in file]
    for line in lines:
        line.pop("path", None)
    return lines


def session(master: str) -> SparkSession:
    spark = (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.task.maxFailures", "100")
        .config("spark.excludeOnFailure.enabled", "false")
        .config("spark.deploy.maxExecutorRetries", "-1")
        .config("spark.executorEnv.PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("FATAL")
    return spark


def in_order(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: (row["path"], row["offset"]))


def compare_rows(spark: SparkSession, sources: list[str], columns: list[str]) -> int:
    """The rows of a table are those of an index: of two queries of one table, of a table whose filters are pushed down, and of options."""

    def table(**more):
        reader = spark.read.format("mailferry").option("columns", ",".join(columns)).option("target_size", size)
        for name, value in {"paths": json.dumps(sources), **more}.items():
            reader = reader.option(name, value)
        return reader.load()

    def rows(frame) -> list[dict]:
        return in_order(frame.toArrow().to_pylist())

    with mailferry.open(sources, on_error="skip") as box:
        expected = in_order(pyarrow.table(box.index(columns=columns)).to_pylist())
    middle = sorted(row["received"] for row in expected if row["received"])[len(expected) // 2]
    later = [row for row in expected if row["received"] and row["received"] >= middle]
    mail = [row for row in expected if row["kind"] == "mail"]
    whole = table()
    assert rows(whole) == expected, "the rows of a table are others"
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")
    for pushdown in ("false", "true"):
        # Spark up to 4.3 keeps what the first filter of a table left for its other queries: each has a table of its own here.
        assert rows(table(pushdown=pushdown).filter(functions.col("received") >= functions.lit(middle))) == later, pushdown
        assert rows(table(pushdown=pushdown).filter("kind = 'mail'")) == mail, pushdown
        assert rows(table(pushdown=pushdown)) == expected, pushdown
    # Without it, any number of queries go to one table.
    assert rows(whole.filter("kind = 'mail'")) == mail and rows(whole) == expected
    assert table(after=middle.isoformat()).count() >= len(later)
    return len(expected)


sources = [str(made(room / "big.mbox")), *sys.argv[4:]]
size = max(1, (megabytes << 20) // 60)
started = time.process_time()
one = mailferry.convert(sources, room / "one", fsync="none")
print(f"one run: {one.totals['available']} items, {time.process_time() - started:.1f} s of CPU", flush=True)
expected = log(room / "one")
killed = 0
masters = [("local[2,100]", "pyspark"), ("local-cluster[2,1,1024]", "CoarseGrainedExecutorBackend")]
for master, sign in masters if kills else []:
    to = room / sign.lower()
    begun = time.monotonic()
    spark = session(master)
    up = time.monotonic()
    killer = Killer("daemon" if sign == "pyspark" else sign, kills)
    killer.start()
    receipts = mailferry.spark.convert(spark, sources, to, target_size=size, fsync="none")
    killer.over = True
    killer.join()
    assert log(to) == expected, f"{master}: the log is another"
    assert mailferry.verify(to).differences == 0
    again = mailferry.spark.convert(spark, sources, to, target_size=size, fsync="none")
    assert sorted(row.attempt for row in again.collect()) == sorted(row.attempt for row in receipts.collect())
    killed += killer.done
    print(
        f"{master}: up in {up - begun:.1f} s, {receipts.count()} splits, {killer.done} processes killed, "
        f"{time.monotonic() - up:.1f} s: every item once, and again nothing",
        flush=True,
    )
    spark.stop()

# A table of all sources.
spark = session("local[2,100]")
spark.dataSource.register(mailferry.spark.MailDataSource)
columns = [name for name, _ in mailferry._native._table_columns() if name != "id"]
print(f"tables: {compare_rows(spark, sources, columns)} rows in {len(columns)} columns are those of the index", flush=True)
spark.stop()

# A table of what lies in an object store.
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
busy = open(room / "store.txt", "w+")
server = subprocess.Popen(
    [sys.executable, str(pathlib.Path(__file__).with_name("store.py")), str(port)], stdout=busy, stderr=subprocess.DEVNULL
)
try:
    storage = {"key": "a", "secret": "b", "endpoint_url": f"http://127.0.0.1:{port}", "client_kwargs": {"region_name": "us-east-1"}}
    import boto3
    import s3fs

    client = boto3.client(
        "s3", endpoint_url=storage["endpoint_url"], aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
    )
    for attempt in range(200):
        try:
            client.create_bucket(Bucket="mail")
            break
        except Exception:
            # It takes a while to start.
            if attempt == 199:
                raise
            time.sleep(0.5)
    bucket = s3fs.S3FileSystem(**storage)
    for number, source in enumerate(source for source in sources if source.endswith(".mbox")):
        bucket.put_file(source, f"mail/{number}.mbox")
    spark = session("local[2,100]")
    spark.dataSource.register(mailferry.spark.MailDataSource)
    table = spark.read.format("mailferry").option("columns", "subject,sha256").option("target_size", size)
    table = table.option("storage_options", json.dumps(storage)).load("s3://mail/*.mbox")
    found = collections.Counter(row.sha256 for row in table.collect())
    wanted = collections.Counter()
    for source in sources:
        if source.endswith(".mbox"):
            with mailferry.open(source) as box:
                wanted.update(hashlib.sha256(bytes(item)).hexdigest() for item in box)
    assert found == wanted, (sum(found.values()), sum(wanted.values()))
    receipts = mailferry.spark.convert(spark, "s3://mail/0.mbox", room / "of-s3", target_size=size, storage_options=storage, fsync="none")
    assert mailferry.verify(room / "of-s3").differences == 0
    # Duplicates are found in two passes, whose workers are those of the engine.
    other = mailferry.spark.convert(
        spark, ["s3://mail/0.mbox", "s3://mail/0.mbox"], room / "twice", target_size=size, storage_options=storage, fsync="none", dedupe="exact"
    )
    totals = json.loads((room / "twice.report.json").read_text())["totals"]
    assert totals["migrated"] == totals["skipped"] > 0 and other.count() > 1, totals
    busy.seek(0)
    refused = busy.read().count("503")
    print(f"s3: {refused} answers of 503, a table of {sum(found.values())} items, and a conversion of {receipts.count()} splits", flush=True)
    spark.stop()
finally:
    server.kill()
assert killed >= min(kills, 2), "nothing was killed: give more megabytes"
print(f"{killed} processes were killed")
