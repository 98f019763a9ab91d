"""What software of others makes of what mailferry writes: `cargo xtask importers FOLDER [MAILBOXES]` runs this.

The files below FOLDER are dealt out to so many mailboxes, each is converted to every target that takes mail, and given to the
software that is installed. Printed: for each target and software how many messages there were, how many of them it accepted, and how
many it has octet for octet (line ends made CRLF), in the right folder, with the right flags and date. What `plan` flags may be
refused, all else must not.

The rules of Proton's and GYB's restore and of Zimbra's import, which cannot run here, are re-stated from their published code.
"""

import argparse
import collections
import hashlib
import json
import mailbox
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "servers"))
import cyrus
import imap
import thunderbird
from dovecot import Dovecot

SEEN = {"$seen": "\\Seen", "$answered": "\\Answered", "$flagged": "\\Flagged", "$draft": "\\Draft", "$deleted": "\\Deleted"}
MAILDIR = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft", "T": "\\Deleted"}
# What mail programs keep in the header section of a message in an mbox, and take out of it when they read.
STATE = re.compile(rb"^(Status|X-Status|X-Keywords|X-Mozilla-Status2?|X-Mozilla-Keys|X-IMAP|X-IMAPbase|X-UID|Content-Length|Lines):.*(\r?\n[ \t].*)*\r?\n", re.M | re.I)


def run(*words, **more):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, **more)


def crlf(octets):
    return re.sub(rb"\r?\n", b"\r\n", octets)


def digest(octets, stateless=False):
    octets = crlf(octets)
    if stateless:
        head, gap, body = octets.partition(b"\r\n\r\n")
        octets = STATE.sub(b"", head + b"\r\n") + gap[2:] + body.rstrip(b"\r\n")
    return hashlib.sha256(octets).hexdigest()


def is_there(*programs):
    return all(shutil.which(program) for program in programs)


class Result:
    """What became of the messages of one target in one program."""

    def __init__(self):
        self.given = self.accepted = self.equal = self.flags = self.dates = self.folders = self.compared = 0
        self.lost = collections.Counter()

    def add(self, expected, found, stateless=False):
        """Compares {folder: [(digest, flags, date)]}."""
        there = collections.Counter(message[0] for messages in found.values() for message in messages)
        self.given += sum(map(len, expected.values()))
        self.accepted += min(sum(map(len, expected.values())), sum(there.values()))
        for folder, messages in expected.items():
            here = collections.defaultdict(list)
            for message in found.get(folder, []):
                here[message[0]].append(message)
            # Of messages that are the same, each goes with the one of its flags and date.
            for same in here.values():
                same.sort(key=lambda message: (sorted(message[1] or []), message[2] or 0), reverse=True)
            messages = sorted(messages, key=lambda message: (sorted(message[1] or []), message[2] or 0))
            for octets, flags, date in messages:
                if there[octets] <= 0:
                    self.lost[folder] += 1
                    continue
                there[octets] -= 1
                self.equal += 1
                if not here[octets]:
                    continue
                _, its_flags, its_date = here[octets].pop()
                self.folders += 1
                self.flags += its_flags is None or flags is None or set(flags) == set(its_flags)
                self.dates += its_date is None or date is None or abs(its_date - date) < 1


# What was written, by the item log.


def logged(log):
    with open(log, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line.get("status") == "migrated" and line.get("kind") == "mail":
                yield line


def flags_of(line):
    return sorted(SEEN[keyword] for keyword in line.get("keywords", []) if keyword in SEEN)


def date_of(line):
    import datetime
    text = line.get("receivedAt")
    try:
        return text and datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def in_files(out, folder_of):
    """The messages of a form that writes one file each."""
    expected = collections.defaultdict(list)
    for line in logged(f"{out}.items.jsonl"):
        octets = (out / line["path"]).read_bytes()
        expected[folder_of(line)].append((digest(octets), flags_of(line), date_of(line)))
    return expected


def digested(folders, stateless=False):
    return {name: [(digest(octets, stateless), flags, date) for octets, flags, date in messages] for name, messages in folders.items()}


def maildir_folder(line):
    parts = pathlib.PurePosixPath(line["path"]).parts
    # DEST/.A.B/cur/file, or DEST/cur/file.
    if len(parts) > 2 and parts[-3].startswith("."):
        return imap.from_utf7(parts[-3][1:].encode())
    return "INBOX"


def try_maildir(out, results):
    expected = in_files(out, maildir_folder)
    if is_there("dovecot"):
        copy = out.parent / "dovecot-copy"
        shutil.copytree(out, copy / "mail", symlinks=True)
        found = Dovecot(copy, f"maildir:{copy}/mail").folders()
        results["Dovecot"].add(expected, digested(found))
        shutil.rmtree(copy)
    found = collections.defaultdict(list)
    top = mailbox.Maildir(out, create=False)
    for name, box in [("INBOX", top), *((imap.from_utf7(name.encode()), top.get_folder(name)) for name in top.list_folders())]:
        found[name] = [(digest(box.get_bytes(key)), None, None) for key in box.keys()]
    results["Python mailbox"].add(expected, found)
    count = sum(map(len, expected.values()))
    for program, counted in [("notmuch", notmuch), ("mu", mu), ("mblaze", mblaze)]:
        if is_there({"mblaze": "mlist"}.get(program, program)):
            result = results[program]
            result.given += count
            # They count files. notmuch takes none without any of these fields for mail (lib/add-message.cc); mu has rules of its own.
            without = sum(not re.search(rb"(?im)^(From|To|Subject):", head_of(out / line["path"])) for line in logged(f"{out}.items.jsonl"))
            result.lost["without From, To and Subject"] += without if program == "notmuch" else 0
            result.accepted += min(count, counted(out))
            result.equal = None
    if is_there("dovecot", "mbsync"):
        up_over_imap(out, expected, results["mbsync → Dovecot"])
    if is_there("dovecot", "offlineimap"):
        down_over_imap(out, expected, results["offlineimap"])


def head_of(path):
    return re.split(rb"\r?\n\r?\n", path.read_bytes(), maxsplit=1)[0]


def notmuch(out):
    with tempfile.TemporaryDirectory() as room:
        config = pathlib.Path(room, "config")
        config.write_text(f"[database]\npath={out}\nmail_root={out}\n[new]\nignore=.uidvalidity;dovecot-keywords;subscriptions;maildirfolder\n[user]\nname=a\nprimary_email=a@example.org\n")
        environment = {**os.environ, "NOTMUCH_CONFIG": str(config), "NOTMUCH_DATABASE": str(out)}
        run("notmuch", "new", env=environment)
        counted = run("notmuch", "count", "--output=files", "*", env=environment).stdout
        shutil.rmtree(out / ".notmuch", ignore_errors=True)
        return int(counted or 0)


def mu(out):
    with tempfile.TemporaryDirectory() as room:
        run("mu", "init", f"--muhome={room}", f"--maildir={out}")
        run("mu", "index", f"--muhome={room}")
        return run("mu", "find", f"--muhome={room}", "--skip-dups=no", "--fields=l", "").stdout.count(b"\n")


def mblaze(out):
    folders = [out, *(path for path in out.iterdir() if path.is_dir() and (path / "cur").is_dir())]
    return sum(run("mlist", folder).stdout.count(b"\n") for folder in folders)


def up_over_imap(out, expected, result):
    """The recipe of docs/migrations.md: our Maildir, read by a Dovecot, by mbsync to an IMAP account; here another Dovecot."""
    room = out.parent / "imap"
    shutil.rmtree(room, ignore_errors=True)
    (room / "mail").mkdir(parents=True)
    near = Dovecot(shutil.copytree(out, room / "near/mail", symlinks=True).parent, f"maildir:{room}/near/mail")
    server = Dovecot(room, f"maildir:{room}/mail")
    (room / "mbsyncrc").write_text(
        f'IMAPStore far\nTunnel "{server.command}"\n\nIMAPStore near\nTunnel "{near.command}"\n\n'
        f"Channel up\nFar :far:\nNear :near:\nPatterns *\nCreate Far\nSync Push New Flags\nSyncState {room}/state/\nCopyArrivalDate yes\n"
    )
    (room / "state").mkdir()
    for _ in range(2):
        # Twice: what is there is not uploaded again.
        done = run("mbsync", "-q", "-c", room / "mbsyncrc", "-a")
    if done.returncode:
        result.lost[done.stderr.decode(errors="replace")[:200]] += 1
    found = server.folders()
    # mbsync adds its own header field to what it uploads.
    plain = {name: [(re.sub(rb"^X-TUID: .*\r?\n", b"", octets, count=1, flags=re.M), flags, date) for octets, flags, date in messages] for name, messages in found.items()}
    result.add(expected, digested(plain))
    shutil.rmtree(room)


def down_over_imap(out, expected, result):
    """Our Maildir, read by a Dovecot, from which offlineimap copies all into a Maildir of its own."""
    room = out.parent / "offlineimap"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    near = Dovecot(shutil.copytree(out, room / "near/mail", symlinks=True).parent, f"maildir:{room}/near/mail")
    (room / "config").write_text(
        f"[general]\naccounts = a\nmetadata = {room}/state\n[Account a]\nlocalrepository = pulled\nremoterepository = dovecot\n"
        f"[Repository pulled]\ntype = Maildir\nlocalfolders = {room}/pulled\nsep = /\n"
        f"[Repository dovecot]\ntype = IMAP\nssl = no\nstarttls = no\nremoteuser = test\npreauthtunnel = {near.command.replace('%', '%%')}\n"
        # Dovecot's separator would stand in a folder's name where the Maildir has folders in folders.
        "nametrans = lambda name: name.replace('/', '.')\nreadonly = True\n"
    )
    done = run("offlineimap", "-o", "-u", "quiet", "-c", room / "config")
    if done.returncode:
        result.lost[done.stderr.decode(errors="replace")[-200:]] += 1
    found = collections.defaultdict(list)
    for folder in (room / "pulled").iterdir() if (room / "pulled").is_dir() else []:
        box = mailbox.Maildir(folder, create=False)
        for key in box.keys():
            flags = [flag for letter, flag in MAILDIR.items() if letter in box.get_message(key).get_flags()]
            found[imap.from_utf7(folder.name.encode())].append((digest(box.get_bytes(key)), flags, None))
    result.add(expected, found)
    shutil.rmtree(room)


def try_mbox(out, results, is_for_tools=True):
    expected = collections.defaultdict(list)
    files = sorted({line["path"] for line in logged(f"{out}.items.jsonl")})
    lines = collections.Counter(line["path"] for line in logged(f"{out}.items.jsonl"))
    for path in files:
        box = mailbox.mbox(out / path, create=False)
        expected[path] = [(digest(unquoted(box.get_bytes(key)), True), None, None) for key in box.keys()]
    result = results["Python mailbox"]
    for path in files:
        result.given += lines[path]
        result.accepted += min(lines[path], len(expected[path]))
        result.equal = None
    for path in files:
        if is_for_tools and is_there("formail"):
            with open(out / path, "rb") as octets:
                split = subprocess.run(["formail", "-s", "sh", "-c", "cat >/dev/null; echo"], stdin=octets, capture_output=True).stdout
            results["formail"].given += lines[path]
            results["formail"].accepted += min(lines[path], split.count(b"\n"))
            results["formail"].equal = None
        if is_for_tools and is_there("mail"):
            # It writes what it reads anew.
            copy = shutil.copyfile(out / path, out.parent / "copy")
            counted = run("mail", "--norc", "-H", "-f", copy).stdout.count(b"\n")
            results["mailutils"].given += lines[path]
            results["mailutils"].accepted += min(lines[path], counted)
            results["mailutils"].equal = None
    if is_there("dovecot"):
        copy = out.parent / "dovecot-copy"
        (copy / "mail").mkdir(parents=True)
        for number, path in enumerate(files):
            shutil.copyfile(out / path, copy / "mail" / f"box{number}")
        (copy / "mail" / "inbox").touch()
        found = Dovecot(copy, f"mbox:{copy}/mail:INBOX={copy}/mail/inbox").folders()
        named = {f"box{number}": expected[path] for number, path in enumerate(files)}
        results["Dovecot"].add(named, digested({name: [(unquoted(octets), None, None) for octets, _, _ in messages] for name, messages in found.items()}, True))
        shutil.rmtree(copy)
    return expected


def try_thunderbird(out, results):
    # formail and mailutils miss separators where lines end with CRLF, which Thunderbird reads as the source has them.
    expected = try_mbox(out, results, False)
    if not thunderbird.is_there():
        return
    states = collections.defaultdict(list)
    for line in logged(f"{out}.items.jsonl"):
        states[line["path"]].append([flag for flag in flags_of(line) if flag in thunderbird.FLAGS.values()])
    expected = {path: [(message[0], flags, None) for message, flags in zip(messages, states[path])] for path, messages in expected.items()}
    # It takes the `>` of `>From ` away by itself.
    results["Thunderbird"].add(expected, digested(thunderbird.folders(out, out.parent / "thunderbird"), True))


def unquoted(octets):
    return re.sub(rb"^>(>*From )", rb"\1", octets, flags=re.M)


# Proton: the restore of proton-mail-export reads labels.json and, for each message, METADATA.json beside ID.eml; a message whose label
# is not listed in labels.json is left out ("could not find a remote label matching backup label"): lib/internal/mail/restore.go of
# https://github.com/ProtonMail/proton-mail-export.


def try_proton(out, results):
    result = results["Proton's rules"]
    for labels_file in out.rglob("labels.json"):
        payload = json.loads(labels_file.read_text())["Payload"]
        known = {label["ID"] for label in payload}
        for metadata in labels_file.parent.rglob("*.metadata.json"):
            message = json.loads(metadata.read_text())["Payload"]
            body = metadata.with_name(metadata.name.replace(".metadata.json", ".eml"))
            result.given += 1
            result.accepted += body.is_file() and set(message["LabelIDs"]) <= known
    result.equal = None


# GYB: --action restore-mbox reads with Python's mailbox.mbox, takes labels from X-Gmail-Labels split at commas, and drops Unread,
# Opened and the like as labels: gyb.py of https://github.com/GAM-team/got-your-back.


def try_gmail(out, results):
    result = results["GYB's rules"]
    for line in logged(f"{out}.items.jsonl"):
        result.given += 1
    for path in out.rglob("*.mbox"):
        box = mailbox.mbox(path, create=False)
        for key in box.keys():
            try:
                message = box[key]
                result.accepted += len(message.as_bytes()) < 52_428_800 and message.keys() != []
            except (UnicodeError, LookupError, ValueError) as error:
                result.lost[f"{path.name}: {error}"] += 1
    result.accepted = min(result.accepted, result.given)
    result.equal = None


# Zimbra: the REST import of a TGZ takes the folder of an entry by its directories, else the inbox, and the message by the ending .eml; a .meta beside it
# gives flags and tags: TarArchiveInputStream in ArchiveFormatter.java of https://github.com/Zimbra/zm-mailbox.


def try_zimbra(out, results):
    result = results["Zimbra's rules"]
    archive = next(path for path in (out, out.with_suffix(".tgz")) if path.is_file())
    given = sum(1 for _ in logged(f"{archive}.items.jsonl"))
    with tarfile.open(archive) as entries:
        taken = sum(entry.isfile() and entry.name.endswith(".eml") for entry in entries)
    result.given += given
    result.accepted += min(given, taken)
    result.equal = None


def try_files(out, results):
    """What is uploaded message by message."""
    def folder_of(line):
        return pathlib.PurePosixPath(line["path"]).parent.as_posix()

    messages = collections.defaultdict(list)
    for line in logged(f"{out}.items.jsonl"):
        messages[folder_of(line)].append(((out / line["path"]).read_bytes(), flags_of(line), date_of(line)))
    strict = results["Cyrus' rules"]
    for octets, _, _ in (message for those in messages.values() for message in those):
        strict.given += 1
        strict.accepted += is_taken_by_a_strict_server(octets)
    strict.equal = None
    if cyrus.is_there():
        with cyrus.Cyrus(out.parent / "cyrus") as server:
            client = server.logged_in()
            for _, _, answer in imap.upload(client, messages):
                results["Cyrus"].lost[answer] += 1
            results["Cyrus"].add(digested(messages), digested(imap.folders(client)))
            client.logout()


def is_taken_by_a_strict_server(octets):
    """RFC 3501 §4.3 and Cyrus' message.c: no bare LF, no NUL, every line of the header section a header field."""
    # A message that begins with a blank line has an empty header section.
    head = b"" if octets.startswith(b"\r\n") else octets.partition(b"\r\n\r\n")[0]
    invalid = any(not re.match(rb"[!-9;-~]+[ \t]*:|[ \t]", field) for field in head.split(b"\r\n") if field)
    return not (re.search(rb"(?<!\r)\n", octets) or b"\0" in octets or invalid)


TARGETS = {
    "maildir": (try_maildir, ""),
    "thunderbird": (try_thunderbird, ""),
    "roundcube": (try_mbox, ""),
    "proton": (try_proton, ""),
    "gmail": (try_gmail, ""),
    "zimbra": (try_zimbra, ".tgz"),
    "mx-plan": (try_files, ""),
}
READ = {".mbox", ".pst", ".ost", ".eml", ".emlx", ".mbx"}


def mailboxes(folder, count):
    """Deals out what is below a folder: a Maildir whole, else files."""
    found = []
    for path, directories, files in os.walk(folder):
        if {"cur", "new"} <= set(directories):
            found.append(pathlib.Path(path))
            directories.clear()
            continue
        directories.sort()
        found += [pathlib.Path(path, name) for name in sorted(files) if pathlib.Path(name).suffix.lower() in READ]
    return [box for box in (found[start::count] for start in range(count)) if box]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder"), arguments.add_argument("room"), arguments.add_argument("count", type=int, nargs="?", default=30)
    asked = arguments.parse_args()
    command = os.environ["MAILFERRY"]
    room = pathlib.Path(asked.room)
    results = {target: collections.defaultdict(Result) for target in TARGETS}
    flagged = collections.Counter()
    for number, sources in enumerate(mailboxes(asked.folder, asked.count), 1):
        for target, (attempt, ending) in TARGETS.items():
            shutil.rmtree(room, ignore_errors=True)
            room.mkdir(parents=True)
            out = room / f"out{ending}"
            done = run(command, "convert", *sources, "--to", out, "--target", target, "--progress", "none")
            if not (pathlib.Path(f"{out}.items.jsonl")).exists():
                print(f"mailbox {number}, {target}: {done.stderr.decode(errors='replace')[:300]}", file=sys.stderr)
                continue
            plan = json.loads(run(command, "plan", *sources, "--target", target, "--json").stdout or "{}")
            flagged[target] += sum(row["items"] for row in plan.get("flagged", {}).values() if isinstance(row, dict) and "items" in row)
            attempt(out, results[target])
        print(f"mailbox {number}: {len(sources)} sources", file=sys.stderr)
    print("| target | software | in | flagged by plan | accepted | equal | folder | flags | date |\n|---|---|--:|--:|--:|--:|--:|--:|--:|")
    short = []
    for target, softwares in results.items():
        for software, result in softwares.items():
            compared = result.equal is not None
            rest = [result.equal, result.folders, result.flags, result.dates] if compared else ["–"] * 4
            print(f"| {target} | {software} | {result.given} | {flagged[target]} | {result.accepted} | " + " | ".join(map(str, rest)) + " |")
            # They go by rules of their own: formail takes no From_ line before a line that is no header field, mailutils none behind a
            # message that ends within its header section, mu nothing without fields, offlineimap nothing that Python's email cannot
            # write, and it writes header fields anew.
            if software in ("formail", "mailutils", "mu", "offlineimap"):
                continue
            own_rules = result.lost["without From, To and Subject"] if software == "notmuch" else 0
            if result.accepted < result.given - own_rules - flagged[target] or compared and result.equal < result.accepted - flagged[target]:
                short.append(f"{target}, {software}: {dict(result.lost.most_common(5))}")
    for program, package in [("dovecot", "dovecot-imapd"), ("mbsync", "isync"), ("mu", "maildir-utils"), ("notmuch", "notmuch"), ("mlist", "mblaze"), ("formail", "procmail"), ("mail", "mailutils"), ("offlineimap", "offlineimap3"), ("thunderbird", "thunderbird")]:
        if not is_there(program):
            print(f"skipped: {package} is not installed")
    if not cyrus.is_there():
        print("skipped: cyrus-caldav and sasl2-bin are not installed, or this is not root, as whom Cyrus starts")
    shutil.rmtree(room, ignore_errors=True)
    if short:
        sys.exit("less arrives than plan says:\n" + "\n".join(short))


if __name__ == "__main__":
    main()
