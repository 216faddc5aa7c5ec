"""The hours that the dashboard shows, in the settings' time zone.

A browser would show times of its own zone; so places on the axis are minutes, and its words are made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_MOST_TICKS = 9
_STEPS = (1, 2, 3, 6, 12, 24)  # hours between ticks
_PARTS = 144  # a day in pieces of ten minutes: about as many as a phone has room for


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end` (both in UTC), shown in `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @classmethod
    def before(cls, now: datetime, hours: float, zone: ZoneInfo) -> Window:
        """Return the `hours` before `now` (aware)."""
        end = now.astimezone(UTC)
        return cls(end - timedelta(hours=hours), end, zone)

    @property
    def minutes(self) -> float:
        """How long it is."""
        return (self.end - self.start) / _MINUTE

    @property
    def part(self) -> timedelta:
        """The stretch that one point of a curve stands for: whole minutes."""
        return max(1, round(self.minutes / _PARTS)) * _MINUTE

    def place(self, at: datetime) -> float:
        """Return where on the axis a time is: minutes after the start, never beyond the ends."""
        return round(min(max((at - self.start) / _MINUTE, 0.0), self.minutes), 1)

    def clock(self, at: datetime) -> str:
        """Return a timestamp as people read it: 15:30, or Wed 15:30 if more than one day is shown."""
        local = at.astimezone(self.zone)
        return f"{local:%H:%M}" if self.minutes <= _DAY / _MINUTE else f"{local:%a %H:%M}"

    def ticks(self) -> dict[int, str]:
        """Return the words below the axis by their place: round hours, and the date at midnight."""
        step = next((step for step in _STEPS if self.minutes / 60 / step <= _MOST_TICKS), _STEPS[-1])
        return {
            round((at - self.start) / _MINUTE): _word(at.astimezone(self.zone))
            for at in self._round_hours(step)
            if self.start <= at <= self.end
        }

    def _round_hours(self, step: int) -> Iterator[datetime]:
        day = self.start.astimezone(self.zone).date()
        while day <= self.end.astimezone(self.zone).date():
            for hour in range(0, 24, step):
                local = datetime.combine(day, time(hour), self.zone)
                at = local.astimezone(UTC)
                if at.astimezone(self.zone).hour == hour:  # clocks that go forward leave an hour out
                    yield at
            day += _DAY


def _word(local: datetime) -> str:
    return f"{local:%a} {local.day}" if local.hour == 0 else f"{local:%H:%M}"
