"""What it would have brought to defer a group that waits for no load, by the readings of past days. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tasks.settings.rhythm_toml import Settings
from tasks.store.durations import Took
from tasks.store.measurements import Reading
from tasks.store.readings import WIDTH

#: How many days are looked at.
BACK = timedelta(days=14)
#: A group is worth an advice from so many runs on, …
ENOUGH = 5
#: … if others were busy in this part of its time, and deferred in half of that at most.
OFTEN, LESS = 0.1, 0.5
#: As of a group of low priority: half the slot, of a day or more three hours at most, and not its last beat.
_OF_A_DAY, _DAY = timedelta(hours=3), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deferral:
    """What deferring a group would have changed.

    `busy` is the part of its time (0 to 1) in which others used more than `above` per cent of the CPU, on
    `busy_days` of `days`; `deferred` what that would have been. `to` is when it would then usually have
    begun; `by` how much later.
    """

    group: str
    above: float
    busy: float
    deferred: float
    busy_days: int
    days: int
    by: timedelta
    to: datetime | None

    def __str__(self) -> str:
        minutes = round(self.by.total_seconds() / 60)
        until = f"to {self.to:%H:%M}" if self.to else f"by {minutes} min"
        return (
            f"deferring {self.group} {until} would have avoided load: others used more than {self.above:g} % "
            f"of the CPU in {100 * self.busy:.0f} % of its time, on {self.busy_days} of {self.days} days, "
            f'and then in {100 * self.deferred:.0f} %; priority = "low" or wait_at_most lets it wait'
        )


class _Others:
    """Whether others were busy at a time, by means of five minutes."""

    def __init__(self, means: Sequence[Reading], above: float) -> None:
        self._at = [mean.at for mean in means]
        self._busy = [mean.others is not None and mean.others > above for mean in means]

    def busy_at(self, time: datetime) -> bool | None:
        """Return whether they were; None if that was not read."""
        number = bisect_right(self._at, time) - 1
        if number < 0 or time - self._at[number] >= WIDTH:
            return None
        return self._busy[number]

    def busy_seconds(self, start: datetime, seconds: float) -> float:
        """Return in how many seconds of a run they were."""
        end, busy, at = start + timedelta(seconds=seconds), 0.0, start
        while at < end:
            until = min(_floor(at) + WIDTH, end)
            if self.busy_at(at):
                busy += (until - at).total_seconds()
            at = until
        return busy


def deferrals(
    runs: Mapping[str, Sequence[Took]], means: Sequence[Reading], settings: Settings
) -> list[Deferral]:
    """Given past runs of groups and what others used in each five minutes, return what is worth a change.

    Of groups that wait already, and of critical ones, which never do, nothing is returned.
    """
    if not settings.pacing.busy_above:
        return []
    others = _Others(means, settings.pacing.busy_above)
    groups = [
        name
        for name, group in settings.groups.items()
        if group.enabled and not group.is_paced and group.priority != "critical"
    ]
    found = (_deferral(name, runs.get(name, ()), others, settings) for name in groups)
    return [each for each in found if each]


def _deferral(name: str, runs: Sequence[Took], others: _Others, settings: Settings) -> Deferral | None:
    zone = settings.groups[name].zone or settings.zone
    known = [run for run in runs if run.seconds > 0 and others.busy_at(run.at) is not None]
    total = sum(run.seconds for run in known)
    if len(known) < ENOUGH:
        return None
    busy = deferred = 0.0
    later: list[datetime] = []
    waits: list[timedelta] = []
    days: set[date] = set()
    for run in known:
        beside = others.busy_seconds(run.at, run.seconds)
        starts = _starts(name, run.at, settings)
        start = next(time for time, is_last in starts if is_last or not others.busy_at(time))
        busy += beside
        deferred += others.busy_seconds(start, run.seconds)
        if beside:
            days.add(run.at.astimezone(zone).date())
        if start > run.at:
            later.append(start.astimezone(zone))
            waits.append(start - run.at)
    if not later or busy / total < OFTEN or deferred > LESS * busy:
        return None
    slot = settings.groups[name].calendar.slot_at(known[-1].at, zone)
    is_daily = slot.end - slot.start >= _DAY
    all_days = len({run.at.astimezone(zone).date() for run in known})
    return Deferral(
        name,
        settings.pacing.busy_above,
        busy / total,
        deferred / total,
        len(days),
        all_days,
        sorted(waits)[len(waits) // 2],
        _usual_time(later) if is_daily else None,
    )


def _starts(name: str, at: datetime, settings: Settings) -> Iterator[tuple[datetime, bool]]:
    """Yield when a run that began `at` could have begun, beat by beat, and whether that is the last time."""
    group = settings.groups[name]
    slot = group.calendar.slot_at(at, group.zone or settings.zone)
    length = slot.end - slot.start
    wait = min(length / 2, _OF_A_DAY) if length >= _DAY else length / 2
    latest = min(slot.start + wait, slot.end - WIDTH)
    while (following := _floor(at) + WIDTH) <= latest:
        yield at, False
        at = following
    yield at, True


def _usual_time(times: Sequence[datetime]) -> datetime:
    """Return the one in the middle, by the time of day."""
    return sorted(times, key=lambda time: time.time())[len(times) // 2]


def _floor(time: datetime) -> datetime:
    return time - timedelta(seconds=time.timestamp() % WIDTH.total_seconds())
