"""The health score: one number from 0 to 100 for a machine and its services.

It starts at 100 and loses up to 35 points for the CPU, 35 for the memory and 30 for the endpoints:

- CPU and memory, by their mean against the targets of `[trends]`: nothing up to `target`, a third of
  the points at `warning`, all of them from `critical` on, linear in between;
- endpoints, by the mean of their availabilities: nothing at 100 %, all points from 90 % down, linear in
  between (one hour in ten without a service is as bad as it gets).

What was not measured loses nothing, and `basis` lists what was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from tasks.settings.builtins import Target, TrendSettings

#: The most points that each can lose.
CPU_POINTS, MEMORY_POINTS, ENDPOINT_POINTS = 35.0, 35.0, 30.0
#: The availability from which on down all of the endpoints' points are lost.
WORST_AVAILABILITY = 0.9
_AT_WARNING = 1 / 3


@dataclass(frozen=True, slots=True)
class Score:
    """Points from 0 to 100, and what they rest on: CPU, memory, endpoints."""

    points: float
    basis: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.points:.0f} of 100" if self.basis else "unknown"


def score(
    cpu: float | None, memory: float | None, availabilities: Sequence[float], settings: TrendSettings
) -> Score:
    """Given mean percentages and availabilities (0 to 1), return the score."""
    lost: dict[str, float] = {}
    if cpu is not None:
        lost["CPU"] = CPU_POINTS * _share(cpu, settings.cpu)
    if memory is not None:
        lost["memory"] = MEMORY_POINTS * _share(memory, settings.memory)
    if availabilities:
        missing = (1 - fmean(availabilities)) / (1 - WORST_AVAILABILITY)
        lost["endpoints"] = ENDPOINT_POINTS * min(1.0, max(0.0, missing))
    return Score(100 - sum(lost.values()), tuple(lost))


def _share(percent: float, target: Target) -> float:
    """Return which part of its points a figure loses, 0 to 1."""
    if percent <= target.target:
        return 0.0
    if percent < target.warning:
        return _AT_WARNING * (percent - target.target) / (target.warning - target.target)
    beyond = (percent - target.warning) / (target.critical - target.warning)
    return min(1.0, _AT_WARNING + (1 - _AT_WARNING) * beyond)
