"""How far a series usually is off, and how unusual it is that it is as far off as now."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from tasks.builtin.analysis.rolling import Rolling

#: With fewer deviations before it, none is judged.
ENOUGH = 100
#: Deviations are compared with those that all but this part of earlier ones stay below. One value in 33
#: may be a spike before spikes are the usual: an incident of 20 minutes a day is no more than half of that.
RARE = 0.03
#: How many deviations are remembered: a week of one every five minutes, two weeks of one every ten.
MEMORY = 2_000


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
        self._last: deque[float] = deque(maxlen=width)
        self._means = Rolling(MEMORY)

    def compare(self, at: datetime, deviation: float, least: float) -> Comparison:
        """Compare the mean with this deviation in it, and learn it. No bound is nearer to 0 than `least`."""
        self._last.append(deviation)
        mean = math.fsum(self._last) / len(self._last)
        lower, upper = self._bounds(least)
        bound = upper if mean > 0 else -lower
        strength = 0.0 if not mean else abs(mean) / bound if bound else math.inf
        # What is outside teaches that it was, and not how far: the next would hide behind it. A bound of 0
        # does not limit: nothing else would ever be learnt again.
        limited = math.copysign(bound, mean) if bound and strength > 1 else mean
        self._means.add(at, limited)
        return Comparison(strength, limited)

    def _bounds(self, least: float) -> tuple[float, float]:
        if len(self._means) < ENOUGH:
            return -math.inf, math.inf
        upper = max(self._times * self._means.quantile(1 - RARE), least)
        lower = min(self._times * self._means.quantile(RARE), -least) if self._both else -math.inf
        return lower, upper
