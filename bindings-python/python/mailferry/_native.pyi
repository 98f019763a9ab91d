"""The compiled half of the package; import its names from ``mailferry``."""

import datetime
import email.message
import io
import os
import pathlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, BinaryIO, ClassVar, Literal, TypeVar, final, overload, type_check_only
from typing_extensions import Self, TypeAlias

from .documents import CalendarEvent, ContactCard
from .types import (
    Cancel,
    Columns,
    Date,
    DateSource,
    Format,
    Items,
    Kind,
    MailboxRow,
    OnError,
    Progress,
    Role,
    Size,
    Sources,
    Target,
    Texts,
    Transform,
)

_T = TypeVar("_T")
_MapiKey: TypeAlias = int | str | tuple[uuid.UUID | str, int | str]

__version__: str

class Error(Exception):
    """What could not be read, written or done.

    Where the operating system refused, an ``OSError`` with ``errno`` and ``filename`` is raised instead.
    """

    kind: str
    """The kind as a stable word in lower case: ``malformed``."""
    path: str | None
    """The file, where one is known."""
    offset: int | None
    """The place in the source, in octets from its start, where one is known."""
    node: int | None
    """The node of a PST or OST, where one is known."""
    fatal: bool
    """Whether nothing more can be read from the same source."""

class UnknownFormatError(Error):
    """Unknown format."""

class MalformedError(Error):
    """A structure is too damaged to be read."""

class UnsupportedError(Error):
    """A variant of a format that is not supported."""

class EncryptedError(Error):
    """The octets are encrypted, and no key was given."""

class LimitError(Error):
    """A limit was exceeded."""

class DestinationError(Error):
    """The destination cannot be written as requested."""

class OptionsError(Error, ValueError):
    """An option is invalid, or contradicts another."""

class CancelledError(Error):
    """It was stopped."""

class ProjectError(Error):
    """Mailboxes of a project are not complete."""

    report: ProjectReport
    """The report that tells which."""

class InternalError(Error):
    """A fault of mailferry itself, to be reported."""

@final
class CancelToken:
    """Ends a call from another thread: given to it as ``cancel``, by which an event such as ``threading.Event`` can be given too.

    >>> import mailferry
    >>> token = mailferry.CancelToken()
    >>> token.cancel()
    >>> try:
    ...     mailferry.open(b"From a\\nSubject: one\\n\\n", cancel=token)
    ... except mailferry.CancelledError:
    ...     print("cancelled")
    cancelled
    """

    def __new__(cls) -> Self: ...
    def cancel(self) -> None:
        """Asks the calls that have it to stop, which they do within a second; it cannot be taken back."""
    @property
    def cancelled(self) -> bool:
        """Whether it was asked for."""

@final
class Address:
    """A name and an address; comparable and hashable.

    >>> import mailferry
    >>> str(mailferry.Address("Ann", "ann@example.org"))
    'Ann <ann@example.org>'
    """

    def __new__(cls, name: str | None, address: str) -> Self: ...
    @property
    def name(self) -> str | None:
        """The display name, decoded."""
    @property
    def address(self) -> str:
        """The address as ``local-part@domain``; empty where there is only a name."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[type[Address], tuple[str | None, str]]: ...

@final
class Defect:
    """A problem that was found and did not stop the reading."""

    def __new__(cls, kind: str, detail: str, offset: int | None = None) -> Self: ...
    @property
    def kind(self) -> str:
        """What it is, as a stable word in lower case: ``charset``."""
    @property
    def detail(self) -> str:
        """More about it, as text; may be empty."""
    @property
    def offset(self) -> int | None:
        """Where it is, in octets: from the start of the source, or of the message for a defect in its body."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[type[Defect], tuple[str, str, int | None]]: ...

@final
class Attachment:
    """A file, a picture or a message in a message. ``bytes(attachment)`` reads its decoded octets."""

    @property
    def name(self) -> str | None:
        """The file name, decoded, as the sender gave it: not to be used as a path."""
    @property
    def media_type(self) -> str:
        """The media type as ``type/subtype``, in lower case."""
    @property
    def disposition(self) -> str | None:
        """``attachment``, ``inline`` or another (RFC 2183), in lower case."""
    @property
    def content_id(self) -> str | None:
        """The ``Content-ID`` without angle brackets, by which HTML refers to it (RFC 2392)."""
    @property
    def size(self) -> int:
        """Its decoded octets; they are read for this, and not kept."""
    def open(self) -> io.BufferedReader:
        """Its decoded octets as a file object, read a piece at a time."""
    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> pathlib.Path:
        """Writes its decoded octets to ``path`` and returns where they are.

        In a folder it gets its own name, made safe for every file system, with a number if that name is taken. A file that is
        there already raises ``FileExistsError``, unless ``overwrite``.
        """
    def __bytes__(self) -> bytes:
        """The decoded octets; ``OSError`` when the source can no longer be read."""
    def __reduce__(self) -> tuple[Callable[..., Attachment], tuple[Item, int]]: ...

@final
class Headers(Mapping[str, str]):
    """Header fields in their order. By name, in any case, the first of that name; by number or slice the pairs.

    >>> import mailferry
    >>> headers = mailferry.Headers([("Received", "b"), ("Received", "a"), ("Subject", "one")])
    >>> headers["subject"], headers.get_all("received"), headers.get("Cc"), len(headers)
    ('one', ['b', 'a'], None, 3)
    """

    def __new__(cls, fields: list[tuple[str, str]]) -> Self: ...
    @overload
    def __getitem__(self, key: str, /) -> str: ...
    @overload
    def __getitem__(self, key: int, /) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[tuple[str, str]]: ...
    @overload
    def get(self, name: str, default: None = None) -> str | None:
        """The value of the first field called ``name``, in any case, or else ``default``."""
    @overload
    def get(self, name: str, default: _T) -> str | _T:
        """The value of the first field called ``name``, in any case, or else ``default``."""
    def get_all(self, name: str) -> list[str]:
        """The values of all fields called ``name``, in any case, in order."""
    def keys(self) -> list[str]:  # type: ignore[override]
        """The names, as often as they occur."""
    def values(self) -> list[str]:  # type: ignore[override]
        """The values in order."""
    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        """All pairs of name and value in order."""
    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]: ...

@final
class MapiProperties(Mapping[_MapiKey, Any]):
    """The properties of a message object as its store has them, in the order of their identifiers.

    A key is an identifier (``0x0037``) or a whole tag (``0x0037001F``, whose type is not looked at), the canonical name of one of those
    that mailferry knows (``"PidTagSubject"``, or ``"Subject"``), or a property set and the number or the name in it:
    ``("00062002-0000-0000-C000-000000000046", 0x8208)``, with a string or a ``uuid.UUID``. Iterating gives identifiers, and pairs of a
    ``uuid.UUID`` and a number or a name.

    A value is an ``int``, a ``float``, a ``bool``, a ``str``, ``bytes``, a ``datetime.datetime`` in UTC, a ``uuid.UUID``, a ``tuple`` of
    these where it has several values, or ``None``. Text and octets are read when they are asked for; of more than 64 MiB is a
    ``LimitError``.
    """

    def __getitem__(self, key: _MapiKey, /) -> Any: ...
    @overload
    def get(self, key: _MapiKey, default: None = None) -> Any | None:
        """The value of a property, or else ``default``."""
    @overload
    def get(self, key: _MapiKey, default: _T) -> Any | _T:
        """The value of a property, or else ``default``."""
    def keys(self) -> list[_MapiKey]:  # type: ignore[override]
        """The identifiers and names."""
    def values(self) -> list[Any]:  # type: ignore[override]
        """The values in the order of the keys."""
    def items(self) -> list[tuple[_MapiKey, Any]]:  # type: ignore[override]
        """All pairs of key and value."""
    @property
    def recipients(self) -> list[MapiProperties]:
        """The properties of each recipient, in the order of the table; empty of a recipient."""
    def __contains__(self, key: object, /) -> bool: ...
    def __iter__(self) -> Iterator[_MapiKey]: ...
    def __len__(self) -> int: ...

@final
class Folder:
    """A folder of a mailbox, with how much it holds."""

    @property
    def name(self) -> str:
        """Its own name."""
    @property
    def path(self) -> str:
        """Its name behind those above it, joined by ``/``."""
    @property
    def names(self) -> tuple[str, ...]:
        """Its name behind those above it, outermost first."""
    @property
    def role(self) -> Role | None:
        """What it is for, whatever its language."""
    @property
    def items(self) -> int:
        """Items directly in it."""
    @property
    def bytes(self) -> int:
        """Their octets."""
    @property
    def total(self) -> int:
        """Items in it and in all folders below it."""
    @property
    def children(self) -> tuple[Folder, ...]:
        """The folders in it."""
    def walk(self) -> list[Folder]:
        """This folder and all below it, those above before those in them."""
    def _repr_html_(self) -> str: ...

@final
class Item:
    """A message, a calendar object or a contact. Only what is asked for is read; it stays readable as long as its
    source exists.

    No accessor raises because of broken mail: it returns what can be read, and ``defects`` lists the rest. ``OSError`` is
    raised where the source cannot be read, and exceptions of a caller's own ``read()`` are passed on unchanged. A pickled
    item carries its octets.
    """

    @property
    def id(self) -> str:
        """The number of its source and its number in it, both from 1, as in the item log: ``1:42``."""
    @property
    def kind(self) -> Kind:
        """``mail``, ``event``, ``task``, ``journal`` or ``contact``."""
    @property
    def source(self) -> str:
        """The name of its source: ``archive.zip!Takeout/Mail/Inbox.mbox`` inside an archive."""
    @property
    def ordinal(self) -> int:
        """Its number in the source, from 1."""
    @property
    def offset(self) -> int:
        """The offset of its first octet in the source."""
    @property
    def length(self) -> int:
        """Octets of the source that belong to it."""
    @property
    def size(self) -> int:
        """Its own octets."""
    @property
    def folder(self) -> str:
        """The names of its folder, joined by ``/``; a name may itself contain a ``/``."""
    @property
    def folder_names(self) -> tuple[str, ...]:
        """The names of its folder and those above it, outermost first."""
    @property
    def role(self) -> Role | None:
        """What the folder is for, whatever its language (RFC 8621 §2): ``inbox``, ``sent``, ``trash`` …"""
    @property
    def labels(self) -> list[str]:
        """All its labels, as the source spells them."""
    @property
    def keywords(self) -> list[str]:
        """Its JMAP keywords (RFC 8621 §4.1.1): ``$seen``, ``$flagged`` …"""
    @property
    def received(self) -> datetime.datetime | None:
        """When it arrived, in the zone it was written in, UTC where none was given."""
    @property
    def date_source(self) -> DateSource | None:
        """Where ``received`` was taken from: ``from_line``, ``received``, ``date``, ``delivery_time``, ``submit_time``, ``file_time``,
        ``file_name``, ``recorded``."""
    @property
    def date(self) -> datetime.datetime | None:
        """The ``Date`` of a message, with its zone."""
    @property
    def subject(self) -> str | None:
        """The decoded subject; the summary of a calendar object, the name of a contact."""
    @property
    def sender(self) -> Address | None:
        """The first author: the first mailbox of ``From``."""
    @property
    def authors(self) -> list[Address]:
        """All mailboxes of ``From``."""
    @property
    def to(self) -> list[Address]:
        """The mailboxes of ``To``, the members of groups among them."""
    @property
    def cc(self) -> list[Address]:
        """The mailboxes of ``Cc``."""
    @property
    def bcc(self) -> list[Address]:
        """The mailboxes of ``Bcc``."""
    @property
    def reply_to(self) -> list[Address]:
        """The mailboxes of ``Reply-To``."""
    @property
    def message_id(self) -> str | None:
        """The ``Message-ID`` without angle brackets."""
    @property
    def in_reply_to(self) -> list[str]:
        """The messages it replies to, without angle brackets."""
    @property
    def references(self) -> list[str]:
        """The messages of its thread, oldest first, without angle brackets."""
    @property
    def headers(self) -> Headers:
        """The header fields as a mapping in their order: by name in any case, the value unfolded and decoded."""
    def header(self, name: str) -> str | None:
        """The value of the first field called ``name``, in any case, unfolded and decoded."""
    def raw_header(self, name: str) -> bytes | None:
        """The octets of the value of the first field called ``name``, in any case."""
    @property
    def text(self) -> str | None:
        """The plain text, its parts one after the other, or, where there is none, what a person reads of the HTML; lines end with LF.
        ``None`` where there is neither."""
    @property
    def html(self) -> str | None:
        """The HTML, its parts one after the other. ``None`` where there is none."""
    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Its files, pictures and messages, in order."""
    @property
    def event(self) -> CalendarEvent | None:
        """What a calendar object says, its times as ``datetime`` or ``date``; ``None`` of a message or a contact.

        >>> import mailferry
        >>> octets = b"BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART;TZID=Europe/Berlin:20240501T090000\\nDURATION:PT1H\\nEND:VEVENT\\nEND:VCALENDAR\\n"
        >>> event = mailferry.open(octets, name="a.ics")[0].event
        >>> event.start.isoformat(), event.end.isoformat()
        ('2024-05-01T09:00:00+02:00', '2024-05-01T10:00:00+02:00')
        """
    @property
    def card(self) -> ContactCard | None:
        """What a contact says; ``None`` of a message or a calendar object.

        >>> import mailferry
        >>> octets = b"BEGIN:VCARD\\nVERSION:3.0\\nFN:Ann\\nTEL;TYPE=cell:+1 555 0100\\nBDAY:1990-04-12\\nEND:VCARD\\n"
        >>> card = mailferry.open(octets, name="a.vcf")[0].card
        >>> card.name, card.phones[0].value, card.phones[0].labels, card.birthday
        ('Ann', '+1 555 0100', ('cell',), datetime.date(1990, 4, 12))
        """
    @property
    def mapi(self) -> MapiProperties | None:
        """The properties of the message object that an item of a PST, OST, MSG, OFT, OLM or TNEF file was made of.

        ``None`` of an item of any other format, of one that was unpickled, and of one whose octets were replaced.

        >>> import mailferry
        >>> mailferry.open(b"From a\\nSubject: one\\n\\n")[0].mapi is None
        True
        """
    @property
    def uid(self) -> str | None:
        """The UID of a calendar object or a contact."""
    @property
    def start(self) -> str | None:
        """When a calendar object starts, with its zone: ``2024-05-01T09:00:00[Europe/Berlin]``."""
    @property
    def recurring(self) -> bool | None:
        """Whether a calendar object has more than one occurrence."""
    @property
    def defects(self) -> list[Defect]:
        """What is wrong with it; the whole message is read for this."""
    def to_email(self) -> email.message.EmailMessage:
        """The message as the standard library parses it with ``email.policy.default``; ``TypeError`` for other items."""
    def replace(
        self,
        *,
        content: bytes | bytearray | email.message.Message | None = None,
        folder: str | Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        keywords: Sequence[str] | None = None,
        received: Date | None = None,
    ) -> Item:
        """The same item with something else: octets, the folder (its path with ``/``, or its names), labels, keywords, date of arrival.

        >>> import mailferry
        >>> item = next(mailferry.open(b"From a\\nSubject: one\\n\\n"))
        >>> item.replace(folder="Archive/2024").folder_names
        ('Archive', '2024')
        """
    def __bytes__(self) -> bytes:
        """The octets as they are exchanged: RFC 5322, iCalendar, vCard."""
    def _repr_html_(self) -> str: ...
    def __reduce__(self) -> tuple[Callable[..., Item], tuple[str, bytes, dict[str, Any]]]: ...

@final
class Mailbox:
    """The items of sources, one after the other, in constant memory: an iterator, and a context manager that closes it.

    A loop goes on where the one before it was left, and begins anew where that came to the end. Several threads may take items from
    one mailbox by ``next(box, None)``, which never begins anew: each item comes once. ``box[0]``, ``box[:10]`` and ``box["1:42"]`` read the sources on their own, forwards
    from the item that was asked for last; ``len(box)`` and ``folders`` read them once. A pickled mailbox is opened again where it is
    unpickled, at its start.
    """

    def __iter__(self) -> Self: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> Literal[True]: ...
    @overload
    def __getitem__(self, key: int | str, /) -> Item: ...
    @overload
    def __getitem__(self, key: slice, /) -> list[Item]: ...
    @property
    def folders(self) -> tuple[Folder, ...]:
        """The folders at the top, each with its counts and those below it."""
    def filter(self, **options: Any) -> Mailbox:
        """The same sources with further options of ``open``: ``box.filter(folder="Inbox", after="2024-01-01")``."""
    def save_index(self, path: str | os.PathLike[str]) -> int:
        """Writes to ``path`` where all items lie, so that ``open(source, index=path)`` has ``len``, ``folders`` and any item at once;
        returns how many there are.

        It is of files and the options that they were opened with. A file of which the length, the first or the last MiB
        changed since is refused with ``OptionsError``. So is a ``path`` at which something stands that is no index.
        """
    def save_attachments(self, folder: str | os.PathLike[str], pattern: str = "*") -> list[pathlib.Path]:
        """Saves the attachments of all messages whose names match ``pattern`` (``*.pdf``, in any case); returns their paths."""
    def __next__(self) -> Item:
        """The next item. What cannot be read is raised, and the next call continues after it, unless it is skipped."""
    @property
    def errors(self) -> tuple[Error, ...]:
        """What was skipped, up to a thousand."""
    @property
    def position(self) -> int:
        """How many octets of the sources were read."""
    @property
    def total(self) -> int | None:
        """How many octets there are in all; ``None`` where an archive does not say it."""
    def index(self, *, content: bool = True, batch_size: int = 8192, columns: Sequence[str] | None = None) -> Index:
        """A table with one row per item, for pyarrow, polars, pandas and duckdb; the sources are read again for it.

        Without ``content`` only header sections are parsed, and the columns ``attachments``, ``attachment_bytes``,
        ``has_html`` and ``sha256`` are left out. A batch has at most ``batch_size`` rows.

        With ``columns`` it has these, and nothing that none of them needs is parsed: ``id``, ``source`` or ``path``, ``kind``,
        ``folder``, ``role``, ``labels``, ``keywords``, ``received``, ``date``, ``from_name``, ``from``, ``to``, ``cc``, ``subject``,
        ``message_id``, ``in_reply_to`` and ``references`` (lists), ``thread_id`` (the first reference, else what it replies to, else
        its own identifier), ``uid``, ``offset``, ``size``, ``sha256``, ``text`` (of HTML what a person reads, where there is no
        plain text), ``text_reply`` (without quotations and signature), ``html``, ``attachments`` (structs of ``name``,
        ``media_type``, ``size``, ``sha256``) and ``octets``.

        Of a PST or OST, columns up to ``uid`` in this list, less ``from``, ``to``, ``cc``, the identifiers and ``thread_id``, are taken
        from the lists of its folders where no other is asked for: messages are not opened, and subject, date and name of the sender are
        what Outlook's list shows.
        """
    def close(self) -> None:
        """Closes the sources; items that were taken stay readable."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None = None,
        exception: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...
    def __reduce__(self) -> tuple[Callable[..., Mailbox], tuple[Any, ...]]: ...

@final
class Index:
    """A table of items by the Arrow PyCapsule interface; each consumer reads the sources from their start.

    A loop over it gives a dict a row, which ``pandas.DataFrame(index)`` and ``csv.DictWriter`` take; who reads Arrow is quicker.

    An exception while it is read, Ctrl-C too, becomes an error of the consumer, with the text of the exception.

    Columns: ``id``, ``source``, ``kind``, ``folder``, ``role``, ``labels`` (list), ``keywords`` (list), ``received`` and
    ``date`` (timestamps in µs, UTC), ``from_name``, ``from``, ``to`` (list), ``cc`` (list), ``subject``, ``message_id``,
    ``in_reply_to``, ``uid``, ``offset`` and ``size`` (octets); with content also ``attachments`` (how many),
    ``attachment_bytes`` (decoded), ``has_html`` and ``sha256`` (hexadecimal, of the octets that ``bytes(item)`` gives).
    """

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
    def __iter__(self) -> Iterator[dict[str, Any]]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule ``arrow_array_stream``."""
    def __arrow_c_schema__(self) -> object:
        """A capsule ``arrow_schema``."""
    def __reduce__(self) -> tuple[Callable[..., Index], tuple[Mailbox, bool, int, list[str] | None]]: ...

@type_check_only
class _Document:
    """Plain data: compared by content, can be pickled, and shown as a table in a notebook."""

    def __new__(cls, json: str) -> Self: ...
    def to_dict(self) -> dict[str, Any]:
        """All of it, with the same names as in JSON."""
    def to_json(self) -> str:
        """All of it as JSON, indented."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __reduce__(self) -> tuple[type[Self], tuple[str]]: ...

@final
class Report(_Document):
    """The result of a conversion; ``available = migrated + failed + skipped``."""

    @property
    def version(self) -> str:
        """The version of the core."""
    @property
    def outcome(self) -> dict[str, Any]:
        """What it amounts to: ``state``, which is ``complete``, ``incomplete`` or ``nothing_migrated``, and ``reasons``,
        each with ``what`` and ``text``."""
    @property
    def cancelled(self) -> bool:
        """Whether it was stopped before it was complete."""
    @property
    def error(self) -> str | None:
        """What stopped it: the destination could no longer be written."""
    @property
    def totals(self) -> Columns:
        """All items: ``available``, ``migrated``, ``failed``, ``skipped``, and ``bytes`` written."""
    @property
    def kinds(self) -> dict[str, Columns]:
        """The same by kind."""
    @property
    def folders(self) -> dict[str, dict[str, Any]]:
        """The same by folder, with its ``role`` where it has one."""
    @property
    def years(self) -> dict[int, Columns]:
        """The same by the year of ``received``, in UTC."""
    @property
    def reasons(self) -> dict[str, int]:
        """How many items were skipped or failed for each reason."""
    @property
    def warnings(self) -> dict[str, int]:
        """How many items carry a warning of each kind."""
    @property
    def preflight(self) -> dict[str, int]:
        """What targets are likely to reject or to damage."""
    @property
    def sources(self) -> list[dict[str, Any]]:
        """The sources, in order: ``file``, ``format``, ``items``, ``defects``, ``error``, and ``cutShort`` where one ends too early."""
    @property
    def files(self) -> list[dict[str, Any]]:
        """What was written, by ``name`` and ``bytes``: the archives, or else the files of many items; the first thousand."""
    @property
    def kept(self) -> dict[str, Any] | None:
        """Files at the destination that were changed since and are kept, and what was written instead of them."""
    @property
    def ignored(self) -> dict[str, Any]:
        """Files in directories and archives that are not sources.

        ``count``; ``entries``, the first thousand, with ``name``, ``bytes``, ``why``; ``others`` by extension.
        """
    @property
    def seconds(self) -> float | None:
        """How long it took."""

@final
class Inspection(_Document):
    """The contents of mailboxes."""

    @property
    def items(self) -> int:
        """Items that can be read."""
    @property
    def failed(self) -> int:
        """Items, or remaining parts of sources, that cannot be read."""
    @property
    def deleted(self) -> int:
        """Items among them that are marked as deleted and still shown."""
    @property
    def expunged(self) -> int:
        """Items that are left out because their mail program no longer shows them."""
    @property
    def bytes(self) -> int:
        """Octets of the items."""
    @property
    def earliest(self) -> str | None:
        """The earliest date of an item (RFC 3339)."""
    @property
    def latest(self) -> str | None:
        """The latest date of an item (RFC 3339)."""
    @property
    def kinds(self) -> dict[str, Size]:
        """Items and octets by kind."""
    @property
    def folders(self) -> dict[str, Size]:
        """The same by folder."""
    @property
    def years(self) -> dict[int, Size]:
        """The same by year, in UTC."""
    @property
    def warnings(self) -> dict[str, int]:
        """How many items carry a warning of each kind."""
    @property
    def preflight(self) -> dict[str, int]:
        """What targets are likely to reject or to damage."""
    @property
    def largest(self) -> list[dict[str, Any]]:
        """The largest items, the largest first."""
    @property
    def sources(self) -> list[list[str]]:
        """The sources: name and format."""
    @property
    def problems(self) -> list[str]:
        """What could not be opened or read."""
    @property
    def ignored(self) -> dict[str, Any]:
        """Files in directories and archives that are not sources: ``count``, ``entries``, ``others``."""

@final
class Plan(_Document):
    """A preview of what a target accepts, and what it rejects."""

    @property
    def target(self) -> str:
        """The name of the target."""
    @property
    def available(self) -> Size:
        """All items."""
    @property
    def goes(self) -> Size:
        """Those that the target accepts."""
    @property
    def kinds(self) -> dict[str, Size]:
        """What is accepted, by kind."""
    @property
    def refused(self) -> dict[str, dict[str, Any]]:
        """What is rejected, and why."""
    @property
    def mapping(self) -> list[dict[str, Any]]:
        """Where each folder goes: ``folder``, ``role``, ``target``, ``items``, ``bytes``; the first thousand."""
    @property
    def flagged(self) -> dict[str, dict[str, Any]]:
        """What exceeds a limit."""
    @property
    def missing(self) -> dict[str, int]:
        """How many messages have no From, Date, Message-ID or date of arrival."""
    @property
    def left_out(self) -> dict[str, Size]:
        """What is not selected, by reason."""
    @property
    def problems(self) -> list[str]:
        """What could not be opened or read."""
    @property
    def parts(self) -> int | None:
        """How many parts there are at most."""
    @property
    def estimate(self) -> dict[str, Any]:
        """The approximate octets and seconds that a conversion takes."""

@final
class Verification(_Document):
    """The differences between a destination and its logs."""

    @property
    def syncs(self) -> int:
        """Syncs whose logs were read."""
    @property
    def files(self) -> int:
        """Files that were read."""
    @property
    def bytes(self) -> int:
        """Their octets."""
    @property
    def items(self) -> int:
        """Items that are migrated according to the logs."""
    @property
    def source_items(self) -> int:
        """Items of the sources that were compared with the logs."""
    @property
    def gone(self) -> int:
        """Items of the logs that are no longer in the sources."""
    @property
    def without_proof(self) -> bool:
        """Whether files were compared by size and first 64 KiB only, because the destination was written without SHA-256."""
    @property
    def differences(self) -> int:
        """How many differences there are."""
    @property
    def found(self) -> list[dict[str, str]]:
        """The first ten thousand of them: ``kind``, ``what``, ``told``."""

@final
class Undoing(_Document):
    """What was removed of a destination. The table in a notebook lists what was kept."""

    @property
    def syncs(self) -> list[int]:
        """The syncs that were undone, the last first."""
    @property
    def removed(self) -> int:
        """Files that were removed."""
    @property
    def missing(self) -> int:
        """Files that were missing already."""
    @property
    def kept(self) -> int:
        """Files that were kept, because they were changed since."""
    @property
    def without_proof(self) -> bool:
        """Whether files were compared by size and first 64 KiB only."""
    @property
    def list_file(self) -> str | None:
        """The path of the list of what was removed."""
    @property
    def found(self) -> list[dict[str, str]]:
        """The first ten thousand files that were kept: ``kind``, ``what``, ``told``."""

@final
class ProjectReport(_Document):
    """The result of a project of many mailboxes."""

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped before it was complete."""
    @property
    def totals(self) -> Columns:
        """The items of all mailboxes."""
    @property
    def failed(self) -> list[MailboxRow]:
        """The mailboxes that are not complete."""
    @property
    def reports(self) -> dict[str, Report]:
        """The report of each mailbox by its destination, read from beside it."""
    def raise_for_failures(self) -> None:
        """Raises ``ProjectError``, which names them, if mailboxes are not complete."""
    @property
    def mailboxes(self) -> list[MailboxRow]:
        """The mailboxes in order: ``line``, ``sources``, ``destination``, ``state``, ``error`` …"""

def open(
    source: Sources,
    *,
    name: str | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    index: str | os.PathLike[str] | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
) -> Mailbox:
    """The items of ``source``: a path, octets, a binary file object, or a sequence or an iterator of these.

    What cannot be read by position (a pipe, a member of an archive) is kept in memory up to 8 MiB, else in a temporary file up to
    64 GiB. Addresses (``s3://…``) and ``OpenFile`` are those of fsspec. Items, messages of ``email`` and dicts with ``content``
    are sources too; an iterator is read once only. ``progress`` and ``cancel`` are as for ``convert``; ``index`` is a file that
    ``Mailbox.save_index`` wrote.

    ``name`` is the file name of octets and file objects: a hint for their format, and the name of their folder. With
    ``on_error="skip"`` what cannot be read is kept in ``Mailbox.errors``. The other options are those of the command
    ``mailferry``: how sources are read, and which items are taken. A date is RFC 3339 text or a ``datetime``; a size is a
    number of octets or text such as ``"480M"``. A file object is read by position and must not be used elsewhere meanwhile.

    ``KeyboardInterrupt``, or what the ``read()`` of a file object raises, may interrupt an item. The mailbox then
    may not return that item and those after it in its source: open it again to read them.

    Raises ``OSError``, or the ``Error`` of the first source when none can be opened.

    >>> import mailferry
    >>> [item.subject for item in mailferry.open(b"From a\\nSubject: one\\n\\n", after="2024-01-01")]
    ['one']
    """

def convert(
    source: Sources,
    to: str | os.PathLike[str],
    *,
    name: str | None = None,
    on_error: OnError = "skip",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    transform: Transform | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
    target: Target | None = None,
    as_: Literal["eml", "mbox", "maildir", "bundle", "proton", "ediscovery", "pst"] = "eml",
    labels: Literal["primary", "every"] = "primary",
    eol: Literal["keep", "crlf", "lf"] = "keep",
    names: str | None = None,
    shard: int | None = None,
    zip_level: Literal["store", "fast", "best"] = "fast",
    split: int | str | None = None,
    pst_scrambling: Literal["none", "permute", "cyclic"] = "permute",
    checksums: Literal["sha256", "none"] = "sha256",
    collect: str = "calendar",
    vcard: Literal["3.0", "4.0"] | None = None,
    card_uids: bool = False,
    card_groups: Literal["keep", "categories", "cards"] = "keep",
    yearless_dates: Literal["apple", "hyphens"] = "apple",
    mend: bool = False,
    no_invitations: bool = False,
    iana_zones: bool = False,
    add_label: Texts | None = None,
    map_folder: Mapping[str, str] | None = None,
    root_folder: str | None = None,
    keep_folder_names: bool = False,
    subject_suffix: str | None = None,
    created: Date | None = None,
    check: bool = False,
    fsync: Literal["none", "end", "batch"] = "batch",
    mode: Literal["private", "umask"] = "private",
    attachments: bool = False,
    csv: bool = False,
    html: str | os.PathLike[str] | None = None,
    jobs: int = 1,
) -> Report:
    """Writes the items of ``source`` to ``to``: a folder, or an archive if it ends in .zip, .tar, .tgz or .tar.gz.

    The item log and the report are written next to it. A second call with the same destination adds what is new. ``progress`` is
    called with octets done and octets in all (``None`` where unknown), at most 20 times a second; or it is a bar of ``tqdm`` or
    ``rich``, or its class; or ``True`` for what is installed of these. ``cancel`` is a ``CancelToken`` or an event: once it is
    set the call ends as with Ctrl-C, with a report that is ``cancelled``; other functions raise ``CancelledError``.
    ``transform`` gets each selected item and returns it, ``item.replace(…)``, or octets instead, or ``None`` to leave it out. ``jobs`` is the number of threads; the output does not depend on it. With
    ``on_error="raise"`` the first failure stops it. The other options are those of ``mailferry convert``, under its names:
    ``as_`` and ``from_`` are ``--as`` and ``--from``, which are reserved words in Python.

    What ``progress``, ``transform`` or the ``read()`` of a file object raises is passed on unchanged, and so is
    ``KeyboardInterrupt``; what was written until then is complete and valid. Raises ``DestinationError`` when the destination
    exists already and cannot be continued, ``OSError`` and other ``Error`` when nothing could be started.

    >>> import mailferry, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = mailferry.convert(b"From a\\nSubject: one\\n\\n", pathlib.Path(folder, "out.zip"), name="Inbox")
    >>> report.totals["migrated"]
    1
    """

def write(
    to: str | os.PathLike[str],
    items: Items,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
    target: Target | None = None,
    as_: Literal["eml", "mbox", "maildir", "bundle", "proton", "ediscovery", "pst"] = "eml",
    labels: Literal["primary", "every"] = "primary",
    eol: Literal["keep", "crlf", "lf"] = "keep",
    names: str | None = None,
    shard: int | None = None,
    zip_level: Literal["store", "fast", "best"] = "fast",
    split: int | str | None = None,
    pst_scrambling: Literal["none", "permute", "cyclic"] = "permute",
    checksums: Literal["sha256", "none"] = "sha256",
    collect: str = "calendar",
    vcard: Literal["3.0", "4.0"] | None = None,
    card_uids: bool = False,
    card_groups: Literal["keep", "categories", "cards"] = "keep",
    yearless_dates: Literal["apple", "hyphens"] = "apple",
    mend: bool = False,
    no_invitations: bool = False,
    iana_zones: bool = False,
    add_label: Texts | None = None,
    map_folder: Mapping[str, str] | None = None,
    root_folder: str | None = None,
    keep_folder_names: bool = False,
    subject_suffix: str | None = None,
    created: Date | None = None,
    check: bool = False,
    fsync: Literal["none", "end", "batch"] = "batch",
    mode: Literal["private", "umask"] = "private",
    attachments: bool = False,
    csv: bool = False,
    html: str | os.PathLike[str] | None = None,
    jobs: int = 1,
) -> Report:
    """Writes items to ``to`` in any form that ``convert`` writes, with its options: a file that ends in .pst is ``as_="pst"``.

    Items are an ``Item``, an ``EmailMessage``, octets, or a dict with ``content`` and ``folder``, ``labels``, ``keywords``, ``received``;
    ``name`` is the folder of what has none. The first failure is raised.

    >>> import mailferry, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     box = mailferry.open(b"From a\\nSubject: one\\n\\n")
    ...     report = mailferry.write(pathlib.Path(folder, "out.zip"), (item.replace(folder="New") for item in box))
    >>> list(report.folders)
    ['New']
    """

def inspect(
    source: Sources,
    *,
    name: str | None = None,
    largest: int = 10,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
) -> Inspection:
    """Counts the items of ``source``, and lists the ``largest`` largest ones; nothing is written.

    >>> import mailferry
    >>> mailferry.inspect(b"From a\\nSubject: one\\n\\n", name="Inbox.mbox").folders
    {'Inbox': {'bytes': 13, 'items': 1}}
    """

def plan(
    source: Sources,
    target: Target,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
) -> Plan:
    """Previews what the target of this name accepts of ``source``; nothing is written. ``targets`` lists the names.

    >>> import mailferry
    >>> mailferry.plan(b"From a\\nSubject: one\\n\\n", "zoho").goes["items"]
    1
    """

def verify(
    to: str | os.PathLike[str],
    source: Sources | None = None,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    transform: Transform | None = None,
    mbox_quoting: Literal["auto", "rd", "o", "raw"] = "auto",
    hidden: bool = False,
    recover: bool = False,
    keep_rtf: bool = False,
    code_page: int | None = None,
    tnef: Literal["keep", "decode"] = "keep",
    address_map: Mapping[str, str] | None = None,
    kind: Kind | Sequence[Kind] | None = None,
    folder: Texts | None = None,
    skip_folder: Texts | None = None,
    skip_trash: bool = False,
    skip_junk: bool = False,
    after: Date | None = None,
    before: Date | None = None,
    label: Texts | None = None,
    from_: Texts | None = None,
    recipient: Texts | None = None,
    subject: Texts | None = None,
    larger: int | str | None = None,
    smaller: int | str | None = None,
    has_attachment: bool = False,
    sample: int | None = None,
    seed: int = 0,
    dedupe: Literal["off", "exact", "loose"] = "off",
    target: Target | None = None,
    as_: Literal["eml", "mbox", "maildir", "bundle", "proton", "ediscovery", "pst"] = "eml",
    labels: Literal["primary", "every"] = "primary",
    eol: Literal["keep", "crlf", "lf"] = "keep",
    names: str | None = None,
    shard: int | None = None,
    zip_level: Literal["store", "fast", "best"] = "fast",
    split: int | str | None = None,
    pst_scrambling: Literal["none", "permute", "cyclic"] = "permute",
    checksums: Literal["sha256", "none"] = "sha256",
    collect: str = "calendar",
    vcard: Literal["3.0", "4.0"] | None = None,
    card_uids: bool = False,
    card_groups: Literal["keep", "categories", "cards"] = "keep",
    yearless_dates: Literal["apple", "hyphens"] = "apple",
    mend: bool = False,
    no_invitations: bool = False,
    iana_zones: bool = False,
    add_label: Texts | None = None,
    map_folder: Mapping[str, str] | None = None,
    root_folder: str | None = None,
    keep_folder_names: bool = False,
    subject_suffix: str | None = None,
    created: Date | None = None,
    attachments: bool = False,
    csv: bool = False,
    html: str | os.PathLike[str] | None = None,
    jobs: int = 1,
) -> Verification:
    """Reads every file at ``to`` again and compares it with the item logs next to it.

    With ``source``, every item of it is read and rendered again, with the options in the report, and must be in the logs;
    ``transform`` must be the one that the destination was written with. Options must be given only for a destination of an
    older version whose report does not contain them: then all of them. Raises ``Error`` or ``OSError`` when there is nothing to verify.
    """

def undo(to: str | os.PathLike[str], *, since: int = 1, dry: bool = False) -> Undoing:
    """Removes what sync number ``since`` and later ones wrote at ``to``: only files that are unchanged since.

    With ``dry`` nothing is removed. Raises ``OptionsError`` when that sync is not found, ``DestinationError`` when something
    cannot be removed.
    """

def check(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Checks a PST or OST file against its specification: why a program refuses it, or what it would repair.

    A dict of ``layout``, ``errors``, ``warnings``, ``folders``, ``messages``, ``blocks``, ``findings`` (each with ``severity``,
    ``rule``, ``place``, ``found``, ``meaning`` and ``section``; the first of each rule) and ``rules`` (how often each is broken);
    ``advice``, what to do, where something was found.
    Raises ``UnknownFormatError`` for what is no store.
    """

def run_project(
    mailboxes: Iterable[Mapping[str, Any]],
    *,
    at_a_time: int = 1,
    delta: bool = False,
    ended: Callable[[MailboxRow], object] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> ProjectReport:
    """Converts many mailboxes, ``at_a_time`` of them at once; each is a dict of ``source``, ``to`` and options of ``convert``.

    Paths only. A mailbox that was completed before is skipped, or synced again with ``delta``. ``ended`` is called with the
    row of each mailbox when it is done, from another thread. No exception tells of mailboxes that failed: see
    ``ProjectReport.raise_for_failures``.
    """

def formats() -> list[Format]:
    """The formats that can be read.

    >>> import mailferry
    >>> mailferry.formats()[0]["name"]
    'mbox'
    """

def targets() -> list[dict[str, Any]]:
    """The known targets: what each accepts, its limits, how to import there, and how that is known.

    >>> import mailferry
    >>> "zoho" in [target["name"] for target in mailferry.targets()]
    True
    """

def cli_main(argv: Sequence[str]) -> int:
    """Runs the command line of the binary ``mailferry`` with these arguments, without its own name; returns the exit status."""

def _index(mailbox: Mailbox, content: bool, rows: int, columns: Sequence[str] | None = None) -> Index: ...
def _reopen(source: Sources, name: str | None, on_error: OnError, options: dict[str, Any]) -> Mailbox: ...
def _restore_attachment(item: Item, number: int) -> Attachment: ...
def _restore_item(form: str, octets: bytes, state: dict[str, Any]) -> Item: ...
def _plan_splits(
    uris: list[str], target_size: int, open: Callable[[str], tuple[BinaryIO, str] | None] | None, options: dict[str, Any]
) -> list[str]: ...
def _run_split(split: str, to: str, open: Callable[[str], tuple[BinaryIO, str] | None] | None) -> str: ...
def _decide_splits(to: str, splits: list[str], receipts: list[str] | None, open: Callable[[str], Any] | None) -> list[str]: ...
def _finish_splits(
    to: str, splits: list[str], receipts: list[str] | None, open: Callable[[str], tuple[BinaryIO, str] | None] | None
) -> Report: ...
def _table_columns() -> list[tuple[str, bool]]: ...
def _table_schema(columns: list[str]) -> object: ...
def _table_of_split(
    split: str, columns: list[str], rows: int, open: Callable[[str], tuple[BinaryIO, str] | None] | None
) -> object: ...
