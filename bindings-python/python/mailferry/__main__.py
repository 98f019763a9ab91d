"""``python -m mailferry``: the command line of the binary, and ``index``, which writes a table."""

from __future__ import annotations

import sys

from . import cli_main


def index(argv: list[str]) -> int:
    """Write a table of the items of a mailbox as a Parquet file; returns the exit status."""
    import argparse

    import mailferry

    parser = argparse.ArgumentParser("mailferry index", description="Write one row per item to a Parquet file.")
    parser.add_argument("source", nargs="+", help="mailboxes, as for `mailferry convert`")
    parser.add_argument("--to", required=True, metavar="FILE", help="the Parquet file to write; it must not exist yet")
    parser.add_argument("--headers", action="store_true", help="only columns that need the header sections")
    arguments = parser.parse_args(argv)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        print("mailferry: index needs pyarrow: pip install 'mailferry[tables]'", file=sys.stderr)
        return 2
    try:
        with mailferry.open(arguments.source, on_error="skip") as box:
            reader = pyarrow.RecordBatchReader.from_stream(box.index(content=not arguments.headers))
            with open(arguments.to, "xb") as file, pyarrow.parquet.ParquetWriter(file, reader.schema) as table:
                for batch in reader:
                    table.write_batch(batch)
    except (OSError, mailferry.Error) as error:
        print(f"mailferry: {error}", file=sys.stderr)
        return 2
    return 0


def main() -> int:
    """Run the command with the arguments of the process; returns the exit status."""
    argv = sys.argv[1:]
    if argv[:1] == ["index"]:
        return index(argv[1:])
    sys.stdout.flush()
    return cli_main(argv)


if __name__ == "__main__":
    sys.exit(main())
