"""Filters and rewrites mail on its way into new mboxes: five lines between reading and writing.

    python write_mbox.py mail.mbox cleaned
"""

import email.message
import sys
from collections.abc import Iterator

import mailferry


def note(items: int) -> email.message.EmailMessage:
    message = email.message.EmailMessage()
    message["From"] = message["To"] = "archive@example.org"
    message["Date"] = "Mon, 01 Jan 2024 10:00:00 +0000"
    message["Subject"] = "What this archive has"
    message.set_content(f"{items} messages were kept.\n")
    return message


def cleaned(source: str) -> Iterator[mailferry.Item | email.message.EmailMessage]:
    kept = 0
    for item in mailferry.open(source, kind="mail", skip_junk=True, skip_trash=True):
        year = item.received.year if item.received else "undated"
        message = item.to_email()
        del message["X-Mailer"]
        # Where nothing is to be changed, the octets stay as they are.
        content = message if item.header("X-Mailer") else None
        yield item.replace(folder=["Archive", str(year)], content=content)
        kept += 1
    yield note(kept)


def main(source: str, to: str) -> None:
    report = mailferry.write(to, cleaned(source), as_="mbox")
    for file in report.files:
        print(f"{file['name']}: {file['bytes']} octets")
    print(f"{report.totals['migrated']} messages written")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
