"""PUTs every calendar object and card of some files to a CalDAV and CardDAV server, as they are and as they are mended for it, and counts
what it refuses.

Usage: put.py BINARY SERVER URL HOME KIND TARGET SENT FILE…

BINARY is the mailferry command, URL the root of the server, HOME the path below it in which collections are made, KIND ics or vcf, SENT
a file that has a line for each message the server wants to send. One line of JSON is printed for each way, raw and mended: items,
refused, flagged (those of the refused that the log warns of), skipped (those that were left out with a reason), sent, and the reasons of
those that are refused, each with whether the log warns of it. Of each file the first twenty objects are taken. The organizer of each event
is the user: `Schedule-Address` says so to servers that send invitations.
"""

import collections
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse


# Of a file, so many objects: servers read a whole collection for each.
MOST = 20


def request(url, method, path, body=b"", headers=None):
    """The status of a request and the start of its answer."""
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    try:
        connection.request(method, path, body=body, headers={"Authorization": "Basic dTpw", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read(4000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 599, str(error)
    finally:
        connection.close()


MKCOL = """<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/>
<C:addressbook/></resourcetype></prop></set></mkcol>"""


# As Nextcloud makes its calendars; sabre/dav alone makes such without journals.
MKCALENDAR = """<?xml version="1.0"?><C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>
<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/><C:comp name="VJOURNAL"/></C:supported-calendar-component-set>
</prop></set></C:mkcalendar>"""


def make(url, path, kind):
    method, body = ("MKCALENDAR", MKCALENDAR) if kind == "ics" else ("MKCOL", MKCOL)
    return request(url, method, path, body.encode(), {"Content-Type": "application/xml"})


def reason(answer):
    text = re.sub(r"<[^>]*>", " ", answer)
    return re.sub(r"\s+", " ", re.sub(r"[0-9a-fA-F-]{12,}|'[^']*'|\"[^\"]*\"|\d+", "_", text)).strip()[:110]


def objects(octets, kind):
    """The calendar objects or cards of a file, each by its UID with what it needs around it."""
    text = octets.decode("utf-8", "surrogateescape")
    lines = [line for line in re.split(r"(?<=\n)(?![ \t])", text) if line]
    frame, zones, found, open_lines, names, uid = [], [], {}, [], [], ""
    outer = 1 if kind == "ics" else 0
    for line in lines:
        plain = re.sub(r"\r?\n[ \t]", "", line)
        marker = re.match(r"(BEGIN|END)[^:]*:\s*([^\r\n]*?)\s*$", plain, re.I)
        if marker and marker[1].upper() == "BEGIN":
            names.append(marker[2].upper())
        if len(names) > outer:
            open_lines.append(line)
        elif kind == "ics" and (names != ["VCALENDAR"] or not marker):
            frame.append(line) if names else None
        own = re.match(r"UID[^:]*:(.*?)\s*$", plain, re.I) if len(names) == outer + 1 else None
        uid = own[1] if own else uid
        if marker and marker[1].upper() == "END" and names:
            name = names.pop()
            if len(names) == outer and open_lines:
                text = "".join(open_lines)
                if name == "VTIMEZONE":
                    zones.append(text)
                else:
                    found.setdefault(uid or f"none {len(found)}", []).append(text)
                open_lines, uid = [], ""
            if not names:
                head, tail = ("BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n") if kind == "ics" else ("", "")
                for key, parts in found.items():
                    ids = {i for part in parts for i in re.findall(r"TZID=\"?([^\":;]*)", re.sub(r"\r?\n[ \t]", "", part))}
                    own = [z for z in zones if any(i.replace("\\", "") in re.sub(r"\r?\n[ \t]", "", z) for i in ids)]
                    yield key, (head + "".join(frame) + "".join(own) + "".join(parts) + tail).encode("utf-8", "surrogateescape")
                frame, zones, found = [], [], {}


def organizer(octets):
    """The header field by which Cyrus and `servers/sabre.php` take the organizer of an event for the user."""
    plain = re.sub(rb"\r?\n[ \t]", b"", octets)
    found = re.search(rb"^ORGANIZER(?:[;:]|[;:].*?[:;\"])mailto:([^\r\n]*)", plain, re.I | re.M)
    return {"Schedule-Address": found[1].decode("latin-1").strip()} if found else {}


def lines_of(path):
    try:
        with open(path, "rb") as lines:
            return sum(1 for _ in lines)
    except FileNotFoundError:
        return 0


def items(binary, files, kind, target, folder, skipped):
    """The objects that are written of all files, each with the number of its file and the warnings of its line in the log; and how many
    were left out, by reason."""
    out = os.path.join(folder, "out")
    asked = ["--target", target] if target else []
    subprocess.run(
        [binary, "convert", *files, "--to", out, "--progress", "none", *asked],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=3600,
    )
    with open(out + ".items.jsonl", encoding="utf-8") as log:
        lines = [json.loads(line) for line in log]
    skipped.update(line["reason"] for line in lines if line.get("status") == "skipped")
    lines = [line for line in lines if line.get("status") == "migrated" and line["path"].endswith("." + kind)]
    warned, source = {}, {}
    for line in lines:
        uid = (line.get("uid") or "").strip()
        # One that had none gets a UID that the log does not know: what is said of such items of its file is said of it.
        warned[line["path"], uid] = line.get("warnings") or not uid and warned.get((line["path"], uid))
        source[line["path"]] = line["source"]["file"]
    for number, path in enumerate(dict.fromkeys(line["path"] for line in lines)):
        with open(os.path.join(out, path), "rb") as written:
            for uid, octets in itertools.islice(objects(written.read(), kind), MOST):
                known = [(path, key) for key in (uid.strip(), re.sub(r"\\(.)", r"\1", uid.strip())) if (path, key) in warned]
                warnings = [w for key in known or [(path, "")] if key in warned for w in warned[key] or []]
                yield number, f"{source[path]}:{uid}"[-150:], warnings, octets


def main():
    binary, server, root, home, kind, target, sent, *files = sys.argv[1:]
    url = urllib.parse.urlsplit(root)
    request(url, "MKCOL", home)
    content = {"ics": "text/calendar; charset=utf-8", "vcf": "text/vcard; charset=utf-8"}[kind]
    # Every refusal with its item and its warnings, for whoever looks into them.
    trace = open(os.environ["DAV_TRACE"], "a", encoding="utf-8") if "DAV_TRACE" in os.environ else None
    for way in ("raw", "mended"):
        count, reasons, first, skipped = collections.Counter(), collections.Counter(), {}, collections.Counter()
        made = None
        before = lines_of(sent)
        with tempfile.TemporaryDirectory() as folder:
            for number, name, warnings, octets in items(binary, files, kind, target if way == "mended" else None, folder, skipped):
                collection = f"{home}{way}{kind}{number}/"
                if made != collection:
                    # A server may want a UID once in all calendars of a user.
                    if made:
                        request(url, "DELETE", made)
                    made = collection
                    make(url, made, kind)
                count["items"] += 1
                path = f"{collection}{count['items']}.{kind}"
                status, answer = request(url, "PUT", path, octets, {"Content-Type": content, **organizer(octets)})
                if status in (200, 201, 204):
                    continue
                count["refused"] += 1
                count["flagged"] += bool(warnings)
                why = f"{status} {reason(answer)}", bool(warnings)
                reasons[why] += 1
                first.setdefault(why, name)
                if trace:
                    print(json.dumps({"way": way, "why": why[0], "item": name, "warnings": warnings}), file=trace)
        if made:
            request(url, "DELETE", made)
        told = [{"why": why, "flagged": flagged, "items": n, "first": first[why, flagged]} for (why, flagged), n in reasons.most_common(60)]
        row = {"server": server, "kind": kind, "way": way, **count, "sent": lines_of(sent) - before, "skipped": skipped, "reasons": told}
        print(json.dumps(row), flush=True)


main()
