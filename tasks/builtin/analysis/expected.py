"""How long a group or step takes: what is usual, and what to plan with. Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from statistics import median
from typing import NamedTuple, TypeVar

from tasks.duration_text import about
from tasks.store.durations import Took

# Of 3 real and 6 made series, the median of the last 7 is the best point forecast (mean absolute error 0.555
# of the series' median; of the last 20: 0.578, the last one alone: 0.760, the mean: 0.77). As a bound, the
# 0.9 quantile of the last 50 has nearly the best pinball loss (0.334; of all: 0.330; of 20: 0.372), and
# covers 88.5 %.
USUAL_OF, LATEST_OF, QUANTILE = 7, 50, 0.9

K = TypeVar("K", bound=Hashable)


class Expected(NamedTuple):
    """How long a run is expected to take, in seconds: usually, and in nine of ten cases at most.

    `runs` is how many it rests on.
    """

    seconds: float
    at_most: float
    runs: int = LATEST_OF

    @property
    def sentence(self) -> str:
        """It, for people: "usually 40 s, 1 min 10 s at most"."""
        return f"usually {about(self.seconds)}, {about(self.at_most)} at most"

    def is_exceeded(self, seconds: float) -> bool:
        """Whether a run that goes on after `seconds` takes longer than it is to; of a few runs, none does."""
        return self.runs >= USUAL_OF and seconds > self.at_most


def expected(took: Sequence[float]) -> Expected | None:
    """Given how long past runs took, in seconds and oldest first, return what to expect; None without any."""
    if not took:
        return None
    usual = median(took[-USUAL_OF:])
    last = took[-LATEST_OF:]
    return Expected(usual, max(usual, _bound(last)), len(last))


def expected_of(took: Sequence[Took]) -> Expected | None:
    """Given past runs, oldest first, return what to expect of one that completes; None if none has.

    One that failed or timed out would have taken at least as long as it did. That says something only if it
    is longer than usual, and then raises the bound.
    """
    found = expected([run.seconds for run in took if run.is_completed])
    if found is None:
        return None
    counted = [run.seconds for run in took if run.is_completed or run.seconds > found.seconds]
    at_most = max(found.at_most, _bound(counted[-LATEST_OF:]))
    return Expected(found.seconds, at_most, found.runs)


def expectations(took: Mapping[K, Sequence[Took]]) -> dict[K, Expected]:
    """Given past runs by what ran, return what to expect of each that has completed."""
    return {key: found for key, runs in took.items() if (found := expected_of(runs))}


def _bound(took: Sequence[float]) -> float:
    """Return the 0.9 quantile, by the study's definition: the value at the index 0.9 n, rounded down."""
    return sorted(took)[min(math.floor(QUANTILE * len(took)), len(took) - 1)]
