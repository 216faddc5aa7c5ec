"""When a group comes due: all that rhythm.toml says of it, and the slots that follow. Pure.

What is not a plain interval goes by days: whether a day is one of the calendar's, and its times on that day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from threading import Lock
from zoneinfo import ZoneInfo

from tasks.settings.calendar.cron import Cron
from tasks.settings.calendar.days import Days
from tasks.settings.calendar.exceptions import Exempt
from tasks.settings.calendar.hours import Hours
from tasks.settings.calendar.intervals import interval_at, starts
from tasks.settings.calendar.period import Months, Period
from tasks.settings.calendar.slot import Slot

_DAY = timedelta(days=1)
#: The anchor of months that have none: quarters begin in January, years with it.
_NEW_YEAR = datetime(1970, 1, 1)  # noqa: DTZ001 - a date and time of every zone
#: What comes at all comes within that: a 29 February that is a Monday, where a year without one lies between.
_HORIZON = timedelta(days=366 * 41)
#: How far back the last time before `now` is looked for: mostly it was today.
_BACK = (timedelta(days=2), timedelta(days=40), timedelta(days=400), _HORIZON)
# Settings are shared by threads: a beat's, and that of what watches it.
_searching = Lock()
#: When the slot began that has none before it, and when the one ends that has none after it.
EVER = datetime(1900, 1, 1, tzinfo=UTC)
NEVER = datetime(2500, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Calendar:
    """The times at which a group comes due: by one of `every`, `at` and `cron`, on the days that remain.

    `start` is the anchor of `every`, and without an offset a time of whatever zone it is asked for.
    """

    every: Period | None = None
    at: tuple[time, ...] = ()
    cron: Cron | None = None
    days: Days | None = None
    between: Hours | None = None
    exceptions: tuple[Exempt, ...] = ()
    start: datetime | None = None
    _courses: dict[str, _Course] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave out of a copy what is only kept: an iterator has none."""
        return {**self.__dict__, "_courses": {}}

    def slot_at(self, now: datetime, zone: ZoneInfo) -> Slot:
        """Return the slot that `now` lies in. The last one found is kept: most beats lie in it as well."""
        if (course := self._courses.get(zone.key)) is None:
            course = self._courses[zone.key] = _Course(self, zone)
        return course.at(now)

    def times_from(self, first: date, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the times of all days from `first` on, in UTC and in order, while there are any."""
        ahead: list[datetime] = []
        last, latest = EVER, first
        day = first
        while day - latest < _HORIZON:
            if self.is_day(day):
                latest = day
                for found in self._times_on(day, zone):
                    heappush(ahead, found)
            # A time that a clock change skips may be later than the first one of the day after.
            midnight = datetime.combine(day + _DAY, time(), zone).astimezone(UTC) if ahead else NEVER
            while ahead and ahead[0] < midnight:
                if (found := heappop(ahead)) > last:
                    yield (last := found)
            day += _DAY

    def first_time(self, first: date, zone: ZoneInfo) -> datetime | None:
        """Return the first time of the days from `first` on; None if there is none, ever."""
        return next(self.times_from(first, zone), None)

    def is_day(self, day: date) -> bool:
        """Whether it is due at some time of `day`, or counts then."""
        if self.days is not None and not self.days.includes(day):
            return False
        if self.cron is not None and not self.cron.includes(day):
            return False
        if self._by_date and not self._comes_on(day):
            return False
        return not (self.exceptions and self.exempt(day))

    def exempt(self, day: date) -> str:
        """Return why nothing runs on `day`; "" if something may."""
        return next((reason for each in self.exceptions if (reason := each.reason(day))), "")

    def closed(self, now: datetime, zone: ZoneInfo) -> str:
        """Return why nothing may run at `now`, not even what was missed before; "" if it may.

        Nothing runs on an excepted day; what counts in intervals, only on its days and within its hours.
        Those over midnight belong to the day on which they begin.
        """
        if not (self.exceptions or self.between or (self.days and self.every)):
            return ""
        today = now.astimezone(zone).date()
        if self.between:
            begun = (day for day in (today, today - _DAY) if _is_within(self.between, day, now, zone))
            if (open_since := next(begun, None)) is None:
                return f"only {self.between}"
            today = open_since
        if reason := self.exempt(today):
            return f"excepted: {reason}"
        if self.every and self.days and not self.days.includes(today):
            return f"only {self.days}"
        return ""

    @property
    def is_plain(self) -> bool:
        """Whether its slots are equal intervals, one after the other."""
        is_filtered = self.days or self.between or self.exceptions
        return isinstance(self.every, timedelta) and not is_filtered and not self._by_date

    @property
    def _by_date(self) -> bool:
        """Whether it goes by the date: months do, and whole days that have an anchor, at its time of day."""
        if isinstance(self.every, timedelta):
            return self.start is not None and self.every % _DAY == timedelta()
        return self.every is not None

    def _comes_on(self, day: date) -> bool:
        anchor = (self.start or _NEW_YEAR).date()
        if isinstance(self.every, Months):
            return self.every.comes(anchor, day)
        return self.every is not None and (day - anchor) % self.every == timedelta()

    def _times_on(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        if self.cron:
            return _cron_times(self.cron, day, zone)
        if self._by_date:
            return _local_times((self._local_start(zone).time(),), day, zone)
        if isinstance(self.every, timedelta) and self.between:
            since, until = self.between.on(day, zone)
            return starts(self.every, since, until, zone, anchor=since)
        if isinstance(self.every, timedelta):
            since, until = (
                datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + _DAY)
            )
            return starts(self.every, since, until, zone, self.anchor(zone))
        return _local_times(self.at, day, zone)

    def anchor(self, zone: ZoneInfo) -> datetime | None:
        """Return the anchor as a time; None if there is none."""
        return self._local_start(zone).replace(tzinfo=zone).astimezone(UTC) if self.start else None

    def _local_start(self, zone: ZoneInfo) -> datetime:
        start = self.start or _NEW_YEAR
        return start.astimezone(zone).replace(tzinfo=None) if start.tzinfo else start


class _Course:
    """The slots of a calendar in a zone, one after the other, from where it was last asked."""

    def __init__(self, calendar: Calendar, zone: ZoneInfo) -> None:
        self._calendar, self._zone = calendar, zone
        self._slot = Slot(EVER, EVER)
        self._ahead: Iterator[datetime] = iter(())

    def at(self, now: datetime) -> Slot:
        slot = self._slot
        if slot.start <= now < slot.end:
            return slot
        with _searching:
            self._slot = slot = self._after(self._slot, now.astimezone(UTC))
        return slot

    def _after(self, slot: Slot, now: datetime) -> Slot:
        """Find the slot that `now` lies in, given the one that was found last."""
        calendar = self._calendar
        if calendar.is_plain and isinstance(calendar.every, timedelta):
            return interval_at(calendar.every, now, self._zone, calendar.anchor(self._zone))
        if slot.start <= now < slot.end:  # another thread has just found it
            return slot
        if slot.end <= now < slot.end + _BACK[1]:
            return self._followed(slot.end, now)
        return self._found(now)

    def _found(self, now: datetime) -> Slot:
        """Look for the slot, from a while ago on."""
        today = now.astimezone(self._zone).date()
        for back in _BACK:
            self._ahead = self._calendar.times_from(today - back, self._zone)
            slot = self._followed(EVER, now)
            if slot.start > EVER:
                break
        return slot

    def _followed(self, start: datetime, now: datetime) -> Slot:
        """Go on to the slot."""
        for found in self._ahead:
            if found > now:
                return Slot(start, found)
            start = found
        return Slot(start, NEVER)


def _local_times(times: tuple[time, ...], day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield times of day by the zone's clock.

    One that a clock change skips is taken as if the clock had not been changed yet (02:30 is then 03:30); of
    one that comes twice, the first counts: either way once a day.
    """
    for each in times:
        yield datetime.combine(day, each, zone).astimezone(UTC)


def _cron_times(cron: Cron, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the times at which cron starts something on `day`, as Debian's does through clock changes."""
    for each in cron.times:
        local = datetime.combine(day, each, zone)
        first = local.astimezone(UTC)
        is_skipped = first.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)
        if not is_skipped:
            yield first
            again = local.replace(fold=1).astimezone(UTC)
            if cron.is_wildcard and again > first:
                yield again
        elif not cron.is_wildcard:
            yield _after_gap(local, zone)


def _after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Given a local time that a clock change skips, return when that change is."""
    before = local.astimezone(UTC)  # by the offset before the change, so it is too late by what is skipped
    offset = local.utcoffset() or timedelta()
    low, high = before - _DAY, before
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        changed = middle.astimezone(zone).utcoffset() != offset
        low, high = (low, middle) if changed else (middle, high)
    return high.replace(microsecond=0)


def _is_within(hours: Hours, day: date, now: datetime, zone: ZoneInfo) -> bool:
    start, end = hours.on(day, zone)
    return start <= now < end
