"""Prints the messages of one sender in a folder, newest first: date, size, subject and the first line of their text.

    python filter.py mail.mbox ann@example.org Inbox
"""

import datetime
import sys

import mailferry

BEFORE_ALL = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


def first_line(item: mailferry.Item) -> str:
    # HTML is read as a person reads it where there is no plain text.
    lines = (line.strip() for line in (item.text or "").splitlines())
    return next((line for line in lines if line), "")


def main(source: str, sender: str, folder: str) -> None:
    with mailferry.open(source, kind="mail", on_error="skip") as box:
        chosen = list(box.filter(from_=sender, folder=folder))
        for error in box.errors:
            print(f"not read: {error}", file=sys.stderr)

    chosen.sort(key=lambda item: item.received or BEFORE_ALL, reverse=True)
    for item in chosen:
        day = item.received.date().isoformat() if item.received else "no date"
        print(f"{day}  {item.size:>8}  {item.subject or '(no subject)'}")
        print(f"    {first_line(item)[:70]}")
    print(f"{len(chosen)} messages of {sender} in {folder}, {sum(item.size for item in chosen)} octets")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
