"""Values around a clock: are they the same distance apart?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def step(values: Sequence[int], size: int) -> int | None:
    """Return how far apart sorted values are on a clock of `size`, if evenly so; `size` for a single one."""
    if len(values) == 1:
        return size
    apart = values[1] - values[0]
    evenly = all(second - first == apart for first, second in pairwise(values))
    return apart if evenly and values[0] + size - values[-1] == apart else None
