"""How early growth is announced, and how often by mistake: `python -m tests.bench outgrowing`.

Made series of 60 days, looked at every second day from the tenth on: calm ones of several kinds, with their
limit from 3 % above nine of ten runs up to twice that, and ones that grow to their limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median

from tasks.builtin.analysis.outgrowing import grows
from tasks.store.durations import Took
from tests.bench.progress import heading, tell

DAYS, FIRST, STEP = 60, 10, 2
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RATES = (96, 12, 1)
NOISES: dict[str, Callable[[Random], float]] = {
    "10 %": lambda draw: draw.lognormvariate(0, 0.1),
    "20 %": lambda draw: draw.lognormvariate(0, 0.2),
    "50 %": lambda draw: draw.lognormvariate(0, 0.5),
    "Pareto": lambda draw: 0.7 + 0.3 * draw.paretovariate(1.5),
    "one in 8 long": lambda draw: (8.0 if draw.random() < 0.125 else 1.0) * draw.lognormvariate(0, 0.2),
}
CALM = ("constant", "shorter weekends", "busy hours", "drifts by 8 % a day", "jumps once by half")
GROWTH = ("linear", "linear from day 20 on", "by the same factor each day")


def levels(kind: str, draw: Random) -> Callable[[float], float]:
    """Return the level of a calm series by its day."""
    jump, drift = draw.uniform(10, 50), [0.0]
    for _ in range(DAYS):
        drift.append(0.8 * drift[-1] + draw.gauss(0, 0.08))

    def level(day: float) -> float:
        match kind:
            case "shorter weekends":
                return 0.5 if int(day) % 7 > 4 else 1.0
            case "busy hours":
                return 1 + 0.4 * math.sin(2 * math.pi * day)
            case "drifts by 8 % a day":
                return math.exp(drift[int(day)])
            case "jumps once by half":
                return 1.5 if day > jump else 1.0
        return 1.0

    return level


def growth(kind: str, times: float, full: float) -> Callable[[float], float]:
    """Return the level of a series that comes to so many times its start on the day `full`."""

    def level(day: float) -> float:
        begins = 20.0 if "20" in kind else 0.0
        part = max(0.0, (day - begins) / (full - begins))
        return times**part if "factor" in kind else 1 + (times - 1) * part

    return level


def made(
    level: Callable[[float], float], noise: Callable[[Random], float], a_day: int, draw: Random
) -> list[Took]:
    """Return the runs of 60 days."""
    days = [run / a_day for run in range(DAYS * a_day)]
    return [Took(START + day * DAY, 60 * level(day) * noise(draw)) for day in days]


def announced(took: list[Took], limit: float, until: float = DAYS) -> Iterator[float]:
    """Yield the days on which the limit is announced."""
    for day in range(FIRST, int(until) + 1, STEP):
        if grows(took, limit, START + day * DAY):
            yield day


def run(repeats: int, quick: bool) -> None:
    """Print both tables; `quick` makes fewer series."""
    count = (2 if quick else 4) * repeats
    print(heading(), end="\n\n")
    print("| calm series | series | ever announced | of all looks |\n| --- | --- | --- | --- |")
    for kind in CALM:
        tell(kind)
        draw, series, ever, looks = Random(kind), 0, 0, 0
        for noise in NOISES.values():
            for a_day in RATES:
                for _ in range(count):
                    took = made(levels(kind, draw), noise, a_day, draw)
                    last = sorted(each.seconds for each in took if each.at > START + 50 * DAY)
                    limit = last[int(0.9 * len(last))] * draw.choice((1.03, 1.2, 1.5, 2.0))
                    found = len(list(announced(took, limit)))
                    series, ever, looks = series + 1, ever + (found > 0), looks + found
        share = looks / series / len(range(FIRST, DAYS + 1, STEP))
        print(f"| {kind} | {series} | {ever / series:.1%} | {share:.2%} |")
    print("\n| growth | noise | runs a day | a week before | days before, median |")
    print("| --- | --- | --- | --- | --- |")
    for kind in GROWTH:
        tell(kind)
        for name in ("10 %", "20 %", "Pareto", "50 %"):
            for a_day in RATES:
                early = []
                draw = Random(f"{kind}{name}{a_day}")
                for _ in range(3 * count):
                    full, times = draw.uniform(35, 55), draw.choice((2, 3, 5))
                    took = made(growth(kind, times, full), NOISES[name], a_day, draw)
                    first = next(announced(took, 60.0 * times, full), full)
                    early.append(full - first)
                share = sum(days >= 7 for days in early) / len(early)
                print(f"| {kind} | {name} | {a_day} | {share:.0%} | {median(early):.0f} |")
