"""Prints much. Words: how many lines of how many bytes (with their end) to which streams (1, 2 or 12)."""

import os
import threading

from common import WORDS

lines, size, streams = int(WORDS[0]), int(WORDS[1]), WORDS[2]


def flood(stream: int) -> None:
    for number in range(lines):
        line = b"%08d " % number
        data = line + b"x" * (size - len(line) - 1) + b"\n"
        while data:
            data = data[os.write(stream, data) :]


threads = [threading.Thread(target=flood, args=(int(stream),)) for stream in streams]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
