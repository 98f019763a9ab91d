"""The stub is what the package is, and its examples run."""

import ast
import doctest
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


def test_the_stub_is_what_the_package_is():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy.stubtest", "mailferry", "--mypy-config-file", str(PROJECT / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_has_a_type(tmp_path):
    pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright", "--verifytypes", "mailferry", "--ignoreexternal", "--outputjson"]
    # It looks for the interpreter on the path.
    programs = os.path.dirname(sys.executable)
    environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"], "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    completeness = json.loads(done.stdout)["typeCompleteness"]
    assert completeness["completenessScore"] == 1
