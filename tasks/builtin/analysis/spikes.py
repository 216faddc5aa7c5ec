"""Finds spikes in a series as it comes: each value is judged by earlier ones only.

What is expected is the level of the last 24 hours plus what is usual at that hour of the day. How far a
value may be off is learnt from how far values were off before: a spike is `TIMES` as far above what was
expected as all but the highest 3 % of the last 2,000. That asks nothing of the shape of their
distribution, as a number of standard deviations would; of log-normal values (sigma 0.5) it flags 0.02 %,
and a series that spikes often enough is not a series with spikes. The same is asked of the mean of the
last six values, so that what is a little too high for an hour is found as well.

The numbers below were chosen once for all series, on labelled ones of the Numenta Anomaly Benchmark and
on made ones: `python -m tests.bench spikes` shows what comes of them, and of their neighbours.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.builtin.analysis.rolling import Rolling
from tasks.builtin.analysis.season import KNOWN_AFTER, Season

#: With fewer values before it, none is judged.
ENOUGH = 100
#: Deviations are compared with those that all but this part of earlier ones stay below. One value in 33
#: may be a spike before spikes are the usual: an incident of 20 minutes a day is no more than half of that.
RARE = 0.03
#: A spike deviates so many times as much. Of normal values that is 5.6 standard deviations.
TIMES = 3.0
#: How many deviations are remembered: two weeks of one every ten minutes.
MEMORY = 2_000
#: How many values a slow rise is looked for in: an hour of one every ten minutes.
SHORT = 6
#: After so long without a spike the next one is news; before, it belongs to the same trouble.
QUIET = timedelta(hours=6)
#: The level is that of a whole day, so that no hour of the day weighs more, or of so many values.
DAY = timedelta(days=1)
_LEAST_OF_DAY, _MOST_OF_DAY = 30, 3_000


@dataclass(frozen=True, slots=True)
class SpikeVerdict:
    """What to think of one value; all in the unit of the series.

    `upper` and `lower` are the bounds outside which it would have been a spike by itself, infinite while
    too little is known. `is_news` is true for the first spike after `QUIET`.
    """

    value: float
    expected: float
    upper: float
    lower: float
    is_spike: bool
    is_news: bool


class Detector:
    """Takes a series value by value. With `both`, sudden lows are spikes as well.

    A spike is at least `least` (in the series' unit) and the part `least_part` of the level away from what
    was expected: nobody would notice less. Memory and time for a value have a bound.
    """

    def __init__(
        self,
        *,
        least: float = 0.0,
        least_part: float = 0.1,
        both: bool = False,
        rare: float = RARE,
        times: float = TIMES,
    ) -> None:
        self._least, self._least_part, self._both = least, least_part, both
        self._rare, self._times = rare, times
        self._day = Rolling(_MOST_OF_DAY, DAY, _LEAST_OF_DAY)
        self._season = Season()
        self._single, self._means = Rolling(MEMORY), Rolling(MEMORY)
        self._last: deque[float] = deque(maxlen=SHORT)
        self._began: datetime | None = None
        self._early: deque[tuple[datetime, float, float]] | None = deque(maxlen=MEMORY)
        self._spike_at: datetime | None = None

    def judge(self, at: datetime, value: float) -> SpikeVerdict:
        """Judge a finite value, measured `at` (not before the last one), and learn from it.

        Hours of the day are those of `at`: give it in the zone in which people live.
        """
        level = self._level() if len(self._day) else value
        expected = level + self._season.usual(at)
        least = max(self._least, self._least_part * abs(level))
        lower, upper, is_spike = self._compare(at, value - expected, least)
        is_news = is_spike and (self._spike_at is None or at - self._spike_at >= QUIET)
        if is_spike:
            self._spike_at = at
        self._season.add(at, value - level)
        self._day.add(at, value)
        self._begin(at, value - level, least)
        return SpikeVerdict(value, expected, expected + upper, expected + lower, is_spike, is_news)

    def _compare(self, at: datetime, deviation: float, least: float) -> tuple[float, float, bool]:
        """Return the bounds of a deviation, and whether it or the latest ones together are outside."""
        lower, upper = self._bounds(self._single, least)
        self._last.append(_within(deviation, lower, upper))
        mean = sum(self._last) / len(self._last)
        mean_lower, mean_upper = self._bounds(self._means, least)
        # A spike teaches that there was one, and not how high it was: the next would hide behind it.
        self._single.add(at, self._last[-1])
        self._means.add(at, _within(mean, mean_lower, mean_upper))
        return lower, upper, not (lower <= deviation <= upper and mean_lower <= mean <= mean_upper)

    def _begin(self, at: datetime, difference: float, least: float) -> None:
        """Once the season is known, learn the first days' deviations again: every noon was one until then."""
        if self._early is None:
            return
        self._began = self._began or at
        self._early.append((at, difference, least))
        if at - self._began < KNOWN_AFTER:
            return
        early, self._early = self._early, None
        self._last.clear()
        self._single, self._means = Rolling(MEMORY), Rolling(MEMORY)
        for earlier, difference, least in early:
            self._compare(earlier, difference - self._season.usual(earlier), least)

    def _level(self) -> float:
        """Return the mean of the quartiles: steadier than a median where day and night are two levels."""
        return sum(self._day.quantile(part) for part in (0.25, 0.5, 0.75)) / 3

    def _bounds(self, deviations: Rolling, least: float) -> tuple[float, float]:
        """Return within which deviations are not spikes."""
        if len(deviations) < ENOUGH:
            return -math.inf, math.inf
        upper = max(self._times * deviations.quantile(1 - self._rare), least)
        lower = min(self._times * deviations.quantile(self._rare), -least) if self._both else -math.inf
        return lower, upper


def _within(deviation: float, lower: float, upper: float) -> float:
    """Return the deviation, cut off at the bounds; not at 0, which would never be left again."""
    if 0 < upper < deviation:
        return upper
    return lower if deviation < lower < 0 else deviation
