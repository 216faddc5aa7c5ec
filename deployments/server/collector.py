"""Python's garbage collector in a thread of its own, so that it can never stop the server.

To free what is left of a failed SQL statement, the collector needs the mutex of its SQLite connection.
A connection that waits for the write lock keeps that mutex for as long as Prefect lets it wait: a
minute. By itself, the collector runs in whatever thread allocates, mostly the event loop's; and when
whoever is writing needs that loop to go on, all of them wait for that minute, and every request with
them. Seen with Prefect 3.8.8, aiosqlite 0.22 and Python 3.11: twice in ten beats of new workers.
"""

from __future__ import annotations

import gc
import threading
from time import monotonic

_LOOK = 1.0  # seconds between two looks
_MANY = 1000  # new objects that are worth a look at them; Python's own threshold is 700
_ALL = 600.0  # seconds between two looks at all objects, which take 80 ms


class Collector:
    """Collects from `start` to `stop`, instead of Python by itself."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="collector", daemon=True)

    def start(self) -> None:
        """Take over. What was imported by now stays as long as the process: it is not looked at again."""
        gc.disable()
        gc.collect()
        gc.freeze()
        self._thread.start()

    def stop(self) -> None:
        """Give back. It may be in the middle of something that takes a while: it is not waited for."""
        self._end.set()
        gc.unfreeze()
        gc.enable()

    def _collect(self) -> None:
        last = monotonic()
        while not self._end.wait(_LOOK):
            if monotonic() - last > _ALL:
                gc.collect()
                last = monotonic()
            elif gc.get_count()[0] > _MANY:
                gc.collect(1)
