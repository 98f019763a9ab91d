"""Mail, in mboxes and alone."""

import base64

from kinds import grows

MBOX = "convert in.mbox --to to.zip --jobs 2 --progress none --fsync none"
FROM = b"From a@b Thu Feb  1 00:00:00 2024\n"
HEAD = b"From: Ann <ann@example.org>\nTo: bob@example.org\nDate: Thu, 1 Feb 2024 10:00:00 +0000\n"


def message(number: int, more: bytes = b"", body: bytes = b"It is so.\n") -> bytes:
    return FROM + HEAD + b"Message-ID: <%d@example.org>\nSubject: Number %d\n%b\n%b\n" % (number, number, more, body)


def mbox(name: str, start: int, command: str = MBOX, **how):
    """One message whose header section and body the function gives for a size."""

    def add(function):
        def generate(out, size):
            more, body = function(size)
            out.write(message(1, more, body))

        grows(command, start, file="in.mbox", name=name, **how)(generate)
        return function

    return add


def messages(name: str, start: int, command: str = MBOX, **how):
    """So many messages, of which the function gives each."""

    def add(function):
        def generate(out, size):
            for number in range(size):
                out.write(function(number, size))

        grows(command, start, file="in.mbox", name=name, **how)(generate)
        return function

    return add


LIST = "list in.mbox --json"
SHOW = "show in.mbox --json"
# What is shown is held, in two forms: no more than `Limits::text`, 64 MiB.
SHOWN = 160
# The parts of a message are a list in memory: no more than `Limits::entities`, 100,000.
ENTITIES = 110


# Many messages.
messages("messages", 500)(lambda number, _: message(number))
messages("messages listed", 500, LIST)(lambda number, _: message(number))
messages("messages inspected", 500, "inspect in.mbox --json")(lambda number, _: message(number))
messages("messages as Maildir++", 500, "convert in.mbox --to to --as maildir --progress none --fsync none --jobs 2", most=1 << 17)(
    lambda number, _: message(number)
)
messages("messages as an mbox", 500, "convert in.mbox --to to --as mbox --progress none --fsync none --jobs 2")(
    lambda number, _: message(number)
)
messages("messages as a bundle", 500, "convert in.mbox --to to.tar --as bundle --progress none --fsync none --jobs 2")(
    lambda number, _: message(number)
)
messages("messages as a load file", 500, "convert in.mbox --to to.zip --as ediscovery --progress none --fsync none --jobs 2")(
    lambda number, _: message(number)
)
messages("messages as Proton has them", 500, "convert in.mbox --to to.zip --as proton --progress none --fsync none --jobs 2")(
    lambda number, _: message(number)
)
messages("messages as a store", 500, "convert in.mbox --to to.pst --as pst --progress none --fsync none --jobs 2", memory=64)(
    lambda number, _: message(number)
)
messages("messages in numbered folders", 500, MBOX + " --shard 100")(lambda number, _: message(number))
messages("messages in parts", 500, MBOX + " --split 20K", most=1 << 16)(lambda number, _: message(number))
messages("messages without dates or names", 500)(lambda number, _: FROM + b"Subject: \n\nx\n\n")
messages("messages of equal subjects", 500, MBOX + " --names {subject}")(
    lambda number, _: FROM + HEAD + b"Subject: always\n\n%d\n\n" % number
)
messages("equal messages", 500)(lambda number, _: message(1))
messages("messages planned", 500, "plan in.mbox --target proton")(lambda number, _: message(number))
messages("a sample", 500, LIST + " --sample 100")(lambda number, _: message(number))
messages("messages selected", 500, LIST + " --subject 7 --from ann --has-attachment")(lambda number, _: message(number))

# Duplicates and labels.
messages("duplicates, exact", 500, MBOX + " --dedupe exact")(lambda number, size: message(number % (size // 2)))
messages("duplicates, loose", 500, MBOX + " --dedupe loose")(lambda number, size: message(number % (size // 2)))
messages("duplicates with labels of their own", 500, MBOX + " --dedupe exact", memory=64)(
    lambda number, _: FROM + b"X-Gmail-Labels: L%d\n" % number + HEAD + b"Subject: always\n\nx\n\n"
)
messages("duplicates with many labels each", 100, MBOX + " --dedupe exact", memory=64)(
    lambda number, _: FROM
    + b"X-Gmail-Labels: "
    + b",".join(b"L%d" % label for label in range(50))
    + b"\n"
    + HEAD
    + b"Subject: %d\n\nx\n\n" % (number // 2)
)
messages("labels, one a message", 500, memory=64)(lambda number, _: FROM + b"X-Gmail-Labels: L%d\n" % number + message(number)[len(FROM) :])
messages("folders, one a message", 500, "convert in.mbox --to to --progress none --fsync none --jobs 2", most=1 << 17, memory=64)(
    lambda number, _: FROM + b"X-Gmail-Labels: a/b%d/c\n" % number + message(number)[len(FROM) :]
)
messages("folders, one a message, listed", 500, LIST, memory=64)(
    lambda number, _: FROM + b"X-Gmail-Labels: a/b%d/c\n" % number + message(number)[len(FROM) :]
)
messages("folders in a store, one a message", 200, "convert in.mbox --to to.pst --as pst --progress none --fsync none", memory=64, most=1 << 16)(
    lambda number, _: FROM + b"X-Gmail-Labels: a/b%d/c\n" % number + message(number)[len(FROM) :]
)
mbox("labels of one message", 1000, memory=64)(lambda size: (b"X-Gmail-Labels: " + b",".join(b"L%d" % n for n in range(size)) + b"\n", b""))
messages("labels, a file each", 50, MBOX + " --labels every", most=1 << 14)(
    lambda number, _: FROM + b"X-Gmail-Labels: " + b",".join(b"L%d" % n for n in range(50)) + b"\n" + message(number)[len(FROM) :]
)
mbox("labels of one message, encoded", 1000)(
    lambda size: (b"X-Gmail-Labels: " + b"\n ".join(b"=?UTF-8?Q?L=C3=A9%d,?=" % n for n in range(size)) + b"\n", b"")
)
mbox("labels in quotes", 1000)(lambda size: (b"X-Gmail-Labels: " + b",".join(b'"L, %d"' % n for n in range(size)) + b"\n", b""))
mbox("quotes in labels that do not end", 1000)(lambda size: (b"X-Gmail-Labels: " + b',"' * size + b"\n", b""))
mbox("one deep folder", 1000, memory=64)(lambda size: (b"X-Gmail-Labels: " + b"/".join(b"a" for _ in range(size)) + b"\n", b""))
mbox("keywords", 1000, memory=64)(lambda size: (b"X-Keywords: " + b" ".join(b"K%d" % n for n in range(size)) + b"\n", b""))

# What separates messages.
mbox("From_ lines that are none", 5000)(lambda size: (b"", b"\nFrom here on\n" * size))
mbox("quoted From_ lines", 5000)(lambda size: (b"", b">From here on\n" * size))
mbox("From_ lines quoted deep", 5000)(lambda size: (b"", b">" * size + b"From here on\n"))
mbox("blank lines", 50000)(lambda size: (b"", b"\n" * size))
mbox("one line", 50000)(lambda size: (b"", b"x" * size))
mbox("lone CRs", 50000)(lambda size: (b"", b"x\r" * size))
messages("From_ lines alone", 2000)(lambda number, _: b"\n" + FROM)
messages("lengths that are too long", 500)(lambda number, _: message(number, b"Content-Length: 999999\n"))
messages("lengths beyond numbers", 500)(lambda number, _: message(number, b"Content-Length: 99999999999999999999999\n"))
messages("unfinished multiparts", 500)(
    lambda number, _: message(number, b"Content-Type: multipart/mixed; boundary=b%d\n" % number, b"--b%d\n\nx\n" % number)
)
messages("unfinished multiparts of one boundary", 500)(
    lambda number, _: message(number, b"Content-Type: multipart/mixed; boundary=b\n", b"--b\n\nx\n")
)

# Header sections.
mbox("header fields", 2000)(lambda size: (b"".join(b"X-Field-%d: x\n" % n for n in range(size)), b""))
mbox("header fields listed", 2000, LIST)(lambda size: (b"".join(b"X-Field-%d: x\n" % n for n in range(size)), b""))
mbox("header fields in a store", 1000, "convert in.mbox --to to.pst --as pst --progress none --fsync none", memory=64, most=1 << 15)(
    lambda size: (b"".join(b"X-Field-%d: x\n" % n for n in range(size)), b"")
)
mbox("equal header fields", 2000, LIST)(lambda size: (b"Subject: x\n" * size, b""))
mbox("lines of a folded field", 2000)(lambda size: (b"X-Field: x\n" + b" more\n" * size, b""))
mbox("a subject", 20000, LIST)(lambda size: (b"Comments: x\nSubject: " + b"x" * size + b"\n", b""))
mbox("encoded words", 2000, SHOW)(lambda size: (b"Comments: " + b"\n ".join([b"=?UTF-8?B?w6k=?="] * size) + b"\n", b""))
mbox("encoded words in a name", 2000, LIST)(lambda size: (b"Cc: " + b"\n ".join([b"=?UTF-8?Q?=C3=A9?="] * size) + b" <a@b.example>\n", b""))
mbox("encoded words that do not end", 5000, SHOW)(lambda size: (b"Cc: " + b"=?UTF-8?Q?" * size + b"\n", b""))
mbox("addresses", 2000, SHOW)(lambda size: (b"Cc: " + b",\n ".join(b"N %d <a%d@b.example>" % (n, n) for n in range(size)) + b"\n", b""))
mbox("addresses of an mbox listed", 2000, LIST)(lambda size: (b"Cc: " + b",\n ".join(b"a%d@b.example" % n for n in range(size)) + b"\n", b""))
mbox("groups of addresses", 2000, SHOW, memory=64)(lambda size: (b"Cc: " + b", ".join(b"g%d: a@b;" % n for n in range(size)) + b"\n", b""))
mbox("groups that do not end", 5000, SHOW)(lambda size: (b"Cc: " + b"g:" * size + b"\n", b""))
mbox("comments in comments", 5000, SHOW)(lambda size: (b"Cc: " + b"(" * size + b"\n", b""))
mbox("quotes that do not end", 5000, SHOW)(lambda size: (b"Cc: " + b'"a@b, ' * size + b"\n", b""))
mbox("angle brackets", 5000, SHOW)(lambda size: (b"Cc: " + b"<" * size + b"\n", b""))
mbox("routes of an address", 5000, SHOW)(lambda size: (b"Cc: <" + b"@a," * size + b":x@y>\n", b""))
mbox("references", 2000, SHOW)(lambda size: (b"References: " + b"\n ".join(b"<%d@x>" % n for n in range(size)) + b"\n", b""))
mbox("parameters", 2000, SHOW)(lambda size: (b"Content-Type: text/plain; " + b"; ".join(b"p%d=v" % n for n in range(size)) + b"\n", b""))
mbox("pieces of a parameter", 2000, SHOW)(
    lambda size: (b"Content-Type: text/plain; " + b"; ".join(b"name*%d=v" % n for n in range(size)) + b"\n", b"")
)
mbox("pieces of a parameter, backwards", 2000, SHOW)(
    lambda size: (b"Content-Type: text/plain; " + b"; ".join(b"name*%d*=%%41" % n for n in reversed(range(size))) + b"\n", b"")
)
mbox("a date with comments", 5000, LIST)(lambda size: (b"Received: x; Thu, 1 Feb 2024 10:00:00 +0000 " + b"(x)" * size + b"\n", b""))
mbox("Received fields", 2000, LIST)(lambda size: (b"Received: from a by b; Thu, 1 Feb 2024 10:00:00 +0000\n" * size, b""))

# Structure.


def nested(size: int) -> tuple[bytes, bytes]:
    heads = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1) for n in range(size))
    return b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n", heads


mbox("multiparts in multiparts", 500)(nested)
mbox("multiparts in multiparts, shown", 500, SHOW)(nested)
mbox("messages in messages", 500, SHOW)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: message/rfc822\n", b"Subject: x\nContent-Type: message/rfc822\n\n" * size)
)


def parts(size: int, head: bytes = b"Content-Type: text/plain; name=a\nContent-Disposition: attachment") -> tuple[bytes, bytes]:
    body = b"".join(b"--b\n%b\n\nx\n" % head for _ in range(size)) + b"--b--\n"
    return b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", body


mbox("attachments", 500)(parts)
mbox("attachments, shown", 500, SHOW, memory=ENTITIES)(parts)
mbox("attachments, looked for", 500, LIST + " --has-attachment", memory=ENTITIES)(parts)
mbox("attachments in a store", 200, "convert in.mbox --to to.pst --as pst --progress none --fsync none", memory=ENTITIES, most=1 << 16)(parts)
mbox("texts of one message", 500, SHOW, memory=ENTITIES)(lambda size: parts(size, b"Content-Type: text/plain"))
mbox("messages beside one another", 500, SHOW, memory=ENTITIES)(lambda size: parts(size, b"Content-Type: message/rfc822\n\nSubject: y"))
mbox("lines that begin like a boundary", 5000)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", b"--b\n\n" + b"--bx\n" * size)
)
mbox("a long boundary", 5000)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" + b"b" * size + b"\n", (b"--" + b"b" * 70 + b"\n") * size)
)

# Bodies.
mbox("base64", 50000, SHOW, memory=SHOWN)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n", base64.encodebytes(b"some text " * (size // 10)))
)
mbox("quoted-printable", 20000, SHOW, memory=SHOWN)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n", b"=C3=A9=\n" * size)
)
mbox("spaces before line ends, quoted-printable", 5000, SHOW, memory=SHOWN)(
    lambda size: (b"MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n", b" " * size + b"\n" + b" x" * size)
)
mbox("uuencoded", 5000, SHOW, memory=SHOWN)(lambda size: (b"", b"begin 644 a\n" * size + b"`\nend\n"))


def html(name: str, text: bytes, end: bytes = b"") -> None:
    mbox(f"HTML: {name}", 2000, SHOW, memory=SHOWN, most=1 << 21)(lambda size: (b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n", text * size + end))


html("elements in elements", b"<div>")
html("paragraphs", b"<p>x</p>\n")
html("tags that do not end", b"<a ")
html("angle brackets", b"<")
html("comments that do not end", b"<!-- ")
html("references of characters", b"&amp")
html("attributes", b"x='", b">")
html("scripts that do not end", b"<script>")
html("styles", b"<style>a{}</style>")
html("tables", b"<table><tr><td>")
html("links", b"<a href='http://x.example/'>x</a> ")
html("lists", b"<ul><li>")
html("closing tags", b"</b>")
mbox("HTML into a store", 2000, "convert in.mbox --to to.pst --as pst --progress none --fsync none", memory=96)(
    lambda size: (b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n", b"<div>x" * size)
)
mbox("Content-IDs", 500, "convert in.mbox --to to.pst --as pst --progress none --fsync none", memory=ENTITIES, most=1 << 16)(
    lambda size: parts(size, b"Content-Type: image/png\nContent-ID: <a@b>")
)


# Sizes at which a limit is promised.
mbox("labels of 1 MB", 100_000, memory=64, seconds=1)(lambda size: (b"X-Gmail-Labels: " + b",".join(b"label %06d" % n for n in range(size)) + b"\n", b""))
mbox("a mail of 20 MB of attachments", 440_000, memory=64, seconds=10)(parts)
messages("duplicates with labels, 4 MB", 40_000, MBOX + " --dedupe exact", memory=64, seconds=10)(
    lambda number, _: FROM + b"X-Gmail-Labels: L%d\n" % number + HEAD + b"Subject: always\n\nx\n\n"
)
