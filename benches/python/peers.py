"""Measures the Python package beside the standard library on one mailbox like those of Google Takeout.

    python benches/python/peers.py [--size 400] [--mailbox FILE] [--dir DIR] [--runs 3] [--only WORD]

Each job is a process of its own; its CPU time (user and system) and its largest resident set are what `wait4` tells. The
mailbox is made from a fixed seed: 35 % plain text, 20 % text and HTML, 30 % newsletters, 15 % with attachments.
"""

import argparse
import base64
import os
import random
import subprocess
import sys
import tempfile

GENERATED = "takeout.mbox"

START = "import sys; path, to = sys.argv[1:3]\n"
MAILBOX = START + "import mailbox, email, email.policy, os\nbox = mailbox.mbox(path, create=False)\n"
OURS = START + "import mailferry\n"

#: Group, who, and what is run. The first of a group is this package.
JOBS = [
    ("subjects", "mailferry", OURS + "print(sum(len(item.subject or '') > 0 for item in mailferry.open(path)))"),
    ("subjects", "mailbox.mbox", MAILBOX + "print(sum(len(m['subject'] or '') > 0 for m in box))"),
    ("EML files", "mailferry.convert, SHA-256 and item log", OURS + "print(mailferry.convert(path, to).totals['migrated'])"),
    ("EML files", "mailferry.convert, no checksums", OURS + "print(mailferry.convert(path, to, checksums='none').totals['migrated'])"),
    ("EML files", "mailferry.convert, no checksums, one stored ZIP",
     OURS + "print(mailferry.convert(path, to + '.zip', checksums='none', zip_level='store').totals['migrated'])"),
    ("EML files", "mailbox, get_bytes", MAILBOX + """
os.mkdir(to)
for n, key in enumerate(box.keys(), 1):
    with open(f'{to}/{n}.eml', 'wb') as file:
        file.write(box.get_bytes(key))
print(n)"""),
    ("EML files", "mailbox, as_bytes", MAILBOX + """
os.mkdir(to)
for n, message in enumerate(box, 1):
    with open(f'{to}/{n}.eml', 'wb') as file:
        file.write(message.as_bytes())
print(n)"""),
    ("all parts decoded", "mailferry", OURS + """
n = octets = 0
for item in mailferry.open(path):
    n += 1
    item.subject, item.sender, item.to
    octets += len(item.text or '') + len(item.html or '') + sum(len(bytes(a)) for a in item.attachments)
print(n)"""),
    ("all parts decoded", "email.policy.default", MAILBOX + """
n = octets = 0
for key in box.keys():
    n += 1
    m = email.message_from_bytes(box.get_bytes(key), policy=email.policy.default)
    m['subject'], m['from'], m['to']
    for part in m.walk():
        if not part.is_multipart():
            octets += len(part.get_content())
print(n)"""),
    ("table", "mailferry, headers", OURS + """
import pyarrow
print(sum(b.num_rows for b in pyarrow.RecordBatchReader.from_stream(mailferry.open(path).index(content=False))))"""),
    ("table", "mailferry, all columns", OURS + """
import pyarrow
print(sum(b.num_rows for b in pyarrow.RecordBatchReader.from_stream(mailferry.open(path).index())))"""),
    ("table", "(import pyarrow alone)", START + "import pyarrow; print(0)"),
    ("import", "import mailferry", OURS + "print(0)"),
    ("import", "(python alone)", START + "print(0)"),
]


def generate(path, size):
    """Writes a mailbox of about `size` octets."""
    chance = random.Random(1)
    words = ["sail", "harbour", "invoice", "meeting", "Tuesday", "drawing", "rope", "weather", "north", "café", "=", "ready"]

    def prose(octets):
        lines, left = [], octets
        while left > 0:
            line = " ".join(chance.choices(words, k=11))
            lines.append(line)
            left -= len(line) + 1
        return "\n".join(lines) + "\n"

    with open(path, "wb") as file:
        number = 0
        while file.tell() < size:
            number += 1
            kind = chance.choices(["plain", "both", "news", "files"], [35, 20, 30, 15])[0]
            head = (
                f"From {number}@xxx Mon Jan {1 + number % 28:2} {number % 24:02}:10:00 +0000 2024\n"
                f"X-GM-THRID: {number}\nX-Gmail-Labels: Inbox,Opened,Project {number % 7}\nDelivered-To: robin@example.org\n"
                + "".join(f"Received: by mx{hop}.example.org with SMTP id {number:x}{hop};\n        Mon, {1 + number % 28} Jan "
                          f"2024 {number % 24:02}:10:0{hop} +0000\n" for hop in range(4))
                + f"DKIM-Signature: v=1; a=rsa-sha256; d=example.org;\n        b={base64.b64encode(chance.randbytes(190)).decode()}\n"
                f"MIME-Version: 1.0\nFrom: Sender {number % 91} <s{number % 91}@example.org>\nTo: Robin <robin@example.org>\n"
                f"Date: Mon, {1 + number % 28} Jan 2024 {number % 24:02}:10:00 +0000\nMessage-ID: <{number}@example.org>\n"
                f"Subject: =?utf-8?q?Caf=C3=A9_{number}?= {' '.join(chance.choices(words[:8], k=4))}\n"
            )
            text = prose(chance.randint(300, 4_000))
            html = "<html><body>" + "".join(f"<p style='color:#333'>{line}</p>\n" for line in text.split("\n")) + "</body></html>\n"
            plain = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"
            web = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{html}"
            if kind == "plain":
                body = plain
            elif kind == "both":
                body = f"Content-Type: multipart/alternative; boundary=a{number}\n\n--a{number}\n{plain}\n--a{number}\n{web}\n--a{number}--\n"
            elif kind == "news":
                body = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{html * 8}"
            else:
                octets = chance.randbytes(min(int(chance.paretovariate(0.9) * 30_000), 12_000_000))
                body = (
                    f"Content-Type: multipart/mixed; boundary=m{number}\n\n--m{number}\n{plain}\n--m{number}\n"
                    f"Content-Type: application/pdf; name=f{number}.pdf\nContent-Disposition: attachment; filename=f{number}.pdf\n"
                    f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(octets).decode()}--m{number}--\n"
                )
            file.write((head + body + "\n").encode())


def measure(script, path, to):
    """The CPU seconds, the largest resident set in MB, and what was printed."""
    command = [sys.executable, "-c", script, path, to]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    said = process.stdout.read().decode().strip()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {script}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=400, help="megabytes of the mailbox")
    parser.add_argument("--mailbox", help="a mailbox that is there, in place of one that is made")
    parser.add_argument("--dir", default="/dev/shm", help="where it is written, and what is made of it")
    parser.add_argument("--runs", type=int, default=3, help="runs of each job, of which the one with least CPU time counts")
    parser.add_argument("--only", default="", help="jobs with this word in their names")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.dir) as folder:
        path = arguments.mailbox or os.path.join(folder, GENERATED)
        if not arguments.mailbox:
            # In a process of its own: what this one holds would count as the peak of those that it starts.
            subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; import peers; "
                            f"peers.generate({path!r}, {arguments.size * 10**6})"], check=True)
        size = os.path.getsize(path)
        print(f"{size / 1e6:.0f} MB, Python {sys.version.split()[0]}\n")
        print("| | | CPU s | times ours | peak MB | GB/s CPU |\n|---|---|--:|--:|--:|--:|")
        best = {}
        for group, who, script in JOBS:
            if arguments.only not in f"{group} {who}":
                continue
            runs = []
            for run in range(arguments.runs):
                to = os.path.join(folder, f"out{run}")
                runs.append(measure(script, path, to))
                subprocess.run(["rm", "-rf", to, *(to + end for end in (".zip", *(archive + file for archive in ("", ".zip") for file in
                                     (".items.jsonl", ".report.json", ".files.jsonl"))))])
                if runs[-1][0] > 20:
                    break
            seconds, peak, said = min(runs)
            first = best.setdefault(group, seconds)
            rate = f"{size / 1e9 / seconds:.2f}" if int(said or 0) else ""
            print(f"| {group} | {who} | {seconds:.3f} | {seconds / first:.1f} | {peak:.0f} | {rate} |", flush=True)


if __name__ == "__main__":
    main()
