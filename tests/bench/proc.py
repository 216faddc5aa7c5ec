"""What Linux reports of every process in one pass over /proc: cheaper than asking for each by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TICK = float(os.sysconf("SC_CLK_TCK")) if hasattr(os, "sysconf") else 100.0
_PROC = Path("/proc")


class Stat(NamedTuple):
    """A process: its parent, its state's letter, and seconds of CPU, its own and its ended children's.

    A child's seconds are its parent's from the moment it is waited for, with those of its own children.
    """

    parent: int
    state: str
    own: float
    children: float


def stat(pid: int) -> Stat | None:
    """Return a process's times, also those of a zombie; None if it is gone."""
    try:
        file = os.open(f"/proc/{pid}/stat", os.O_RDONLY)  # four times as fast as Python's own files
    except OSError:
        return None
    try:
        # A program's name may have blanks and brackets.
        words = os.read(file, 4096).rpartition(b")")[2].split()
    except OSError:
        return None
    finally:
        os.close(file)
    user, system, children_user, children_system = (int(word) / _TICK for word in words[11:15])
    return Stat(int(words[1]), words[0].decode(), user + system, children_user + children_system)


def below(roots: Iterable[int]) -> dict[int, Stat]:
    """Return all processes below the roots, without these."""
    children: dict[int, list[int]] = {}
    found: dict[int, Stat] = {}
    for name in os.listdir(_PROC):  # noqa: PTH208 - faster
        if name.isdigit() and (read := stat(int(name))):
            found[int(name)] = read
            children.setdefault(read.parent, []).append(int(name))
    tree: dict[int, Stat] = {}
    ahead = [child for root in roots for child in children.get(root, ())]
    while ahead:
        pid = ahead.pop()
        tree[pid] = found[pid]
        ahead += children.get(pid, ())
    return tree


def memory(pid: int) -> int:
    """Return bytes: the proportional share (PSS), else what is resident; 0 if the process is gone."""
    with suppress(OSError, ValueError, IndexError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with suppress(OSError, ValueError, IndexError):
        pages = (_PROC / str(pid) / "statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0
