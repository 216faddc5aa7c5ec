"""The load that is usual at a time of day, learned from readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.decisions.slots import BEAT
from flows.decisions.usual import usual_load
from tasks.store.measurements import Reading

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def at(clock: str, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}+00:00")


def test_what_is_usual_is_the_mean_of_that_time_of_day_and_that_minute_of_the_hour() -> None:
    usual = usual_load([Reading(at("14:00"), 80.0), Reading(at("14:05"), 20.0)], ZONE)

    assert usual is not None
    assert usual(at("14:02", day=3)) == 80.0
    assert usual(at("14:05", day=3)) == 20.0
    assert usual(at("15:00")) == 80.0, "of that hour nothing is known yet: its minute counts alone"
    assert usual(at("15:10")) is None


def test_a_new_day_counts_three_tenths_and_a_new_hour_three_twentieths() -> None:
    usual = usual_load([Reading(at("14:00"), 0.0), Reading(at("14:00", day=3), 100.0)], ZONE)

    assert usual is not None
    assert usual(at("14:00", day=4)) == pytest.approx((30 + 15) / 2)
    assert usual(at("09:00", day=4)) == pytest.approx(15)


def test_several_readings_within_five_minutes_count_as_their_mean() -> None:
    minutes = [Reading(at(f"14:0{minute}"), 20.0 * minute) for minute in range(5)]
    usual = usual_load(minutes, ZONE)

    assert usual is not None
    assert usual(at("14:00")) == 40.0


def test_it_goes_by_the_clock_of_the_zone_through_a_clock_change() -> None:
    athens = ZoneInfo("Europe/Athens")
    before, after = datetime(2026, 3, 28, 9, tzinfo=athens), datetime(2026, 3, 30, 9, tzinfo=athens)
    usual = usual_load([Reading(before, 90.0), Reading(before + timedelta(hours=1), 10.0)], athens)

    assert usual is not None
    assert usual(after) > usual(after + timedelta(hours=1))  # type: ignore[operator]


@pytest.mark.parametrize("readings", [[], [Reading(MIDNIGHT, None, 3.0, 2**30)]])
def test_without_a_reading_of_others_nothing_is_usual(readings: list[Reading]) -> None:
    assert usual_load(readings, ZONE) is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=600))
def test_what_is_usual_lies_between_the_lowest_and_the_highest_that_was(loads: list[float]) -> None:
    usual = usual_load([Reading(MIDNIGHT + index * BEAT, load) for index, load in enumerate(loads)], ZONE)

    assert usual is not None
    for beat in range(288):
        found = usual(MIDNIGHT + beat * BEAT)
        assert found is None or min(loads) - 1e-9 <= found <= max(loads) + 1e-9


@given(st.floats(0, 100), st.integers(1, 600))
def test_a_constant_load_is_usual_at_every_time_that_is_known(load: float, count: int) -> None:
    usual = usual_load([Reading(MIDNIGHT + index * BEAT, load) for index in range(count)], ZONE)

    assert usual is not None
    assert {usual(MIDNIGHT + beat * BEAT) for beat in range(288)} <= {load, None}
