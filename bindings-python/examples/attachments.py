"""Saves the attachments of all messages into a folder a year, each content once.

    python attachments.py mail.mbox attachments "*.pdf"
"""

import fnmatch
import hashlib
import pathlib
import sys

import mailferry


def digest(attachment: mailferry.Attachment) -> str:
    # Read a piece at a time, however large it is.
    found = hashlib.sha256()
    with attachment.open() as octets:
        while piece := octets.read(1 << 16):
            found.update(piece)
    return found.hexdigest()


def main(source: pathlib.Path, to: pathlib.Path, pattern: str) -> None:
    seen: set[str] = set()
    saved = again = 0
    for item in mailferry.open(source, kind="mail", has_attachment=True):
        for attachment in item.attachments:
            if not fnmatch.fnmatch((attachment.name or "").lower(), pattern.lower()):
                continue
            if (key := digest(attachment)) in seen:
                again += 1
                continue
            seen.add(key)
            folder = to / (str(item.received.year) if item.received else "undated")
            folder.mkdir(parents=True, exist_ok=True)
            # Its name is made safe, and gets a number where it is taken.
            print(attachment.save(folder))
            saved += 1
    print(f"{saved} saved, {again} left out because they were saved already")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3])
