"""The stub is what the package is, and its examples run."""

import ast
import doctest
import importlib.util
import inspect
import json
import os
import pathlib
import subprocess
import sys

import pytest

import mailferry

PROJECT = pathlib.Path(__file__).parents[1]
STUB = PROJECT / "python/mailferry/_native.pyi"


def documented(node, name):
    """Each class, function and property of the stub with its docstring."""
    for child in node.body:
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            yield f"{name}.{child.name}", child, ast.get_docstring(child)
        if isinstance(child, ast.ClassDef):
            yield from documented(child, f"{name}.{child.name}")


def test_everything_public_is_documented():
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    public = [(name, doc) for name, _, doc in documented(tree, "mailferry") if not any(p.startswith("_") for p in name.split("."))]
    assert len(public) > 100
    assert [name for name, doc in public if not doc] == []


def test_the_examples_run():
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    texts = [(name, doc) for name, _, doc in documented(tree, "mailferry") if doc and ">>>" in doc]
    texts.append(("mailferry", mailferry.__doc__))
    assert len(texts) > 6
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    for name, doc in texts:
        runner.run(parser.get_doctest(doc, {}, name, str(STUB), 0))
    assert runner.summarize().failed == 0


def test_help_tells_what_the_stub_tells():
    for name, node, doc in documented(ast.parse(STUB.read_text(encoding="utf-8")), ""):
        function = getattr(mailferry, name[1:], None)
        if isinstance(node, ast.FunctionDef) and function is not None and not name.startswith("._"):
            assert inspect.getdoc(function) == doc, name
            signature, arguments = inspect.signature(function), node.args
            assert list(signature.parameters) == [argument.arg for argument in arguments.args + arguments.kwonlyargs]
            given = [*zip(arguments.args[::-1], arguments.defaults[::-1]), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
            defaults = {argument.arg: ast.literal_eval(default) for argument, default in given if default is not None}
            told = {key: parameter.default for key, parameter in signature.parameters.items()
                    if parameter.default is not parameter.empty}
            assert told == defaults


def test_help_tells_of_members_what_the_stub_tells():
    members = 0
    for name, node, doc in documented(ast.parse(STUB.read_text(encoding="utf-8")), ""):
        owner, _, member = name[1:].partition(".")
        if isinstance(node, ast.ClassDef) or not member or member.startswith("_"):
            continue
        owners = [owner] if not owner.startswith("_") else ["Report", "Inspection", "Plan", "Verification", "Undoing", "ProjectReport"]
        for owner in owners:
            assert inspect.getdoc(getattr(getattr(mailferry, owner), member)) == doc, (owner, member)
            members += 1
    assert members > 130


def test_classes_are_documented_as_in_the_stub():
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert inspect.getdoc(getattr(mailferry, node.name)) == ast.get_docstring(node), node.name


def test_literals_are_complete():
    from typing import get_args

    from mailferry import types

    assert list(get_args(types.Target)) == [target["name"] for target in mailferry.targets()]
    assert [name for name in dir(types) if name in types.__all__] == sorted(types.__all__)


PROGRAM = """
import email.message, io, pathlib, threading, zipfile
from collections.abc import Iterator
import mailferry
from mailferry.types import Date, Kind, Source, Target

paths: list[pathlib.Path] = [pathlib.Path("a.mbox")]
texts: tuple[str, ...] = ("a.mbox",)
target: Target = "zoho"
kind: Kind = "mail"
since: Date = "2024-01-01"

def items() -> Iterator[mailferry.Item]:
    with mailferry.open(paths, kind=kind, after=since, cancel=threading.Event(), progress=True) as box:
        for item in box:
            yield item.replace(folder=["a", "b"], labels=[*item.labels, "new"])

def transform(item: mailferry.Item) -> mailferry.Item | bytes | None:
    return None if item.kind == "contact" else item

def first(source: Source) -> mailferry.Item:
    return mailferry.open(source)[0]

mailferry.open(texts), mailferry.open(zipfile.Path("a.zip")), mailferry.open(io.BytesIO()), mailferry.open(memoryview(b""))
mailferry.open([email.message.EmailMessage()])
report = mailferry.write("out.zip", items(), as_="mbox")
mailferry.convert(paths, "out", target=target, transform=transform, progress=print, map_folder={"a": "b"})
migrated: int = report.totals["migrated"]
kinds: Kind = first("a").kind
names: list[str] = [folder.path for folder in mailferry.open(paths).folders]
subject: str | None = first(b"").headers.get("Subject")
saved: pathlib.Path = first(b"").attachments[0].save(".")
project = mailferry.run_project([{"source": "a", "to": "b"}])
states: list[str] = [row["state"] for row in project.failed]
"""
WRONG = ['mailferry.convert("a", "b", target="nowhere")', 'mailferry.open("a", kind="fax")', "mailferry.open(3)", 'mailferry.open("a", colour=1)']


def test_programs_are_checked_strictly(tmp_path):
    pytest.importorskip("mypy")
    pytest.importorskip("pyright")
    good, wrong = tmp_path / "good.py", tmp_path / "wrong.py"
    good.write_text(PROGRAM)
    wrong.write_text("import mailferry\n" + "".join(f"{line}\n" for line in WRONG))
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "reportUnusedExpression": false}')
    environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"], "VIRTUAL_ENV": sys.prefix}

    def check(*command):
        return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=tmp_path, env=environment).stdout

    assert "Success" in (told := check("mypy", "--strict", str(good))), told
    told = check("mypy", "--strict", str(wrong))
    assert f"Found {len(WRONG)} errors" in told or all(f"wrong.py:{line}:" in told for line in range(2, 2 + len(WRONG))), told
    assert "0 errors" in (told := check("pyright", str(good))), told
    told = check("pyright", str(wrong))
    assert all(f"wrong.py:{line}:" in told for line in range(2, 2 + len(WRONG))), told


def test_the_stub_is_what_the_package_is(tmp_path):
    pytest.importorskip("mypy")
    # `types` and `splits` have no stub beside them, and mypy takes a Literal for a Union there; `spark` imports PySpark.
    known = tmp_path / "known.txt"
    known.write_text("mailferry\\.types\\..*\nmailferry\\.splits\\.Source\n")
    if not importlib.util.find_spec("pyspark"):
        known.write_text(known.read_text() + "mailferry\\.spark\n")
    command = [sys.executable, "-m", "mypy.stubtest", "mailferry", "--mypy-config-file", str(PROJECT / "pyproject.toml")]
    command += ["--allowlist", str(known), "--ignore-unused-allowlist"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_has_a_type(tmp_path):
    pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright", "--verifytypes", "mailferry", "--ignoreexternal", "--outputjson"]
    # It looks for the interpreter on the path.
    programs = os.path.dirname(sys.executable)
    environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    symbols = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    # What mailferry.spark takes from PySpark is known where that is installed.
    left_out = () if importlib.util.find_spec("pyspark") else ("mailferry.spark.",)
    assert len(symbols) > 100
    assert not [one["name"] for one in symbols if one["isExported"] and not one["isTypeKnown"] and not one["name"].startswith(left_out or "-")]
