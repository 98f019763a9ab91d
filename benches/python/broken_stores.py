"""Breaks PST and OST files in many ways, and holds what mailferry finds in each against what libpff finds.

    python benches/python/broken_stores.py COMMAND FOLDER [--count 1600] [--keep DIR]

`COMMAND` is a built `mailferry`; `FOLDER` holds sound files, of which those up to 3 MB are broken, with the same dice on every
run: bits flipped, files cut, holes, pages of the B-trees lost, headers, and wrong structures under right checksums. On each,
`mailferry list --recover --hidden` runs, and `pypff` (package `libpff-python`) opens every message of the folder tree and every orphan.
Prints each message that only libpff has, and each run of mailferry that ends otherwise than it may, takes 20 s or more than
256 MB; ends with 1 where there is any.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

LARGEST = 3 << 20
PATIENCE = 20
MEMORY = 256 << 10

#: Prints the node of every message that libpff opens.
PEER = """
import pypff, sys
found = set()
def message(item):
    # Messages and those associated with folders: libpff takes some tables for messages when it finds no folder for them.
    if item.number_of_record_sets and item.identifier & 0x1F in (0x04, 0x08):
        found.add(item.identifier)
def walk(folder):
    for number, get, use in [
        (lambda: folder.number_of_sub_messages, folder.get_sub_message, message),
        (lambda: folder.number_of_sub_folders, folder.get_sub_folder, walk),
    ]:
        try:
            count = number()
        except Exception:
            continue
        for i in range(count):
            try:
                use(get(i))
            except Exception:
                pass
try:
    store = pypff.file()
    store.open(sys.argv[1])
    walk(store.root_folder)
    for i in range(store.number_of_orphan_items):
        try:
            item = store.get_orphan_item(i)
            if isinstance(item, pypff.message):
                message(item)
        except Exception:
            pass
except Exception:
    pass
print(*found)
"""


def crc(octets):
    """The checksum of pages and blocks ([MS-PST] 5.3)."""
    return zlib.crc32(octets, 0xFFFFFFFF) ^ 0xFFFFFFFF


def sealed(store):
    """Where data and checksum of each page of a B-tree and of each block are ([MS-PST] 2.2.2.7, 2.2.2.8)."""
    version = int.from_bytes(store[10:12], "little")
    if version >= 36:
        page, body, crc_at, trailer, slot, block_crc = 4096, 4072, 4076, 24, 512, 4
    elif version >= 21:
        page, body, crc_at, trailer, slot, block_crc = 512, 496, 500, 16, 64, 4
    else:
        page, body, crc_at, trailer, slot, block_crc = 512, 500, 508, 12, 64, 8
    pages, blocks = [], []
    for end in range(slot, len(store) + 1, slot):
        start = end - page
        if end % page == 0 and start >= 0 and store[start + body] in (0x80, 0x81):
            if crc(store[start : start + body]) == int.from_bytes(store[start + crc_at : start + crc_at + 4], "little"):
                pages.append((start, start + body, start + crc_at))
        at = end - trailer
        size = int.from_bytes(store[at : at + 2], "little")
        start = end - -(-(size + trailer) // slot) * slot
        if size and start >= 0:
            claimed = int.from_bytes(store[at + block_crc : at + block_crc + 4], "little")
            if crc(store[start : start + size]) == claimed:
                blocks.append((start, start + size, at + block_crc))
    return pages, blocks


def reseal(store, dice, places):
    for start, end, at in dice.sample(places, min(len(places), dice.choice([1, 1, 2, 5]))):
        for _ in range(dice.choice([1, 2, 8])):
            # Counts and levels stand at the ends, and the values that break most are those at the edges.
            near = dice.choice([start + dice.randrange(min(24, end - start)), dice.randrange(start, end), end - 1 - dice.randrange(min(8, end - start))])
            store[near] = dice.choice([0, 0xFF, 1, 0x80, dice.randrange(256)])
        store[at : at + 4] = crc(store[start:end]).to_bytes(4, "little")


def broken(store, way, dice, places):
    """The store, broken in one of eight ways."""
    store = bytearray(store)
    pages, blocks = places
    match way:
        case "bits":
            for _ in range(dice.choice([1, 5, 50, 500])):
                store[dice.randrange(len(store))] ^= 1 << dice.randrange(8)
        case "cut":
            del store[dice.randrange(len(store) // 8, len(store)) :]
        case "hole":
            size = min(1 << dice.randrange(9, 16), len(store) // 2)
            at = dice.randrange(0x200, len(store) - size)
            store[at : at + size] = bytes(size)
        case "lost pages":
            for start, end, _ in dice.sample(pages, min(len(pages), dice.choice([1, 2, 4, 64]))):
                store[start : end + 16] = bytes(end + 16 - start)
        case "spoilt pages":
            for start, end, _ in dice.sample(pages, min(len(pages), dice.choice([1, 2, 4]))):
                for _ in range(20):
                    store[dice.randrange(start, end + 12)] = dice.randrange(256)
        case "header":
            for _ in range(dice.choice([1, 3, 10])):
                store[dice.randrange(600)] = dice.randrange(256)
        case "sealed pages":
            reseal(store, dice, pages)
        case "sealed blocks":
            reseal(store, dice, blocks)
    return bytes(store)


WAYS = ["bits", "cut", "hole", "lost pages", "spoilt pages", "header", "sealed pages", "sealed blocks"]


def ours(command, path):
    """The nodes of the messages that mailferry lists, and what is wrong with its run."""
    started, wrong = time.monotonic(), None
    process = subprocess.Popen([command, "list", "--recover", "--hidden", "--json", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    nodes = set()
    for line in process.stdout:
        nodes.add(json.loads(line)["source"]["nid"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        wrong = f"ended with {process.returncode}"
    elif time.monotonic() - started > PATIENCE:
        wrong = f"took {time.monotonic() - started:.0f} s"
    elif usage.ru_maxrss > MEMORY:
        wrong = f"held {usage.ru_maxrss >> 10} MB"
    return nodes, wrong, usage.ru_maxrss


def peers(path):
    """The nodes of the messages that libpff opens; none where it crashes or takes a minute."""
    try:
        done = subprocess.run([sys.executable, "-c", PEER, path], capture_output=True, timeout=60, check=True)
    except subprocess.SubprocessError:
        return None
    return {int(node) for node in done.stdout.split()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1600)
    parser.add_argument("--keep", type=Path, help="where broken files stay that anything was said of")
    options = parser.parse_args()
    stores = [path for path in sorted(options.folder.rglob("*.[po]st")) if 2048 < path.stat().st_size <= LARGEST]
    stores = [(path.name, path.read_bytes()) for path in stores]
    stores = [(name, store, sealed(store)) for name, store in stores if store.startswith(b"!BDN")]
    dice, wrong, largest = random.Random(4), 0, 0
    table = {way: [0, 0, 0, 0, 0] for way in WAYS}
    with tempfile.TemporaryDirectory() as room:
        for number in range(options.count):
            way = WAYS[number % len(WAYS)]
            name, store, places = dice.choice(stores)
            path = os.path.join(room, f"{number}.pst")
            with open(path, "wb") as file:
                file.write(broken(store, way, dice, places))
            mine, complaint, held = ours(options.command, path)
            theirs = peers(path)
            largest = max(largest, held)
            row = table[way]
            row[0] += 1
            row[1] += len(mine)
            row[2] += len(theirs or ())
            row[4] += theirs is None
            missing = sorted((theirs or set()) - mine)
            if missing:
                row[3] += 1
                complaint = complaint or f"only libpff has {len(missing)}: " + " ".join(f"{node:#x}" for node in missing[:8])
            if complaint:
                wrong += 1
                print(f"{number} ({way}, {name}): {complaint}", flush=True)
                if options.keep:
                    options.keep.mkdir(exist_ok=True)
                    os.rename(path, options.keep / f"{number}.pst")
                    continue
            os.unlink(path)
    print("| broken | files | messages of mailferry | of libpff | files with any that only libpff has | libpff crashes |")
    print("|---|--:|--:|--:|--:|--:|")
    for way, row in table.items():
        print(f"| {way} | {' | '.join(map(str, row))} |")
    print(f"the largest run held {largest >> 10} MB, of this program {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
