"""How much of the machine was in use, out of the store, at little cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean

from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tasks.store.quick_read import PATIENCE, rows
from tasks.store.timestamp import from_microseconds, microseconds

#: Stretches of which the mean is what is usual at a time of day.
WIDTH = timedelta(minutes=5)

_FIGURES = "others, own, memory_available, cpu_pressure, disk_pressure, memory_pressure, network"
_OF_BEATS = (
    f"SELECT at, {_FIGURES} FROM readings WHERE host = ? AND at >= ? AND at < ? AND of_beat "  # noqa: S608 - our own names
    "ORDER BY at DESC LIMIT ?"
)
_MEANS = (
    "SELECT at / ?3 AS stretch, avg(others) FROM readings WHERE host = ?1 AND at >= ?2 AND at < ?4 "
    "AND others IS NOT NULL GROUP BY stretch ORDER BY stretch"
)


def of_beats(settings: Settings, since: datetime, until: datetime, most: int) -> list[Reading]:
    """Return the last readings of beats on this machine in [since, until), oldest first; at most so many.

    Those from after `until` exist where a clock was set back.

    Raises:
        tasks.store.store.StoreError: the store cannot be read.
    """
    found = rows(settings, _OF_BEATS, microseconds(since), microseconds(until), most)
    if found is not None:
        return [
            replace(Reading(from_microseconds(at), *figures), of_beat=True)
            for at, *figures in reversed(found)
        ]
    from tasks.store.store import store_of

    with store_of(settings, busy_seconds=PATIENCE) as store:
        found_here = [each for each in store.readings(since, of_beat=True) if each.at < until]
    return found_here[-most:]


def means(settings: Settings, since: datetime, until: datetime) -> list[Reading]:
    """Return others' mean use of the CPU in [since, until) on this machine: of each five minutes with any.

    Raises:
        tasks.store.store.StoreError: the store cannot be read.
    """
    width = WIDTH // timedelta(microseconds=1)
    found = rows(settings, _MEANS, microseconds(since), width, microseconds(until))
    if found is None:
        from tasks.store.store import store_of

        with store_of(settings, busy_seconds=PATIENCE) as store:
            read = [each for each in store.readings(since) if each.at < until]
        known = [(each.at, each.others) for each in read if each.others is not None]
        together = groupby(known, key=lambda each: microseconds(each[0]) // width)
        found = [(stretch, fmean(others for _, others in each)) for stretch, each in together]
    return [Reading(from_microseconds(stretch * width), mean) for stretch, mean in found]
