"""Who wrote how much in which year, as Parquet: `pip install polars`.

    python table.py mail.mbox mail.parquet
"""

import sys

import polars as pl

import mailferry

COLUMNS = ["id", "folder", "received", "from", "subject", "size", "text"]


def main(source: str, to: str) -> None:
    box = mailferry.open(source, kind="mail", on_error="skip")
    # Nothing is parsed that these columns do not need.
    frame = pl.DataFrame(box.index(columns=COLUMNS))
    frame = frame.with_columns(
        pl.col("received").dt.year().alias("year"),
        pl.col("text").str.len_chars().alias("characters"),
        pl.col("from").str.to_lowercase(),
    )
    frame.drop("text").write_parquet(to)

    by_sender = (
        frame.group_by("from", "year")
        .agg(pl.len().alias("messages"), pl.col("size").sum(), pl.col("characters").mean().round(1))
        .sort("messages", "from", "year", descending=[True, False, False])
    )
    for sender, year, messages, size, characters in by_sender.head(10).iter_rows():
        print(f"{sender}  {year}  {messages} messages  {size} octets  {characters} characters each")
    print(f"{frame.height} rows in {to}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
