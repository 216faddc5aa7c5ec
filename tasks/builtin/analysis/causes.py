"""What a reason comes down to, so that the same one can be counted."""

from __future__ import annotations

import re

# "health_check failed at 02:10", "running since 10:05": the time differs every time.
_CLOCK = re.compile(r",? (?:begun at|at|since) \d\d?:\d\d\b")


def cause(reason: str) -> str:
    """Given the reason of a decision, return it without times of the day."""
    return _CLOCK.sub("", reason)
