"""Holds the bodies that were made of RTF against those that RTFDE makes.

    python benches/python/rtf.py COMMAND FOLDER

`COMMAND` is a built `mailferry`; `FOLDER` holds PST and OST files. Of each message that libpff (`pypff`, package `libpff-python`) finds
with RTF, and that has no HTML of its own, the HTML or text that RTFDE takes out of the RTF is compared with that of the mail which
mailferry writes: letter by letter of what is shown, white space aside. Of RTF that holds neither, the mail must have a body where the
RTF has letters. Prints each difference, and ends with 1 where there is any.
"""

import argparse
import email
import email.policy
import html.parser
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import pypff
from RTFDE.deencapsulate import DeEncapsulator
from RTFDE.exceptions import MalformedEncapsulatedRtf, NotEncapsulatedRtf

warnings.simplefilter("ignore")


class Shown(html.parser.HTMLParser):
    """The letters that a page shows."""

    def __init__(self):
        super().__init__()
        self.letters, self.hidden = [], 0

    def handle_starttag(self, tag, _):
        self.hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "title") and self.hidden > 0

    def handle_data(self, data):
        if not self.hidden:
            self.letters.append(data)


def letters(text, is_html):
    if is_html:
        shown = Shown()
        shown.feed(text)
        shown.close()
        text = "".join(shown.letters)
    return "".join(text.replace("\xa0", " ").split())


def rtf_of(path):
    """The RTF of each message without HTML, by its node."""
    found, store = {}, pypff.file()

    def walk(folder):
        for i in range(folder.number_of_sub_messages):
            try:
                message = folder.get_sub_message(i)
                rtf = message.rtf_body
                if rtf and not has(message, 0x1013):
                    found[message.identifier] = rtf
            except Exception:  # What libpff cannot read cannot be compared.
                continue
        for i in range(folder.number_of_sub_folders):
            walk(folder.get_sub_folder(i))

    store.open(str(path))
    walk(store.root_folder)
    return found


def has(message, tag):
    return any(entry.entry_type == tag for records in message.record_sets for entry in records.entries)


def bodies(path):
    """Text and HTML of a mail, but for its attachments and for the messages in it."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    parts = {kind: message.get_body(preferencelist=(kind,)) for kind in ("html", "plain")}
    return {kind: part.get_content() if part else "" for kind, part in parts.items()}


def compare(rtf, mail):
    """What RTFDE says of the RTF, and how the mail differs; `None` where it does not."""
    try:
        reader = DeEncapsulator(rtf)
        reader.deencapsulate()
    except (NotEncapsulatedRtf, MalformedEncapsulatedRtf):
        return "genuine", None if mail["html"] or mail["plain"] else "no body"
    except Exception as error:  # RTFDE gives up on some: nothing to compare with.
        return f"RTFDE fails ({type(error).__name__})", None
    kind = reader.content_type
    theirs = reader.html if kind == "html" else reader.text
    theirs = theirs.decode("utf-8", "replace") if isinstance(theirs, bytes) else theirs
    ours = mail["html"] if kind == "html" else mail["plain"]
    theirs, ours = letters(theirs, kind == "html"), letters(ours, kind == "html")
    if theirs == ours:
        return kind, None
    at = next((i for i, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours)))
    return kind, f"{len(theirs)} and {len(ours)} letters, from {at}: RTFDE {theirs[at:at + 40]!r}, here {ours[at:at + 40]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    kinds, wrong = Counter(), 0
    for path in sorted(arguments.folder.rglob("*")):
        if path.suffix.lower() not in (".pst", ".ost") or not path.is_file():
            continue
        try:
            rtf = rtf_of(path)
        except OSError:
            continue
        if not rtf:
            continue
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "out"
            subprocess.run([arguments.command, "convert", path, "--to", to, "--progress", "none", "--hidden"], capture_output=True, check=False)
            lines = [json.loads(line) for line in to.with_name("out.items.jsonl").read_text().splitlines()]
            for line in lines:
                node, file = line.get("source", {}).get("nid"), line.get("path") or line.get("target")
                if node not in rtf or not file or not file.endswith(".eml"):
                    continue
                kind, difference = compare(rtf.pop(node), bodies(to / file))
                kinds[kind] += 1
                if difference:
                    wrong += 1
                    print(f"{path.name} {node:#x}, {kind}: {difference}")
            kinds["not mail here"] += len(rtf)
    print(", ".join(f"{kind}: {count}" for kind, count in kinds.most_common()), f"; {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
