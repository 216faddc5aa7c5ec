"""What the store is asked for."""

from __future__ import annotations

from datetime import timedelta

from tasks.builtin.incidents.gathering import gather
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, StepUsage
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext

BEGIN = NOW - timedelta(days=28)


def used(days: float, step: str = "backup.ps1") -> StepUsage:
    at = NOW - timedelta(days=days)
    return StepUsage(at, "daily_routine", step, 1, Outcome.COMPLETED, 40.0, None, None)


def ran(days: float) -> GroupEvent:
    return GroupEvent(NOW - timedelta(days=days), "daily_routine", "run", "", Outcome.COMPLETED, 50.0)


def test_of_what_runs_seldom_older_runs_count_as_well_and_none_twice(make_context: MakeContext) -> None:
    settings = make_context().settings
    with store_of(settings) as store:
        store.add_steps([used(60), used(40), used(2), used(1), used(50, "gone.ps1")])
        store.add_decisions([ran(60), ran(40), ran(2), ran(1)])

        found = gather(store, settings, store.steps(BEGIN), BEGIN, NOW)

    points = {series.of.address: len(series.points) for series in found}
    assert points["step/daily_routine/backup.ps1"] == 4
    assert points["group/daily_routine"] == 4
    assert "step/daily_routine/gone.ps1" not in points  # it does not run any more


def test_what_is_later_than_now_is_left_out(make_context: MakeContext) -> None:
    settings = make_context().settings
    with store_of(settings) as store:
        store.add_steps([used(1), used(-1)])
        store.add_decisions([ran(1), ran(-1)])

        found = gather(store, settings, store.steps(BEGIN), BEGIN, NOW)

    assert {len(series.points) for series in found if not series.of.address.startswith("machine/")} == {1}


def test_very_many_steps_can_be_asked_for(make_context: MakeContext) -> None:
    settings = make_context().settings
    with store_of(settings) as store:
        store.add_steps(used(1, f"step{number}.ps1") for number in range(1_500))

        assert len(gather(store, settings, store.steps(BEGIN), BEGIN, NOW)) == 1_500
