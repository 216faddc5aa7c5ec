"""What the dashboard shows, asked of the store: few enough rows for a page, however long the past is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from math import ceil
from typing import TypeVar
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.expected import LATEST_OF, Expected, expectations
from tasks.builtin.analysis.outgrowing import Outgrowing, outgrowing
from tasks.builtin.dashboard.window import Window
from tasks.builtin.incidents.record import KeptIncident, worth_showing
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store import durations
from tasks.store.durations import Took
from tasks.store.measurements import (
    AVAILABLE,
    CPU,
    MEMORY,
    OTHERS,
    OWN,
    Bucket,
    GroupEvent,
    ProbeBucket,
    StepUsage,
    Transition,
)
from tasks.store.store import Store

#: The days of the trends are put together from stretches as short as any time zone's odd half hour.
_STRETCH = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)
_FIGURES = (CPU, MEMORY)
_READ = (OTHERS, OWN, AVAILABLE)
_RUN = "run"
_NOT_DUE = "not_due"  # no event: nothing was to be done


@dataclass(frozen=True, slots=True)
class Day:
    """A figure over a calendar day: its mean, and the means of its quietest and its busiest half hour."""

    day: date
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class EndpointDay:
    """How an endpoint answered over a calendar day; latencies in seconds, None if it never answered.

    `high` is the mean of its slowest half hour.
    """

    day: date
    asked: int
    ok: int
    mean: float | None
    high: float | None


AnyDay = TypeVar("AnyDay", Day, EndpointDay)
Timed = TypeVar("Timed", Bucket, ProbeBucket, GroupEvent, StepUsage, Transition)


@dataclass(frozen=True, slots=True)
class Past:
    """All that the page shows: `window` in detail, and the retention by days.

    `events` are oldest first, without those that were not due. `held` are the groups that the last beat kept
    from running, `load` is what beats and the daemon read of the machine, by figure. `breakers` are the
    latest transitions, `incidents` those of the window that were found last.
    """

    window: Window
    settings: Settings
    events: tuple[GroupEvent, ...]
    steps: tuple[StepUsage, ...]
    machine: Mapping[str, tuple[Bucket, ...]]
    probes: Mapping[str, tuple[ProbeBucket, ...]]
    transitions: tuple[Transition, ...]
    breakers: Mapping[str, Transition]
    machine_days: Mapping[str, tuple[Day, ...]]
    endpoint_days: Mapping[str, tuple[EndpointDay, ...]]
    incidents: tuple[KeptIncident, ...] = ()
    held: tuple[GroupEvent, ...] = ()
    load: Mapping[str, tuple[Bucket, ...]] = field(default_factory=dict)
    expected: Mapping[str, Expected] = field(default_factory=dict)
    """How long groups take."""
    expected_steps: Mapping[tuple[str, str], Expected] = field(default_factory=dict)
    outgrowing: tuple[Outgrowing, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in dependency order, and then any others that something happened to."""
        known = self.settings.order
        return (*known, *sorted({event.group for event in self.events} - set(known)))

    def label(self, group: str) -> str:
        """Return a group's name, with its lane if that is not `main`."""
        settings = self.settings.groups.get(group)
        return f"{group} ({settings.lane})" if settings and settings.lane != MAIN else group

    def failed_steps(self, run: GroupEvent) -> str:
        """Return which steps of a group's run failed, and how: "check_health timed out"; maybe none."""
        end = run.at + timedelta(seconds=run.seconds or 0.0)
        failed = {
            usage.step: usage.outcome.value.replace("_", " ")
            for usage in self.steps
            if usage.group == run.group and run.at <= usage.at <= end and usage.outcome.is_failure
        }
        return ", ".join(f"{step} {outcome}" for step, outcome in failed.items())


def gather(store: Store, settings: Settings, now: datetime, *, hours: float) -> Past:
    """Ask the store for the `hours` before `now` (aware), and for the days of the whole retention.

    If there is nothing from the first of these hours, the window begins later: a young rhythm is not a
    sliver at the end of a day. What is later than `now` is left out: a clock that was set back leaves a
    future behind.

    Raises:
        StoreError: it cannot be read.
    """
    zone = settings.zone
    asked = Window.before(now, hours, zone)
    long_ago = _midnight(asked.end - settings.retention, zone)
    today = asked.end.astimezone(zone).date()
    machine = _by_name(_until(now, store.buckets(_FIGURES, long_ago, _STRETCH)))
    probes = _by_endpoint(_until(now, store.probe_buckets(long_ago, _STRETCH)))
    decisions = _until(now, store.decisions(asked.start))
    events = tuple(event for event in decisions if event.decision != _NOT_DUE)
    steps = _until(now, store.steps(asked.start))
    known = [event.at for event in events] + [step.at for step in steps]
    known += [bucket.at for bucket in _until(now, store.buckets(_FIGURES, asked.start, _MINUTE))]
    known += [bucket.at for bucket in _until(now, store.probe_buckets(asked.start, _MINUTE))]
    known += [bucket.at for bucket in _until(now, store.reading_buckets(AVAILABLE, asked.start, _MINUTE))]
    hours = fitting(now, hours, known)
    window = Window.before(now, hours, zone)
    since = window.start
    groups, steps_took = _took(settings, now)
    return Past(
        window=window,
        settings=settings,
        events=events,
        steps=steps,
        machine=_by_name(_until(now, store.buckets(_FIGURES, since, window.part))),
        probes=_by_endpoint(_until(now, store.probe_buckets(since, window.part))),
        transitions=_until(now, store.transitions(None, since)),
        breakers=store.last_transitions(),
        machine_days={name: _over(days(found, zone), today) for name, found in machine.items()},
        endpoint_days={name: _over(endpoint_days(found, zone), today) for name, found in probes.items()},
        incidents=tuple(each for each in worth_showing(settings.outputs_dir, since) if each.start <= now),
        held=held(decisions, settings),
        load={figure: _until(now, store.reading_buckets(figure, since, window.part)) for figure in _READ},
        expected=expectations({name: took[-LATEST_OF:] for name, took in groups.items()}),
        expected_steps=expectations({step: took[-LATEST_OF:] for step, took in steps_took.items()}),
        outgrowing=tuple(outgrowing(groups, steps_took, settings, now)),
    )


def held(decisions: Iterable[GroupEvent], settings: Settings) -> tuple[GroupEvent, ...]:
    """Given decisions, oldest first, return the groups whose last one keeps them from running, in order."""
    last = {event.group: event for event in decisions}
    return tuple(
        last[name] for name in settings.order if name in last and last[name].decision not in (_RUN, _NOT_DUE)
    )


def fitting(now: datetime, hours: float, known: Iterable[datetime]) -> float:
    """Return how many of the `hours` before `now` to show: whole ones, from the first known timestamp on.

    All of them if nothing is known, and never more than `hours`, or less than one.
    """
    first = min(known, default=None)
    if first is None:
        return hours
    return min(hours, max(1.0, ceil((now - first) / timedelta(hours=1))))


def days(buckets: Iterable[Bucket], zone: ZoneInfo) -> tuple[Day, ...]:
    """Given one figure's buckets, oldest first, return its days of that time zone."""
    found = []
    for day, group in groupby(buckets, key=lambda bucket: bucket.at.astimezone(zone).date()):
        parts = list(group)
        means = [part.mean for part in parts]
        mean = sum(part.mean * part.count for part in parts) / sum(part.count for part in parts)
        found.append(Day(day, mean, min(means), max(means)))
    return tuple(found)


def endpoint_days(buckets: Iterable[ProbeBucket], zone: ZoneInfo) -> tuple[EndpointDay, ...]:
    """Given one endpoint's buckets, oldest first, return its days of that time zone."""
    found = []
    for day, group in groupby(buckets, key=lambda bucket: bucket.at.astimezone(zone).date()):
        parts = list(group)
        asked, ok = sum(part.asked for part in parts), sum(part.ok for part in parts)
        answered = [(part.mean, part.ok) for part in parts if part.mean is not None]
        mean = sum(mean * count for mean, count in answered) / ok if answered else None
        high = max((mean for mean, _ in answered), default=None)
        found.append(EndpointDay(day, asked, ok, mean, high))
    return tuple(found)


def _took(
    settings: Settings, now: datetime
) -> tuple[dict[str, list[Took]], dict[tuple[str, str], list[Took]]]:
    """Return how long runs of the groups and steps took that rhythm.toml names, oldest first."""
    since = now - durations.BACK
    groups, steps = durations.of_groups(settings, since), durations.of_steps(settings, since)
    known = {(name, step.name) for name, group in settings.groups.items() for step in group.steps}
    return (
        {name: _before(now, took) for name, took in groups.items() if name in settings.groups},
        {step: _before(now, took) for step, took in steps.items() if step in known},
    )


def _before(now: datetime, took: Iterable[Took]) -> list[Took]:
    return [run for run in took if run.at <= now]


def _over(found: tuple[AnyDay, ...], today: date) -> tuple[AnyDay, ...]:
    """Leave out today, which is not over yet, as soon as there are two days without it."""
    before = tuple(day for day in found if day.day < today)
    return before if len(before) >= 2 else found


def _midnight(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the next time a day begins: half a day has another mean than a whole one."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def _until(now: datetime, rows: Iterable[Timed]) -> tuple[Timed, ...]:
    return tuple(row for row in rows if row.at <= now)


def _by_name(buckets: Iterable[Bucket]) -> dict[str, tuple[Bucket, ...]]:
    return {name: tuple(group) for name, group in groupby(buckets, key=lambda bucket: bucket.name)}


def _by_endpoint(buckets: Iterable[ProbeBucket]) -> dict[str, tuple[ProbeBucket, ...]]:
    return {name: tuple(group) for name, group in groupby(buckets, key=lambda bucket: bucket.endpoint)}
