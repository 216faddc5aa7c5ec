"""What single processes use, now and since the last look: CPU, memory, disk and handles."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PureWindowsPath

import psutil

from tasks.process.process_tree import Identity
from tasks.store.measurements import Sample

#: A process that cannot be mistaken for a later one: its pid, and when it was created.
Key = tuple[int, float]

#: The samples of single processes: what, program, pid and time of creation, in one name.
MEMORY_OF, HANDLES_OF = "process_rss_bytes", "process_handles"

_INTERPRETER = re.compile(r"((python|pypy)w?[\d.]*|pwsh|powershell|cmd|node|(ba|da|z|k)?sh)(\.exe)?", re.I)
_SCRIPT = re.compile(r"[^\s=;&|<>]+\.(pyw?|ps1|bat|cmd|sh|js)", re.I)
_MODULE = re.compile(r"[A-Za-z_][\w.]*")
#: What follows is a command as text, not the name of a script.
_TEXT = {"-c", "-lc", "-e", "-p", "--eval", "-command", "-encodedcommand"}


@dataclass(frozen=True, slots=True)
class Load:
    """What a process has used so far: CPU seconds, bytes of memory and of disk, open handles.

    `created` is on a clock that nobody sets, as an `Identity`'s. `disk` and `handles` are None where the
    system does not report it.
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
        identity = Identity.of(process.pid)
        with suppress(psutil.Error), process.oneshot():
            if identity is None:
                continue  # it has just ended
            times = process.cpu_times()
            found.append(
                Load(
                    identity.pid,
                    identity.created,
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
    """Return a process' name, and of an interpreter's the script or module: `python backup.py`.

    No other word of its command line: any of them may be a secret, as may be a command given as text.
    """
    if not _INTERPRETER.fullmatch(name):
        return name
    for word, following in pairwise([*words[1:], ""]):
        if word.lower() in _TEXT:
            break
        if word == "-m" and _MODULE.fullmatch(following):
            return f"{name} -m {following}"
        if _SCRIPT.fullmatch(PureWindowsPath(word).name) and not word.startswith("-"):
            return f"{name} {PureWindowsPath(word).name}"
    return name


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
        if sys.platform == "win32":
            return int(process.num_handles())
        return int(process.num_fds())
    except (psutil.Error, OSError):
        return None
