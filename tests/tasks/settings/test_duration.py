"""Durations and times of day as people write them."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from tasks.settings.clock_time import parse_clock_time
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


@pytest.mark.parametrize("value", [300, 300.0, "300", " 300 ", "300.0"])
def test_a_number_alone_is_seconds_also_as_the_text_of_a_variable(value: object) -> None:
    assert parse_duration(value) == timedelta(minutes=5)


@pytest.mark.parametrize(
    "value",
    ["", "m", "-5m", "+5m", "-5", "5 m", "5min", "5M", "1e3", "1e3s", "5m x", "1h,5m", "∞s", None, True, []],
)
def test_anything_else_is_no_duration_and_reported_with_a_remedy(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a duration") as caught:
        parse_duration(value)
    assert "'1h30m'" in (caught.value.context or {})["remedy"]


@pytest.mark.parametrize(
    "value",
    [
        *("0s", "0m", "0.0000001s", "367d", "366d1s", "9" * 400 + "d", "0", "9" * 400),
        *(0, -1, 1e-7, 366 * 86400 + 1, 10**400, float("inf"), float("nan")),
    ],
)
def test_no_time_at_all_and_more_than_a_year_are_out_of_range(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is out of range"):
        parse_duration(value)


@given(st.one_of(st.integers(), st.floats(), st.from_regex(r"\A[-+0-9. dhms]{0,8}\Z")))
def test_the_schema_takes_what_is_read_and_nothing_else(value: float | str) -> None:
    """An editor must neither mark what is valid, nor let pass what is not."""
    try:
        is_read = bool(parse_duration(value))
    except PydanticCustomError as error:
        is_read = False
        if "out of range" in str(error) and isinstance(value, str):
            return  # a pattern cannot add up
    schema = TypeAdapter(Duration).json_schema()
    pattern, number = schema["anyOf"][0]["pattern"], schema["anyOf"][1]
    if isinstance(value, str):
        takes = re.search(pattern, value.strip()) is not None
    else:
        takes = number["exclusiveMinimum"] < value <= number["maximum"]
        is_read |= 0 < value < 1e-6  # no schema can round
    assert takes is is_read


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
def test_anything_else_is_no_time_of_day_and_reported_with_a_remedy(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a time of day") as caught:
        parse_clock_time(value)
    assert "'00:00' to '23:59'" in (caught.value.context or {})["remedy"]


def test_a_duration_is_written_to_json_as_rhythm_toml_has_it() -> None:
    assert TypeAdapter(Duration).dump_json(timedelta(minutes=90)) == b'"1h30m"'
