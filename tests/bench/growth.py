"""What a beat costs, and how that grows with steps, groups and days of history."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import sleep

from tests.bench.measure import SETTLE, new_database
from tests.bench.prefect_history import fill
from tests.bench.progress import heading, tell
from tests.bench.system import LeftOutError, Place
from tests.bench.tree import Tree
from tests.bench.up import NOTHING, Beat, Up
from tests.bench.workload import GROUPS, Workload

_STEPS = (42, 420, 4200)
_LARGE = 1000  # steps from which a beat is measured once
_GROUPS = 40  # of one step each
_DAYS = (1, 30)
_IN_A_ROW = 10  # beats with nothing due, so that the server's own idling adds little to each


def run(repeats: int, quick: bool) -> None:
    """Measure and print; `quick` leaves out the largest of each."""
    print(heading())
    print("\n| what | wall, s | from being asked for, s | CPU, s |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="rhythm-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        database = new_database(folder)
        template = folder / "with-beats.db"
        for options in ([], ["--isolated"]):
            _nothing_due(folder, database, options)
        _steps(folder, database, _STEPS[: 2 if quick else None], repeats)
        full, nothing = _beats(folder, database, template)
        for days in _DAYS[: 1 if quick else None]:
            filled = folder / f"{days}-days.db"
            shutil.copy(template, filled)
            beats = fill(filled, full, nothing, days)
            _with_history(folder, filled, f"after {days} days ({beats:,} beats)", repeats)


def _nothing_due(folder: Path, database: Path, options: Sequence[str]) -> None:
    command = " ".join(["rhythm up", *options])
    try:
        with _up(folder, database, options) as up:
            up.five_groups()
            up.start()
            _row(f"a beat with nothing due, by `{command}`", up.cost(times=_IN_A_ROW, needs=120))
    except LeftOutError as error:
        print(f"| a beat with nothing due, by `{command}` | {error} | | |", flush=True)


def _steps(folder: Path, database: Path, sizes: Sequence[int], repeats: int) -> None:
    """Groups that only a forced beat runs, as they are paused: one for each size, and many of one step."""
    with _up(folder, database) as up:
        groups = {f"steps_{size}": size for size in sizes} | {f"one_{number}": 1 for number in range(_GROUPS)}
        up.workspace.toml("".join(_group(name, size) for name, size in groups.items()))
        up.start()
        costs = {}
        for size in sizes:
            times = repeats if size < _LARGE else 1
            costs[size] = up.cost([f"steps_{size}"], times=times, needs=times * (10 + size / 20))
            _row(f"a beat of {size:,} scripts that do nothing", costs[size])
            _row("… each of them", _times(costs[size], 1 / size))
        few, many = min(sizes), max(sizes)
        step = _times(_less(costs[many], costs[few]), 1 / (many - few))
        _row("a step more", step)
        one, forty = (
            up.cost(
                [f"one_{number}" for number in range(size)], times=repeats, needs=repeats * (10 + size / 2)
            )
            for size in (1, _GROUPS)
        )
        _row("an empty group more", _less(_times(_less(forty, one), 1 / (_GROUPS - 1)), step))


def _beats(folder: Path, database: Path, kept: Path) -> tuple[str, str]:
    """Keep the database of two real beats: one in which all groups ran, and one with nothing due."""
    with _up(folder, database) as up:
        up.five_groups()
        up.start()
        up.keep_away(60)
        ids = (up.one(GROUPS), up.one())
        sleep(SETTLE)  # until all of it is written
    home = up.workspace.home / "prefect.db"
    with closing(sqlite3.connect(home)) as source, closing(sqlite3.connect(kept)) as copy:
        source.backup(copy)  # with what is still in its log
    return ids


def _with_history(folder: Path, database: Path, what: str, repeats: int) -> None:
    with _up(folder, database) as up:
        up.five_groups()
        up.start()
        _row(f"a beat with nothing due, {what}", up.cost(times=_IN_A_ROW, needs=120))
        _row(f"a beat of five groups, {what}", up.cost(GROUPS, times=repeats, needs=30 + 10 * repeats))


@contextmanager
def _up(folder: Path, database: Path, options: Sequence[str] = ()) -> Iterator[Up]:
    """`rhythm up`, not yet started, in a new folder; all is ended in the end, and the folder kept."""
    place = Path(tempfile.mkdtemp(dir=folder))
    with Tree() as tree:
        yield Up(Place(place, Workload(place), tree, database), options)


def _group(name: str, steps: int) -> str:
    listed = ", ".join(f'{{ run = "{NOTHING}", name = "n{number}" }}' for number in range(steps))
    return f'[groups.{name}]\nevery = "1d"\nenabled = false\nsteps = [{listed}]\n'


def _less(more: Beat, less: Beat) -> Beat:
    return Beat(more.wall - less.wall, more.asked - less.asked, more.cpu - less.cpu)


def _times(beat: Beat, factor: float) -> Beat:
    return Beat(beat.wall * factor, beat.asked * factor, beat.cpu * factor)


def _row(what: str, beat: Beat) -> None:
    cells = [f"{value:.3g}" for value in (beat.wall, beat.asked, beat.cpu)]
    print(f"| {' | '.join([what, *cells])} |", flush=True)
    tell(f"{what}: {' '.join(cells)}")
