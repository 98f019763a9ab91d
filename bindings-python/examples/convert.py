"""Converts a mailbox for a target, checks what was written, and tells what did not get there.

    python convert.py "All mail.mbox" out.zip zoho
"""

import pathlib
import sys
from typing import cast

import mailferry
from mailferry.types import Target


def main(source: pathlib.Path, to: pathlib.Path, target: Target) -> int:
    plan = mailferry.plan(source, target)
    print(f"{plan.available['items']} items, {plan.goes['items']} of which {target} takes")

    report = mailferry.convert(source, to, target=target, after="1990-01-01", dedupe="exact", progress=sys.stderr.isatty())
    totals = report.totals
    print(f"{totals['migrated']} migrated, {totals['skipped']} skipped, {totals['failed']} failed")
    for reason, items in report.reasons.items():
        print(f"  {reason}: {items}")

    found = mailferry.verify(to)
    print(f"{found.files} files were read again, {found.differences} differ")
    return 0 if report.outcome["state"] == "complete" and not found.differences else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    # An unknown target is an error that lists those that are known.
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), cast(Target, sys.argv[3])))
