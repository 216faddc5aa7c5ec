"""`rhythm plan`: what would run when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployments.server import instance_lock
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.store.measurements import GroupEvent, Reading
from tasks.store.store import store_of
from tests.deployments.command_line import PROJECT, CommandLine

FIVE = ["health_check", "performance_analysis", "system_maintenance", "daily_routine", "event_analysis"]


@pytest.fixture
def shipped(rhythm: CommandLine) -> CommandLine:
    """The shipped rhythm, in a zone that is the same on every machine."""
    rhythm.write('timezone = "Asia/Seoul"\n' + (PROJECT / "rhythm.toml").read_text(encoding="utf-8"))
    return rhythm


def test_a_day_of_the_shipped_rhythm_as_json(shipped: CommandLine) -> None:
    said = shipped("plan", "--json", "--from", "2026-03-02T00:00", "--hours", "24")

    assert (said.code, said.err) == (0, "")
    plan = said.json
    assert list(plan) == ["paused", "from", "to", "runs", "counts", "collisions"]
    assert plan["paused"] is None
    assert (plan["from"], plan["to"]) == ("2026-03-02T00:00:00+09:00", "2026-03-03T00:00:00+09:00")
    assert plan["counts"] == dict(zip(FIVE, [144, 48, 24, 1, 12], strict=True))
    assert len(plan["runs"]) == 229
    assert plan["runs"][0] == {
        "at": "2026-03-02T00:00:00+09:00",
        "group": "health_check",
        "lane": "main",
        "reason": "due since 00:00",
        "seconds": None,
        "at_most": None,
        "ends": None,
    }
    assert plan["collisions"] == []
    keys = ["at", "group", "lane", "reason", "seconds", "at_most", "ends"]
    assert all(list(run) == keys for run in plan["runs"])
    times = [datetime.fromisoformat(run["at"]) for run in plan["runs"]]
    assert times == sorted(times)
    assert {time.utcoffset() for time in times} == {timedelta(hours=9)}
    at_three = [run["group"] for run in plan["runs"] if "T03:00" in run["at"]]
    assert at_three == ["health_check", "performance_analysis", "system_maintenance", "daily_routine"]


def test_what_a_running_rhythm_has_noted_of_a_pause_is_shown_while_it_runs(shipped: CommandLine) -> None:
    outputs, why = shipped.folder / "outputs", "beats are paused: its schedule is paused."
    with instance_lock.announced(outputs, "http://127.0.0.1:1/api"):
        assert shipped("plan", "--json").json["paused"] is None
        instance_lock.note_pause(outputs, why)
        assert shipped("plan", "--json").json["paused"] == why
        assert f"none of this runs for now: {why}" in shipped("plan").err
        instance_lock.note_pause(outputs, "")
        assert shipped("plan", "--json").json["paused"] is None
        instance_lock.note_pause(outputs, why)
    instance_lock.note_pause(outputs, why)
    assert shipped("plan", "--json").json["paused"] is None


def test_a_failing_health_check_leaves_nothing_else_to_run(shipped: CommandLine) -> None:
    said = shipped("plan", "--json", "--from", "2026-03-02", "--failing", "health_check")

    assert said.code == 0
    assert said.json["counts"] == {**dict.fromkeys(FIVE, 0), "health_check": 288}


def test_several_groups_may_fail(shipped: CommandLine) -> None:
    said = shipped(
        "plan", "--json", "--from", "2026-03-02", "--failing", "daily_routine", "--failing", "event_analysis"
    )

    assert said.json["counts"] == dict(zip(FIVE, [144, 48, 24, 3, 36], strict=True))


@pytest.mark.parametrize(
    ("start", "reported"),
    [
        ("2026-03-02T00:00Z", "2026-03-02T09:00:00+09:00"),
        ("2026-03-02T01:00+01:00", "2026-03-02T09:00:00+09:00"),
        ("2026-03-02T09:00", "2026-03-02T09:00:00+09:00"),
        ("2026-03-02", "2026-03-02T00:00:00+09:00"),
    ],
)
def test_a_time_without_offset_is_one_of_the_rhythms_zone(
    start: str, reported: str, shipped: CommandLine
) -> None:
    said = shipped("plan", "--json", "--from", start, "--hours", "0.5")

    assert said.json["from"] == reported
    assert datetime.fromisoformat(said.json["to"]) - datetime.fromisoformat(reported) == timedelta(minutes=30)


def test_hours_are_real_ones_through_a_clock_change(shipped: CommandLine) -> None:
    said = shipped(
        "plan", "--json", "--from", "2026-03-29T00:00", "--hours", "24", RHYTHM_TIMEZONE="Europe/Athens"
    )

    assert (said.json["from"], said.json["to"]) == ("2026-03-29T00:00:00+02:00", "2026-03-30T01:00:00+03:00")
    assert said.json["counts"]["health_check"] == 144
    daily = [run["at"] for run in said.json["runs"] if run["group"] == "daily_routine"]
    assert daily == ["2026-03-29T04:00:00+03:00"]


def test_without_a_start_the_plan_begins_now_and_covers_a_day(shipped: CommandLine) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    plan = shipped("plan", "--json").json
    after = datetime.now(UTC)

    start, end = (datetime.fromisoformat(plan[key]) for key in ("from", "to"))
    assert before <= start <= after
    assert end - start == timedelta(hours=24)


def test_the_first_beat_runs_what_begins_at_once_and_later_plans_what_is_due(shipped: CommandLine) -> None:
    def first_beat() -> list[str]:
        runs = shipped("plan", "--json").json["runs"]
        return [run["group"] for run in runs if run["at"] == runs[0]["at"]]

    text = (shipped.folder / "rhythm.toml").read_text(encoding="utf-8")
    yearly = '\n[groups.yearly]\nevery = "1y"\nsteps = ["check_health"]\n'
    shipped.write(
        text + yearly + yearly.replace("yearly", "new_year").replace("steps", 'first_run = "now"\nsteps')
    )
    assert sorted(first_beat()) == sorted([*FIVE, "new_year"])

    with store_of(config.load(shipped.folder / "rhythm.toml")) as store:
        ran = datetime.now(UTC) - timedelta(minutes=1)
        store.add_decisions([GroupEvent(ran, "health_check", "run", "due", Outcome.COMPLETED, 1.0)])
    assert "new_year" not in first_beat()


def test_for_people_it_prints_every_run_and_what_waits_with_the_reason(shipped: CommandLine) -> None:
    said = shipped(
        "plan", "--from", "2026-03-02T03:00", "--hours", "0.05", "--failing", "performance_analysis"
    )

    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert [line for line in lines if line.startswith("Mon")] == [
        "Mon 02 Mar 03:00 health_check runs due since 03:00",
        "Mon 02 Mar 03:00 performance_analysis fails due since 03:00",
        "Mon 02 Mar 03:00 system_maintenance waits performance_analysis failed",
        "Mon 02 Mar 03:00 daily_routine waits system_maintenance waits (performance_analysis failed)",
    ]
    assert lines[-1] == (
        "health_check 1× performance_analysis 1× system_maintenance 0× daily_routine 0× event_analysis 0×"
    )


def test_what_has_run_before_is_planned_with_how_long_it_takes_and_what_collides(rhythm: CommandLine) -> None:
    rhythm.write(
        'timezone = "UTC"\n[groups.check]\nevery = "10m"\nsteps = ["check_health"]\n'
        '[groups.pack]\nevery = "1h"\nafter = ["check"]\nsteps = ["check_health"]\n'
        '[groups.new]\nevery = "1h"\nsteps = ["check_health"]\n'
    )
    settings = config.load(rhythm.folder / "rhythm.toml")
    with store_of(settings) as store:
        store.add_decisions(
            GroupEvent(
                datetime.now(UTC) - timedelta(hours=1), group, "run", "due", Outcome.COMPLETED, seconds
            )
            for group, seconds in [("check", 40.0), ("pack", 300.0), ("gone", 9.0)]
        )
    call = ("plan", "--from", "2026-03-02T00:00", "--hours", "2")

    plan = rhythm(*call, "--json").json
    shown = rhythm(*call)

    first = {run["group"]: run for run in plan["runs"] if run["at"] == "2026-03-02T00:00:00+00:00"}
    assert (first["check"]["seconds"], first["check"]["at_most"]) == (40.0, 40.0)
    assert (first["check"]["ends"], first["pack"]["ends"]) == (
        "2026-03-02T00:00:40+00:00",
        "2026-03-02T00:05:40+00:00",
    )
    assert (first["new"]["seconds"], first["new"]["ends"]) == (None, None)
    assert plan["collisions"] == [
        {
            "lane": "main",
            "groups": ["check", "pack"],
            "held": None,
            "seconds": 340.0,
            "at": ["2026-03-02T00:00:00+00:00", "2026-03-02T01:00:00+00:00"],
        }
    ]
    assert "takes" in shown.out
    assert "pack   runs  5 min 00 s  due since 00:00" in shown.out
    collision = "check and pack usually take 5 min 40 s together, and a beat has 4 min 40 s"
    assert f"warning: {collision}: at 00:00 and 01:00" in shown.err


def test_with_why_there_is_advice_of_which_group_had_better_wait(rhythm: CommandLine) -> None:
    rhythm.write('timezone = "UTC"\n[groups.nightly]\nat = "03:00"\nsteps = ["check_health"]\n')
    assert rhythm("plan", "--why").out.endswith("`rhythm up` and each beat record it\n")
    settings = config.load(rhythm.folder / "rhythm.toml")
    with store_of(settings) as store:
        store.add_readings([Reading(datetime.now(UTC) - timedelta(minutes=1), 90.0)])
    assert rhythm("plan", "--why").out.endswith("there is no advice before two days\n")

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    nights = [today - timedelta(days=ago) for ago in range(10, 0, -1)]
    with store_of(settings) as store:
        store.add_decisions(
            GroupEvent(night + timedelta(hours=3), "nightly", "run", "", Outcome.COMPLETED, 200.0)
            for night in nights
        )
        store.add_readings(
            Reading(night + timedelta(minutes=5 * n), 90.0 if 24 <= n < 52 else 10.0)
            for night in nights
            for n in range(288)
        )
    said = rhythm("plan", "--why")
    assert (said.code, said.err) == (0, "")
    assert "deferring nightly to 04:20 would have avoided load" in " ".join(said.out.split())
    (advice,) = rhythm("plan", "--why", "--json").json["advice"]
    assert "on 10 of 10 days" in advice

    rhythm.write((rhythm.folder / "rhythm.toml").read_text() + "[pacing]\nbusy_above = 95\n")
    assert "no group would have found a quieter time by waiting" in rhythm("plan", "--why").out
