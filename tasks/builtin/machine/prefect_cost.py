"""What Prefect itself costs: the server and the worker that run on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import psutil

from tasks.process.ending import with_descendants
from tasks.store.measurements import Sample

_SERVER = re.compile(r"\bprefect\b.*\bserver\b.* start\b|\bprefect\.server\b")
_WORKER = re.compile(r"\bprefect\b.*\bworker\b.* start\b")
# What `rhythm up` keeps alive: a server, with a worker in the same process; and a server of our own alone.
_DAEMON = re.compile(r"\bdeployments\.(daemon|server\.api_server)\b")


def prefect_samples(at: datetime) -> Iterator[Sample]:
    """Yield memory (bytes, resident) and CPU seconds so far of this user's servers and workers.

    A server counts with all below it; a worker alone, as below it are the beats; the two in one process
    as a server, alone. Nothing is yielded for what does not run.
    """
    servers, workers, daemons = _running()
    below = {process for server in servers for process in with_descendants(server)}
    yield from _cost("prefect_server", below | daemons, at)
    yield from _cost("prefect_worker", workers, at)


def _running() -> tuple[set[psutil.Process], ...]:
    servers: set[psutil.Process] = set()
    workers: set[psutil.Process] = set()
    daemons: set[psutil.Process] = set()
    mine = psutil.Process().username()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            for pattern, found in ((_SERVER, servers), (_WORKER, workers), (_DAEMON, daemons)):
                if pattern.search(command) and process.username() == mine:
                    found.add(process)
    return servers, workers, daemons


def _cost(name: str, processes: set[psutil.Process], at: datetime) -> Iterator[Sample]:
    memory, cpu, seen = 0, 0.0, False
    for process in processes:
        with suppress(psutil.Error), process.oneshot():
            times = process.cpu_times()
            memory += process.memory_info().rss
            cpu, seen = cpu + times.user + times.system, True
    if seen:
        yield Sample(at, f"{name}_rss_bytes", memory)
        yield Sample(at, f"{name}_cpu_seconds", cpu)
