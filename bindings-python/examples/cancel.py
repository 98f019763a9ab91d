"""Converts in the background of an asynchronous program, tells how far it is, and stops when the time is over.

    python cancel.py mail.mbox out 60
"""

import asyncio
import sys

import mailferry


async def convert(source: str, to: str, token: mailferry.CancelToken) -> mailferry.Report:
    def progress(done: int, total: int | None) -> None:
        # Called from the thread that converts.
        print(f"\r{done / total:.0%}" if total else f"\r{done}", end="", file=sys.stderr)

    call = asyncio.create_task(asyncio.to_thread(mailferry.convert, source, to, progress=progress, cancel=token))
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:  # Ctrl-C, or the time is over
        token.cancel()
        await call  # what was written is complete and valid
        raise


async def main(source: str, to: str, seconds: float) -> int:
    token = mailferry.CancelToken()
    try:
        report = await asyncio.wait_for(convert(source, to, token), timeout=seconds)
    except (TimeoutError, asyncio.TimeoutError):
        print("stopped: run it again to continue where it was")
        return 130
    print(f"{report.totals['migrated']} of {report.totals['available']} items in {report.seconds:.1f} s")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
