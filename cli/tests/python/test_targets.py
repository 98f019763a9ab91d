"""What is written for targets, read by Python's own mailbox, tarfile and zipfile, by bagit and by jsonschema."""

import collections
import csv
import hashlib
import json
import mailbox
import os
import pathlib
import re
import subprocess
import tarfile
import zipfile

import bagit
import jsonschema
import pytest

from read_back import read_back

ROOT = pathlib.Path(__file__).parents[3]
FIXTURES = ROOT / "fixtures"
TAKEOUT = FIXTURES / "mbox" / "takeout.mbox"
KINDS = ["mail", "event", "task", "journal", "contact"]


def sources():
    """Mail, and a calendar and an address book of the fixtures."""
    calendar = min(FIXTURES.glob("ics/**/*.ics"), key=lambda path: (-path.stat().st_size, path.name))
    book = min(FIXTURES.glob("vcf/**/*.vcf"), key=lambda path: (-path.stat().st_size, path.name))
    return [TAKEOUT, calendar, book]


def run(*arguments):
    done = subprocess.run([os.environ["MAILFERRY"], *arguments], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    return done


def convert(destination, *options, source=(TAKEOUT,)):
    """Runs the command and gives the lines of its item log."""
    run("convert", *source, "--to", destination, "--progress", "none", *options)
    log = pathlib.Path(f"{destination}.items.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in log.splitlines()]


def targets():
    return json.loads(run("targets", "--json").stdout)


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


def schema(name):
    return json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))


def bases(tmp_path, name, *options, source=(TAKEOUT,)):
    """The same in every packaging: the log, and what reads a path of it."""
    log = convert(tmp_path / name, *options, source=source)
    yield log, {p.relative_to(tmp_path / name).as_posix(): p.read_bytes()
                for p in (tmp_path / name).rglob("*") if p.is_file()}
    log = convert(tmp_path / f"{name}.zip", *options, source=source)
    with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
        assert archive.testzip() is None
        yield log, {e.filename: archive.read(e) for e in archive.infolist() if not e.is_dir()}
    for extension in ("tar", "tgz", "tar.gz"):
        log = convert(tmp_path / f"{name}.{extension}", *options, source=source)
        with tarfile.open(tmp_path / f"{name}.{extension}") as archive:
            yield log, {e.name: archive.extractfile(e).read() for e in archive if e.isfile()}


@pytest.mark.parametrize("form", ["eml", "mbox", "maildir", "bundle", "proton", "ediscovery", "pst"])
def test_every_form_in_every_packaging(tmp_path, form):
    first = None
    for log, files in bases(tmp_path, "out", "--as", form, source=sources()):
        assert all(line["status"] == "migrated" for line in log)
        for line in log:
            assert line["path"] in files
            if line["kind"] == "mail" and form not in ("mbox", "pst"):
                assert sha256(files[line["path"]]) == line["sha256"]
        # A bag in an archive is a folder of that archive.
        payload = {re.sub(r"^out/", "", path): octets for path, octets in files.items()}
        told = {path: octets for path, octets in payload.items()
                if not re.search(r"(^|/)(meta|archive\.json|bag-info|manifest|tagmanifest)", path)}
        first = first or told
        assert told == first


def unquoted(octets):
    return re.sub(rb"(?m)^>(>*From )", rb"\1", octets)


def test_mbox_is_read_by_mailbox(tmp_path):
    log = convert(tmp_path / "out", "--as", "mbox")
    paths = collections.Counter(line["path"] for line in log)
    for path, count in paths.items():
        box = mailbox.mbox(tmp_path / "out" / path, create=False)
        assert len(box) == count
        found = collections.Counter()
        for key in box.keys():
            octets = unquoted(box.get_bytes(key))
            found[sha256(octets)] += 1
        lines = [line for line in log if line["path"] == path]
        expected = collections.Counter(line["sha256"] for line in lines)
        # A message that ends without a line end has one in an mbox.
        for line in lines:
            if not found[line["sha256"]]:
                expected[line["sha256"]] -= 1
        missing = sum((expected - found).values()), sum((found - expected).values())
        assert missing[0] == 0 and missing[1] <= count


def test_maildir_is_read_by_mailbox(tmp_path):
    log = convert(tmp_path / "out", "--as", "maildir")
    box = mailbox.Maildir(tmp_path / "out", create=False)
    found = {}
    for folder in [box, *(box.get_folder(name) for name in box.list_folders())]:
        for key in folder.keys():
            message = folder.get_message(key)
            found[sha256(folder.get_bytes(key))] = (message.get_flags(), message.get_date(), message.get_subdir())
    assert len(found) == len(log)
    flags = {"$draft": "D", "$flagged": "F", "$forwarded": "P", "$answered": "R", "$seen": "S", "$deleted": "T"}
    for line in log:
        letters, date, directory = found[line["sha256"]]
        expected = {flags[keyword] for keyword in line.get("keywords", []) if keyword in flags}
        assert {letter for letter in letters if letter.isupper()} == expected
        assert directory == "cur"
        assert f"{int(date)}." in line["path"]


def test_bundle_is_a_bag_whose_documents_follow_their_schemas(tmp_path):
    out = tmp_path / "out"
    log = convert(out, "--as", "bundle", source=sources())
    bag = bagit.Bag(str(out))
    assert bag.is_valid()
    assert bag.info["Payload-Oxum"].split(".")[1] == str(len(bag.payload_entries()))
    meta = out / "data" / "meta"
    jsonschema.validate(json.loads((meta / "manifest.json").read_text(encoding="utf-8")), schema("manifest.schema.json"))
    lines = [json.loads(line) for line in (meta / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == log
    for line in lines:
        jsonschema.validate(line, schema("items.schema.json"))
    listed = set()
    for index in out.rglob("folder.json"):
        folder = json.loads(index.read_text(encoding="utf-8"))
        jsonschema.validate(folder, schema("folder.schema.json"))
        assert folder["last_uid"] == len(folder["items"])
        listed |= {(index.parent / item["filename"]).relative_to(out).as_posix() for item in folder["items"]}
    assert listed == {line["path"] for line in log if line["kind"] == "mail"}
    archive = json.loads((out / "data" / "archive.json").read_text(encoding="utf-8"))
    assert archive["archive"]["version"] == "draft-ietf-mailmaint-pdparchive-00"
    table = list(csv.DictReader((meta / "report.csv").read_text(encoding="utf-8").splitlines()))
    assert int(table[0]["migrated"]) == len(log)


def test_a_bundle_in_an_archive_is_a_bag_in_a_folder(tmp_path):
    convert(tmp_path / "mine.tgz", "--as", "bundle")
    with tarfile.open(tmp_path / "mine.tgz") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert bagit.Bag(str(tmp_path / "unpacked" / "mine")).is_valid()


def test_the_schemas_refuse_what_is_wrong():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "1:1", "kind": "mail", "folder": "", "source": {"file": "x", "ordinal": 1},
                             "status": "migrated"}, schema("items.schema.json"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"profile": "other"}, schema("manifest.schema.json"))


@pytest.mark.parametrize("target", [
    "generic", "zoho", "ovh-omm", "m365", "gmail", "thunderbird", "maildir", "apple-mail", "proton", "zimbra",
    "roundcube", "nextcloud", "icloud", "mx-plan", "ediscovery",
])
def test_every_target_takes_what_it_says_and_the_rest_has_a_reason(tmp_path, target):
    profile = next(profile for profile in targets() if profile["name"] == target)
    package = profile["packaging"][0]
    destination = tmp_path / ("out" if package == "folder" else f"out.{package}")
    log = convert(destination, "--target", target, source=sources())
    for line in log:
        taken = line["kind"] in profile["kinds"]
        if taken and line["status"] == "skipped":
            # No server takes an event without a start, and those of this file have none.
            assert (line["reason"], line["folder"]) == ("event_without_start", "wide-characters"), line
            continue
        assert line["status"] == ("migrated" if taken else "skipped"), line
        assert taken or line["reason"].startswith("target_takes_no_")
    read = read_back(destination, profile["form"])
    # Stores are read by libpff where it is installed; tests of the core read them too.
    unread = [wrong for wrong in read["wrong"] if wrong.startswith("pypff is not installed")]
    assert read["wrong"] == unread
    migrated = sum(line["status"] == "migrated" for line in log)
    assert read["logged"] == migrated and (unread or read["found"] == migrated)
    plan = json.loads(run("plan", *sources(), "--target", target, "--json").stdout)
    assert plan["available"]["items"] == len(log)
    assert plan["goes"]["items"] == sum(line["status"] == "migrated" for line in log)
    assert sum(refused["items"] for refused in plan["refused"].values()) == sum(
        line["status"] == "skipped" for line in log)


def test_all_targets_are_listed_with_how_they_are_known():
    listed = targets()
    assert len(listed) == 15
    for target in listed:
        assert target["knowledge"] and all(target["guide"].values())
        assert {knowledge["status"] for knowledge in target["knowledge"]} <= {
            "documented", "read from code", "unverified"}
        # Of components that are no items, only some say why they take none.
        assert (set(target["kinds"]) | set(target["lacks"])) - {"freebusy", "component"} == set(KINDS)


def test_gmail_gets_crlf_mboxes_with_labels_and_small_calendars(tmp_path):
    log = convert(tmp_path / "out", "--target", "gmail", source=sources())
    for path in (tmp_path / "out").rglob("*.mbox"):
        octets = path.read_bytes()
        assert octets.count(b"\n") == octets.count(b"\r\n")
    for path in {line["path"] for line in log if line["kind"] == "mail" and line["status"] == "migrated"}:
        for message in mailbox.mbox(tmp_path / "out" / path, create=False):
            # Mail that was read and put away has no label at all.
            assert message["X-Gmail-Labels"] is not None
    for path in (tmp_path / "out").rglob("*.ics"):
        assert path.stat().st_size <= 1_000_000


def test_thunderbird_gets_a_tree(tmp_path):
    convert(tmp_path / "out", "--target", "thunderbird")
    assert (tmp_path / "out" / "Projects").is_file()
    assert (tmp_path / "out" / "Projects.sbd" / "Boathouse.sbd" / "Plans").is_file()
    box = mailbox.mbox(tmp_path / "out" / "Projects.sbd" / "Boathouse.sbd" / "Plans", create=False)
    assert len(box) and all(re.fullmatch("[0-9a-f]{4}", message["X-Mozilla-Status"]) for message in box)


def test_apple_mail_gets_folders_with_an_mbox(tmp_path):
    log = convert(tmp_path / "out", "--target", "apple-mail")
    assert all(line["path"].endswith(".mbox/mbox") for line in log)


def test_zimbra_reads_state_and_date_from_the_entry(tmp_path):
    log = convert(tmp_path / "out.tgz", "--target", "zimbra")
    with tarfile.open(tmp_path / "out.tgz") as archive:
        for line in log:
            entry = archive.getmember(line["path"])
            assert entry.mode == (0o644 if "$seen" in line.get("keywords", []) else 0o444)
            assert entry.mtime > 0


def test_proton_gets_its_metadata(tmp_path):
    log = convert(tmp_path / "out", "--target", "proton")
    labels = json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))
    known = {label["ID"] for label in labels["Payload"]} | {"0", "3", "4", "6", "7", "8", "10"}
    for line in log:
        metadata = json.loads((tmp_path / "out" / line["path"].replace(".eml", ".metadata.json")).read_text("utf-8"))
        assert metadata["Version"] == 1
        assert f"{metadata['Payload']['ID']}.eml" == line["path"]
        assert set(metadata["Payload"]["LabelIDs"]) <= known
        assert metadata["Payload"]["Unread"] == ("$seen" not in line.get("keywords", []))


def test_the_load_file_names_every_native(tmp_path):
    log = convert(tmp_path / "out", "--target", "ediscovery", source=sources())
    text = (tmp_path / "out" / "loadfile.dat").read_bytes().decode("utf-8-sig")
    rows = [[field.strip("\u00fe") for field in row.split("\u0014")] for row in text.split("\r\n")[:-1]]
    heading, rows = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert heading[0] == "DOCID" and len(rows) == len(log)
    for row, line in zip(rows, log, strict=True):
        native = tmp_path / "out" / row["NATIVE_PATH"].replace("\\", "/")
        assert sha256(native.read_bytes()) == row["SHA256"] == line["sha256"]


def test_the_templates_of_other_platforms_stand_beside_the_items(tmp_path):
    convert(tmp_path / "m365", "--target", "m365", source=sources())
    assert (tmp_path / "m365" / "PstImportMappingFile.csv").read_bytes() == (
        b"Workload,FilePath,Name,Mailbox,IsArchive,TargetRootFolder,ContentCodePage,SPFileContainer,"
        b"SPManifestContainer,SPSiteUrl\r\nExchange,,mail.pst,robin@gmail.example,FALSE,/,,,,\r\n")
    assert (tmp_path / "m365" / "mail.pst").read_bytes()[:4] == b"!BDN"
    convert(tmp_path / "omm", "--target", "ovh-omm", source=sources())
    assert (tmp_path / "omm" / "omm-project.csv").read_bytes().startswith(
        b'"Source Type(IMAP/Exchange/POP)";Source Server url;Source Login/Mail;')


def test_nextcloud_gets_nothing_that_sends_invitations(tmp_path):
    convert(tmp_path / "out", "--target", "nextcloud", source=[*FIXTURES.glob("ics/**/*.ics")])
    for path in (tmp_path / "out").rglob("*.ics"):
        assert not re.search(rb"(?im)^METHOD[:;]", path.read_bytes())
