"""Writes mail, calendars and contacts into one PST for Outlook, and checks it against its specification.

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

    # What Outlook would show can be read as it was written.
    with mailferry.open(to) as store:
        for item in store:
            if item.event is not None:
                print(f"{item.event.start}  {item.event.summary}  {item.event.recurrence or 'once'}")
            elif item.card is not None:
                print(f"{item.card.name}  {', '.join(map(str, item.card.emails + item.card.phones))}")
    return 0 if not checked["errors"] else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
