"""What an IMAP client is shown, and how it uploads."""

import base64
import email.utils
import imaplib
import re

SYSTEM_FLAGS = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"}


def folders(client):
    """{folder: [(octets, flags, date)]} of all that a client is shown."""
    found = {}
    _, names = client.list()
    for line in names or []:
        if isinstance(line, tuple):
            line = line[0].rsplit(b"{", 1)[0] + b'"' + line[1] + b'"'
        match = re.match(rb'\((.*?)\) ("?.*?"?) (.*)$', line)
        if not match or b"\\Noselect" in match[1] or b"\\NonExistent" in match[1]:
            continue
        name = match[3].strip().strip(b'"').replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        status, _ = client.select(quoted(name), readonly=True)
        if status != "OK":
            continue
        messages = []
        is_empty = client.untagged_responses.get("EXISTS", [b"0"])[-1] == b"0"
        _, data = (None, []) if is_empty else client.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
        for part in data:
            if isinstance(part, tuple):
                flags = {flag.decode() for flag in imaplib.ParseFlags(part[0])} & SYSTEM_FLAGS
                when = re.search(rb'INTERNALDATE "([^"]+)"', part[0])
                when = when and email.utils.mktime_tz(email.utils.parsedate_tz(when[1].decode().replace("-", " ", 2)))
                messages.append((part[1], sorted(flags), when))
        found[from_utf7(name)] = messages
    return found


def upload(client, messages):
    """APPENDs {folder: [(octets, flags, date)]} as they are, which imaplib's own `append` does not; what is refused, with the answer."""
    refused = []
    for folder, those in messages.items():
        name = quoted(to_utf7(folder))
        client.create(name)
        for octets, flags, date in those:
            client.literal = octets
            # Servers take no date before 1970.
            when = [imaplib.Time2Internaldate(date)] if date and date > 0 else []
            try:
                status, answer = client._simple_command("APPEND", name, f"({' '.join(flags)})", *when)
            except imaplib.IMAP4.error as error:
                status, answer = "BAD", [str(error).encode()]
            if status != "OK":
                refused.append((folder, octets, answer[0].decode(errors="replace")))
    return refused


def quoted(name):
    return b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def from_utf7(name):
    """A folder's name in modified UTF-7 (RFC 3501 §5.1.3)."""
    def word(match):
        text = match[1].replace(b",", b"/")
        return base64.b64decode(text + b"=" * (-len(text) % 4)).decode("utf-16-be").encode() if text else b"&"
    return re.sub(rb"&([^-]*)-", word, name).decode("utf-8", "replace")


def to_utf7(name):
    def word(match):
        return "&" + base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
    return re.sub(r"[^ -~]+", word, name.replace("&", "&-")).encode()
