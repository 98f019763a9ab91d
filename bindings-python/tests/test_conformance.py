"""Every fixture is read as its expectation says; `fixtures/README.md` has the keys."""

import hashlib
import io
import json
import pathlib
import pickle

import pytest

import mailferry

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures"
EXPECTED = ".expected.jsonl"


def cases():
    for expectation in sorted(FIXTURES.rglob("*" + EXPECTED)):
        stem = expectation.name[: -len(EXPECTED)]
        for case in expectation.parent.glob(stem + ".*"):
            if not case.name.endswith(EXPECTED) and case.is_file():
                yield pytest.param(case, expectation, id=str(case.relative_to(FIXTURES)))


def iso(date):
    return date and date.isoformat().replace("+00:00", "Z")


READ = {
    "offset": lambda item: item.offset,
    "length": lambda item: item.length,
    "size": lambda item: item.size,
    "sha256": lambda item: hashlib.sha256(bytes(item)).hexdigest(),
    "kind": lambda item: item.kind,
    "subject": lambda item: item.subject,
    "folder": lambda item: item.folder,
    "role": lambda item: item.role,
    "labels": lambda item: item.labels,
    "keywords": lambda item: item.keywords,
    "receivedAt": lambda item: iso(item.received),
    "dateSource": lambda item: item.date_source,
    "uid": lambda item: item.uid,
    "start": lambda item: item.start,
    "recurring": lambda item: item.recurring,
    "text": lambda item: item.text,
    "attachments": lambda item: [[each.name, each.media_type] for each in item.attachments],
    "attached": lambda item: [hashlib.sha256(bytes(each)).hexdigest() for each in item.attachments],
}


@pytest.mark.parametrize("case, expectation", list(cases()))
def test_fixture(case, expectation):
    file, *lines = (json.loads(line) for line in expectation.read_text(encoding="utf-8").splitlines())
    if "items" not in file:
        pytest.skip("not about items")
    if "8 expunged" in file.get("rule", ""):
        # What a mail program has expunged is left out unless it is asked for.
        left = [line for line in lines if "$deleted" not in line["keywords"]]
        file["items"] -= len(lines) - len(left)
        lines = left
    quoting = file.get("quoting", "auto")
    items = list(mailferry.open(str(case), on_error="skip", mbox_quoting=quoting))
    assert len(items) == file["items"]
    for item, line in zip(items, lines):
        found = {key: READ[key](item) for key in line if key in READ}
        assert found == {key: line[key] for key in found}
        again = pickle.loads(pickle.dumps(item))
        assert {key: READ[key](again) for key in found} == found


FIELD_CASES = [json.loads(line) for line in (FIXTURES / "mime/field_cases.jsonl").read_text("ascii").splitlines()]


@pytest.mark.parametrize("case", FIELD_CASES, ids=[case["case"] for case in FIELD_CASES])
def test_field_case(case):
    (message,) = mailferry.open(io.BytesIO(case["message"].encode("latin-1")), name="case.eml")
    expected = case["expected"]
    if "text" in expected:
        assert message.text == expected["text"]
    found = [(each.name, each.media_type, bytes(each).decode("latin-1")) for each in message.attachments]
    assert found == [(each["name"], each["type"], each["octets"]) for each in expected["attachments"]]
