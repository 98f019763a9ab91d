"""A Takeout of several archives is one source; `takeout.py` makes it."""

import json
import pathlib

import pytest

import takeout
from takeout import STAMP, run


@pytest.mark.parametrize("packing", ["zip", "tgz"])
def test_a_takeout_in_parts_goes_all_the_way(tmp_path, packing):
    done = takeout.journey(tmp_path, 1_000_000, split="40K", packing=packing)
    assert done["archives"] > 2, done


@pytest.mark.parametrize("how", ["paths", "directory"])
def test_a_missing_part_is_named(tmp_path, how):
    where = tmp_path / "in"
    where.mkdir()
    takeout.parts(where, 20_000)
    whole = where / f"{STAMP}-002.zip"
    whole.unlink()
    given = sorted(where.iterdir()) if how == "paths" else [where]
    said = run("convert", *given, "--to", tmp_path / "out", "--progress", "none", expected=1)
    assert f"{STAMP}-002.zip is missing" in said
    report = json.loads((tmp_path / "out.report.json").read_text())
    assert report["outcome"]["state"] == "incomplete", report["outcome"]
    assert report["totals"]["failed"] == 0 and report["totals"]["migrated"] > 0


def test_a_part_that_lies_beside_is_told(tmp_path):
    takeout.parts(tmp_path, 20_000)
    said = run("convert", tmp_path / f"{STAMP}-001.zip", "--to", tmp_path / "out", "--progress", "none")
    assert f"{STAMP}-002.zip lies beside it and was not given" in said


def test_python_reads_the_parts_in_order(tmp_path):
    mailferry = pytest.importorskip("mailferry")
    takeout.parts(tmp_path, 20_000)
    given = sorted(tmp_path.iterdir(), reverse=True)
    kinds = [item.kind for item in mailferry.open(given)]
    assert kinds.count("event") == takeout.EVENTS and kinds[-takeout.CARDS:] == ["contact"] * takeout.CARDS
    given[1].unlink()
    with pytest.raises(OSError, match=f"{STAMP}-003.zip is missing"):
        list(mailferry.open(sorted(tmp_path.iterdir())))
