"""Lanes, and what counts as run, on a real Prefect server: in a beat without a worker, and by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import State
from prefect.client.orchestration import get_client
from prefect.states import Crashed, Running

from flows import clock
from flows.decisions.choice import Decision
from flows.decisions.steps import GroupRun
from flows.group import GroupOptions, group_flow
from flows.lock import beat_lock
from flows.memory import history, undelivered
from flows.report import BeatReport
from flows.rhythm import BeatOptions, rhythm
from tasks.outcome import Outcome
from tasks.settings import rhythm_toml as config

Beat = Callable[..., Awaitable[BeatReport]]

APPENDS = """
import os, sys
with open("order", "a") as file:
    file.write(sys.argv[1] + "\\n")
"""
#: Above what it comes after, and in a lane's way: it is run last all the same.
LANES = """
[groups.{0}_report]
every = "1d"
after = ["{0}_backup"]
steps = ["appends.py report"]
[groups.{0}_backup]
every = "1d"
lane = "long"
after = ["{0}_health"]
steps = ["appends.py backup"]
[groups.{0}_health]
every = "1d"
steps = ["appends.py health"]
[groups.{0}_other]
every = "1d"
steps = ["appends.py other"]
"""


@pytest.fixture
def beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Beat:
    """Beat once, without a worker, with a rhythm.toml of the test's own."""
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "appends.py").write_text(APPENDS)

    async def once(toml: str, **options: object) -> BeatReport:
        (tmp_path / "rhythm.toml").write_text(toml, encoding="utf-8")
        state: State[Any] = await rhythm(BeatOptions.model_validate(options), return_state=True)
        report = await state.aresult(raise_on_failure=False)
        assert isinstance(report, BeatReport), state
        return report

    return once


def stands(report: BeatReport) -> dict[str, Outcome | Decision]:
    return {group.choice.group: group.choice.outcome or group.choice.decision for group in report.groups}


async def test_without_a_worker_other_lanes_groups_run_after_mains_and_then_what_waits_for_them(
    beat: Beat, tmp_path: Path
) -> None:
    report = await beat(LANES.format("by_hand"))

    ran = (tmp_path / "scripts" / "order").read_text().split()
    assert ran == ["health", "other", "backup", "report"]
    assert set(stands(report).values()) == {Outcome.COMPLETED}
    assert {row["group"]: row["lane"] for row in report.table} == {
        "by_hand_health": "main",
        "by_hand_backup": "long",
        "by_hand_report": "main",
        "by_hand_other": "main",
    }


async def test_a_group_in_a_lane_does_not_wait_for_main_nor_main_for_it(beat: Beat, tmp_path: Path) -> None:
    toml = LANES.format("beside")
    async with beat_lock(tmp_path / "outputs", lane="long"):
        (tmp_path / "rhythm.toml").write_text(toml)
        state = await group_flow("beside_health")(GroupOptions(), return_state=True)
        assert state.is_completed()
    async with beat_lock(tmp_path / "outputs"):
        state = await group_flow("beside_backup")(GroupOptions(), return_state=True)
        assert state.is_completed()


async def test_a_run_that_is_not_due_any_more_once_it_has_its_lane_runs_nothing_and_uses_up_no_slot(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "rhythm.toml").write_text(LANES.format("early"))
    early = await group_flow("early_backup")(GroupOptions(if_due=True), return_state=True)
    assert (early.name, early.message) == ("Skipped", "not run: waits, early_health is due itself")

    await beat(LANES.format("late"))
    late = await group_flow("late_backup")(GroupOptions(if_due=True), return_state=True)
    assert late.name == "Skipped"
    assert "not run: not due, ran at" in str(late.message)

    assert (tmp_path / "scripts" / "order").read_text().count("backup") == 1


async def test_while_a_run_of_its_lane_is_asked_for_or_under_way_no_second_one_is_started(
    beat: Beat, tmp_path: Path
) -> None:
    toml = LANES.format("asked")
    (tmp_path / "rhythm.toml").write_text(toml)  # by which a run is this rhythm's
    async with get_client() as client:
        waiting = await client.create_flow_run(group_flow("asked_backup"))  # in state Pending
        report = await beat(toml)
        assert stands(report)["asked_backup"] is Decision.BUSY
        assert stands(report)["asked_report"] is Decision.WAITS

        await client.set_flow_run_state(waiting.id, Crashed(), force=True)
        again = await beat(toml, dry_run=True, force=["asked_backup"])
        assert stands(again)["asked_backup"] is Decision.RUN


async def test_a_group_in_which_nothing_could_run_is_skipped_and_the_beat_degraded(
    beat: Beat, tmp_path: Path
) -> None:
    toml = '[groups.gone]\nevery = "1d"\nsteps = ["a.py", "b.py"]\n'
    toml += '[groups.needs_it]\nevery = "1d"\nafter = ["gone"]\nsteps = ["appends.py needs_it"]\n'

    first = await beat(toml)

    assert stands(first) == {"gone": Outcome.SKIPPED, "needs_it": Decision.WAITS}
    assert first.groups[1].choice.reason == "gone was skipped"
    assert first.outcome == "degraded"
    for _ in range(4):  # it uses up no attempts either
        assert stands(await beat(toml))["gone"] is Outcome.SKIPPED
    (tmp_path / "scripts" / "a.py").write_text("")
    assert set(stands(await beat(toml)).values()) == {Outcome.COMPLETED}


async def test_a_forced_group_that_does_not_run_degrades_the_beat_which_says_why(
    beat: Beat, tmp_path: Path
) -> None:
    toml = LANES.format("forced")
    (tmp_path / "rhythm.toml").write_text(toml)  # by which a run is this rhythm's
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("forced_backup"), state=Running())

        report = await beat(toml, force=["forced_backup"])

        assert report.outcome == "degraded"
        assert list(report.not_forced) == ["forced_backup"]
        assert report.not_forced["forced_backup"].startswith("busy: ")
        await client.set_flow_run_state(run.id, Crashed(), force=True)
        assert (await beat(toml, force=["forced_backup"])).not_forced == {}


@pytest.mark.parametrize(
    ("group", "state"),
    [("untold_running", Running()), ("untold_crashed", Crashed())],
    ids=lambda value: str(value),
)
async def test_a_result_that_the_server_did_not_take_is_reported_to_it_later_and_counts_meanwhile(
    beat: Beat, tmp_path: Path, group: str, state: State[Any]
) -> None:
    (tmp_path / "rhythm.toml").write_text(f'[groups.{group}]\nevery = "1d"\nsteps = ["check_health"]\n')
    settings = config.load()
    async with get_client() as client:
        # As a server that was away leaves it, or what looks after killed runs makes of it.
        run = await client.create_flow_run(group_flow(group), state=state)
        kept, ended = GroupRun(Outcome.COMPLETED, 1.0, (), "well"), clock.now()
        began = ended - timedelta(minutes=2)
        assert undelivered.keep(settings.outputs_dir, str(run.id), group, began, ended, kept) == ""

        past = await history.in_slots(client, settings, clock.now())
        assert [known.outcome for known in past[group]] == [Outcome.COMPLETED]

        later = ended + timedelta(minutes=5)  # by when a run is stale that no process has claimed
        assert await undelivered.deliver(client, settings.outputs_dir, later) == [run.name]
        found = await client.read_flow_run(run.id)
        assert (found.state_name, found.state and found.state.message) == ("Completed", "well")
        assert await undelivered.deliver(client, settings.outputs_dir, later) == []
    assert not list((settings.outputs_dir / undelivered.FOLDER).iterdir())


async def test_what_a_run_that_is_still_under_way_has_kept_is_its_own_to_tell(
    beat: Beat, tmp_path: Path
) -> None:
    (tmp_path / "rhythm.toml").write_text('[groups.tells]\nevery = "1d"\nsteps = ["appends.py tells"]\n')
    settings, now = config.load(), clock.now()
    async with get_client() as client:
        run = await client.create_flow_run(group_flow("tells"), state=Running())
        kept = GroupRun(Outcome.COMPLETED, 1.0, (), "well")
        undelivered.keep(settings.outputs_dir, str(run.id), "tells", now, now, kept)

        assert await undelivered.deliver(client, settings.outputs_dir, clock.now()) == []
        assert (await client.read_flow_run(run.id)).state_name == "Running"
        await client.set_flow_run_state(run.id, Crashed(), force=True)


async def test_a_beat_leaves_no_results_behind_that_the_server_has(beat: Beat, tmp_path: Path) -> None:
    report = await beat(LANES.format("told"))

    assert set(stands(report).values()) == {Outcome.COMPLETED}
    assert not list((tmp_path / "outputs" / undelivered.FOLDER).iterdir())
