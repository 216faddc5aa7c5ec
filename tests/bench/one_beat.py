"""One beat in a fresh process, which prints its cost as JSON: seconds of wall and CPU from begin to end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from time import monotonic

from flows.rhythm import BeatOptions, rhythm


def cpu() -> float:
    """Seconds of CPU of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


async def beat(force: list[str]) -> dict[str, float]:
    wall, spent = monotonic(), cpu()
    await rhythm(BeatOptions(force=force), return_state=True)
    return {"wall": monotonic() - wall, "cpu": cpu() - spent}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(beat(sys.argv[1:]))))
