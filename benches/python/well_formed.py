"""Says of everything that was converted whether Python's readers take it without complaint.

    mailferry convert SOURCE… --to FOLDER
    python benches/python/well_formed.py FOLDER

Every `.eml` is read by `email` with the policy `default`, every header field of every part looked at and every part decoded;
every `.ics` is read by `icalendar`, every `.vcf` by `vobject`. Prints what each one complains of, and ends with 1 where it is
anything.
"""

import email
import email.policy
import sys
from collections import Counter
from pathlib import Path

import icalendar
import vobject


def of_mail(octets):
    """The defects of a message, each as a line."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    for part in message.walk():
        yield from (f"{part.get_content_type()}: {defect!r}" for defect in part.defects)
        for name, value in part.items():
            yield from (f"{name}: {defect!r}" for defect in value.defects)
        if not part.is_multipart() and part.get_content_maintype() != "message":
            part.get_payload(decode=True)
            if part.get_content_maintype() == "text":
                part.get_content()
            yield from (f"{part.get_content_type()}, decoded: {defect!r}" for defect in part.defects)


def of_calendar(octets):
    """What is wrong with a calendar file, each as a line."""
    for calendar in icalendar.Calendar.from_ical(octets, multiple=True):
        for component in calendar.walk():
            yield from (f"{component.name}: {name}: {error}" for name, error in component.errors)


def of_cards(octets):
    """What is wrong with a file of cards, each as a line."""
    for card in vobject.readComponents(octets.decode()):
        # Only what vCard 3.0 asks for can be checked: vobject knows no other rules.
        if card.version.value == "3.0":
            card.validate(raiseException=True)
    return iter(())


KINDS = {".eml": of_mail, ".ics": of_calendar, ".vcf": of_cards}


def main(folder):
    read, bad, lines = Counter(), Counter(), 0
    for path in sorted(Path(folder).rglob("*")):
        check = KINDS.get(path.suffix)
        if check is None or not path.is_file():
            continue
        read[path.suffix] += 1
        try:
            complaints = sorted(set(check(path.read_bytes())))
        except Exception as error:  # Whatever a reader raises is what it has to say.
            complaints = [repr(error)]
        for complaint in complaints:
            lines += 1
            print(f"{path}: {complaint}")
        bad[path.suffix] += bool(complaints)
    for suffix in KINDS:
        print(f"{suffix}: {read[suffix]} files, {bad[suffix]} with complaints")
    return 1 if lines else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
