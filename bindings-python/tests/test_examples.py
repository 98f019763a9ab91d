"""The notebook of the examples runs, and shows what it should."""

import pathlib

import pytest

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook(path, takeout, monkeypatch):
    for module in ("polars", "matplotlib", "ipykernel"):
        pytest.importorskip(module, reason=f"{module} is not installed: notebooks are not run")
    client = pytest.importorskip("nbclient")
    import nbformat

    monkeypatch.setenv("TAKEOUT", str(takeout))
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = nbformat.read(path, as_version=4)
    client.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = str(notebook.cells)
    assert "<table>" in shown and "24" in shown
