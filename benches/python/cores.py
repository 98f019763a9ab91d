"""What more cores gain: each task on one thread and on several, in turn, as whole processes.

    python benches/python/cores.py COMMAND MAILBOX [--store STORE.pst] [--jobs 2] [--runs 5] [--only WORD] [--dir DIR] [--old COMMAND]

COMMAND is the mailferry to measure, MAILBOX an mbox as `benches generate` writes it. All that is written goes to DIR (/dev/shm) and is
removed. A figure is that of the run with the least wall time; the peak is the largest resident set of any run. `verify`, `list` and
`inspect` take as many threads as there are processors, so for one thread they are bound to one. By Amdahl's law the share of the work
that is serial is (jobs / gain - 1) / (jobs - 1), and what eight cores would gain is 1 / (serial + (1 - serial) / 8); both mean
something only on a machine with nothing else to do. With `--old` another mailferry runs beside it on one thread and on several.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import time


def measure(command, one_processor=False):
    """Seconds of wall, of processor, and the peak in MB of one run."""
    bind = (lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if one_processor else None
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=bind)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: status {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def remove(out):
    for path in out.parent.glob(f"{out.name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def tasks(mailbox, store, folder):
    """Name, source, what the destination is called, options; or a command on what was converted before."""
    mbox = [
        ("deflated ZIP", "out.zip", []),
        ("deflated ZIP, best", "out.zip", ["--zip-level", "best"]),
        ("stored ZIP, SHA-256", "out.zip", ["--zip-level", "store"]),
        ("folder, SHA-256", "out", []),
        ("tgz", "out.tgz", []),
        ("deflated ZIP, duplicates left out", "out.zip", ["--dedupe", "exact"]),
    ]
    for name, out, options in mbox:
        yield name, ["convert", mailbox, "--to", folder / out, *options], folder / out
    if store:
        yield "PST to a folder, SHA-256", ["convert", store, "--to", folder / "out"], folder / "out"
        selected = ["convert", store, "--to", folder / "out", "--after", "1971-01-01"]
        yield "PST to a folder, selected", selected, folder / "out"
        yield "list a PST", ["list", store], None
    yield "verify a folder", ["verify", folder / "kept"], None
    yield "verify a deflated ZIP", ["verify", folder / "kept.zip"], None
    yield "inspect", ["inspect", mailbox], None


def rivals(mailbox, folder, jobs):
    out = folder / "rival"
    for level in ["-1", "-6"]:
        command = ["sh", "-c", f"pigz {level} -k -c -p $0 '{mailbox}' > '{out}'"]
        yield "pigz", f"pigz {level}", [*command, "1"], [*command, str(jobs)], out
    command = ["7z", "a", "-tzip", "-mx=1", out.with_suffix(".zip"), mailbox]
    yield "7z", "7z -tzip -mx=1", [*command, "-mmt=1"], [*command, f"-mmt={jobs}"], out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("mailbox", type=pathlib.Path)
    parser.add_argument("--store", type=pathlib.Path)
    parser.add_argument("--old", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path("/dev/shm"))
    given = parser.parse_args()
    folder = given.dir / f"cores-{os.getpid()}"
    folder.mkdir()
    try:
        table(given, folder)
    finally:
        shutil.rmtree(folder)


def table(given, folder):
    if "verify" in given.only or not given.only:
        for kept in ["kept", "kept.zip"]:
            measure([given.command, "convert", given.mailbox, "--to", folder / kept, "--jobs", str(given.jobs)])
    rows = []
    programs = [("", given.command)] + ([(", old", given.old)] if given.old else [])
    for name, words, out in tasks(given.mailbox, given.store, folder):
        for mark, command in programs:
            if "convert" in words:
                one, several = ([command, *words, "--jobs", str(jobs)] for jobs in (1, given.jobs))
                rows.append((name + mark, one, several, False, out))
            else:
                rows.append((name + mark, [command, *words], [command, *words], True, out))
    for program, name, one, several, out in rivals(given.mailbox, folder, given.jobs):
        if shutil.which(program):
            rows.append((name, one, several, False, out))
    print(f"| | 1: wall s | CPU s | peak MB | {given.jobs}: wall s | CPU s | peak MB | gain | serial | eight would gain |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, one, several, binds, out in rows:
        if given.only not in name:
            continue
        runs = []
        for _ in range(given.runs):
            for command, is_one in [(one, True), (several, False)]:
                runs.append((is_one, measure(command, binds and is_one)))
                if out:
                    remove(out)
        cells, walls = [], []
        for wanted in [True, False]:
            of = [cost for is_one, cost in runs if is_one == wanted]
            least = min(of)
            walls.append(least[0])
            cells += [f"{least[0]:.2f}", f"{min(cpu for _, cpu, _ in of):.2f}", f"{max(peak for _, _, peak in of):.0f}"]
        gain = walls[0] / walls[1]
        serial = max(0, (given.jobs / gain - 1) / (given.jobs - 1))
        eight = 1 / (serial + (1 - serial) / 8)
        print(f"| {name} | {' | '.join(cells)} | {gain:.2f} | {serial:.0%} | {eight:.1f} |", flush=True)


if __name__ == "__main__":
    main()
