"""Extra beats: after what has taken a beat's time, and after each run in another lane than `main`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import IntervalSchedule

from deployments.worker import schedule
from deployments.worker.extra_beat import ExtraBeats, is_wanted
from deployments.worker.own_flow import OwnFlow
from flows import clock
from flows.group import group_flow
from flows.rhythm import rhythm as rhythm_flow
from tests.deployments.worker.rhythm import Rhythm

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEAT = OwnFlow(rhythm_flow, "rhythm_entry.rhythm")


@pytest.mark.parametrize(
    ("lane", "began", "ended", "wanted"),
    [
        ("main", 0, 20, False),
        ("main", 0, 299, False),
        ("main", 0, 300, True),
        ("main", 295, 302, True),
        ("main", 0, 420, True),
        ("main", 300, 200, False),  # a clock that was set back
        ("long", 0, 20, True),
        ("long", 0, 7000, True),
    ],
)
def test_a_beat_is_wanted_after_another_lanes_run_and_when_a_beats_time_has_passed(
    lane: str, began: int, ended: int, wanted: bool
) -> None:
    times = [NOON + timedelta(seconds=seconds) for seconds in (began, ended)]

    assert is_wanted(lane, *times) is wanted


async def test_a_beat_that_outlasts_its_interval_brings_the_next_one_unless_somebody_has_paused_them(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm.toml('"check_health"', "overrun")
    monkeypatch.setenv("RHYTHM_NAME", rhythm.pool)
    extra, run = ExtraBeats(), FlowRun(flow_id=await rhythm.client.create_flow(rhythm_flow))
    deployment = await rhythm.deploy()

    async def asked_for() -> int:
        of_it = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        runs = await rhythm.client.read_flow_runs(deployment_filter=of_it)
        return sum(not found.auto_scheduled for found in runs)

    async def outlast() -> None:
        monkeypatch.setattr(clock, "now", lambda: NOON)
        async with extra.after(BEAT, run, rhythm.client):
            monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=7))

    every_day = DeploymentScheduleCreate(schedule=IntervalSchedule(interval=timedelta(days=1)), active=True)
    await rhythm.client.create_deployment_schedules(deployment, [every_day])
    await outlast()
    assert await asked_for() == 1
    await rhythm.client.pause_deployment(deployment)
    await outlast()
    assert await asked_for() == 1


async def test_what_ends_beside_a_beat_brings_the_next_one_when_that_has_ended(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rhythm.folder / "rhythm.toml").write_text(
        '[groups.in_lane]\nevery = "1d"\nlane = "long"\nsteps = ["check_health"]\n'
    )
    asked: list[str] = []

    async def ask(*_: object) -> None:
        asked.append("a beat")

    monkeypatch.setattr(schedule, "beat_unless_paused", ask)
    extra, run = ExtraBeats(), FlowRun(flow_id=await rhythm.client.create_flow(rhythm_flow))
    long = OwnFlow(group_flow("in_lane"), "rhythm_entry.in_lane")

    async with extra.after(BEAT, run, rhythm.client):
        async with extra.after(long, run, rhythm.client):
            pass
        assert asked == []  # Prefect would cancel it
    assert asked == ["a beat"]
    async with extra.after(BEAT, run, rhythm.client):
        pass
    assert asked == ["a beat"]
