"""The hours that are shown: where a moment lies, and the words below the axis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.dashboard.window import Window
from tests.tasks.builtin.dashboard.conftest import BERLIN, NOW


def test_the_words_below_the_axis_are_round_hours_of_the_settings_zone() -> None:
    ticks = Window.before(NOW, 24, BERLIN).ticks()

    assert list(ticks.values()) == ["18:00", "21:00", "Wed 4", "03:00", "06:00", "09:00", "12:00", "15:00"]
    assert next(iter(ticks)) == 150  # from 15:30 to 18:00


@pytest.mark.parametrize(
    ("now", "hours", "words"),
    [
        # An hour is left out, and one comes twice.
        (datetime(2026, 3, 29, 5, tzinfo=BERLIN), 4, {0: "Sun 29", 60: "01:00", 120: "03:00", 240: "05:00"}),
        (datetime(2026, 10, 25, 4, tzinfo=BERLIN), 5, {0: "Sun 25", 60: "01:00", 120: "02:00", 300: "04:00"}),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_a_night_on_which_clocks_change_is_as_long_as_it_is(
    now: datetime, hours: float, words: dict[int, str]
) -> None:
    ticks = Window.before(now, hours, BERLIN).ticks()

    assert {place: ticks.get(place) for place in words} == words
    assert "02:00" not in ticks.values() or now.month == 10


@given(st.floats(0.1, 72), st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns", "Asia/Seoul"]))
def test_there_are_never_more_words_than_a_line_has_room_for(hours: float, zone: str) -> None:
    window = Window.before(NOW, hours, ZoneInfo(zone))

    assert len(window.ticks()) <= 10
    assert all(0 <= place <= round(window.minutes) for place in window.ticks())
    assert 1 <= window.part / timedelta(minutes=1) <= 30


def test_a_moment_outside_lies_at_the_end_it_is_beyond() -> None:
    window = Window.before(NOW, 2, BERLIN)

    assert window.place(NOW - timedelta(days=1)) == 0
    assert window.place(NOW + timedelta(days=1)) == 120
    assert window.place((NOW - timedelta(minutes=30)).astimezone(UTC)) == 90


def test_a_window_of_more_than_a_day_tells_the_weekday() -> None:
    assert Window.before(NOW, 24, BERLIN).clock(NOW.astimezone(UTC)) == "15:30"
    assert Window.before(NOW, 48, BERLIN).clock(NOW.astimezone(UTC)) == "Wed 15:30"
