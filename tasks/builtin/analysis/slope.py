"""Which way a series goes, and whether that is more than chance. Robust against outliers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from statistics import NormalDist, median
from typing import TypeVar

T = TypeVar("T")

#: More points are thinned to this many, evenly: 200 make 19,900 pairs, some 10 ms.
MOST = 200


def theil_sen(points: Sequence[tuple[float, float]]) -> float:
    """Given points (x, y), return the median of all slopes between two of them, in units of y per x.

    Up to 29 % of the points may be arbitrarily wrong (Sen, Estimates of the Regression Coefficient
    Based on Kendall's Tau, 1968). 0 if fewer than two points differ in x.
    """
    found = _slopes(points)
    return median(found) if found else 0.0


def theil_sen_interval(points: Sequence[tuple[float, float]], confidence: float) -> tuple[float, float]:
    """Return between which slopes the true one lies with this confidence, 0 to 1; needs two points at least.

    Of the ordered slopes between two points, it is those at the ranks that Kendall's variance gives (Sen,
    1968). It takes points for independent.
    """
    found, count = sorted(_slopes(points)), min(len(points), MOST)
    deviation = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    spread = NormalDist().inv_cdf((1 + confidence) / 2) * deviation
    low, high = math.floor((len(found) - spread) / 2), math.ceil((len(found) + spread) / 2)
    return found[max(low, 0)], found[min(high, len(found) - 1)]


def _slopes(points: Sequence[tuple[float, float]]) -> list[float]:
    pairs = combinations(thinned(points), 2)
    return [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairs if x1 != x2]


def mann_kendall(values: Sequence[float]) -> float:
    """Given values in order of time, return how probable such a trend is by chance: two-sided p, 0 to 1.

    Mann, Nonparametric Tests against Trend (1945), with the correction for ties of Kendall (1975) and
    the normal approximation, which holds from about 10 values on. It takes values for independent.
    """
    values = thinned(values)
    count = len(values)
    score = sum((later > earlier) - (later < earlier) for earlier, later in combinations(values, 2))
    ties = sum(size * (size - 1) * (2 * size + 5) for size in Counter(values).values())
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    if variance <= 0 or score == 0:
        return 1.0
    deviations = (abs(score) - 1) / math.sqrt(variance)
    return math.erfc(deviations / math.sqrt(2))


def thinned(values: Sequence[T], most: int = MOST) -> Sequence[T]:
    """Return at most `most` of the values, evenly spread, the first and last among them."""
    if len(values) <= most:
        return values
    last = len(values) - 1
    return [values[index * last // (most - 1)] for index in range(most)]
