"""What is reported about incidents: the step behind them, the hour, and what still goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.analysis.coincidence import AFTERMATH, Runs, busiest_hour, recommendations, suspects
from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.series import latencies
from tasks.outcome import Outcome
from tasks.store.measurements import StepUsage

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
ANSWERS = [MIDNIGHT + timedelta(minutes=10 * n) for n in range(144 * 14)]


def ran(step: str, day: float, hour: float, minutes: float = 10) -> StepUsage:
    at = MIDNIGHT + timedelta(days=day, hours=hour)
    return StepUsage(at, "daily_routine", step, 1, Outcome.COMPLETED, minutes * 60, None, None)


def slow(day: float, hour: float, ok: bool = True) -> Episode:
    at = MIDNIGHT + timedelta(days=day, hours=hour)
    times = [at + timedelta(minutes=m) for m in (0, 10, 20)]
    fault = "" if ok else "no answer"
    troubles = [Trouble(each, each, 1.0 if ok else 0.0, fault=fault) for each in times]
    return Episode(latencies("llm", []).of, tuple(troubles))


EVERY_BEAT = [ran("check_health", day, hour / 6, 0.1) for day in range(14) for hour in range(144)]
BACKUP = [ran("backup.ps1", day, 2) for day in range(14)]


@pytest.mark.parametrize(
    ("minutes", "runs"), [(-1, False), (0, True), (9, True), (10 + 5, True), (10 + 6, False)]
)
def test_a_step_is_felt_while_it_runs_and_shortly_after(minutes: float, runs: bool) -> None:
    assert timedelta(minutes=5) == AFTERMATH
    moment = MIDNIGHT + timedelta(hours=2, minutes=minutes)
    assert (Runs([ran("backup.ps1", 0, 2)]).at("backup.ps1", moment) is not None) is runs


def test_a_step_that_runs_when_it_is_slow_and_else_seldom_is_suspect() -> None:
    incidents = [slow(day, 2) for day in (3, 5, 9)] + [slow(11, 15)]
    (found,) = suspects(incidents, ANSWERS, Runs([*EVERY_BEAT, *BACKUP]), BERLIN)
    assert (found.step, found.seen, found.incidents, found.first, found.last) == (
        "backup.ps1",
        3,
        4,
        "03:00",
        "03:00",
    )
    assert found.usual == pytest.approx(2 / 144, abs=0.01)


@pytest.mark.parametrize(
    "incidents",
    [
        pytest.param([slow(day, 2) for day in (3, 5)], id="too few"),
        pytest.param([slow(day, 2 + 3 * day % 20) for day in range(1, 14)], id="at any hour"),
        pytest.param([], id="none"),
    ],
)
def test_few_or_scattered_incidents_accuse_no_step(incidents: list[Episode]) -> None:
    assert not list(suspects(incidents, ANSWERS, Runs([*EVERY_BEAT, *BACKUP]), BERLIN))


def test_what_runs_because_of_an_incident_is_no_cause_of_it() -> None:
    restarts = [ran("auto_restart_local_llm", day, 2.3, 1) for day in (3, 5, 9)]
    incidents = [slow(day, 2, ok=False) for day in (3, 5, 9)]
    assert not list(suspects(incidents, ANSWERS, Runs(restarts), BERLIN))
    assert Runs(restarts).during(incidents[0]) == ["auto_restart_local_llm"]


def test_the_hour_is_told_when_no_step_explains_it() -> None:
    incidents = [slow(day, 12) for day in (2, 4, 6, 8)]
    assert busiest_hour(incidents, ANSWERS, BERLIN) == (13, 4)
    assert recommendations("llm", incidents, ANSWERS, Runs(EVERY_BEAT), BERLIN) == [
        "4 of 4 incidents of llm begin between 13:00 and 14:00, and none of Rhythm's steps explains it: "
        "look for what else runs then."
    ]


def test_many_incidents_of_one_day_are_no_habit() -> None:
    assert busiest_hour([slow(2, 12), slow(2, 12.5), slow(2, 12.9)], ANSWERS, BERLIN) is None


def test_the_recommendation_names_the_step_its_time_and_how_often() -> None:
    incidents = [slow(day, 2) for day in (3, 5, 9)]
    assert recommendations("llm", incidents, ANSWERS, Runs([*EVERY_BEAT, *BACKUP]), BERLIN) == [
        "llm gets into trouble when backup.ps1 runs (at 03:00): so it did in 3 of 3 incidents, but at 1% of "
        "all requests. Move it, or give it less to do at once."
    ]


def test_what_goes_on_is_told() -> None:
    asked = ANSWERS[: 2 * 144 + 75]  # until 12:20 of the third day
    (said,) = recommendations("llm", [slow(2, 12)], asked, Runs([]), BERLIN)
    assert said.startswith("llm may still be slow (since 03-03 13:00)")
    (said,) = recommendations("llm", [slow(2, 12, ok=False)], asked, Runs([]), BERLIN)
    assert said.startswith("llm may still be down (since 03-03 13:00)")


def test_without_incidents_nothing_is_recommended() -> None:
    assert recommendations("llm", [], ANSWERS, Runs(EVERY_BEAT), BERLIN) == []
    assert recommendations("llm", [], [], Runs([]), BERLIN) == []
