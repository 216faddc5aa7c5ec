"""What will soon take longer than it may: a group its interval, a beat what it has, a step its timeout. Pure.

The runs of each of the last days that have any come to their median, up to 28 days. They grow if Mann and
Kendall's test finds a trend that comes by chance once in 500 times, and a line (Theil and Sen's) fits them
better than one jump at some time does: what has jumped once does not go on. A quick growth shows only in the
last 14 days, so these are looked at by themselves first.

The line, raised to what nine of ten runs stay below, reaches the limit at some time: within `AHEAD`, that is
reported. The confidence of the dates is that of Sen's interval for the slope.

Of made series without a trend, looked at every second day for 50 days with their limit as near as 3 % above
nine of ten runs, 2 of 360 were ever reported; of ones that drift by 8 % a day, 1 in 4. Of runs that grow to
their limit within 35 to 55 days, with a noise of 10 %, all are reported a week before, daily ones too; with
one of 20 %, of the daily ones 5 in 6 (`python -m tests.bench outgrowing`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.slope import mann_kendall, theil_sen, theil_sen_interval
from tasks.duration_text import about
from tasks.outcome import Outcome
from tasks.settings.duration import format_duration
from tasks.settings.groups import MAIN, GroupSettings
from tasks.settings.rhythm_toml import Settings
from tasks.store.durations import Took

#: How far ahead it is looked: to be a week early, with the error that such a date has.
AHEAD = timedelta(days=14)
#: How many days with runs are looked at, the fewer first; and how many there must be.
WINDOWS, LEAST = (14, 28), 8
#: How probable a trend may be by chance (two-sided), and which part of the middle it must come to.
CHANCE, LEAST_PART = 0.002, 0.1
#: By which factor one jump must fit better than a line to be believed: it has a freedom more.
JUMP = 1.1
#: Days that a jump has on either side at least.
_SIDE = 3
CONFIDENCE, QUANTILE = 0.9, 0.9
#: Between two groups of one beat there are some moments.
_MOMENT = timedelta(seconds=3)
_DAY = timedelta(days=1)
_FAR = timedelta(days=3650)
_INTERVAL, _TIMEOUT, _BEAT = "its interval", "its timeout", "what a beat may take"
_REMEDIES = {
    _INTERVAL: "Find what grows, let it run less often, or give it a lane of its own.",
    _TIMEOUT: "Find what grows, or raise its timeout.",
    _BEAT: "Find what grows, or give what takes long a lane of its own.",
}


class Growth(NamedTuple):
    """When a limit is reached: most likely, at the earliest, at the latest; and the seconds more each day."""

    at: datetime
    earliest: datetime
    latest: datetime
    a_day: float


@dataclass(frozen=True, slots=True)
class Outgrowing:
    """Something that takes longer and longer: what, its `limit` in seconds and what that is, and when."""

    what: str
    limit: float
    limit_is: str
    growth: Growth

    def sentence(self, now: datetime, zone: ZoneInfo) -> str:
        """It, for people, as one clause."""
        growth = self.growth
        limit = f"{self.limit_is}, {format_duration(timedelta(seconds=round(self.limit)))}"
        faster = f"{self.what} takes {about(growth.a_day)} longer each day"
        if growth.at <= now:
            return f"{faster}, and one time in ten exceeds {limit}, by now"
        first, last = (f"{each.astimezone(zone):%d %b}" for each in (growth.earliest, growth.latest))
        return (
            f"{faster}, and outgrows {limit}, around {growth.at.astimezone(zone):%a %d %b} "
            f"({CONFIDENCE:.0%} confidence: {first} to {last})"
        )

    @property
    def remedy(self) -> str:
        """What a person can do."""
        return _REMEDIES[self.limit_is]

    def to_json(self, zone: ZoneInfo) -> dict[str, str | float]:
        """It, as `--json` prints it."""
        times = {"at": self.growth.at, "earliest": self.growth.earliest, "latest": self.growth.latest}
        return {
            "what": self.what,
            "limit_is": self.limit_is,
            "limit": self.limit,
            "seconds_a_day": round(self.growth.a_day, 3),
            **{key: time.astimezone(zone).isoformat(timespec="seconds") for key, time in times.items()},
            "confidence": CONFIDENCE,
        }


def outgrowing(
    groups: Mapping[str, Sequence[Took]],
    steps: Mapping[tuple[str, str], Sequence[Took]],
    settings: Settings,
    now: datetime,
) -> list[Outgrowing]:
    """Given how long runs of groups and steps (group, step) took, return what outgrows its limit, by time."""
    found = []
    for name, group in settings.groups.items():
        if not group.enabled:
            continue
        limits = [(name, groups.get(name, ()), interval(group, settings, now), _INTERVAL)]
        limits += [
            (f"{name} / {step.name}", steps.get((name, step.name), ()), step.timeout, _TIMEOUT)
            for step in group.steps
        ]
        found += [(*limit[:2], limit[2].total_seconds(), limit[3]) for limit in limits]
    most = settings.pacing.beat_at_most.total_seconds()
    found.append(("the longest beat of a day", beats(groups, settings), most, _BEAT))
    grown = [
        Outgrowing(what, limit, limit_is, growth)
        for what, took, limit, limit_is in found
        if (growth := grows(took, limit, now))
    ]
    return sorted(grown, key=lambda each: each.growth.at)


def grows(took: Sequence[Took], limit: float, now: datetime) -> Growth | None:
    """Return when runs reach a limit, in seconds; None if they do not grow, or not so far in time."""
    days: dict[int, list[tuple[float, float]]] = {}
    for run in took:
        if run.at <= now and run.outcome in (Outcome.COMPLETED, Outcome.TIMED_OUT):
            ago = (now - run.at) / _DAY
            days.setdefault(math.floor(ago), []).append((-ago, run.seconds))
    for window in WINDOWS:
        lately = [days[day] for day in sorted(days)[:window]][::-1]
        if len(lately) >= LEAST and (growth := _growth(lately, limit, now)):
            return growth
    return None


def _growth(days: Sequence[Sequence[tuple[float, float]]], limit: float, now: datetime) -> Growth | None:
    """Given the runs of each day (when, in days from now, and seconds), return when they reach the limit."""
    points = [(median(at for at, _ in day), median(seconds for _, seconds in day)) for day in days]
    values = [value for _, value in points]
    slope = theil_sen(points)
    if slope * (points[-1][0] - points[0][0]) < LEAST_PART * median(values):
        return None
    if mann_kendall(values) >= CHANCE or _has_jumped(points, slope):
        return None
    runs = [run for day in days for run in day]
    at = _reached(points, runs, slope, limit)
    if at > AHEAD / _DAY:
        return None
    low, high = theil_sen_interval(points, CONFIDENCE)
    dates = sorted([at, *(_reached(points, runs, each, limit) for each in (low, high))])
    earliest, _, latest = (now + min(date * _DAY, _FAR) for date in dates)
    return Growth(now + at * _DAY, earliest, latest, slope)


def _has_jumped(points: Sequence[tuple[float, float]], slope: float) -> bool:
    """Return whether one jump fits the points better than the line does, by what is left in all."""
    height, values = _height(points, slope), [value for _, value in points]
    line = sum(abs(value - height - slope * at) for at, value in points)
    jumps = (_apart(values[:day]) + _apart(values[day:]) for day in range(_SIDE, len(values) - _SIDE + 1))
    return JUMP * min(jumps, default=math.inf) < line


def _apart(values: Sequence[float]) -> float:
    middle = median(values)
    return sum(abs(value - middle) for value in values)


def _reached(
    points: Sequence[tuple[float, float]], runs: Sequence[tuple[float, float]], slope: float, limit: float
) -> float:
    """Return in how many days a line of this slope, raised to what nine of ten runs take, is at the limit."""
    if slope <= 0:
        return _FAR / _DAY
    height = _height(points, slope)
    ratios = sorted(seconds / (height + slope * at) for at, seconds in runs if height + slope * at > 0)
    spread = max(ratios[min(math.floor(QUANTILE * len(ratios)), len(ratios) - 1)], 1.0) if ratios else 1.0
    return max((limit / spread - height) / slope, -_FAR / _DAY)


def _height(points: Sequence[tuple[float, float]], slope: float) -> float:
    """Return where the line of this slope is now."""
    return median(value - slope * at for at, value in points)


def beats(groups: Mapping[str, Sequence[Took]], settings: Settings) -> list[Took]:
    """Given the runs of groups, return how long the longest beat of each day (UTC) took; not of the last one.

    What began within moments of the end of the one before, in `main`, was in the same beat.
    """
    names = [name for name in groups if name in settings.groups and settings.groups[name].lane == MAIN]
    runs = sorted((run for name in names for run in groups[name]), key=lambda run: run.at)
    longest: dict[str, Took] = {}
    began = ended = None
    for run in runs:
        if began is None or ended is None or run.at - ended > _MOMENT:
            began = run.at
        ended = run.at + timedelta(seconds=run.seconds)
        took = Took(began, (ended - began).total_seconds())
        day = f"{began:%Y-%m-%d}"
        longest[day] = max(longest.get(day, took), took, key=lambda each: each.seconds)
    return list(longest.values())[:-1]


def interval(group: GroupSettings, settings: Settings, now: datetime) -> timedelta:
    """Return the shortest time between two of a group's next slots, of a week at least."""
    zone = group.zone or settings.zone
    slots = [group.calendar.slot_at(now, zone)]
    while slots[-1].end < now + timedelta(days=7) and len(slots) < 50:
        slots.append(group.calendar.slot_at(slots[-1].end, zone))
    return min(slot.end - slot.start for slot in slots)
