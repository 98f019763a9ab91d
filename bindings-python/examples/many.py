"""Counts the words of many mailboxes on all processors: mailboxes, items and errors go from one process to another.

    python many.py words.txt *.mbox
"""

import collections
import concurrent.futures
import multiprocessing
import pathlib
import re
import sys

import mailferry

WORD = re.compile(r"[^\W\d_]{4,}")


def count(box: mailferry.Mailbox) -> collections.Counter[str]:
    # A mailbox that was sent is opened again here, by its path.
    words: collections.Counter[str] = collections.Counter()
    for item in box:
        words.update(word.lower() for word in WORD.findall(item.text or ""))
    return words


def main(to: pathlib.Path, sources: list[str]) -> None:
    boxes = [mailferry.open(source, kind="mail", on_error="skip") for source in sources]
    words: collections.Counter[str] = collections.Counter()
    # Threads would do as well: the interpreter is released while mail is read.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(mp_context=context) as pool:
        for found in pool.map(count, boxes):
            words.update(found)
    lines = [f"{times} {word}\n" for word, times in sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))]
    to.write_text("".join(lines), encoding="utf-8")
    print(f"{len(words)} words in {len(sources)} mailboxes")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
