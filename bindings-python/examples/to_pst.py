"""Writes mail into one PST for Outlook, calendars and contacts beside it, and checks the store against its specification.

    python to_pst.py out.pst mail.mbox calendar.ics contacts.vcf
"""

import sys

import mailferry


def main(to: str, sources: list[str]) -> int:
    items = mailferry.open(sources, on_error="skip")
    report = mailferry.write(to, items, as_="pst")
    for kind, counts in report.kinds.items():
        print(f"{kind}: {counts['migrated']} of {counts['available']}")
    for error in items.errors:
        print(f"not read: {error}", file=sys.stderr)

    checked = mailferry.check(to)
    for finding in checked["findings"]:
        print(f"{finding['severity']}: {finding['meaning']} ({finding['section']})")
    print(f"{checked['messages']} messages in {checked['folders']} folders, {checked['errors']} errors")

    # Calendars and contacts are files beside the store, which Outlook imports by themselves.
    for file in report.files:
        print(f"{file['name']}: {file['bytes']} octets")
    for item in mailferry.open(sources, on_error="skip", kind=["event", "contact"]):
        if item.event is not None:
            print(f"{item.event.start}  {item.event.summary}  {item.event.recurrence or 'once'}")
        elif item.card is not None:
            print(f"{item.card.name}  {', '.join(map(str, item.card.emails + item.card.phones))}")
    return 0 if not checked["errors"] else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
