"""What pacing gains on real load: `python -m tests.bench pacing [--data FOLDER]`.

The folder holds CSV files (also as `.csv.gz`) of what others use of the CPU, in per cent, by five minutes:
one machine a column, or `timestamp,value`. Each is replayed twice with the five groups, first as if nothing
ever waited, then with all but the critical one waiting as they may: as it is, and with so much less CPU that
a tenth of the time lies above 75 per cent.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from flows.replay.figures import BUSY
from tests.bench.progress import heading, tell
from tests.flows.traces import Machine, Result, fixed, paced, replayed, scaled

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "pacing"
#: A machine with less CPU has a tenth of the time above that, in per cent.
SCALED = 75.0
#: Where others are above BUSY for such a part of the time, there is something to gain.
GAINS = (0.02, 0.6)
#: What never waits.
CRITICAL = "health_check"

Trace = Sequence[float]


@dataclass(frozen=True)
class Compared:
    """A machine, and what came of it without and with pacing."""

    name: str
    before: Result
    after: Result

    @property
    def worse(self) -> float:
        """By how many points more of our work is done while others are busy."""
        return self.after.high - self.before.high


def traces(folder: Path) -> dict[str, Trace]:
    """Return the traces of all files in a folder, by file and column."""
    found: dict[str, Trace] = {}
    for path in sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")]):
        found.update(_columns(path))
    return found


def _columns(path: Path) -> Iterator[tuple[str, Trace]]:
    name = path.name.partition(".")[0]
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    head, *rows = csv.reader(content.decode().splitlines())
    if head[0] == "timestamp":
        yield name, [float(row[1]) for row in rows]
        return
    for index, column in enumerate(head):
        yield f"{name} {column}", [float(row[index]) for row in rows]


def can_gain(trace: Trace) -> bool:
    """Whether others are busy now and then, and not all the time."""
    least, most = GAINS
    return least <= sum(load > BUSY for load in trace) / len(trace) <= most


def smaller(found: Mapping[str, Trace]) -> dict[str, Trace]:
    """Return the traces of the same machines with less CPU, but for those that hardly do anything."""
    return {
        name: scaled(trace, SCALED) for name, trace in found.items() if sorted(trace)[-len(trace) // 10] >= 3
    }


def compared(found: Mapping[str, Trace]) -> list[Compared]:
    """Replay each of the traces."""
    results = []
    for seed, (name, trace) in enumerate(found.items()):
        before, after = (replayed(settings, Machine(trace, seed=seed)) for settings in (fixed(), paced()))
        results.append(Compared(name, before, after))
        tell(f"{seed + 1}/{len(found)} {name}: {before.high:.1f} → {after.high:.1f} %")
    return results


def high(results: Sequence[Result]) -> float:
    """Return the part of all work, in per cent, that was done while others were busy."""
    return 100 * sum(result.cpu_while_busy for result in results) / sum(result.cpu for result in results)


def run(folder: Path | None, quick: bool) -> None:
    """Print the table, of every other machine: the others were looked at while pacing was written.

    `quick` takes every eighth.
    """
    found = traces(folder or FOLDER)
    if not found:
        raise SystemExit(f"no traces in {folder or FOLDER}: name their folder by --data")
    found = dict(list(found.items())[1 :: 8 if quick else 2])
    print(f"{heading()}\n")
    print(
        "| | machines | work while others are busy, % | less / more by 0.5 points "
        "| critical slots lost a day | others' slots lost | beats skipped a day | CPU of a replayed day |"
    )
    print(f"|{' --- |' * 8}")
    for label, some in (("as they are", found), ("with less CPU", smaller(found))):
        for part, chosen in (("gain", True), ("hardly gain", False)):
            of_these = {name: trace for name, trace in some.items() if can_gain(trace) is chosen}
            if of_these:
                print(f"| {label}, can {part} | {_row(of_these)} |", flush=True)


def _row(found: Mapping[str, Trace]) -> str:
    began = process_time()
    pairs = compared(found)
    before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
    days = sum(result.days for result in before)
    spent = (process_time() - began) / days / 2
    less, more = (sum(sign * pair.worse > 0.5 for pair in pairs) for sign in (-1, 1))
    cells = [
        f"{len(pairs)}",
        f"{high(before):.1f} → {high(after):.1f}",
        f"{less} / {more}",
        " → ".join(f"{sum(result.lost[CRITICAL] for result in each) / days:.2f}" for each in (before, after)),
        " → ".join(f"{sum(map(lost_by_others, each))}" for each in (before, after)),
        " → ".join(f"{sum(result.skipped for result in each) / days:.1f}" for each in (before, after)),
        f"{1000 * spent:.0f} ms",
    ]
    return " | ".join(cells)


def lost_by_others(result: Result) -> int:
    """Return how many slots of groups that are not critical had no run."""
    return result.lost.total() - result.lost[CRITICAL]
