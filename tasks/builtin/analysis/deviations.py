"""How far a series usually is off, and how unusual it is that it is as far off as now."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.builtin.analysis.rolling import MOST, Rolling

#: With so many deviations before it, one is judged; …
ENOUGH = 100
#: … or with so many over so long: what is measured once a day would otherwise wait for a quarter of a year.
#: Of fewer than `ENOUGH`, none counts as rare: the largest of them, high or low, is what is multiplied.
FEW, FEW_OVER = 20, timedelta(days=7)
#: Means of so many are judged once there are so many independent ones among them.
INDEPENDENT = 5
#: Deviations are compared with those that all but this part of earlier ones stay below. One value in 33
#: may be a spike before spikes are the usual: an incident of 20 minutes a day is no more than half of that.
RARE = 0.03
#: How long deviations are remembered, so that weekends are among them, and how many at the least: two weeks
#: of one every ten minutes.
MEMORY, LEAST_REMEMBERED = timedelta(days=7), 2_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A mean deviation beside what is usual.

    `strength` is how many times its bound it is: above 1 it is outside, 0 while too little is known, and
    infinite if the bound is 0. `limited` is the mean, or the bound if it lies outside, in the series' unit.
    """

    strength: float
    limited: float


class Deviations:
    """Takes deviations one by one, and compares the mean of the last `width` with earlier means.

    A bound is `times` what all but the rarest earlier means stay below. That asks nothing of the shape of
    their distribution, as a number of standard deviations would. Highs and lows have each their own bound;
    without `both` there is none for lows.
    """

    def __init__(self, width: int, times: float, *, both: bool) -> None:
        self._times, self._both = times, both
        self._few = min(max(FEW, INDEPENDENT * width), ENOUGH)
        self._last: deque[float] = deque(maxlen=width)
        self._width, self._means = width, Rolling(MOST, MEMORY, LEAST_REMEMBERED)
        self._recent: deque[tuple[datetime, float]] = deque()
        self._since: datetime | None = None

    def compare(self, at: datetime, deviation: float, least: float) -> Comparison:
        """Compare the mean with this deviation in it, and learn it. No bound is nearer to 0 than `least`."""
        self._last.append(deviation)
        mean = math.fsum(self._last) / len(self._last)
        self._since = self._since or at
        lower, upper = self._bounds(at - self._since, least)
        bound = upper if mean > 0 else -lower
        strength = 0.0 if not mean else abs(mean) / bound if bound else math.inf
        # What is outside teaches that it was, and not how far: the next would hide behind it. A bound of 0
        # does not limit: nothing else would ever be learnt again.
        limited = math.copysign(bound, mean) if bound and strength > 1 else mean
        self._learn(at, limited)
        return Comparison(strength, limited)

    def _learn(self, at: datetime, mean: float) -> None:
        """Add a mean to those that later ones are compared with.

        Of few, one that shares values with the next would hide what begins in it: it is held back so long.
        """
        self._recent.append((at, mean))
        are_few = len(self._means) + len(self._recent) < ENOUGH
        while len(self._recent) > (self._width - 1 if are_few else 0):
            self._means.add(*self._recent.popleft())

    def _bounds(self, known_for: timedelta, least: float) -> tuple[float, float]:
        count = len(self._means)
        if count < ENOUGH and (count < self._few or known_for < FEW_OVER):
            return -math.inf, math.inf
        if count >= ENOUGH:
            low, high = self._means.quantile(RARE), self._means.quantile(1 - RARE)
        else:
            high = max(self._means.quantile(1), -self._means.quantile(0))
            low = -high
        lower = min(self._times * low, -least) if self._both else -math.inf
        return lower, max(self._times * high, least)


def is_judged(times: Sequence[datetime]) -> bool:
    """Given the times at which a series was measured, in order, return whether the last value was judged."""
    before = len(times) - 1
    return before >= ENOUGH or (before >= FEW and times[-1] - times[0] >= FEW_OVER)
