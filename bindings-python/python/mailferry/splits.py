"""A conversion shared among processes, on one machine or on many, by any scheduler.

>>> import mailferry.splits, pathlib, tempfile
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> message = "From a@example.org Mon Jan  1 00:00:00 2024\\nSubject: one\\n\\nHi\\n\\n"
>>> _ = (folder / "Inbox.mbox").write_text(message * 100)
>>> splits = mailferry.splits.plan(folder / "Inbox.mbox", target_size=2000)
>>> receipts = [mailferry.splits.run(split, folder / "mail") for split in splits]
>>> mailferry.splits.finish(folder / "mail", splits, receipts).totals["migrated"]
100

Splits and receipts are plain data, to be handed to other machines as JSON. A source is a path, or an address that fsspec_ knows,
such as ``s3://bucket/2024/*.mbox``; it is read by ranges, and of each open file at most 64 MiB are held. ``memory://``
is tested; other file systems are fsspec's own, and untested. The destination is a path that all workers share.

.. _fsspec: https://filesystem-spec.readthedocs.io
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, TypeAlias

from . import _native
from ._native import Report

__all__ = ["decide", "finish", "plan", "run"]

Source: TypeAlias = "str | os.PathLike[str]"

#: Octets that are fetched at a time, and how many of them are held for each open file.
BLOCK_SIZE = 4 << 20
BLOCKS = 16


def plan(
    sources: Source | Iterable[Source],
    *,
    target_size: int = 1 << 30,
    storage_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """The splits of a conversion, each of about ``target_size`` octets of the sources; ``options`` are those of ``mailferry.convert``.

    What is too large and cannot be shared is one split, which says why in ``because``.
    """
    addresses = expanded(sources, storage_options)
    return [json.loads(split) for split in _native._plan_splits(addresses, target_size, opener(storage_options), options)]


def run(
    split: Mapping[str, Any], to: str | os.PathLike[str], *, storage_options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Does a split, unless it is done, and gives its receipt. It may be run again, and several times at once; one of them counts."""
    receipt: dict[str, Any] = json.loads(_native._run_split(json.dumps(split), os.fspath(to), opener(storage_options)))
    return receipt


def decide(
    to: str | os.PathLike[str],
    splits: Iterable[Mapping[str, Any]],
    receipts: Iterable[Mapping[str, Any]] | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The splits that convert, of a plan that looks at all items first (``dedupe``, ``sample``, ``mend``), once that is done.

    Splits whose ``pass`` is ``survey`` look; a plan without any is given as it is.
    """
    given = None if receipts is None else [json.dumps(receipt) for receipt in receipts]
    all_splits = [json.dumps(split) for split in splits]
    return [json.loads(split) for split in _native._decide_splits(os.fspath(to), all_splits, given, opener(storage_options))]


def finish(
    to: str | os.PathLike[str],
    splits: Iterable[Mapping[str, Any]],
    receipts: Iterable[Mapping[str, Any]] | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
) -> Report:
    """Makes one result of all splits: one item log and one report. Without ``receipts`` those that are at the destination are taken."""
    given = None if receipts is None else [json.dumps(receipt) for receipt in receipts]
    all_splits = [json.dumps(split) for split in splits]
    return _native._finish_splits(os.fspath(to), all_splits, given, opener(storage_options))


def is_address(source: str) -> bool:
    """Whether fsspec is to open it."""
    return "://" in source


def expanded(sources: Source | Iterable[Source], storage_options: Mapping[str, Any] | None) -> list[str]:
    """The sources, with those that a pattern of an address stands for."""
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    found: list[str] = []
    for source in [os.fspath(source) for source in given]:
        if is_address(source) and any(sign in source for sign in "*?["):
            file_system, path = file_system_of(source, storage_options)
            matches = sorted(file_system.glob(path))
            if not matches:
                raise FileNotFoundError(f"{source}: nothing matches")
            found += [str(file_system.unstrip_protocol(match)) for match in matches]
        else:
            found.append(source)
    return found


def file_system_of(address: str, storage_options: Mapping[str, Any] | None) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ImportError(f"{address}: fsspec is needed to open it: pip install fsspec") from error
    file_system, path = url_to_fs(address, **(storage_options or {}))
    return file_system, str(path)


def opener(storage_options: Mapping[str, Any] | None) -> Callable[[str], tuple[BinaryIO, str] | None]:
    """What opens a source, and tells what changes with its octets; None for a path, which is opened without Python."""

    def open_source(address: str) -> tuple[BinaryIO, str] | None:
        if not is_address(address):
            return None
        file_system, path = file_system_of(address, storage_options)
        # What a listing of before says may be old.
        file_system.invalidate_cache()
        info = file_system.info(path)
        names = ("ETag", "etag", "md5", "contentHash", "generation", "mtime", "LastModified", "last_modified", "created")
        version = next((f"{name} {info[name]}" for name in names if info.get(name)), "unknown")
        file = file_system.open(
            path, "rb", block_size=BLOCK_SIZE, cache_type="blockcache", cache_options={"maxblocks": BLOCKS}
        )
        return file, version

    return open_source
