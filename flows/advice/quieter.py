"""Advice: a quieter time of day for a daily job that runs while others use the machine. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from flows.replay.figures import BUSY
from flows.replay.recorded import Recorded
from tasks.settings.groups import GroupSettings
from tasks.settings.rhythm_toml import Settings

#: From which part of its minutes on, in which others are busy, a job is worth moving, and what that gains.
_WORTH, _GAIN = 0.2, 0.15
#: As good as the quietest time: the nearest of these is taken.
_AS_GOOD = 0.02
_STEP, _DAY = 30, 24 * 60  # minutes
_STRETCH = 5
_LEAST_RUNS, _LEAST_DAYS = 5, 7


def quieter_time(evidence: Evidence, name: str) -> Advice | None:
    """Return the advice to run a group with one time of day at another one.

    A time counts as quieter only if it was on both halves of the days, even and odd ones.
    """
    settings, recorded = evidence.settings, evidence.recorded
    group = settings.groups[name]
    times = _times(group)
    if len(times) != 1 or not group.enabled or len(recorded.by_group.get(name, ())) < _LEAST_RUNS:
        return None
    busy = BusyTimes(recorded, group.zone or settings.zone)
    seconds = evidence.usual_seconds(name)
    at = times[0]
    here = busy.share(at, seconds)
    if here is None or here < _WORTH:
        return None
    shares = {
        minute: share
        for minute in range(0, _DAY, _STEP)
        if _keeps_order(name, minute, settings) and (share := busy.share(minute, seconds)) is not None
    }
    best = min(shares.values(), default=here)
    good = [minute for minute, share in shares.items() if share <= best + _AS_GOOD]
    minute = min(good, key=lambda minute: _apart(minute, at), default=at)
    if minute == at or here - shares[minute] < _GAIN or shares[minute] > here / 2:
        return None
    if not all(busy.is_quieter(minute, at, seconds, half) for half in (0, 1)):
        return None
    time = f"{minute // 60:02}:{minute % 60:02}"
    changes = (_at(name, group, minute),)
    now, then = evidence.now, evidence.under(changes)
    if then is None or then.lost > now.lost or then.late(name) > now.late(name) + evidence.weeks:
        return None
    before, after = now.groups[name].busy_cpu, then.groups[name].busy_cpu
    if before is not None and after is not None and after >= before:
        return None
    figures = [("of its time, others above 70 %", f"{here:.0%}", f"{shares[minute]:.0%}")]
    if before is not None and after is not None:
        figures.append(("CPU used in busy minutes", f"{before:,.0f} s", f"{after:,.0f} s"))
    was = f"{at // 60:02}:{at % 60:02}"
    why = f"others are busy at {was}; it is usually quieter at {time}"
    return Advice("quieter_time", name, f"at {time}", why, changes, tuple(figures))


class BusyTimes:
    """How busy others were, by day and by five minutes of the day, in a zone."""

    def __init__(self, recorded: Recorded, zone: ZoneInfo) -> None:
        found: dict[tuple[date, int], list[bool]] = defaultdict(list)
        for reading in recorded.readings:
            if reading.others is not None and reading.at >= recorded.start:
                local = reading.at.astimezone(zone)
                stretch = (local.hour * 60 + local.minute) // _STRETCH
                found[local.date(), stretch].append(reading.others > BUSY)
        self._busy = {key: fmean(values) for key, values in found.items()}
        self._days = sorted({day for day, _ in found})

    def share(self, minute: int, seconds: float, half: int | None = None) -> float | None:
        """Return in which part of a run that begins at a minute of the day others were busy.

        The mean of all days, or of each other one; None if too few of them have readings then.
        """
        count = max(1, round(seconds / 60 / _STRETCH))
        days = self._days if half is None else self._days[half::2]
        found = [share for day in days if (share := self._of_day(day, minute // _STRETCH, count)) is not None]
        least = _LEAST_DAYS if half is None else _LEAST_DAYS // 2
        return fmean(found) if len(found) >= least else None

    def is_quieter(self, minute: int, than: int, seconds: float, half: int) -> bool:
        """Whether one minute of the day was quieter than another on half of the days."""
        one, other = self.share(minute, seconds, half), self.share(than, seconds, half)
        return one is not None and other is not None and one < other

    def _of_day(self, day: date, first: int, count: int) -> float | None:
        stretches = _DAY // _STRETCH
        keys = [
            (day + timedelta(days=place // stretches), place % stretches)
            for place in range(first, first + count)
        ]
        known = [self._busy[key] for key in keys if key in self._busy]
        return fmean(known) if known else None


def _times(group: GroupSettings) -> list[int]:
    """Return the minutes of the day at which a group of certain times comes, by `at` or `cron`."""
    times = group.cron.times if group.cron else group.times
    return [time.hour * 60 + time.minute for time in times]


def _at(name: str, group: GroupSettings, minute: int) -> SetKey:
    """Return the change that lets a group with one time of day come at another one; its days stay."""
    hour, minute = divmod(minute, 60)
    if group.cron:
        days = " ".join(group.cron.written.split()[2:])
        return SetKey(name, "cron", f"{minute} {hour} {days}")
    return SetKey(name, "at", f"{hour:02}:{minute:02}")


def _apart(one: int, other: int) -> int:
    """Return how many minutes lie between two times of day."""
    apart = abs(one - other)
    return min(apart, _DAY - apart)


def _keeps_order(name: str, minute: int, settings: Settings) -> bool:
    """Whether a group would still come after those that it follows, where these have times of their own."""

    before = [at for group in settings.groups[name].after for at in _times(settings.groups[group])]
    after = [at for found in settings.groups.values() if name in found.after for at in _times(found)]
    return all(at <= minute for at in before) and all(minute <= at for at in after)
