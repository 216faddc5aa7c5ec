"""Where the middle of many values lies and how far they scatter, whatever a few of them do."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

#: Makes the median absolute deviation an estimate of the standard deviation, for normal data
#: (Rousseeuw & Croux, Alternatives to the Median Absolute Deviation, 1993).
CONSISTENT = 1.4826


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Given values, return their median and their scatter, on the scale of a standard deviation.

    Up to half of them may be arbitrarily wrong. Raises StatisticsError without any.
    """
    middle = median(values)
    return middle, CONSISTENT * median(abs(value - middle) for value in values)
