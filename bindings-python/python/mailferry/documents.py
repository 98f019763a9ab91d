"""What calendar objects and contacts say, as plain data: ``item.event`` and ``item.card``."""

import datetime
from dataclasses import dataclass

__all__ = ["Attendee", "CalendarEvent", "ContactCard", "ContactPoint", "PostalAddress"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendee:
    """Who takes part in an event, or organizes it."""

    name: str | None
    """What they are called."""
    address: str
    """Their address, without ``mailto:``."""
    role: str | None
    """What they are in it: ``chair``, ``req-participant``, ``opt-participant``, ``non-participant``."""
    status: str | None
    """What they said: ``accepted``, ``declined``, ``tentative``, ``needs-action``."""
    kind: str | None
    """``individual``, ``group``, ``room``, ``resource``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarEvent:
    """An event, a task or a journal entry.

    A time is a ``datetime`` with its zone (``zoneinfo.ZoneInfo`` where the zone is known, else the offset that the calendar defines), a
    ``datetime`` without a zone where it is the same time of day anywhere (floating), and a ``date`` of what takes whole days.
    """

    uid: str | None
    """What it is known by."""
    summary: str | None
    """Its title."""
    description: str | None
    """What is written about it."""
    location: str | None
    """Where it is."""
    status: str | None
    """``confirmed``, ``tentative``, ``cancelled``; of a task ``needs-action``, ``in-process``, ``completed``."""
    start: datetime.datetime | datetime.date | None
    """When it starts."""
    end: datetime.datetime | datetime.date | None
    """When it ends, or is due; of whole days the day after the last. Of an event that does not say it, what RFC 5545 says."""
    organizer: Attendee | None
    """Who organizes it."""
    attendees: tuple[Attendee, ...]
    """Who takes part."""
    categories: tuple[str, ...]
    """Its categories."""
    url: str | None
    """A link."""
    recurrence: str | None
    """How it recurs: its lines ``RRULE``, ``RDATE``, ``EXRULE`` and ``EXDATE``, as ``dateutil.rrule.rrulestr`` takes them."""
    recurrence_id: datetime.datetime | datetime.date | None
    """Which occurrence of the series it changes."""
    overrides: "tuple[CalendarEvent, ...]"
    """The occurrences that are changed."""

    @property
    def all_day(self) -> bool:
        """Whether it takes whole days."""
        return self.start is not None and not isinstance(self.start, datetime.datetime)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactPoint:
    """An e-mail address, a telephone number or a link of a contact; ``str`` of it is its value."""

    value: str
    """The address, the number or the link."""
    labels: tuple[str, ...]
    """What it is for, in lower case (``home``, ``work``, ``cell``), or as its owner calls it."""
    preferred: bool
    """Whether it is to be used before others."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class PostalAddress:
    """A postal address of a contact."""

    post_office_box: str | None
    """The post office box."""
    extended: str | None
    """Apartment or suite."""
    street: str | None
    """Street and number."""
    city: str | None
    """City."""
    region: str | None
    """State or province."""
    postal_code: str | None
    """Postal code."""
    country: str | None
    """Country."""
    labels: tuple[str, ...]
    """What it is for, as of ``ContactPoint``."""
    preferred: bool
    """Whether it is to be used before others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactCard:
    """A person, an organization or a list of contacts."""

    uid: str | None
    """What it is known by."""
    name: str | None
    """What to call it."""
    family_name: str | None
    """Family names."""
    given_name: str | None
    """Given names."""
    additional_names: str | None
    """Further names."""
    prefix: str | None
    """What stands before: ``Dr.``."""
    suffix: str | None
    """What stands behind: ``jun.``."""
    nicknames: tuple[str, ...]
    """Nicknames."""
    emails: tuple[ContactPoint, ...]
    """E-mail addresses."""
    phones: tuple[ContactPoint, ...]
    """Telephone numbers."""
    urls: tuple[ContactPoint, ...]
    """Links."""
    addresses: tuple[PostalAddress, ...]
    """Postal addresses."""
    organization: str | None
    """The organization."""
    units: tuple[str, ...]
    """Departments in it, the largest first."""
    title: str | None
    """What they do there."""
    birthday: datetime.date | str | None
    """A date; text where that says less or more than a date: ``--04-12`` without a year."""
    note: str | None
    """Notes."""
    categories: tuple[str, ...]
    """Categories."""
    is_group: bool
    """Whether it is a list of contacts."""
    members: tuple[str, ...]
    """Whom a list has: ``urn:uuid:…`` of their cards, or ``mailto:…``."""
