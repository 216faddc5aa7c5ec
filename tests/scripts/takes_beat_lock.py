"""Takes the lock, says "held", and keeps it until it is asked to end; ends with 7 if it is not had.

Arguments: the folder for outputs, and how often; if often, it is given back at once, and two inside at
once end with 1. With "impatient" it does not wait for the lock; with "leaving" it starts a
child that outlives it.
"""

import asyncio
import sys
from pathlib import Path

from common import FOLDER, WORDS, say, start, wait_for

from flows.lock import beat_lock

outputs = Path(WORDS[0])


async def once() -> None:
    async with beat_lock(outputs, patience=0 if "impatient" in WORDS else None) as held:
        if not held:
            sys.exit(7)
        if "leaving" in WORDS:
            start("sleeps.py", "child")
            wait_for("child")
        say("held")
        wait_for()


async def often(times: int) -> None:
    for _ in range(times):
        async with beat_lock(outputs):
            inside = FOLDER / "inside"
            inside.touch(exist_ok=False)
            await asyncio.sleep(0.01)
            inside.unlink()


asyncio.run(often(int(WORDS[1])) if WORDS[1].isdigit() else once())
