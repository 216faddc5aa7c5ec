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
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from time import process_time

from tasks.builtin.analysis.news import ENOUGH, REST, WITHIN, News
from tasks.builtin.analysis.robust import spread
from tasks.builtin.analysis.spikes import DAY, TIMES, Detector, Times
from tests.bench import made_durations

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab"
#: What else the constants could be: of `spikes` TIMES, of `news` REST, ENOUGH and WITHIN.
_OF_VALUES, _OF_MEANS = (2.7, 3.0, TIMES.value, 3.9, 4.5), (2.1, TIMES.mean, 2.5, 2.7)
_REST = tuple(timedelta(hours=hours) for hours in (10, 12, 14, 18, 24))
_ENOUGH = (2, 3, 4)
_WITHIN = tuple(timedelta(days=days) for days in (5, 6, 7, 8))
_MOST_ALERTS = 0.9  # outside of windows, per 1,000 points, where constants are chosen: 1.0 with a margin
_LEARNING, _MOST_LEARNING = 0.15, 750  # part of a series, and points at most

Points = Sequence[tuple[datetime, float]]
#: Given a series, returns at which of its points there is an alert.
Finder = Callable[[Points], list[int]]


@dataclass(frozen=True)
class Series:
    """A series, and where in it something was wrong: indexes of first and last point."""

    name: str
    points: Points
    windows: Sequence[tuple[int, int]]

    @property
    def category(self) -> str:
        """What its name begins with."""
        return self.name.split("__")[0]


@dataclass(frozen=True)
class Found:
    """What a finder found in one series or in many: windows of how many, alerts outside of how many points.

    `hits` is what the windows score in the benchmark, not yet scaled: 1 for one found at its very start, -1
    for one missed. `false` is what the alerts outside come to, -1 for one long before or after any window.
    """

    windows: int
    of: int
    alerts: int
    points: int
    hits: float
    false: float

    @property
    def per_thousand(self) -> float:
        """Alerts outside windows per 1,000 points outside."""
        return 1000 * self.alerts / self.points if self.points else 0.0

    def scaled(self, weight: float = 0.11) -> float:
        """The score as the benchmark publishes it: 0 for no alert at all, 100 for perfect.

        `weight` is that of a false alert: 0.11 in the standard profile, 0.22 in that for few of them.
        """
        return 100 * (self.hits + weight * self.false + self.of) / (2 * self.of) if self.of else math.nan


@dataclass(frozen=True)
class Constants:
    """One choice of what else the constants could be."""

    times: Times = TIMES
    rest: timedelta = REST
    enough: int = ENOUGH
    within: timedelta = WITHIN


def run(data: Path | None, quick: bool) -> None:
    """Measure and print."""
    made_durations.run(quick)
    folder = data or FOLDER
    if not (folder / "windows.json").is_file():
        sys.exit(f"{folder} has no windows.json: name a folder with labelled series by --data FOLDER")
    series = all_series(folder)
    finders = {
        "Rhythm's detector": detector,
        "above median + 6 MAD of the last 24 h": rolling_threshold,
        "above median + 6 MAD of the learning period": fixed_threshold,
    }
    results = {}
    for name, finder in finders.items():
        began = process_time()
        results[name] = [judge(each, finder(each.points)) for each in series]
        seconds = process_time() - began
        results[name].append(total(results[name]))
        speed = sum(len(each.points) for each in series) / seconds
        print(f"{name}: {speed:,.0f} points a second of CPU")
    print("\nwindows found / windows, alerts outside windows per 1,000 points; alerts within")
    print(f"{REST / timedelta(hours=1):g} hours of the last are the same one\n")
    width = max(len(each.name) for each in series)
    for index, name in enumerate([*(each.name for each in series), "total"]):
        cells = [
            f"{f.windows:3}/{f.of:<3} {f.per_thousand:7.2f}" for f in (r[index] for r in results.values())
        ]
        print(f"{name:{width}}  " + "  |  ".join(cells))
    print("\nScores as in the benchmark's profiles (standard; few false alerts), on these series alone:")
    for name, found in results.items():
        print(f"{name}: {found[-1].scaled():.1f}; {found[-1].scaled(0.22):.1f}")
    if not quick:
        _choose(series)


def all_series(folder: Path) -> list[Series]:
    """Return the labelled series of a folder, by name."""
    return [_read(folder, name, windows) for name, windows in _labels(folder)]


def _choose(series: Sequence[Series]) -> None:
    """Print what other constants would have done, and what ours come to chosen without what is scored."""
    tried: dict[Constants, list[Found]] = {}
    for times in (Times(*each) for each in product(_OF_VALUES, _OF_MEANS)):
        spikes = [_spikes(each.points, times) for each in series]
        for rest, enough, within in product(_REST, _ENOUGH, _WITHIN):
            tried[Constants(times, rest, enough, within)] = [
                judge(each, _alerts(found, News(rest=rest, enough=enough, within=within)))
                for each, found in zip(series, spikes, strict=True)
            ]
    print("\nOne constant changed, in total (standard; few false alerts; alerts per 1,000):\n")
    for changed in (
        *(Constants(times=TIMES._replace(value=value)) for value in _OF_VALUES),
        *(Constants(times=TIMES._replace(mean=mean)) for mean in _OF_MEANS),
        *(Constants(rest=rest) for rest in _REST),
        *(Constants(enough=enough) for enough in _ENOUGH),
        *(Constants(within=within) for within in _WITHIN),
    ):
        print(_line(_named(changed), total(tried[changed])))
    print("\nConstants chosen on all categories but one, and scored on that one:\n")
    unseen = []
    for category in sorted({each.category for each in series}):
        out = [index for index, each in enumerate(series) if each.category == category]
        others = [index for index in range(len(series)) if index not in out]
        seen = {constants: total([found[n] for n in others]) for constants, found in tried.items()}
        allowed = [each for each in tried if seen[each].per_thousand <= _MOST_ALERTS] or list(tried)
        best = max(allowed, key=lambda each: seen[each].scaled())
        unseen += [tried[best][index] for index in out]
        print(_line(f"{category}: {_named(best)}", total([tried[best][index] for index in out])))
    print(_line("all of them", total(unseen)))


def _named(constants: Constants) -> str:
    times = constants.times
    hours, days = constants.rest / timedelta(hours=1), constants.within / timedelta(days=1)
    ours = " (ours)" if constants == Constants() else ""
    bounds = f"times {times.value:g} and {times.mean:g}, rest {hours:g} h"
    return f"{bounds}, {constants.enough} in {days:g} days{ours}"


def _line(name: str, found: Found) -> str:
    scores = f"{found.scaled():5.1f}  {found.scaled(0.22):5.1f}  {found.per_thousand:5.2f}"
    return f"{name:72}  {found.windows:3}/{found.of:<3}  {scores}"


def detector(points: Points) -> list[int]:
    """Ours; both ways, as the labels tell of highs and lows."""
    return _alerts(_spikes(points, TIMES), News())


def _spikes(points: Points, times: Times) -> list[tuple[int, datetime, float]]:
    """Return the index, time and strength of each spike."""
    ours = Detector(both=True, times=times)
    verdicts = ((index, at, ours.judge(at, value)) for index, (at, value) in enumerate(points))
    return [(index, at, verdict.strength) for index, at, verdict in verdicts if verdict.is_spike]


def _alerts(spikes: Iterable[tuple[int, datetime, float]], news: News) -> list[int]:
    return [index for index, at, strength in spikes if news.is_news(at, strength)]


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
    hits, false, found, outside = 0.0, 0.0, 0, 0
    for first, last in series.windows:
        inside = [index for index in counted if first <= index <= last]
        found += bool(inside)
        hits += _weight(-(last - inside[0] + 1) / (last - first + 1)) / _weight(-1) if inside else -1
    for index in counted:
        if any(first <= index <= last for first, last in series.windows):
            continue
        outside += 1
        before = [(first, last) for first, last in series.windows if last < index]
        late = (index - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else math.inf
        false += _weight(late)
    inside_points = sum(last - first + 1 for first, last in series.windows)
    points = len(series.points) - _learning(series.points) - inside_points
    return Found(found, len(series.windows), outside, points, hits, false)


def total(found: Sequence[Found]) -> Found:
    """Return what was found in all."""
    return Found(
        sum(each.windows for each in found),
        sum(each.of for each in found),
        sum(each.alerts for each in found),
        sum(each.points for each in found),
        sum(each.hits for each in found),
        sum(each.false for each in found),
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
    """Return those spikes that follow no other within the hours that we rest after an alert."""
    found: list[int] = []
    last: datetime | None = None
    for index in spikes:
        at = points[index][0]
        if last is None or at - last >= REST:
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
