"""What single processes use, now and since the last look: CPU, memory, disk and handles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PureWindowsPath

import psutil

from tasks.measurements import Sample

#: A process that cannot be mistaken for a later one: its pid, and when it was created.
Key = tuple[int, float]

#: The samples of single processes: what, program, pid and moment of creation, in one name.
MEMORY_OF, HANDLES_OF = "process_rss_bytes", "process_handles"


@dataclass(frozen=True, slots=True)
class Load:
    """What a process has used so far: CPU seconds, bytes of memory and of disk, open handles.

    `disk` and `handles` are None where the system does not tell.
    """

    pid: int
    created: float
    name: str
    cpu_seconds: float
    memory: int
    disk: int | None
    handles: int | None

    @property
    def key(self) -> Key:
        """Its identity."""
        return self.pid, self.created

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


@dataclass(frozen=True, slots=True)
class Use:
    """What a process has used between two looks, by seconds: CPU (1 is one whole core) and disk."""

    load: Load
    cores: float
    disk_per_second: float | None


def loads() -> list[Load]:
    """Return what every process that can be looked at has used so far."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error), process.oneshot():
            times = process.cpu_times()
            found.append(
                Load(
                    process.pid,
                    process.create_time(),
                    short_command(process.name(), _words(process)),
                    times.user + times.system,
                    process.memory_info().rss,
                    _disk(process),
                    _handles(process),
                )
            )
    return found


def uses(now: Iterable[Load], before: Mapping[Key, Load], seconds: float) -> list[Use]:
    """Given two looks `seconds` apart, return what each process that is in both has used."""
    found = []
    for load in now:
        last = before.get(load.key)
        if last is None or seconds <= 0:
            continue
        disk = None
        if load.disk is not None and last.disk is not None:
            disk = max(0, load.disk - last.disk) / seconds
        found.append(Use(load, max(0.0, load.cpu_seconds - last.cpu_seconds) / seconds, disk))
    return found


def samples(heaviest: Iterable[Load], at: datetime) -> Iterator[Sample]:
    """Yield memory and handles of processes as samples, so that growth can be seen over hours."""
    for load in heaviest:
        yield Sample(at, sample_name(MEMORY_OF, load), load.memory)
        if load.handles is not None:
            yield Sample(at, sample_name(HANDLES_OF, load), load.handles)


def sample_name(what: str, load: Load) -> str:
    """Return the name of the sample that holds one figure of one process."""
    return f"{what} {load.name} {load.pid} {load.created:.2f}"


def short_command(name: str, words: Sequence[str]) -> str:
    """Return a process' name, and of an interpreter's the script: `python backup.py`.

    No other word of its command line: any of them may be a secret.
    """
    scripts = [PureWindowsPath(word).name for word in words[1:3] if _is_script(word)]
    if len(words) > 2 and words[1] == "-m":
        scripts = [f"-m {words[2]}"]
    return " ".join([name, *scripts[:1]])


def _is_script(word: str) -> bool:
    return PureWindowsPath(word).suffix.lower() in (".py", ".pyw", ".ps1", ".bat", ".cmd", ".sh", ".js")


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _disk(process: psutil.Process) -> int | None:
    if not hasattr(process, "io_counters"):  # macOS
        return None
    try:
        moved = process.io_counters()
    except (psutil.Error, OSError):
        return None
    return int(moved.read_bytes + moved.write_bytes)


def _handles(process: psutil.Process) -> int | None:
    try:
        if hasattr(process, "num_handles"):
            return int(process.num_handles())
        return process.num_fds()
    except (psutil.Error, OSError):
        return None
