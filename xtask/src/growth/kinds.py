"""What grows: a table that the modules of generators fill."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

KINDS: list["Kind"] = []


class Kind(NamedTuple):
    name: str
    make: Callable[[Path, int, str], None]
    # What is measured, in the room that `make` has filled; what it writes begins with `to`.
    command: str
    start: int
    # The largest source that is made, for what is bounded otherwise (a path, a command line).
    most: int
    memory: int
    statuses: tuple[int, ...]
    # Whether the command uses up what was made.
    changes: bool
    # The seconds that it may take in the one size of which a limit is promised.
    seconds: float | None


def grows(
    command: str,
    start: int = 1000,
    *,
    file: str | None = None,
    first: str | None = None,
    most: int = 1 << 24,
    memory: int = 40,
    statuses: tuple[int, ...] = (0, 1),
    changes: bool = False,
    seconds: float | None = None,
    name: str | None = None,
):
    """A generator: `(out, size)` where it writes one `file`, else `(room, size)`. `first` is run, unmeasured, on what it made."""

    def add(generator):
        def make(room: Path, size: int, binary: str) -> None:
            (room / "binary").symlink_to(binary)
            if file is None:
                generator(room, size)
            else:
                with open(room / file, "wb") as out:
                    generator(out, size)
            for words in (first or "").split(";"):
                if words.strip():
                    subprocess.run([binary, *words.split()], cwd=room, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        KINDS.append(Kind(name or generator.__name__.replace("_", " "), make, command, start, most, memory, statuses, changes, seconds))
        return generator

    return add
