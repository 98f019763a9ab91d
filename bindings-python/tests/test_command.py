"""The command line is that of the binary."""

import os
import subprocess
import sys

import pytest

import mailferry


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "mailferry", *arguments], capture_output=True)


def test_the_command_line_is_that_of_the_binary(takeout):
    binary = os.environ.get("MAILFERRY")
    if binary is None:
        pytest.skip("MAILFERRY does not name the binary")
    for arguments in [("--help",), ("--version",), ("inspect", str(takeout)), ("list", "--json", str(takeout)), ("nothing",)]:
        theirs = subprocess.run([binary, *arguments], capture_output=True)
        ours = run(*arguments)
        assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)


def test_exit_statuses(takeout, tmp_path):
    assert run("convert", str(takeout), "--to", str(tmp_path / "out")).returncode == 0
    assert run("convert", str(takeout), str(tmp_path / "none"), "--to", str(tmp_path / "more")).returncode == 1
    assert run("inspect", str(tmp_path / "none")).returncode == 2
    assert run().returncode == 2
    assert mailferry.cli_main(["formats"]) == 0


def test_the_script_is_installed():
    from importlib.metadata import entry_points

    (script,) = [point for point in entry_points(group="console_scripts") if point.name == "mailferry"]
    assert script.value == "mailferry.__main__:main"
