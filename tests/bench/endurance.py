"""What becomes of one process that beats ten thousand times: its memory, and what a beat costs it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import httpx

from tests.bench.measure import new_database
from tests.bench.progress import heading, tell
from tests.bench.system import Place
from tests.bench.tree import Tree
from tests.bench.up import Up
from tests.bench.workload import GROUPS, Workload
from tests.waiting import eventually

_BEATS = 10_000  # what five weeks hold, at one in five minutes
_PART = 1_000
#: One beat in so many runs all five groups: with the shipped intervals, a beat runs 0.8 on average.
_WITH_GROUPS = 6
_SOON = "0.25"  # seconds from taking runs to asking for more: with the usual two it would all take a night


def run(_repeats: int, quick: bool) -> None:
    """Measure and print, a row for each thousand; `quick` ends after the first."""
    print(heading())
    print("\n| beats | memory, MB | CPU of one, s | wall of one, s | processes it took |\n|" + " --- |" * 5)
    with (
        tempfile.TemporaryDirectory(prefix="rhythm-bench-", ignore_cleanup_errors=True) as name,
        Tree() as tree,
    ):
        folder = Path(name)
        up = Up(Place(folder, Workload(folder), tree, new_database(folder)))
        up.workspace.more["PREFECT_WORKER_QUERY_SECONDS"] = _SOON
        up.five_groups()
        up.start()
        lived: set[int] = set()

        def row(beats: int, *each: str) -> None:
            up.keep_away(0)
            lived.update(tree.read().alive)
            cells = [f"{beats:,}", f"{tree.memory() / 2**20:.0f}", *each, f"{len(lived)}"]
            print(f"| {' | '.join(cells)} |", flush=True)
            tell(" ".join(cells))

        row(1, "", "")
        for part in range(1 if quick else _BEATS // _PART):
            before, began = tree.read().cpu, monotonic()
            for number in range(_PART):
                _beat(up, () if (number + 1) % _WITH_GROUPS else GROUPS)
            spent, took = tree.read().cpu - before, monotonic() - began
            row((part + 1) * _PART, f"{spent / _PART:.2f}", f"{took / _PART:.2f}")


def _beat(up: Up, groups: Sequence[str]) -> None:
    """Beat once; once more if the process was started anew meanwhile, which is reported."""
    while True:
        try:
            up.one(groups)
        except httpx.TransportError:
            eventually(up.workspace.is_served, "the next process")
            tell(up.place.log.read_text(encoding="utf-8").splitlines()[-1])
        else:
            return
