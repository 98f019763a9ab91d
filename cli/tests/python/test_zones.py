"""The definitions of zones that mailferry writes, read by three readers of others, against the tz database of Python.

For each pair of a zone and a year, the offsets on the first of each month and on both sides of each change of that year are compared.
"""

import datetime
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import zoneinfo

import icalendar
import pytest
from dateutil import tz

COMMAND = os.environ.get("MAILFERRY")
pytestmark = pytest.mark.skipif(not COMMAND, reason="MAILFERRY does not name the command")

YEARS = {
    "Africa/Cairo": [2010, 2014, 2023],
    "Africa/Casablanca": [2012, 2018, 2024],
    "Africa/Tripoli": [2013],
    "America/Argentina/Buenos_Aires": [2008],
    "America/Caracas": [2007, 2016],
    "America/Havana": [2012],
    "America/Mexico_City": [2022],
    "America/New_York": [1970, 1986, 1987, 2006, 2007, 2037],
    "America/Nuuk": [2023],
    "America/Phoenix": [2037],
    "America/Sao_Paulo": [2018, 2019],
    "America/St_Johns": [1988, 2011],
    "Antarctica/Troll": [2024],
    "Asia/Amman": [2022],
    "Asia/Dhaka": [2009],
    "Asia/Gaza": [2015],
    "Asia/Hong_Kong": [1976],
    "Asia/Kathmandu": [1985, 1986],
    "Asia/Kolkata": [1990],
    "Asia/Novosibirsk": [2016],
    "Asia/Pyongyang": [2015, 2018],
    "Asia/Shanghai": [1986, 1991],
    "Asia/Tehran": [2008, 2022, 2023],
    "Australia/Lord_Howe": [2020],
    "Australia/Sydney": [2000, 2006, 2008],
    "Europe/Berlin": [1979, 1980, 1996, 2037],
    "Europe/Dublin": [1971, 2020],
    "Europe/Istanbul": [2016],
    "Europe/Lisbon": [1992, 1996],
    "Europe/London": [1970, 1981, 2037],
    "Europe/Moscow": [1991, 2010, 2011, 2014],
    "Europe/Volgograd": [2018, 2020],
    "Pacific/Apia": [2011],
    "Pacific/Auckland": [1974, 2007],
    "Pacific/Chatham": [2037],
}
PAIRS = [(zone, year) for zone, years in YEARS.items() for year in years]


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    """The VTIMEZONE that is written for each pair."""
    folder = tmp_path_factory.mktemp("zones")
    for number, (zone, year) in enumerate(PAIRS):
        events = "".join(
            f"BEGIN:VEVENT\r\nUID:{number}-{month}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID={zone}:{year}{month}15T120000\r\n"
            "DURATION:PT1H\r\nSUMMARY:x\r\nEND:VEVENT\r\n"
            for month in ("01", "12")
        )
        calendar = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n"
        (folder / f"{number:02}.ics").write_text(calendar, newline="")
    out = folder / "out"
    sources = sorted(folder.glob("*.ics"))
    words = [COMMAND, "convert", *sources, "--to", out, "--target", "nextcloud", "--progress", "none"]
    subprocess.run(words, stdin=subprocess.DEVNULL, check=True, capture_output=True)
    written = {}
    for path in out.rglob("*.ics"):
        calendar = path.read_bytes().decode()
        number = int(re.search(r"^UID:(\d+)-", calendar, re.M)[1])
        written[PAIRS[number]] = re.search(r"BEGIN:VTIMEZONE\r\n.*?END:VTIMEZONE\r\n", calendar, re.S)[0]
    return written


def moments(zone, year):
    """Local times that are clear: the first of each month, and six hours before and after each change."""
    utc = datetime.timezone.utc
    times = [datetime.datetime(year, month, 1, 12) for month in range(1, 13)]
    hour = datetime.timedelta(hours=1)
    at = datetime.datetime(year, 1, 1, 12, tzinfo=utc)
    while at.year == year:
        if (at + hour).astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            times += [(at + side * 6 * hour).astimezone(zone).replace(tzinfo=None) for side in (-1, 1)]
        at += hour
    return [time for time in times if time.year == year]


def by_dateutil(definition):
    """It takes UNTIL for a local time, whatever its Z says."""
    return tz.tzical(io.StringIO(definition)).get()


def by_icalendar(definition):
    return icalendar.Timezone.from_ical(definition).to_tz(lookup_tzid=False)


@pytest.mark.parametrize("read", [by_dateutil, by_icalendar])
def test_zones_have_the_offsets_of_the_tz_database(definitions, read):
    assert len(PAIRS) >= 60 and set(definitions) == set(PAIRS)
    zones = {pair: (zoneinfo.ZoneInfo(pair[0]), read(definition)) for pair, definition in definitions.items()}
    differences = [
        (name, str(time), str(expected), str(found))
        for (name, year), (right, ours) in zones.items()
        for time in moments(right, year)
        if (expected := time.replace(tzinfo=right).utcoffset()) != (found := time.replace(tzinfo=ours).utcoffset())
    ]
    assert not differences, differences[:20]


HERE = pathlib.Path(__file__).parent
# Installed with what the tests of the npm package need.
ICAL_JS = HERE.parents[2] / "bindings-wasm/tests/node_modules/ical.js/dist/ical.js"
# Beyond it, ical.js keeps what held last, whatever a rule says (Timezone.MAX_YEAR).
LAST_OF_ICAL_JS = 2035


@pytest.mark.skipif(not (shutil.which("node") and ICAL_JS.exists()), reason="ical.js is not installed: npm ci in bindings-wasm/tests")
def test_zones_have_these_offsets_in_ical_js(definitions):
    asked = [(pair, moments(zoneinfo.ZoneInfo(pair[0]), pair[1])) for pair in PAIRS if pair[1] <= LAST_OF_ICAL_JS]
    assert len(asked) >= 60
    questions = [{"definition": definitions[pair], "times": [time.isoformat() for time in times]} for pair, times in asked]
    answer = subprocess.run(["node", HERE / "zones.mjs", ICAL_JS], input=json.dumps(questions), text=True, capture_output=True, check=True)
    differences = [
        (zone, str(time), str(right), found)
        for ((zone, _), times), offsets in zip(asked, json.loads(answer.stdout), strict=True)
        for time, found in zip(times, offsets, strict=True)
        if (right := time.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset()) != datetime.timedelta(seconds=found)
    ]
    assert not differences, differences[:20]
