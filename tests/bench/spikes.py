"""How well spikes are found in labelled real series: `python -m tests.bench spikes [--data FOLDER]`.

The folder holds series as `NAME.csv` (timestamp,value) and `windows.json`: by file name, the stretches in
which something was wrong. The first 15 % of a series are for learning and do not count, as in the Numenta
Anomaly Benchmark (Lavin & Ahmad, Evaluating Real-Time Anomaly Detection Algorithms, 2015).
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from statistics import fmean
from time import perf_counter

from tasks.builtin.analysis.robust import spread
from tasks.builtin.analysis.spikes import DAY, QUIET, RARE, TIMES, Detector

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab"
_SETTINGS = (
    *((0.05, times) for times in (3.0, 4.0)),
    *((0.03, times) for times in (2.5, 3.0, 3.5)),
    *((0.02, times) for times in (2.0, 2.5, 3.0)),
    *((0.01, times) for times in (2.0, 2.5)),
)
_HALVES = 200
_LEARNING, _MOST_LEARNING = 0.15, 750  # part of a series, and points at most

Points = Sequence[tuple[datetime, float]]
#: Given a series, tells at which of its points there is an alert.
Finder = Callable[[Points], list[int]]


@dataclass(frozen=True)
class Series:
    """A series, and where in it something was wrong: indexes of first and last point."""

    name: str
    points: Points
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """What a finder found in one series or in many: windows of how many, alerts outside of how many points.

    `score` is that of the benchmark's standard profile, not yet scaled: 1 for a window found at its very
    start, -1 for one missed, -0.11 for an alert long before or after any.
    """

    windows: int
    of: int
    alerts: int
    points: int
    score: float

    @property
    def per_thousand(self) -> float:
        """Alerts outside windows per 1,000 points outside."""
        return 1000 * self.alerts / self.points if self.points else 0.0

    @property
    def scaled(self) -> float:
        """The score as the benchmark publishes it: 0 for no alert at all, 100 for perfect."""
        return 100 * (self.score + self.of) / (2 * self.of) if self.of else math.nan


def run(data: Path | None, quick: bool) -> None:
    """Measure and print."""
    folder = data or FOLDER
    if not (folder / "windows.json").is_file():
        sys.exit(f"{folder} has no windows.json: name a folder with labelled series by --data FOLDER")
    series = [_read(folder, name, windows) for name, windows in _labels(folder)]
    finders = {
        "Rhythm's detector": detector,
        "above median + 6 MAD of the last 24 h": rolling_threshold,
        "above median + 6 MAD of the learning period": fixed_threshold,
    }
    results = {}
    for name, finder in finders.items():
        began = perf_counter()
        results[name] = [judge(each, finder(each.points)) for each in series]
        seconds = perf_counter() - began
        results[name].append(total(results[name]))
        speed = sum(len(each.points) for each in series) / seconds
        print(f"{name}: {speed:,.0f} points/s")
    print("\nwindows found / windows, alerts outside windows per 1,000 points; alerts within")
    print(f"{QUIET.total_seconds() / 3600:g} quiet hours of the last are the same one\n")
    width = max(len(each.name) for each in series)
    for index, name in enumerate([*(each.name for each in series), "total"]):
        cells = [
            f"{f.windows:3}/{f.of:<3} {f.per_thousand:7.2f}" for f in (r[index] for r in results.values())
        ]
        print(f"{name:{width}}  " + "  |  ".join(cells))
    print("\nScores as in the benchmark's standard profile, computed here, on these series alone:")
    print(", ".join(f"{name} {found[-1].scaled:.1f}" for name, found in results.items()))
    if not quick:
        _neighbours(series)


def _neighbours(series: Sequence[Series]) -> None:
    """Print what other numbers would have done, and what choosing them on half of the series is worth."""
    print("\nOther settings, in total:\n")
    tried = []
    for rare, times in _SETTINGS:
        found = [judge(each, detector(each.points, rare, times)) for each in series]
        tried.append(found)
        whole = total(found)
        ours = "  (ours)" if (rare, times) == (RARE, TIMES) else ""
        print(
            f"rare {rare:5.1%}, times {times:3}: {whole.windows:3}/{whole.of:<3} {whole.per_thousand:6.2f}"
            f"  {whole.scaled:5.1f}{ours}"
        )
    seen, unseen = [], []
    dice = Random(1)
    for _ in range(_HALVES):
        half = dice.sample(range(len(series)), len(series) // 2)
        other = [index for index in range(len(series)) if index not in half]
        best = max((total([found[index] for index in half]).score, n) for n, found in enumerate(tried))[1]
        seen.append(total([tried[best][index] for index in half]).scaled)
        unseen.append(total([tried[best][index] for index in other]).scaled)
    print(f"\nThe best of these on half of the series scores {fmean(seen):.1f} there, and on the others")
    print(f"{fmean(unseen):.1f} (means of {_HALVES} random halves): that much of a score is luck.")


def detector(points: Points, rare: float = RARE, times: float = TIMES) -> list[int]:
    """Ours; both ways, as the labels tell of highs and lows."""
    ours = Detector(both=True, rare=rare, times=times)
    return [index for index, point in enumerate(points) if ours.judge(*point).is_news]


def rolling_threshold(points: Points) -> list[int]:
    """The plain robust way, without looking ahead."""
    latest: deque[tuple[datetime, float]] = deque()
    found = []
    threshold = math.inf
    for index, (at, value) in enumerate(points):
        if value > threshold:
            found.append(index)
        latest.append((at, value))
        while at - latest[0][0] >= DAY:
            latest.popleft()
        if len(latest) >= 30 and index % 6 == 0:  # seldom, as it sorts all of them
            threshold = _six_mad([value for _, value in latest])
    return _news(points, found)


def fixed_threshold(points: Points) -> list[int]:
    """One threshold forever."""
    threshold = _six_mad([value for _, value in points[: _learning(points)]])
    return _news(points, [index for index, (_, value) in enumerate(points) if value > threshold])


def judge(series: Series, alerts: Iterable[int]) -> Found:
    """Given the indexes of alerts, return what they found."""
    counted = [index for index in alerts if index >= _learning(series.points)]
    score, found, outside = 0.0, 0, 0
    for first, last in series.windows:
        inside = [index for index in counted if first <= index <= last]
        found += bool(inside)
        score += _weight(-(last - inside[0] + 1) / (last - first + 1)) / _weight(-1) if inside else -1
    for index in counted:
        if any(first <= index <= last for first, last in series.windows):
            continue
        outside += 1
        before = [(first, last) for first, last in series.windows if last < index]
        late = (index - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else math.inf
        score += 0.11 * _weight(late)
    inside_points = sum(last - first + 1 for first, last in series.windows)
    points = len(series.points) - _learning(series.points) - inside_points
    return Found(found, len(series.windows), outside, points, score)


def total(found: Sequence[Found]) -> Found:
    """Return what was found in all."""
    return Found(
        sum(each.windows for each in found),
        sum(each.of for each in found),
        sum(each.alerts for each in found),
        sum(each.points for each in found),
        sum(each.score for each in found),
    )


def _weight(late: float) -> float:
    """Return what an alert is worth: near 1 at a window's start (-1), 0 at its end (0), -1 long after."""
    return 2 / (1 + math.exp(5 * late)) - 1 if late <= 3 else -1.0


def _learning(points: Points) -> int:
    return min(int(_LEARNING * len(points)), _MOST_LEARNING)


def _six_mad(values: Sequence[float]) -> float:
    middle, scatter = spread(values)
    return middle + max(6 * scatter, 0.5 * abs(middle))


def _news(points: Points, spikes: Iterable[int]) -> list[int]:
    """Return those spikes that follow no other within the detector's quiet hours."""
    found: list[int] = []
    last: datetime | None = None
    for index in spikes:
        at = points[index][0]
        if last is None or at - last >= QUIET:
            found.append(index)
        last = at
    return found


def _labels(folder: Path) -> list[tuple[str, list[list[str]]]]:
    return sorted(json.loads((folder / "windows.json").read_text(encoding="utf-8")).items())


def _read(folder: Path, name: str, windows: Sequence[Sequence[str]]) -> Series:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = [(row["timestamp"], row["value"]) for row in csv.DictReader(file)]
    points = [(datetime.fromisoformat(at), float(value)) for at, value in rows]
    stretches = []
    for begin, end in windows:
        start, stop = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        inside = [index for index, (at, _) in enumerate(points) if start <= at <= stop]
        if inside:
            stretches.append((inside[0], inside[-1]))
    return Series(name.removesuffix(".csv"), points, stretches)
