"""Slots: aligned to the wall clock, without gaps, one a local day."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.decisions.slots import BEAT, next_beat, slot_at
from tasks.settings.groups import GroupSettings
from tests.flows.calendars import calendars

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
)
moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
zones = st.sampled_from(ZONES).map(ZoneInfo)


def group(**cadence: object) -> GroupSettings:
    return GroupSettings.model_validate({"steps": ["check_health"], **cadence})


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("every", "zone", "now", "start", "end"),
    [
        ("10m", "UTC", "14:03", "14:00", "14:10"),
        ("10m", "UTC", "14:10", "14:10", "14:20"),
        ("30m", "Europe/Berlin", "14:59", "14:30", "15:00"),
        ("60m", "Asia/Kolkata", "14:20", "14:00", "15:00"),
        ("2h", "Europe/Berlin", "13:00", "12:00", "14:00"),
        ("90s", "UTC", "14:02", "14:01:30", "14:03"),
        ("6h", "America/New_York", "05:59", "00:00", "06:00"),
    ],
)
def test_an_interval_is_aligned_to_the_zones_wall_clock(
    every: str, zone: str, now: str, start: str, end: str
) -> None:
    slot = slot_at(group(every=every), local(f"2026-01-20T{now}", zone), ZoneInfo(zone))

    assert slot.start == local(f"2026-01-20T{start}", zone)
    assert slot.end == local(f"2026-01-20T{end}", zone)


def test_a_day_begins_at_midnight_and_a_week_on_monday() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = local("2026-01-21T15:00", "Europe/Berlin")  # a Wednesday

    assert slot_at(group(every="1d"), now, zone).start == local("2026-01-21T00:00", "Europe/Berlin")
    assert slot_at(group(every="7d"), now, zone).start == local("2026-01-19T00:00", "Europe/Berlin")


def test_a_daily_slot_lasts_from_its_time_to_that_of_the_next_day() -> None:
    slot = slot_at(group(at="03:00"), local("2026-01-20T02:59", "Asia/Seoul"), ZoneInfo("Asia/Seoul"))

    assert slot.start == local("2026-01-19T03:00", "Asia/Seoul")
    assert slot.end == local("2026-01-20T03:00", "Asia/Seoul")


@pytest.mark.parametrize(
    ("zone", "day", "at", "starts"),
    [
        # Berlin goes from 02:00 to 03:00, and back from 03:00 to 02:00.
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30+00:00"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00+00:00"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30+00:00"),
        # Athens goes from 03:00 to 04:00, and back from 04:00 to 03:00.
        ("Europe/Athens", "2026-03-29", "03:00", "2026-03-29T01:00+00:00"),
        ("Europe/Athens", "2026-10-25", "03:00", "2026-10-25T00:00+00:00"),
        # Lord Howe changes by half an hour: 02:00 to 02:30, and back from 02:00 to 01:30.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45+00:00"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45+00:00"),
    ],
)
def test_a_time_of_day_that_is_skipped_or_comes_twice_starts_one_slot(
    zone: str, day: str, at: str, starts: str
) -> None:
    noon = local(f"{day}T12:00", zone)
    start = datetime.fromisoformat(starts)

    slot = slot_at(group(at=at), noon, ZoneInfo(zone))

    assert slot.start == start
    assert slot_at(group(at=at), start - timedelta(seconds=1), ZoneInfo(zone)).end == start


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "02:15", "03:00", "23:59"])
def test_every_local_day_of_a_year_has_one_daily_slot(zone: str, at: str) -> None:
    daily, tz = group(at=at), ZoneInfo(zone)
    slot = slot_at(daily, datetime(2026, 1, 1, 12, tzinfo=tz), tz)
    days: list[date] = []
    for _ in range(365):
        days.append(slot.start.astimezone(tz).date())
        slot = slot_at(daily, slot.end, tz)

    assert days == [days[0] + timedelta(days=count) for count in range(365)]


@settings(deadline=None, max_examples=300)
@given(cadence=calendars, now=moments, zone=zones)
def test_slots_follow_each_other_without_gap_or_overlap(
    cadence: dict[str, object], now: datetime, zone: ZoneInfo
) -> None:
    made = group(**cadence)
    slot = slot_at(made, now, zone)

    assert now in slot
    assert slot.end not in slot
    assert slot_at(made, slot.start, zone) == slot
    assert slot_at(made, slot.end - timedelta(microseconds=1), zone) == slot
    assert slot_at(made, slot.end, zone).start == slot.end


@settings(deadline=None, max_examples=150)
@given(cadence=calendars, now=moments, zone=zones, days=st.lists(st.floats(-500, 500), max_size=5))
def test_a_slot_is_the_same_whatever_was_asked_before(
    cadence: dict[str, object], now: datetime, zone: ZoneInfo, days: list[float]
) -> None:
    asked = group(**cadence)
    for count in days:
        slot_at(asked, now + timedelta(days=count), zone)

    assert slot_at(asked, now, zone) == slot_at(group(**cadence), now, zone)
    assert slot_at(copy.deepcopy(asked), now, zone) == slot_at(asked, now, zone)


@settings(deadline=None, max_examples=150)
@given(cadence=calendars, now=moments, zone=zones)
def test_a_slot_begins_on_a_day_and_within_the_hours_of_its_calendar(
    cadence: dict[str, object], now: datetime, zone: ZoneInfo
) -> None:
    calendar = group(**cadence).calendar
    start = slot_at(group(**cadence), now, zone).start

    assert not calendar.closed(start, zone)
    # What a clock change skips at the end of a day comes at the begin of the next.
    local = [start.astimezone(zone), (start - timedelta(hours=1)).astimezone(zone)]
    nights = calendar.between and calendar.between.end <= calendar.between.start
    assert nights or calendar.is_plain or any(calendar.is_day(each.date()) for each in local)


@pytest.mark.parametrize("every", ["45m", "60m", "2h", "7h", "1d"])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Athens", "2026-10-25"),
        ("Europe/Dublin", "2026-03-29"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("America/New_York", "2026-11-01"),
    ],
)
def test_a_clock_change_makes_no_slot_of_an_interval_longer_or_shorter(
    zone: str, day: str, every: str
) -> None:
    tz, made = ZoneInfo(zone), group(every=every)
    now = local(f"{day}T00:00", zone).astimezone(UTC) - timedelta(days=1)
    slots = {slot_at(made, now + count * BEAT, tz) for count in range(3 * 288)}
    ordered = sorted(slots, key=lambda slot: slot.start)

    assert {slot.end - slot.start for slot in slots} == {made.every}
    assert [slot.start for slot in ordered[1:]] == [slot.end for slot in ordered[:-1]]


@settings(deadline=None, max_examples=100)
@given(now=moments)
def test_beats_come_every_five_minutes_of_the_clock(now: datetime) -> None:
    beat = next_beat(now)

    assert timedelta() < beat - now <= BEAT
    assert (beat.minute % 5, beat.second, beat.microsecond) == (0, 0, 0)


def test_prefect_schedules_the_same_beat(pytestconfig: pytest.Config) -> None:
    deployed = yaml.safe_load((pytestconfig.rootpath / "prefect.yaml").read_text(encoding="utf-8"))
    schedules = [
        schedule for deployment in deployed["deployments"] for schedule in deployment.get("schedules", [])
    ]

    assert [schedule["interval"] for schedule in schedules] == [BEAT.total_seconds()]
    anchor = datetime.fromisoformat(schedules[0]["anchor_date"])
    assert next_beat(anchor - timedelta(seconds=1)) == anchor


def test_a_beat_that_comes_while_one_runs_is_cancelled_and_not_queued(pytestconfig: pytest.Config) -> None:
    deployed = yaml.safe_load((pytestconfig.rootpath / "prefect.yaml").read_text(encoding="utf-8"))

    assert {each["name"]: each.get("concurrency_limit") for each in deployed["deployments"][:2]} == {
        "rhythm": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
        "health-check": None,
    }


def test_prefect_keeps_the_runs_that_beats_decide_by_for_90_days(pytestconfig: pytest.Config) -> None:
    code = (
        "from prefect.settings import get_current_settings as s; found = s().server.services.db_vacuum; "
        "print(sorted(found.enabled), found.retention_period.days)"
    )

    asked = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code], cwd=pytestconfig.rootpath, capture_output=True, text=True, check=True
    )

    assert asked.stdout == "['events', 'flow_runs'] 90\n"


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_ask_one_group_get_the_slots_that_each_would_get_alone() -> None:
    zone, start = ZoneInfo("Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC)
    made = group(at=["02:30", "14:00"], days=["mon", "thu"])
    asked = [[start + timedelta(hours=31 * n + 400 * who) for n in range(1500)] for who in range(4)]
    alone = [[slot_at(group(at=["02:30", "14:00"], days=["mon", "thu"]), now, zone) for now in asked[0]]]
    alone += [[slot_at(made, now, zone) for now in each] for each in asked[1:]]

    def ask(times: list[datetime]) -> list[object]:
        return [slot_at(made, now, zone) for now in times]

    with ThreadPoolExecutor(len(asked)) as pool:
        assert list(pool.map(ask, asked)) == alone
