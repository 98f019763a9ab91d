"""Counts how many of fixtures/mime/hard_cases.jsonl Python's email package reads as the standards say.

`python3 benches/python/hard_cases.py`; leniently: line ends and white space around a text are not compared.
"""

import email
import email.policy
import json
import pathlib
import sys
from datetime import datetime

TABLE = pathlib.Path(__file__).parents[2] / "fixtures/mime/hard_cases.jsonl"


def lenient(text):
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n").strip()


def mailboxes(field):
    return [[a.display_name or None, a.addr_spec] for a in field.addresses] if field else []


def leaves(message):
    """The bodies and the attachments, a message inside being one attachment."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.iter_parts():
            yield from leaves(part)
    else:
        yield message


def is_body(part):
    kind = part.get_content_type()
    return kind in ("text/plain", "text/html") and not part.is_attachment() and not part.get_filename()


def octets(part):
    if part.get_content_type() == "message/rfc822":
        return part.get_payload(0).as_bytes(policy=email.policy.SMTP).decode("latin-1")
    return (part.get_payload(decode=True) or b"").decode("latin-1")


def say(message, topic, expected):
    if topic == "subject":
        return lenient(message["subject"]) == lenient(expected)
    if topic in ("from", "to"):
        return mailboxes(message[topic]) == expected
    if topic == "messageId":
        return (message["message-id"] or "").strip().strip("<>") == expected
    if topic == "date":
        said, expected = message["date"].datetime, datetime.fromisoformat(expected.replace("Z", "+00:00"))
        return said.replace(tzinfo=said.tzinfo or expected.tzinfo) == expected
    if topic in ("text", "html"):
        kind = "text/plain" if topic == "text" else "text/html"
        texts = [part.get_content() for part in leaves(message) if is_body(part) and part.get_content_type() == kind]
        return lenient("\n".join(map(lenient, texts)) if texts else None) == lenient(expected)
    parts = [part for part in leaves(message) if not is_body(part)]
    return [{"name": p.get_filename(), "type": p.get_content_type(), "octets": octets(p)} for p in parts] == expected


def main():
    cases = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
    right = 0
    for case in cases:
        wrong = []
        for topic, expected in case["expected"].items():
            try:
                message = email.message_from_bytes(case["message"].encode("latin-1"), policy=email.policy.default)
                ok = say(message, topic, expected)
            except Exception as error:  # an exception of the parser is a case not read
                ok, topic = False, f"{topic} ({type(error).__name__})"
            if not ok:
                wrong.append(topic)
        right += not wrong
        if wrong:
            print(f"{case['case']}: {', '.join(wrong)}")
    print(f"Python {sys.version.split()[0]} email reads {right} of {len(cases)}")


main()
