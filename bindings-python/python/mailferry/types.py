"""The types of arguments and results, for annotations: ``from mailferry.types import Source, Kind, Target``."""

import datetime
import email.message
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

from ._native import CancelToken, Item

__all__ = [
    "Bar",
    "BinaryFile",
    "Cancel",
    "Columns",
    "Date",
    "DateSource",
    "Event",
    "Format",
    "Items",
    "ItemFields",
    "Kind",
    "MailboxRow",
    "OnError",
    "Opener",
    "Progress",
    "Role",
    "Size",
    "Source",
    "Sources",
    "Target",
    "Tasks",
    "Texts",
    "Transform",
]


class BinaryFile(Protocol):
    """A file object that gives octets; what has no ``seek`` is spooled to a temporary file."""

    def read(self, size: int = ..., /) -> bytes: ...


class Opener(Protocol):
    """What opens a file: a ``zipfile.Path``, an ``OpenFile`` of fsspec."""

    def open(self, *args: Any, **kwargs: Any) -> Any: ...


class ItemFields(TypedDict, total=False):
    """An item as a dict: ``content`` is needed."""

    content: "bytes | bytearray | email.message.Message | Item"
    folder: str | Sequence[str]
    labels: Sequence[str]
    keywords: Sequence[str]
    received: str | datetime.datetime | datetime.date


class Bar(Protocol):
    """A bar such as that of tqdm."""

    def update(self, n: int, /) -> object: ...


class Tasks(Protocol):
    """Bars such as ``rich.progress.Progress``."""

    def add_task(self, description: str, /, *args: Any, **kwargs: Any) -> Any: ...
    def update(self, task_id: Any, /, *args: Any, **kwargs: Any) -> Any: ...


class Event(Protocol):
    """An event such as ``threading.Event``."""

    def is_set(self) -> bool: ...


Source: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile | Opener | Item | email.message.Message | ItemFields
)
Sources: TypeAlias = Source | Iterable[Source]
Items: TypeAlias = Iterable[Source]
Date: TypeAlias = str | datetime.datetime | datetime.date
Texts: TypeAlias = str | Sequence[str]
Progress: TypeAlias = bool | Callable[[int, int | None], object] | Bar | Tasks | type[Any]
Cancel: TypeAlias = CancelToken | Event
Transform: TypeAlias = Callable[[Item], Item | bytes | email.message.Message | None]
OnError: TypeAlias = Literal["raise", "skip"]
Kind: TypeAlias = Literal["mail", "event", "task", "journal", "contact"]
Role: TypeAlias = Literal["inbox", "sent", "drafts", "trash", "junk", "archive", "all"]
DateSource: TypeAlias = Literal[
    "from_line", "received", "date", "delivery_time", "submit_time", "file_time", "file_name", "recorded"
]
Target: TypeAlias = Literal[
    "generic",
    "zoho",
    "ovh-omm",
    "m365",
    "gmail",
    "thunderbird",
    "maildir",
    "apple-mail",
    "proton",
    "zimbra",
    "roundcube",
    "nextcloud",
    "icloud",
    "mx-plan",
    "ediscovery",
]


class Columns(TypedDict):
    """Counts of a report."""

    available: int
    migrated: int
    failed: int
    skipped: int
    bytes: int


class Size(TypedDict):
    """Items and their octets."""

    items: int
    bytes: int


class Format(TypedDict):
    """A format that can be read."""

    name: str
    title: str
    extensions: list[str]
    media_types: list[str]


class _MailboxRow(TypedDict):
    line: int
    sources: list[str]
    destination: str
    state: Literal["done", "done_before", "incomplete", "nothing_migrated", "stopped", "failed", "not_started"]
    columns: Columns
    whole: Columns
    sampled: int


class MailboxRow(_MailboxRow, total=False):
    """The result of one mailbox of a project."""

    name: str
    sync: int
    page: str
    error: str
    defects: list[str]
    seconds: float
