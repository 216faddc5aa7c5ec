"""Runs floods.py and prints the bytes that it was given and by how many bytes the peak of memory has grown.

Words: the folder for outputs, then as for floods.py.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from common import FOLDER, WORDS

from tasks.process import script
from tasks.redaction.redactor import Redactor


def peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


async def run(*words: str) -> int:
    sizes: list[int] = []
    await script.run(
        [sys.executable, str(Path(__file__).with_name("floods.py")), str(FOLDER), *words],
        name="floods",
        cwd=FOLDER,
        env=os.environ,
        timeout=120,
        outputs_dir=Path(WORDS[0]),
        on_lines=lambda lines, error: sizes.extend(len(line) + 1 for line in lines),
        redact=Redactor(),
    )
    return sum(sizes)


asyncio.run(run("1", "100", "1"))
before = peak()
given = asyncio.run(run(*WORDS[1:], "1"))
print(given, peak() - before)
