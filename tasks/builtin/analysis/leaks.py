"""Processes that only ever grow: suspects for leaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tasks.builtin.analysis.slope import mann_kendall, theil_sen
from tasks.store.measurements import Sample

#: Fewer looks, or looks within a shorter time, prove nothing: 6 that only rise have p = 0.009.
LEAST_LOOKS, LEAST_TIME = 6, timedelta(hours=3)
#: The trend must not be chance (Mann-Kendall, two-sided), …
P = 0.01
#: … and the growth over the time must be at least this part of where it began: caches fill as well.
LEAST_PART = 0.2


@dataclass(frozen=True, slots=True)
class Leak:
    """One figure of one process that grows: `per_hour` in the figure's unit, `now` its latest value."""

    name: str
    per_hour: float
    now: float
    hours: float


def suspect(name: str, samples: Sequence[Sample], least: float) -> Leak | None:
    """Given a process' samples of one figure, oldest first, return it if it grows steadily.

    `least` is the growth over the whole time, in the figure's unit, below which nobody cares.
    """
    if len(samples) < LEAST_LOOKS or samples[-1].at - samples[0].at < LEAST_TIME:
        return None
    start = samples[0].at
    hours = [(sample.at - start).total_seconds() / 3600 for sample in samples]
    values = [sample.value for sample in samples]
    per_hour = theil_sen(list(zip(hours, values, strict=True)))
    grown = per_hour * hours[-1]
    if grown < max(least, LEAST_PART * values[0]) or mann_kendall(values) >= P:
        return None
    return Leak(name, per_hour, values[-1], hours[-1])


def suspects(series: Iterable[tuple[str, Sequence[Sample]]], least: float) -> list[Leak]:
    """Given the samples of many processes by name, return those that grow, the fastest first."""
    found = [each for name, samples in series if (each := suspect(name, samples, least))]
    return sorted(found, key=lambda each: each.per_hour, reverse=True)
