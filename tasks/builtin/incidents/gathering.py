"""All that is measured beside the endpoints, asked of the store as series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from tasks.builtin.analysis.deviations import ENOUGH
from tasks.builtin.analysis.series import (
    FIGURES,
    Series,
    cpu_use,
    group_durations,
    machine_use,
    step_durations,
    waits,
)
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent, StepUsage
from tasks.store.store import Store

Name = TypeVar("Name", str, tuple[str, str])

#: The machine's figures are means of so long: one second of a busy CPU is what a computer is for.
PART = timedelta(minutes=5)
#: What beats decided that no series is made of.
_NO_RUNS = "not_due", "paused", "waits", "busy"


def gather(
    store: Store, settings: Settings, steps: Sequence[StepUsage], begin: datetime, now: datetime
) -> list[Series]:
    """Return how long steps and groups took, how late groups began, and how much of the machine was in use.

    From `begin` on, and of what runs seldom from longer ago; `steps` is what steps cost since then. What is
    later than `now` is left out: a clock that was set back leaves a future behind.

    Raises:
        StoreError: the store cannot be read.
    """
    steps = [step for step in steps if step.at <= now]
    events: list[GroupEvent] = [each for each in store.decisions(begin, but=_NO_RUNS) if each.at <= now]
    # Of what runs once a day, four weeks have 28 values: three months are better.
    if seldom := _seldom((step.group, step.step) for step in steps):
        older = store.attempts(seldom, len(seldom) * ENOUGH)
        steps = [*(step for step in older if step.at < begin), *steps]
    runs = events
    if rare := _seldom(event.group for event in events):
        before = store.runs(rare, len(rare) * ENOUGH)
        runs = [*(run for run in before if run.at < begin), *events]
    return [
        *step_durations(steps),
        *group_durations(runs, steps),
        *waits(events, settings),
        *_machine(store, begin, now),
    ]


def _seldom(names: Iterable[Name]) -> list[Name]:
    """Return the names that there are few of."""
    return [name for name, times in Counter(names).items() if times < ENOUGH]


def _machine(store: Store, begin: datetime, now: datetime) -> list[Series]:
    """Return the use of CPU and memory. The CPU's is that of readings, unless there are more samples."""
    over = now - timedelta(seconds=now.timestamp() % PART.total_seconds())  # the mean of a part scatters more
    buckets = [bucket for bucket in store.buckets(list(FIGURES), begin, PART) if bucket.at < over]
    sampled = {series.of: series for series in machine_use(buckets, PART)}
    read = cpu_use((each for each in store.readings(begin) if each.at < over), PART)
    if len(read.points) > len(sampled.get(read.of, Series(read.of, ())).points):
        sampled[read.of] = read
    return list(sampled.values())
