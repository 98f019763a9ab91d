"""Each block of Python in the READMEs and in docs/ runs as it is printed, beside the files that it names; tutorials run as a whole."""

import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import mailferry

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [page for page in [ROOT / "README.md", ROOT / "bindings-python/README.md", *sorted(ROOT.glob("docs/**/*.md"))] if page.exists() and page.parent.name != "tutorials"]
BLOCKS = [
    pytest.param(page, block, id=f"{page.parent.name}-{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S), 1)
]


TUTORIALS = sorted(ROOT.glob("docs/tutorials/*.md"))


def test_there_are_blocks():
    assert len(BLOCKS) >= 5
    assert len(TUTORIALS) == 4


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs(page, takeout, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    if any("polars" in block for block in blocks):
        pytest.importorskip("polars")
    lay_out(takeout, tmp_path)
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def lay_out(takeout, folder):
    """The files that the pages name."""
    shutil.copy(takeout, folder / "All mail.mbox")
    mailferry.write(folder / "outlook.pst", mailferry.open(takeout))
    with zipfile.ZipFile(folder / "takeout.zip", "w") as archive:
        archive.write(takeout, "Takeout/Mail/All mail.mbox")
    (folder / "mailboxes").mkdir()
    for number in range(30):
        shutil.copy(takeout, folder / "mailboxes" / f"person{number:02}.mbox")


@pytest.mark.parametrize("page, block", BLOCKS)
def test_a_block_runs(page, block, takeout, tmp_path):
    if "polars" in block:
        pytest.importorskip("polars")
    if "spark." in block:
        pytest.skip("needs a session of Spark: cargo xtask engines runs what it shows")
    lay_out(takeout, tmp_path)
    # What a block uses that one before it on its page has imported.
    before = "import mailferry\n" if "import mailferry" not in block else ""
    done = subprocess.run([sys.executable, "-c", before + block], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
