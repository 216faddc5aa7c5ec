"""What ran, by this machine's measurements and by Prefect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import State
from prefect.client.orchestration import get_client
from prefect.states import Completed, Failed

from deployments.cli.history import sparkline
from deployments.past_runs import PastRun, by_server, joined, of_groups, of_steps, with_cost
from flows.owned_flow import owned
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent, StepUsage
from tests.conftest import MakeSettings
from tests.deployments.screens.calls import LONG, NOW, REASON, prepare
from tests.flows.rhythms import rhythm

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPORT = "점검 보고서 작성"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    prepare(tmp_path)
    return config.load(tmp_path / "rhythm.toml")


def test_the_last_runs_come_oldest_first_with_outcome_duration_cost_and_reason(settings: Settings) -> None:
    last = of_groups(settings, ["health_check"], 2)

    assert [(run.at, run.outcome, run.seconds) for run in last] == [
        (NOW - timedelta(minutes=17), Outcome.COMPLETED, 0.6),
        (NOW - timedelta(minutes=7), Outcome.FAILED, 2.5),
    ]
    assert [run.cpu_seconds for run in last] == [pytest.approx(0.3), pytest.approx(1.25)]
    assert {run.peak_memory for run in last} == {48 * 2**20}
    assert [run.reason for run in last] == ["due since 11:50", f"{REPORT}: {REASON}"]


def test_of_all_groups_the_last_runs_of_all_are_chosen(settings: Settings) -> None:
    assert [run.group for run in of_groups(settings, list(settings.groups), 3)] == [
        LONG,
        "health_check",
        "health_check",
    ]


def test_a_steps_attempts_have_its_own_cost_and_why_it_failed(settings: Settings) -> None:
    first, *_, last = of_steps(settings, [("health_check", REPORT)], 20)

    assert (first.name, first.outcome, first.reason) == (f"health_check/{REPORT}", Outcome.COMPLETED, "")
    assert (last.outcome, last.seconds, last.reason) == (Outcome.FAILED, 1.25, REASON)


def test_without_measurements_there_is_what_the_server_knows(make_settings: MakeSettings) -> None:
    settings = make_settings('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
    known = [PastRun(AT + timedelta(minutes=n), "a", run_id=str(n)) for n in range(3)]

    assert of_groups(settings, ["a"], 2, known) == known[1:]
    assert of_steps(settings, [("a", "check_health")], 5) == []
    assert not settings.outputs_dir.exists()


def test_a_run_that_both_know_is_there_once_as_the_server_has_it_with_the_reason_of_this_machine() -> None:
    here = [
        GroupEvent(AT, "a", "run", "due since 12:00", Outcome.COMPLETED, 1.0, "1"),
        GroupEvent(AT + timedelta(hours=1), "a", "run", "forced", Outcome.FAILED, 2.0, "2"),
        GroupEvent(AT + timedelta(hours=2), "a", "run", "manually", Outcome.COMPLETED, 3.0, "3"),
    ]
    server = [
        PastRun(AT, "a", None, Outcome.COMPLETED, 1.5, run_id="1"),
        PastRun(AT + timedelta(hours=1), "a", None, Outcome.CANCELLED, 2.0, reason="manually", run_id="2"),
        PastRun(AT + timedelta(hours=3), "a", None, None, None, run_id="4"),
    ]

    assert [(run.run_id, run.outcome, run.seconds, run.reason) for run in joined(server, here)] == [
        ("1", Outcome.COMPLETED, 1.5, "due since 12:00"),
        ("2", Outcome.CANCELLED, 2.0, "manually"),
        ("3", Outcome.COMPLETED, 3.0, "manually"),
        ("4", None, None, ""),
    ]


def test_a_run_costs_what_its_own_steps_did_and_no_other_groups(tmp_path: Path) -> None:
    def usage(group: str, minutes: float, cpu: float | None) -> StepUsage:
        at = AT + timedelta(minutes=minutes)
        return StepUsage(at, group, "s", 1, Outcome.COMPLETED, 1.0, cpu, None)

    run = PastRun(AT, "a", None, Outcome.COMPLETED, 120.0)
    usages = [
        usage("a", 0, 1.0),
        usage("a", 1, 2.0),
        usage("a", 1.5, None),
        usage("b", 1, 4),
        usage("a", 5, 8),
    ]

    found = with_cost(run, usages, tmp_path)

    assert (found.cpu_seconds, found.peak_memory) == (3.0, None)
    assert with_cost(run, [], tmp_path) == run


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_a_sparkline_has_a_bar_for_each_value_and_a_higher_one_for_a_larger(values: list[float]) -> None:
    bars = sparkline(values)

    assert len(bars) == len(values)
    assert sorted(values) == sorted(values, key=lambda value: (bars[values.index(value)], value))
    assert not any(values) or "█" in bars


async def test_the_server_is_asked_for_the_last_runs_of_these_groups_and_why_they_failed(
    prefect_api: str,
) -> None:
    settings = rhythm(groups={name: {"every": "1d"} for name in ("past_one", "past_two", "past_other")})

    @owned(group="past_one", name="past-one")
    async def one(fails: bool) -> State[None]:
        return Failed(message="copy: exit code 3") if fails else Completed(message="all is well")

    @owned(group="past_other", name="past-other")
    async def other() -> None: ...

    await one(fails=False, return_state=True)
    await other()
    await one(fails=True, return_state=True)
    await one(fails=False, return_state=True)
    async with get_client() as client:
        found = await by_server(client, settings, ["past_one", "past_two"], 2)

    assert [(run.name, run.outcome, run.reason) for run in found] == [
        ("past_one", Outcome.FAILED, "copy: exit code 3"),
        ("past_one", Outcome.COMPLETED, ""),
    ]
    assert found[0].at < found[1].at
    assert all(run.run_id and run.seconds is not None for run in found)
