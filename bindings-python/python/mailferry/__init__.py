"""Mail, calendars and contacts out of MBOX, PST/OST, ICS and VCF: converted, read one by one, or as a table.

>>> import mailferry
>>> octets = b"From ann@example.org Mon Jan  1 10:00:00 2024\\nSubject: =?utf-8?q?caf=C3=A9?=\\n\\nHello\\n"
>>> with mailferry.open(octets) as box:
...     for item in box:
...         print(item.subject, item.received.isoformat(), item.text)
café 2024-01-01T10:00:00+00:00 Hello
<BLANKLINE>
"""

from ._native import *
from ._native import __version__

__all__ = [
    "Address",
    "Attachment",
    "CancelToken",
    "CancelledError",
    "Defect",
    "DestinationError",
    "EncryptedError",
    "Error",
    "Folder",
    "Headers",
    "Index",
    "Inspection",
    "InternalError",
    "Item",
    "LimitError",
    "Mailbox",
    "MalformedError",
    "MapiProperties",
    "OptionsError",
    "Plan",
    "ProjectError",
    "ProjectReport",
    "Report",
    "Undoing",
    "UnknownFormatError",
    "UnsupportedError",
    "Verification",
    "__version__",
    "check",
    "cli_main",
    "convert",
    "formats",
    "inspect",
    "open",
    "plan",
    "run_project",
    "targets",
    "undo",
    "verify",
    "write",
]
