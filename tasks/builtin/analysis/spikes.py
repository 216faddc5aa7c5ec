"""Finds what is unusual in a series as it comes: each value is judged by earlier ones only.

What is expected is the level of the last day plus what is usual at that hour (`baseline`). Four things are
compared with how far they usually are off (`deviations`): the value itself and the mean of the last six,
beside the day; and the means of the last 36 and 144, beside the level of a week, for what is slow and wide: a
day's level would follow it. The strongest of the four counts. Which spikes are worth an alert is in `news`.

The numbers were chosen on labelled series of the Numenta Anomaly Benchmark, by leaving out one category after
the other: `python -m tests.bench spikes` shows what comes of them, and of their neighbours.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tasks.builtin.analysis.baseline import Baseline
from tasks.builtin.analysis.deviations import Deviations
from tasks.builtin.analysis.rolling import MOST
from tasks.builtin.analysis.season import KNOWN_AFTER


class Times(NamedTuple):
    """How many times as much as all but the rarest a spike deviates: a value alone, and a mean of several."""

    value: float
    mean: float


#: Of normal values: 6 and 4 deviations. Single values have heavy tails, of which means have less: one bound
#: for both would be too low for the ones, or too high for the others.
TIMES = Times(3.4, 2.3)
#: How many values a short rise is looked for in: half an hour of one every five minutes.
SHORT = 6
#: How many values slow changes are looked for in: three hours and half a day of one every five minutes.
LONG = (36, 144)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
#: How many values are a day's level at the least, and a week's.
_LEAST_OF_DAY, _LEAST_OF_WEEK = 30, 200


@dataclass(frozen=True, slots=True)
class SpikeVerdict:
    """What to think of one value.

    `expected` is in the unit of the series: beside the day, or beside the week if it is more unusual there.
    `strength` is how many times as far off it is as a spike must be, alone or together with those before it.
    """

    value: float
    expected: float
    strength: float

    @property
    def is_spike(self) -> bool:
        """Whether it is unusual."""
        return self.strength > 1


@dataclass(frozen=True, slots=True)
class _Value:
    """A value with the levels before it, and the least deviation that matters."""

    at: datetime
    value: float
    day: float
    week: float
    least: float


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
        times: Times = TIMES,
    ) -> None:
        self._least, self._least_part, self._both, self._times = least, least_part, both, times
        self._day, self._week = Baseline(DAY, _LEAST_OF_DAY), Baseline(WEEK, _LEAST_OF_WEEK)
        self._began: datetime | None = None
        self._early: deque[_Value] | None = deque(maxlen=MOST)
        self._forget()

    def judge(self, at: datetime, value: float) -> SpikeVerdict:
        """Judge a finite value, measured `at` (not before the last one), and learn from it.

        Hours are those of `at`: give it in the zone in which people live.
        """
        day, week = self._day.level(value), self._week.level(value)
        given = _Value(at, value, day, week, max(self._least, self._least_part * abs(day)))
        verdict = self._compare(given)
        self._day.add(at, value, day)
        self._week.add(at, value, week)
        self._begin(given)
        return verdict

    def _compare(self, given: _Value) -> SpikeVerdict:
        of_day = self._day.expected(given.at, given.value, given.day)
        single = self._single.compare(given.at, given.value - of_day, given.least)
        # No single value makes a mean unusual, however high it is.
        limited = of_day + single.limited
        of_week = self._week.expected(given.at, limited, given.week)
        slow = limited - of_week
        by_day = max(single.strength, self._short.compare(given.at, single.limited, given.least).strength)
        by_week = max(long.compare(given.at, slow, given.least).strength for long in self._long)
        if by_day >= by_week:
            return SpikeVerdict(given.value, of_day, by_day)
        return SpikeVerdict(given.value, of_week, by_week)

    def _forget(self) -> None:
        """Know nothing of deviations."""
        self._single = Deviations(1, self._times.value, both=self._both)
        self._short, *self._long = (
            Deviations(width, self._times.mean, both=self._both) for width in (SHORT, *LONG)
        )

    def _begin(self, given: _Value) -> None:
        """Once the season is known, learn the first days' deviations again: every noon was one until then."""
        if self._early is None:
            return
        self._began = self._began or given.at
        self._early.append(given)
        if given.at - self._began < KNOWN_AFTER:
            return
        early, self._early = self._early, None
        self._forget()
        for earlier in early:
            self._compare(earlier)
