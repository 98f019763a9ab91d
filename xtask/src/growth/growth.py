"""Whether time and memory grow no more than what is read: `cargo xtask growth`.

    growth.py BINARY ROOM [NAME …]

Each kind is made so large that it takes 50 ms of the processor at least, then twice, four and eight times that large. Times are those of the
processor (wait4), not of the clock. A doubling that takes more than 2.3 times as long is measured again, four times at most; the least counts.
"""

import json
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

import archives
import mail
import mapi
import pim
import runs
from kinds import KINDS, Kind

RATIO = 2.3
LEAST = 0.05
SIZES = 4
# Two threads: 40 MB, as ARCHITECTURE.md says; what holds more for a reason says so in its kind.
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
PATIENCE = 300


def anew(room: Path) -> None:
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)


def apart(work) -> None:
    """Runs `work` in a process of its own: its memory would count as that of what is started later."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:  # told here, since nothing above this would
            print(f"error: {error!r}", file=sys.stderr, flush=True)
        os._exit(status)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit("the source was not made")


def words_of(command: str, binary: str) -> list[str]:
    return [binary, *shlex.split(command)]


def run(words: list[str], room: Path) -> tuple[int, float, int]:
    """The exit status, the seconds of the processor, and the most memory, in octets."""
    with open(room / "said", "wb") as said:
        child = os.fork()
        if child == 0:
            os.chdir(room)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            os.execve(words[0], words, ENVIRONMENT)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
        signal.alarm(PATIENCE)
        _, status, used = os.wait4(child, 0)
        signal.alarm(0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss << 10


class Measured:
    """One kind in one size; its source is kept as long as it may have to be measured again."""

    def __init__(self, kind: Kind, size: int, room: Path, binary: str) -> None:
        self.kind, self.size, self.room, self.binary = kind, size, room, binary
        anew(room)
        apart(lambda: kind.make(room, size, binary))
        self.seconds, self.memory = float("inf"), 0
        self.again()

    def again(self) -> None:
        """Another measurement; the least time counts."""
        kind, room = self.kind, self.room
        if self.seconds != float("inf"):
            if kind.changes:
                anew(room)
                apart(lambda: kind.make(room, self.size, self.binary))
            for left in room.glob("to*"):
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        extra = room / "words.json"
        words = words_of(kind.command, self.binary) + (json.loads(extra.read_text()) if extra.exists() else [])
        status, seconds, memory = run(words, room)
        if status not in kind.statuses:
            said = (room / "said").read_bytes()[-400:].decode(errors="replace")
            raise SystemExit(f"{kind.name}, {self.size}: exit {status}: {said}")
        self.seconds, self.memory = min(self.seconds, seconds), max(self.memory, memory)

    def forget(self) -> None:
        shutil.rmtree(self.room, ignore_errors=True)


def grown(kind: Kind, room: Path, binary: str) -> tuple[list[Measured], list[float]]:
    size = kind.start
    first = Measured(kind, size, room / "0", binary)
    if kind.seconds is not None:
        first.forget()
        return [first], []
    while first.seconds < LEAST and size * 2 * 2 ** (SIZES - 1) <= kind.most:
        # As far as what has been measured allows, and no further.
        factor = 2 ** max(1, min(4, int(LEAST / max(first.seconds - 0.004, 0.002)).bit_length() - 2))
        while factor > 2 and size * factor * 2 ** (SIZES - 1) > kind.most:
            factor //= 2
        size *= factor
        first.forget()
        first = Measured(kind, size, room / "0", binary)
    all_sizes, ratios = [first], []
    for number in range(1, SIZES):
        before = all_sizes[-1]
        this = Measured(kind, size << number, room / str(number), binary)
        for _ in range(4):
            if this.seconds <= RATIO * before.seconds:
                break
            before.again()
            this.again()
        ratios.append(this.seconds / before.seconds)
        before.forget()
        all_sizes.append(this)
        if this.seconds > 60:
            break
    all_sizes[-1].forget()
    return all_sizes, ratios


def main() -> None:
    binary, room, *names = sys.argv[1:]
    for module in (mail, pim, mapi, archives, runs):
        assert module
    kinds = [kind for kind in KINDS if not names or any(kind.name.startswith(name) for name in names)]
    print("| kind | sizes | seconds of the processor | most of a doubling | MB | |")
    print("|---|--:|--:|--:|--:|---|", flush=True)
    wrong, began = [], time.monotonic()
    for kind in kinds:
        try:
            sizes, ratios = grown(kind, Path(room) / "growth", binary)
        except SystemExit as error:
            print(f"| {kind.name} | | | | | {error} |", flush=True)
            wrong.append(kind.name)
            continue
        memory = max(one.memory for one in sizes) / 1e6
        faults = []
        if kind.seconds is not None and sizes[0].seconds > kind.seconds:
            faults.append(f"over {kind.seconds} s")
        if max(ratios, default=0) > RATIO:
            faults.append("grows faster than its source")
        if memory > kind.memory:
            faults.append(f"over {kind.memory} MB")
        if faults:
            wrong.append(kind.name)
        seconds = " ".join(f"{one.seconds:.2f}" for one in sizes)
        span = f"{sizes[0].size:,} … {sizes[-1].size:,}" if ratios else f"{sizes[0].size:,}"
        worst = f"{max(ratios):.2f}" if ratios else ""
        print(f"| {kind.name} | {span} | {seconds} | {worst} | {memory:.0f} | {', '.join(faults)} |", flush=True)
    shutil.rmtree(Path(room) / "growth", ignore_errors=True)
    print(f"\n{len(kinds)} kinds, {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    if wrong:
        raise SystemExit("grow too fast, or take too much memory: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
