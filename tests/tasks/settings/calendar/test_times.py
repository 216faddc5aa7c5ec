"""When calendars come, over two years, against oracles: dateutil, cronsim, systemd, and every minute."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from dateutil import rrule as r
from dateutil.relativedelta import relativedelta

from tasks.settings.groups import GroupSettings

#: Where to, and the first of two years. São Paulo's clock changed at midnight up to 2019.
PLACES = [
    ("Europe/Berlin", 2026),
    ("Asia/Seoul", 2026),
    ("America/Sao_Paulo", 2017),
    ("Australia/Lord_Howe", 2026),
]
places = pytest.mark.parametrize(("zone", "year"), PLACES, ids=[name for name, _ in PLACES])


def group(**keys: Any) -> GroupSettings:
    return GroupSettings.model_validate({"steps": ["check_health"], **keys})


def ours(zone: str, year: int, **keys: Any) -> list[datetime]:
    tz = ZoneInfo(zone)
    times = group(**keys).calendar.times_from(date(year, 1, 1), tz)
    end = datetime(year + 2, 1, 1, tzinfo=tz)
    return list(takewhile(lambda at: at < end, times))


def in_zone(zone: str, local: Sequence[datetime]) -> list[datetime]:
    """Local times as those of a zone, by zoneinfo's own rule for what is skipped or comes twice."""
    return sorted({at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for at in local})


def ruled(zone: str, year: int, **rule: Any) -> list[datetime]:
    """What dateutil makes of an RFC 5545 rule."""
    start, end = datetime(year, 1, 1), datetime(year + 2, 1, 1)  # noqa: DTZ001 - local to any zone
    found = r.rrule(**{"freq": r.DAILY, "bysecond": 0, "byminute": 0, **rule}, dtstart=start, until=end)
    return in_zone(zone, [at for at in found if at < end])


RULES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"at": "03:00"}, {"byhour": 3}),
    ({"at": "00:00"}, {"byhour": 0}),
    ({"at": "02:30"}, {"byhour": 2, "byminute": 30}),
    ({"at": ["18:00", "09:00"]}, {"byhour": [9, 18]}),
    ({"at": "09:00", "days": "weekdays"}, {"byhour": 9, "byweekday": range(5)}),
    ({"at": "09:00", "days": "weekends"}, {"byhour": 9, "byweekday": [5, 6]}),
    ({"at": "09:00", "days": ["mon", "Thursday"]}, {"byhour": 9, "byweekday": [0, 3]}),
    ({"at": "09:00", "days": 31}, {"byhour": 9, "bymonthday": 31}),
    ({"at": "02:00", "days": [1, 15, "last"]}, {"byhour": 2, "bymonthday": [1, 15, -1]}),
    (
        {"at": "02:30", "days": ["first sun", "last sun"]},
        {"freq": r.MONTHLY, "byhour": 2, "byminute": 30, "byweekday": [r.SU(1), r.SU(-1)]},
    ),
    (
        {"at": "09:00", "days": ["fifth fri", "second  tue"]},
        {"freq": r.MONTHLY, "byhour": 9, "byweekday": [r.FR(5), r.TU(2)]},
    ),
    ({"every": "1 month"}, {"byhour": 0, "bymonthday": 1}),
    ({"every": "3 months"}, {"byhour": 0, "bymonthday": 1, "bymonth": [1, 4, 7, 10]}),
    ({"every": "1 year"}, {"byhour": 0, "bymonthday": 1, "bymonth": 1}),
]


@places
@pytest.mark.parametrize(("keys", "rule"), RULES, ids=[str(keys) for keys, _ in RULES])
def test_days_and_months_come_when_dateutil_says(
    keys: dict[str, Any], rule: dict[str, Any], zone: str, year: int
) -> None:
    assert ours(zone, year, **keys) == ruled(zone, year, **rule)


@places
@pytest.mark.parametrize(
    ("every", "start", "step"),
    [
        ("1w", "2016-11-28T07:00", relativedelta(weeks=1)),
        ("2w", "2030-06-03T02:30", relativedelta(weeks=2)),
        ("3d", "2016-01-02T23:45", relativedelta(days=3)),
        ("1 month", "2016-01-31T07:00", relativedelta(months=1)),
        ("5 months", "2031-08-30T00:15", relativedelta(months=5)),
        ("1 year", "2016-02-29T12:00", relativedelta(years=1)),
    ],
)
def test_whole_days_and_months_are_counted_from_their_anchor_and_keep_its_time(
    every: str, start: str, step: relativedelta, zone: str, year: int
) -> None:
    anchor = datetime.fromisoformat(start)
    counted = [anchor + step * number for number in range(-900, 1600)]
    first, end = datetime(year, 1, 1), datetime(year + 2, 1, 1)  # noqa: DTZ001 - local to any zone

    assert ours(zone, year, every=every, **{"from": start}) == in_zone(
        zone, [at for at in counted if first <= at < end]
    )


CRONS = [
    "0 7 * * 1-5",
    "30 2 * * *",
    "15,45 1-3 * * *",
    "0 0 13 * 5",
    "30 1-3 1,15 * sun",
    "0 0 * * 7",
    "45 1 * 4,10 0",
    "59 23 L * *",
    "0 12 * * 5L",
    "0 0 29 2 *",
    "0 9 */10 * mon",
    "15 * * * *",
]


@places
@pytest.mark.parametrize("written", CRONS)
def test_cron_comes_when_cronsim_says(written: str, zone: str, year: int) -> None:
    start = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    simulated = (at.astimezone(UTC) for at in CronSim(written, start - timedelta(minutes=1)))
    end = start.replace(year=year + 2)

    # cronsim may name a minute twice which several skipped ones end in.
    assert ours(zone, year, cron=written) == sorted(set(takewhile(lambda at: at < end, simulated)))


@pytest.mark.parametrize("written", ["*/15 * * * *", "15 */3 * * *", "*/20 1-2 * * *", "0 */2 * * *"])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/Sao_Paulo", "2017-10-15"),
        ("America/Sao_Paulo", "2018-02-17"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_a_cron_with_a_star_for_its_time_runs_in_each_minute_that_matches(
    written: str, zone: str, day: str
) -> None:
    """As Debian's does: what comes twice is run twice, what is skipped is not. cronsim errs in Lord Howe."""
    tz, first = ZoneInfo(zone), date.fromisoformat(day) - timedelta(days=1)
    start, end = (datetime.combine(at, time(), tz).astimezone(UTC) for at in (first, first + timedelta(3)))
    fields = CronSim(written, datetime(2000, 1, 1, tzinfo=UTC))
    minutes = (start + timedelta(minutes=count) for count in range((end - start) // timedelta(minutes=1)))

    def matches(at: datetime) -> bool:
        local = at.astimezone(tz)
        return local.minute in fields.minutes and local.hour in fields.hours

    times = group(cron=written).calendar.times_from(first, tz)
    assert list(takewhile(lambda at: at < end, times)) == list(filter(matches, minutes))


needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
_ELAPSES = re.compile(r"(?:Next elapse|Iter\. #\d+|Iteration #\d+): \w+ (\S+ \S+) UTC")


def elapses(expression: str, since: datetime, count: int) -> Iterator[datetime]:
    argv = [
        "systemd-analyze",
        "calendar",
        f"--iterations={count}",
        f"--base-time={since:%Y-%m-%d %H:%M:%S} UTC",
    ]
    env = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    printed = subprocess.run([*argv, expression], env=env, capture_output=True, text=True, check=True).stdout  # noqa: S603
    for found in _ELAPSES.finditer(printed):
        yield datetime.fromisoformat(found[1]).replace(tzinfo=UTC)


@needs_systemd
@places
@pytest.mark.parametrize(
    ("keys", "expressions"),
    [
        ({"at": ["09:00", "18:30"], "days": "weekdays"}, ["Mon..Fri *-*-* 09:00", "Mon..Fri *-*-* 18:30"]),
        ({"at": "12:00", "days": ["last"]}, ["*-*~01 12:00"]),
        ({"at": "06:00", "days": ["first sun"]}, ["Sun *-*-1..7 06:00"]),
        ({"at": "06:00", "days": ["last fri"]}, ["Fri *-*~07/1 06:00"]),
        ({"cron": "15 8-20/4 * * *"}, ["*-*-* 8,12,16,20:15"]),
        ({"every": "3 months", "from": "2015-02-10T05:00"}, ["*-2,5,8,11-10 05:00"]),
        ({"every": "1w", "from": "2015-11-30T07:00"}, ["Mon *-*-* 07:00"]),
    ],
)
def test_calendars_come_when_systemd_says(
    keys: dict[str, Any], expressions: list[str], zone: str, year: int
) -> None:
    expected = ours(zone, year, **keys)
    start = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    since = (start - timedelta(seconds=1)).astimezone(UTC)
    end = start.replace(year=year + 2)

    found = {
        at
        for each in expressions
        for at in takewhile(lambda at: at < end, elapses(f"{each} {zone}", since, len(expected) + 1))
    }

    assert sorted(found) == expected


@pytest.mark.parametrize(
    ("between", "every", "expected"),
    [
        (["08:00", "20:00"], "4h", ["08:00", "12:00", "16:00"]),
        (["08:00", "09:00"], "45m", ["08:00", "08:45"]),
        (["22:00", "02:00"], "90m", ["22:00", "23:30", "01:00"]),
        (["00:00", "23:59"], "1d", ["00:00"]),
    ],
)
def test_every_counts_from_the_first_time_of_between_on_each_of_the_days(
    between: list[str], every: str, expected: list[str]
) -> None:
    found = ours("Asia/Seoul", 2026, every=every, between=between, days="weekdays")

    local = [at.astimezone(ZoneInfo("Asia/Seoul")) for at in found]
    begun = [(at - timedelta(hours=3)).date() if between[0] == "22:00" else at.date() for at in local]
    weekdays = {at.date() for at in r.rrule(r.DAILY, datetime(2026, 1, 1), until=datetime(2027, 12, 31))}  # noqa: DTZ001
    weekdays = {day for day in weekdays if day.weekday() < 5}
    assert set(begun) == weekdays
    for day in sorted(weekdays)[:-1]:
        assert [f"{at:%H:%M}" for at, of in zip(local, begun, strict=True) if of == day] == expected


def test_a_night_with_a_clock_change_has_an_hour_less_or_more() -> None:
    found = ours("Europe/Berlin", 2026, every="1h", between=["22:00", "06:00"])
    tz = ZoneInfo("Europe/Berlin")

    def nights(day: str) -> int:
        start = datetime.fromisoformat(f"{day}T22:00").replace(tzinfo=tz)
        return sum(start <= at < start + timedelta(hours=12) for at in found)

    assert [nights("2026-03-28"), nights("2026-06-01"), nights("2026-10-24")] == [7, 8, 9]


@places
def test_nothing_comes_on_excepted_days(zone: str, year: int) -> None:
    pytest.importorskip("holidays")
    exceptions = [f"{year}-12-24..{year + 1}-01-02", f"{year}-03-05", "holidays:DE-BY"]
    every_day = ours(zone, year, at="10:00")
    found = ours(zone, year, at="10:00", **{"except": exceptions})

    gone = {at.astimezone(ZoneInfo(zone)).date() for at in {*every_day} - {*found}}
    assert {date(year, 12, 24), date(year + 1, 1, 2), date(year, 3, 5)} <= gone
    assert {date(year, 1, 6), date(year, 5, 1), date(year, 11, 1), date(year + 1, 12, 25)} <= gone
    assert date(year + 1, 1, 3) not in gone
    assert date(year, 8, 14) not in gone


def test_a_gap_at_the_end_of_a_day_does_not_mix_up_the_times() -> None:
    """In Nuuk the clock goes from 23:00 to 00:00: 23:30 of that day is then later than 00:15 of the next."""
    found = ours("America/Nuuk", 2025, at=["23:30", "00:15"])

    assert found == sorted(found)
    assert len(found) == 2 * 730
