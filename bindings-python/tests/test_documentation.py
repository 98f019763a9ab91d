"""Each block of Python in the READMEs and in docs/ runs as it is printed, beside the files that it names."""

import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import mailferry

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [page for page in [ROOT / "README.md", ROOT / "bindings-python/README.md", *sorted(ROOT.glob("docs/**/*.md"))] if page.exists()]
BLOCKS = [
    pytest.param(page, block, id=f"{page.parent.name}-{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S), 1)
]


def test_there_are_blocks():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("page, block", BLOCKS)
def test_a_block_runs(page, block, takeout, tmp_path):
    if "polars" in block:
        pytest.importorskip("polars")
    if "spark." in block:
        pytest.skip("needs a session of Spark: cargo xtask engines runs what it shows")
    shutil.copy(takeout, tmp_path / "All mail.mbox")
    mailferry.write(tmp_path / "outlook.pst", mailferry.open(takeout))
    with zipfile.ZipFile(tmp_path / "takeout.zip", "w") as archive:
        archive.write(takeout, "Takeout/Mail/All mail.mbox")
    # What a block uses that one before it on its page has imported.
    before = "import mailferry\n" if "import mailferry" not in block else ""
    done = subprocess.run([sys.executable, "-c", before + block], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
