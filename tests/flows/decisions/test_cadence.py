"""What a beat decides: days of the shipped rhythm, failures and what they hold up, and reasons."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.decisions.cadence import after_run, choose, decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.situation import Situation
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import FIVE, Simulation, every_five_minutes, failing, rhythm

A_DAY = {
    "health_check": 144,
    "performance_analysis": 48,
    "system_maintenance": 24,
    "daily_routine": 1,
    "event_analysis": 12,
}
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
BEATS = every_five_minutes(MIDNIGHT, MIDNIGHT + timedelta(days=1))


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}+00:00")


def ran(clock: str, outcome: Outcome | None = Outcome.COMPLETED) -> Run:
    return Run(at(clock), at(clock) + timedelta(seconds=1) if outcome else None, outcome)


def settled(settings: Settings) -> Simulation:
    """A simulation in which all went well up to midnight."""
    simulation = Simulation(settings)
    before = MIDNIGHT - timedelta(seconds=1)
    for runs in simulation.runs.values():
        runs.append(Run(before, before, Outcome.COMPLETED))
    return simulation


def counts(simulation: Simulation) -> dict[str, int]:
    """Runs since midnight."""
    return {name: count - 1 for name, count in simulation.counts().items()}


# Days


@pytest.fixture
def shipped(pytestconfig: pytest.Config) -> Settings:
    return config.load(Path(pytestconfig.rootpath) / "rhythm.toml").model_copy(update={"timezone": "UTC"})


def test_the_shipped_rhythm_is_the_one_that_these_tests_take(shipped: Settings) -> None:
    taken = rhythm()

    assert {name: (group.every, group.at, group.after) for name, group in shipped.groups.items()} == {
        name: (group.every, group.at, group.after) for name, group in taken.groups.items()
    }
    assert shipped.order == tuple(FIVE)


def test_a_day_of_the_shipped_rhythm_has_144_48_24_1_and_12_runs(shipped: Settings) -> None:
    simulation = settled(shipped)
    for now in BEATS:
        simulation.beat(now)

    assert counts(simulation) == A_DAY


@pytest.mark.parametrize("seed", range(5))
def test_beats_up_to_20_seconds_late_make_nothing_drift(shipped: Settings, seed: int) -> None:
    chance = random.Random(seed)
    simulation = settled(shipped)
    for now in BEATS:
        simulation.beat(now + timedelta(seconds=chance.uniform(0, 20)))

    assert counts(simulation) == A_DAY


@pytest.mark.parametrize("back", [timedelta(seconds=3), timedelta(minutes=1), timedelta(minutes=7)])
@pytest.mark.parametrize("when", ["03:00:10", "11:59:59", "12:00:01", "12:07"])
def test_a_clock_that_is_set_back_runs_nothing_twice(shipped: Settings, back: timedelta, when: str) -> None:
    simulation = settled(shipped)
    early = [now for now in BEATS if now <= at(when)]
    again = [now for now in BEATS if now > at(when) - back]
    for now in [*early, at(when), at(when) - back, *again]:
        simulation.beat(now)

    assert counts(simulation) == A_DAY


CLOCK_CHANGES = [
    ("Europe/Berlin", "2026-03-29", 23),
    ("Europe/Berlin", "2026-10-25", 25),
    ("Europe/Athens", "2026-03-29", 23),
    ("Europe/Athens", "2026-10-25", 25),
    ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ("America/New_York", "2026-03-08", 23),
    ("America/New_York", "2026-11-01", 25),
    ("Asia/Kolkata", "2026-03-29", 24),
    ("UTC", "2026-03-29", 24),
]


@pytest.mark.parametrize(("zone", "day", "hours"), CLOCK_CHANGES)
def test_the_daily_group_runs_once_each_local_day_through_clock_changes(
    zone: str, day: str, hours: float
) -> None:
    tz = ZoneInfo(zone)
    middle = datetime.fromisoformat(day).replace(tzinfo=tz)
    start = (middle - timedelta(days=2)).astimezone(UTC)
    end = (middle + timedelta(days=3)).astimezone(UTC)
    assert end - start == timedelta(hours=4 * 24 + hours)
    simulation = Simulation(rhythm(zone))
    simulation.beat(start - timedelta(minutes=5))  # what is due from earlier
    before = simulation.counts()
    for now in every_five_minutes(start, end):
        simulation.beat(now)

    daily = [run.started.astimezone(tz) for run in simulation.runs["daily_routine"][1:]]
    assert [run.date() for run in daily] == [middle.date() + timedelta(days=count) for count in range(-2, 3)]
    assert {f"{run:%H:%M}" for run in daily} <= {"03:00", "04:00"}
    made = {name: count - before[name] for name, count in simulation.counts().items()}
    assert made["health_check"] == (96 + hours) * 6
    assert made["performance_analysis"] == (96 + hours) * 2


def test_after_any_gap_each_due_group_runs_once(shipped: Settings) -> None:
    simulation = settled(shipped)
    simulation.beat(MIDNIGHT)
    before = simulation.counts()
    back = MIDNIGHT + timedelta(days=9, hours=13, minutes=35, seconds=17)

    simulation.beat(back)
    assert simulation.counts() == {name: count + 1 for name, count in before.items()}
    decisions = {choice.decision for choice in simulation.beat(back + timedelta(seconds=5)).values()}
    assert decisions == {Decision.NOT_DUE}


# Failures


def test_a_failed_group_is_tried_again_at_the_next_beat() -> None:
    simulation = settled(rhythm())
    simulation.beat(at("03:00"), failing("daily_routine"))
    again = simulation.beat(at("03:05"))["daily_routine"]

    assert (again.decision, again.outcome) == (Decision.RUN, Outcome.COMPLETED)
    assert again.reason == "due since 03:00, attempt 2 of 3"
    assert simulation.beat(at("03:10"))["daily_routine"].reason == "ran at 03:05"


@pytest.mark.parametrize(
    ("every", "reason"),
    [
        ("5m", "due since 12:00"),
        ("10m", "due since 12:00, attempt 2 of 3"),
        ("7m", "due since 12:01, attempt 2 of 3"),
    ],
)
def test_another_attempt_is_counted_only_where_a_beat_comes_within_the_slot(every: str, reason: str) -> None:
    settings = rhythm(groups={"a": {"every": every}})
    failed = Run(at("12:02:10"), at("12:02:11"), Outcome.FAILED)

    (choice,) = decide(Situation(settings, {"a": [failed]}, at("12:04")))

    assert (choice.decision, choice.reason) == (Decision.RUN, reason)


def test_a_time_of_another_day_has_its_date_in_a_reason() -> None:
    settings = rhythm(groups={"week": {"every": "7d"}, "day": {"at": "23:00"}, "later": {"every": "1h"}})
    ran = Run(at("23:00") - timedelta(days=1), at("23:01") - timedelta(days=1), Outcome.COMPLETED)

    choices = decide(Situation(settings, {"day": [ran]}, at("12:00") + timedelta(days=2)))
    of_day = decide(Situation(settings, {"day": [ran]}, at("12:00")))[1]

    assert [choice.reason for choice in choices] == [
        "due since Mon 02 Mar 00:00",
        "due since Tue 03 Mar 23:00",
        "due since 12:00",
    ]
    assert of_day.reason == "ran at Sun 01 Mar 23:00"


def test_a_group_is_given_up_after_three_failures_until_its_next_slot() -> None:
    simulation = settled(rhythm())
    for now in BEATS:
        choice = simulation.beat(now, failing("daily_routine"))["daily_routine"]

    assert [run.started for run in simulation.runs["daily_routine"][1:]] == [
        at("03:00"),
        at("03:05"),
        at("03:10"),
    ]
    assert choice.decision is Decision.NOT_DUE
    assert choice.reason == "given up after attempt 3, which failed at 03:10"
    assert choice.next_due == at("03:00") + timedelta(days=1)
    assert choice.failing
    tomorrow = simulation.beat(at("03:00") + timedelta(days=1))
    assert tomorrow["daily_routine"].reason == "due since 03:00"


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_attempts_says_how_often_a_failed_group_is_tried_in_a_slot(attempts: int) -> None:
    simulation = settled(rhythm(daily_routine={"attempts": attempts}))
    for now in BEATS:
        simulation.beat(now, failing("daily_routine"))

    assert counts(simulation)["daily_routine"] == attempts


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.FAILED, "failed"),
        (Outcome.TIMED_OUT, "timed out"),
        (Outcome.CRASHED, "crashed"),
        (Outcome.CANCELLED, "was cancelled"),
    ],
)
def test_any_run_that_did_not_complete_counts_as_an_attempt(outcome: Outcome, said: str) -> None:
    history = {"health_check": [ran("12:00", outcome), ran("12:01", outcome), ran("12:02", outcome)]}

    health, performance, *_ = decide(Situation(rhythm(), history, at("12:05")))

    assert health.reason == f"given up after attempt 3, which {said} at 12:02"
    assert (performance.decision, performance.reason) == (Decision.WAITS, f"health_check {said} at 12:02")


def test_a_run_may_begin_after_failures_as_long_as_attempts_are_left_in_any_order_of_the_history() -> None:
    history = {"health_check": [ran("12:04", Outcome.FAILED), ran("12:01", Outcome.FAILED)]}

    health = decide(Situation(rhythm(), history, at("12:05")))[0]

    assert (health.decision, health.reason) == (Decision.RUN, "due since 12:00, attempt 3 of 3")


def test_a_failed_health_check_makes_all_after_it_wait_and_one_beat_catches_up() -> None:
    simulation = settled(rhythm())
    simulation.beat(at("00:00"))
    choices = simulation.beat(at("04:00"), failing("health_check"))

    assert {name: (choice.decision, choice.reason) for name, choice in choices.items()} == {
        "health_check": (Decision.RUN, "due since 04:00"),
        "performance_analysis": (Decision.WAITS, "health_check failed"),
        "system_maintenance": (Decision.WAITS, "performance_analysis waits (health_check failed)"),
        "daily_routine": (
            Decision.WAITS,
            "system_maintenance waits (health_check failed)",
        ),
        "event_analysis": (Decision.WAITS, "performance_analysis waits (health_check failed)"),
    }
    assert all(choice.failing for choice in choices.values())
    assert {choice.next_due for choice in choices.values()} == {at("04:05")}

    caught_up = simulation.beat(at("04:05"))
    assert {choice.outcome for choice in caught_up.values()} == {Outcome.COMPLETED}
    assert not any(choice.failing for choice in caught_up.values())


def test_a_failed_daily_routine_does_not_touch_the_next_cycle() -> None:
    simulation = settled(rhythm())
    for now in BEATS:
        simulation.beat(now, failing("daily_routine"))

    assert counts(simulation) == {**A_DAY, "daily_routine": 3}


def test_a_health_check_that_fails_all_day_is_tried_three_times_a_slot_and_runs_nothing_else() -> None:
    simulation = settled(rhythm())
    for now in BEATS:
        simulation.beat(now, failing("health_check"))

    assert counts(simulation) == {**dict.fromkeys(A_DAY, 0), "health_check": 288}


def test_a_completed_run_of_yesterday_opens_no_gate_today() -> None:
    history = {"health_check": [ran("11:55")], "performance_analysis": []}
    settings = rhythm()

    choice = choose("performance_analysis", Situation(settings, history, at("12:00")), earlier={})

    assert (choice.decision, choice.reason) == (Decision.WAITS, "health_check is due itself")


# Reasons


def test_a_forced_group_runs_though_it_is_not_due_and_its_dependencies_have_failed() -> None:
    history = {"health_check": [ran("12:00", Outcome.FAILED)] * 3, "event_analysis": [ran("12:01")]}

    choices = {
        choice.group: choice
        for choice in decide(Situation(rhythm(), history, at("12:06"), force=["event_analysis"]))
    }

    assert choices["event_analysis"].decision is Decision.RUN
    assert choices["event_analysis"].reason == "forced"
    assert choices["health_check"].decision is Decision.NOT_DUE


def test_a_forced_group_that_fails_makes_those_after_it_wait() -> None:
    history = {"health_check": [ran("12:00")]}

    choices = decide(
        Situation(rhythm(), history, at("12:05"), force=["health_check"]), would_end=failing("health_check")
    )

    assert choices[1].reason == "health_check failed"


def test_a_paused_group_does_not_run_and_holds_up_nobody() -> None:
    settings = rhythm(health_check={"enabled": False})

    health, performance, *_ = decide(Situation(settings, {}, at("12:00")))

    assert (health.decision, health.next_due) == (Decision.PAUSED, None)
    assert "enabled = false" in health.reason
    assert performance.decision is Decision.RUN


def test_a_paused_group_runs_when_it_is_forced() -> None:
    settings = rhythm(health_check={"enabled": False})

    assert decide(Situation(settings, {}, at("12:00"), force=["health_check"]))[0].decision is Decision.RUN


@pytest.mark.parametrize("force", [[], ["health_check"]])
def test_a_group_that_runs_already_is_busy_and_those_after_it_wait(force: list[str]) -> None:
    history = {"health_check": [ran("12:01", None)]}

    health, performance, *_ = decide(Situation(rhythm(), history, at("12:05"), force=force))

    assert (health.decision, health.reason) == (Decision.BUSY, "running since 12:01")
    assert health.next_due == at("12:10")
    assert performance.decision is Decision.WAITS
    assert performance.reason == "health_check is still running, begun at 12:01"
    assert not performance.failing


def test_what_is_due_is_busy_while_something_else_runs_on_this_machine() -> None:
    held = "another beat or group is running on this machine"

    choices = decide(Situation(rhythm(), {"event_analysis": [ran("12:00")]}, at("12:00"), held_by=held))
    health, performance, _, _, events = choices

    assert (health.decision, health.reason) == (Decision.BUSY, held)
    assert (performance.decision, performance.reason) == (
        Decision.WAITS,
        f"health_check is busy ({held})",
    )
    assert events.decision is Decision.NOT_DUE
    assert not any(choice.failing for choice in choices)


def test_reasons_give_the_time_in_the_rhythms_own_zone() -> None:
    settings = rhythm("Asia/Seoul")

    assert decide(Situation(settings, {}, at("03:00")))[0].reason == "due since 12:00"
    assert (
        decide(Situation(settings, {"health_check": [ran("03:01")]}, at("03:05")))[0].reason == "ran at 12:01"
    )


def test_a_run_begun_manually_uses_up_the_slot_it_began_in() -> None:
    history = {"health_check": [Run(at("11:59"), at("12:03"), Outcome.COMPLETED)]}

    assert decide(Situation(rhythm(), history, at("12:05")))[0].decision is Decision.RUN
    assert decide(Situation(rhythm(), history, at("11:59")))[0].decision is Decision.NOT_DUE


# After a run


@pytest.mark.parametrize(
    ("outcome", "earlier", "next_due", "fails"),
    [
        (Outcome.COMPLETED, 0, "12:10", False),
        (Outcome.FAILED, 0, "12:05", True),
        (Outcome.FAILED, 2, "12:10", True),
    ],
)
def test_after_a_run_it_is_reported_when_the_group_is_next_due(
    outcome: Outcome, earlier: int, next_due: str, fails: bool
) -> None:
    choice = Choice("health_check", Decision.RUN, "due since 12:00", at("12:10"))
    history = {"health_check": [ran("12:00", Outcome.FAILED)] * earlier}

    reported = after_run(choice, ran("12:01", outcome), Situation(rhythm(), history, at("12:02")))

    assert reported.next_due == at(next_due)
    assert (reported.outcome, reported.failing) == (outcome, fails)


def test_a_run_that_outlasts_its_slot_is_due_again_at_the_next_beat() -> None:
    choice = Choice("health_check", Decision.RUN, "due since 12:00", at("12:10"))
    run = Run(at("12:01"), at("12:31"), Outcome.COMPLETED)

    assert after_run(choice, run, Situation(rhythm(), {}, at("12:31"))).next_due == at("12:35")


def test_seconds_are_those_between_start_and_end() -> None:
    assert Run(at("12:00"), at("12:01"), Outcome.COMPLETED).seconds == 60
    assert Run(at("12:00")).seconds is None


def test_the_beats_of_these_tests_are_five_minutes_apart() -> None:
    assert {later - sooner for sooner, later in pairwise(BEATS)} == {timedelta(minutes=5)}
    assert len(BEATS) == 288
