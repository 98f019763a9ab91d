"""Reads whatever it is given, and tells what is wrong with each file and each message, without stopping at any.

    python errors.py *.mbox *.pst
"""

import collections
import logging
import sys

import mailferry


def look_at(source: str) -> collections.Counter[str]:
    wrong: collections.Counter[str] = collections.Counter()
    try:
        with mailferry.open(source, on_error="skip") as box:
            for item in box:
                # Bad mail is no exception: what can be read is read, and the rest is told here.
                wrong.update(defect.kind for defect in item.defects)
            for error in box.errors:
                wrong[f"skipped ({error.kind})"] += 1
    except mailferry.EncryptedError as error:
        print(f"{error.path}: a password is needed")
    except mailferry.UnknownFormatError as error:
        print(f"{error.path}: no mailbox: {error}")
    except mailferry.Error as error:
        where = f" at octet {error.offset}" if error.offset is not None else ""
        print(f"{error.path}: {error.kind}{where}: {error}")
    except OSError as error:
        print(f"{error.filename}: the system refuses it: {error.strerror}")
    return wrong


def main(sources: list[str]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for source in sources:
        for kind, times in look_at(source).most_common():
            print(f"{source}: {kind}: {times}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
