"""Durations and times of day as people write them."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from tasks.settings.clock_time import ClockTime, parse_clock_time
from tasks.settings.duration import LONGEST, Duration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (" 5m ", 300),
        ("0.5s", 0.5),
        ("366d", 366 * 86400),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    ["", "5", "m", "-5m", "+5m", "5 m", "5min", "5M", "1e3s", "5m x", "1h,5m", "∞s", 5, 5.0, None, True, []],
)
def test_anything_else_is_no_duration_and_told_with_a_remedy(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a duration") as caught:
        parse_duration(value)
    assert "'1h30m'" in (caught.value.context or {})["remedy"]


@pytest.mark.parametrize("text", ["0s", "0m", "0.0000001s", "367d", "366d1s", "9" * 400 + "d"])
def test_no_time_at_all_and_more_than_a_year_are_out_of_range(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="is out of range"):
        parse_duration(text)


@settings(deadline=None)
@given(st.integers(1, int(LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds)))
def test_whole_seconds_are_written_as_they_are_read(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.5, "0.5s"), (90, "1m30s"), (600, "10m"), (5400, "1h30m"), (90061, "1d1h1m1s")],
)
def test_a_duration_is_written_in_the_largest_units(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("03:00", time(3)),
        ("3:05", time(3, 5)),
        ("00:00", time()),
        ("23:59", time(23, 59)),
        (" 07:30 ", time(7, 30)),
        (time(3, 0), time(3)),
    ],
)
def test_a_time_of_day_is_hours_and_minutes(value: object, expected: time) -> None:
    assert parse_clock_time(value) == expected


@pytest.mark.parametrize(
    "value", ["25:00", "24:00", "12:60", "12", "", "noon", "3:5", "-1:00", "03:00:00", 3, None]
)
def test_anything_else_is_no_time_of_day_and_told_with_a_remedy(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a time of day") as caught:
        parse_clock_time(value)
    assert "'00:00' to '23:59'" in (caught.value.context or {})["remedy"]


def test_both_are_written_to_json_as_rhythm_toml_has_them() -> None:
    assert TypeAdapter(Duration).dump_json(timedelta(minutes=90)) == b'"1h30m"'
    assert TypeAdapter(ClockTime).dump_json(time(3)) == b'"03:00"'
