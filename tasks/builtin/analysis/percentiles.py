"""Percentiles, as everybody's spreadsheet computes them."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """Given values in any order, return the one below which `part` (0 to 1) of them lie.

    Linear between the two nearest ranks: definition 7 of Hyndman & Fan, Sample Quantiles in
    Statistical Packages (1996), which spreadsheets and numpy use.

    Raises:
        ValueError: there are no values, or `part` is outside 0 to 1.
    """
    if not values or not 0 <= part <= 1:
        raise ValueError(f"no percentile {part} of {len(values)} values")
    ranked = sorted(values)
    place = part * (len(ranked) - 1)
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])
