"""What the dashboard asks the store: days as people count them, and nothing from the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.dashboard.data import days, endpoint_days, fitting
from tasks.outcome import Outcome
from tasks.store.measurements import (
    CPU,
    Bucket,
    GroupEvent,
    Probe,
    ProbeBucket,
    Reading,
    Sample,
    StepUsage,
    Transition,
)
from tasks.store.store import Store
from tests.tasks.builtin.dashboard.conftest import NOW, MakePast

SEOUL = ZoneInfo("Asia/Seoul")


def test_a_day_is_one_of_the_settings_zone() -> None:
    late, early = datetime(2026, 3, 3, 14, 30, tzinfo=UTC), datetime(2026, 3, 3, 15, tzinfo=UTC)
    buckets = [Bucket(CPU, late, 1, 10, 0, 100), Bucket(CPU, early, 1, 20, 0, 100)]

    assert [(day.day, day.mean) for day in days(buckets, SEOUL)] == [
        (date(2026, 3, 3), 10),
        (date(2026, 3, 4), 20),
    ]


def test_the_mean_of_a_day_is_that_of_its_readings_and_not_of_its_parts() -> None:
    at = datetime(2026, 3, 3, 1, tzinfo=UTC)
    buckets = [Bucket(CPU, at, 9, 10, 0, 100), Bucket(CPU, at + timedelta(hours=1), 1, 60, 0, 100)]

    (day,) = days(buckets, SEOUL)
    assert (day.mean, day.low, day.high) == (15, 10, 60)


def test_an_endpoint_that_never_answered_has_a_day_without_latency() -> None:
    at = datetime(2026, 3, 3, 1, tzinfo=UTC)
    down = ProbeBucket("llm", at, 3, 0, None, None)
    up = ProbeBucket("llm", at + timedelta(minutes=30), 2, 2, 0.2, 0.3)

    (day,) = endpoint_days([down], SEOUL)
    assert (day.asked, day.ok, day.mean, day.high) == (3, 0, None, None)
    (day,) = endpoint_days([down, up], SEOUL)
    assert (day.asked, day.ok, day.mean, day.high) == (5, 2, 0.2, 0.2)


def test_what_a_clock_that_was_set_back_left_behind_is_not_shown(make_past: MakePast) -> None:
    later = NOW + timedelta(hours=1)

    def write(store: Store) -> None:
        for at in (NOW - timedelta(hours=1), later):
            store.add_samples([Sample(at, CPU, 50)])
            store.add_probes([Probe("llm", at, True, 0.1)])
            store.add_decisions([GroupEvent(at, "health_check", "run", "", Outcome.COMPLETED, 1.0)])
            store.add_steps([StepUsage(at, "health_check", "s", 1, Outcome.COMPLETED, 1.0, None, None)])
            store.add_transitions([Transition("llm", at, "closed", "open", "3 failures in a row", 60)])

    past = make_past(write)

    assert [len(each) for each in (past.events, past.steps, past.transitions)] == [1, 1, 1]
    assert (len(past.machine[CPU]), len(past.probes["llm"])) == (1, 1)
    assert [day.day for day in past.machine_days[CPU]] == [NOW.date()]


def test_today_is_left_out_of_the_trends_as_soon_as_two_days_are_over(make_past: MakePast) -> None:
    def of(*days_ago: int) -> list[date]:
        past = make_past(lambda store: store.add_samples(_samples(days_ago)))
        return [day.day for day in past.machine_days[CPU]]

    assert of(0) == [date(2026, 3, 4)]
    assert of(1) == [date(2026, 3, 3), date(2026, 3, 4)]
    assert of(2) == [date(2026, 3, 2), date(2026, 3, 3)]


def test_a_beat_that_found_nothing_due_is_no_event(make_past: MakePast) -> None:
    quiet = GroupEvent(NOW - timedelta(hours=1), "health_check", "not_due", "next at 15:40")

    assert make_past(lambda store: store.add_decisions([quiet])).events == ()


def test_a_run_that_failed_names_its_failed_steps_and_no_other_runs(make_past: MakePast) -> None:
    began = NOW - timedelta(hours=1)
    run = GroupEvent(began, "health_check", "run", "due", Outcome.FAILED, 10.0)

    def write(store: Store) -> None:
        for seconds, group, step, outcome in (
            (1, "health_check", "check_health", Outcome.TIMED_OUT),
            (5, "health_check", "circuit_breaker_router", Outcome.COMPLETED),
            (6, "daily_routine", "of another group", Outcome.FAILED),
            (600, "health_check", "of the next run", Outcome.FAILED),
        ):
            at = began + timedelta(seconds=seconds)
            store.add_steps([StepUsage(at, group, step, 1, outcome, 1.0, None, None)])
        store.add_decisions([run])

    assert make_past(write).failed_steps(run) == "check_health timed out"


def _samples(days_ago: tuple[int, ...]) -> list[Sample]:
    return [Sample(NOW - timedelta(days=ago), CPU, 50) for ago in days_ago]


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [([], 24), ([5], 1), ([59], 1), ([61], 2), ([5, 300], 5), ([1439], 24), ([1440], 24), ([1470], 24)],
)
def test_the_window_begins_with_the_first_data_at_whole_hours(minutes: list[int], hours: int) -> None:
    known = [NOW - timedelta(minutes=each) for each in minutes]

    assert fitting(NOW, 24.0, known) == hours


def test_an_hour_of_readings_and_samples_fills_the_window(make_past: MakePast) -> None:
    now = NOW + timedelta(minutes=20)
    first = now - timedelta(minutes=55)  # the half hour that it lies in began more than an hour ago

    def write(store: Store) -> None:
        store.add_samples([Sample(first, CPU, 50)])
        store.add_probes([Probe("llm", first, True, 0.1)])
        store.add_readings([Reading(first, 50.0, 1.0, 2**30)])

    assert make_past(write, now).window.minutes == 60


def test_a_window_of_less_than_an_hour_stays_as_asked() -> None:
    assert fitting(NOW, 0.5, [NOW - timedelta(minutes=5)]) == 0.5
