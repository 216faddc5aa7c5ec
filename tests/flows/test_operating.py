"""Pauses, skips and runs of some steps, on a real Prefect server, in this process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import VariableCreate

from flows import clock
from flows.decisions.choice import Decision
from flows.decisions.holds import Holds, Pause
from flows.decisions.slots import slot_at
from flows.decisions.steps import GroupRun
from flows.group import GroupOptions, group_flow, group_here
from flows.memory import history, hold_variables, naming, unfinished
from flows.report import BeatReport
from flows.rhythm import BeatOptions, rhythm
from flows.run_value import run_value
from tasks.outcome import Outcome, StepResult
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import store_of

Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> Load:
    """Write a rhythm.toml of the test's own, and load it."""
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "fine.py").write_text("import sys; print(*sys.argv[1:])")
    (scripts / "sick.py").write_text("import os, sys; sys.exit(0 if os.path.exists('well') else 7)")

    def written(text: str) -> Settings:
        (tmp_path / "rhythm.toml").write_text(text, encoding="utf-8")
        return config.load()

    return written


async def beat() -> BeatReport:
    state: State[Any] = await rhythm(BeatOptions(), return_state=True)
    report = await state.aresult(raise_on_failure=False)
    assert isinstance(report, BeatReport), state
    return report


def steps_of(state: State[Any]) -> tuple[StepResult, ...]:
    run = run_value(state, GroupRun)
    assert run is not None, state
    return run.steps


def decisions(report: BeatReport) -> dict[str, Outcome | Decision]:
    return {group.choice.group: group.choice.outcome or group.choice.decision for group in report.groups}


def two(prefix: str, steps: str = '"fine.py"') -> str:
    return f"""
        name = "{prefix}"
        [groups.backup]
        every = "1d"
        steps = [{steps}]
        [groups.report]
        every = "1d"
        after = ["backup"]
        steps = ["fine.py"]
    """


async def test_what_is_paused_or_left_out_is_kept_on_the_server_for_this_rhythm_alone(load: Load) -> None:
    load(two("kept-other"))
    settings = load(two("kept"))
    now = clock.now().replace(microsecond=0)
    slot, later = slot_at(settings.groups["report"], now, settings.zone), Pause(now + timedelta(hours=2))
    async with get_client() as client:
        assert await hold_variables.read(client, settings) == Holds()

        await hold_variables.pause(client, settings, None, later)
        await hold_variables.pause(client, settings, "backup", later)
        await hold_variables.pause(client, settings, "backup", Pause())  # the last word counts
        await hold_variables.skip(client, settings, "report", slot)
        kept = Holds(all=later, groups={"backup": Pause()}, skips={"report": slot})
        assert await hold_variables.read(client, settings) == kept
        assert await hold_variables.read(client, load(two("kept-other"))) == Holds()

        await hold_variables.resume(client, settings, None)
        await hold_variables.resume(client, settings, "backup")
        await hold_variables.unskip(client, settings, "report")
        await hold_variables.unskip(client, settings, "report")  # which is no fault
        assert await hold_variables.read(client, settings) == Holds()


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2030-01-01T12:00", "2030-01-01T12:00+00:00"), ("holidays", None), ("9999-12-31", None), (7, None)],
)
async def test_what_people_write_into_prefects_ui_pauses_as_well(
    load: Load, value: str | int, expected: str | None
) -> None:
    settings = load('timezone = "UTC"\n' + two(f"typed-{str(value)[:4].lower()}"))
    names = {"paused": None, "skipped": "backup"}
    async with get_client() as client:
        for kind, group in names.items():
            name = naming.variable(settings, kind, group)
            await client.create_variable(VariableCreate(name=name, value=value))

        found = await hold_variables.read(client, settings)

    assert found.skips == {}  # that is no slot
    assert found.all is not None
    assert (found.all.until.isoformat(timespec="minutes") if found.all.until else None) == expected


async def test_more_variables_than_a_page_of_prefects_has_are_all_read(load: Load) -> None:
    groups = "".join(f'[groups.many_{number}]\nevery = "1d"\nsteps = ["fine.py"]\n' for number in range(101))
    settings = load(f'name = "paged"\n{groups}')
    async with get_client() as client:
        await hold_variables.pause(client, settings, "many_100", Pause())
        await hold_variables.skip(
            client, settings, "many_100", slot_at(settings.groups["many_100"], clock.now(), settings.zone)
        )

        found = await hold_variables.read(client, settings)

    assert (list(found.groups), list(found.skips)) == (["many_100"], ["many_100"])


async def test_a_beat_leaves_out_what_is_paused_and_forgets_what_is_over(load: Load) -> None:
    settings = load(two("beats"))
    now = clock.now()
    async with get_client() as client:
        await hold_variables.pause(client, settings, "backup", Pause())

        paused = await beat()

        assert decisions(paused) == {"backup": Decision.PAUSED, "report": Outcome.COMPLETED}
        state: State[Any] = await group_flow("backup")(GroupOptions(if_due=True), return_state=True)
        assert (state.name, state.message) == (
            "Skipped",
            "not run: paused, by `rhythm pause`, until `rhythm resume`",
        )

        await hold_variables.pause(client, settings, "backup", Pause(now - timedelta(hours=1)))
        past = slot_at(settings.groups["report"], now - timedelta(days=1), settings.zone)
        await hold_variables.skip(client, settings, "report", past)

        assert decisions(await beat()) == {"backup": Outcome.COMPLETED, "report": Decision.NOT_DUE}
        assert await hold_variables.read(client, settings) == Holds()


async def test_all_groups_paused_run_nothing_but_what_a_person_asks_for(load: Load) -> None:
    settings = load(two("all-paused"))
    async with get_client() as client:
        await hold_variables.pause(client, settings, None, Pause())

        assert set(decisions(await beat()).values()) == {Decision.PAUSED}
        with store_of(settings) as store:  # the dashboard shows it
            kept = [event.decision for event in store.decisions(clock.now() - timedelta(hours=1))]
        by_hand: State[Any] = await group_flow("backup")(return_state=True)

    assert by_hand.is_completed()
    assert kept == ["paused", "paused"]


async def test_a_run_of_some_steps_does_not_count_and_one_of_the_whole_group_does(load: Load) -> None:
    load(two("parts", '"fine.py", { run = "fine.py", name = "again" }'))

    part: State[Any] = await group_flow("backup")(GroupOptions(only=["again"]), return_state=True)
    after_part = await beat()
    whole: State[Any] = await group_flow("backup")(return_state=True)

    assert part.is_completed()
    assert [step.outcome for step in steps_of(part)] == [Outcome.SKIPPED, Outcome.COMPLETED]
    assert decisions(after_part) == {"backup": Outcome.COMPLETED, "report": Outcome.COMPLETED}
    assert whole.is_completed()
    assert decisions(await beat())["backup"] is Decision.NOT_DUE


async def test_a_failing_part_uses_up_no_attempt_and_unknown_steps_are_refused(load: Load) -> None:
    settings = load(two("sick-parts", '{ run = "sick.py", name = "sick" }'))
    for _ in range(3):
        part: State[Any] = await group_flow("backup")(GroupOptions(only=["sick"]), return_state=True)
        assert part.is_failed()
    unknown: State[Any] = await group_flow("backup")(GroupOptions(only=["sik"]), return_state=True)

    async with get_client() as client:
        past = await history.in_slots(client, settings, clock.now())

    assert "the group backup has no step 'sik'. Did you mean 'sick'?" in (unknown.message or "")
    assert past["backup"] == []


async def test_what_is_left_of_a_failed_run_completes_the_group_and_what_comes_after_it_is_due(
    load: Load, tmp_path: Path
) -> None:
    settings = load(two("left", '"fine.py", "sick.py", { run = "fine.py", name = "after" }'))
    failed = await beat()
    assert decisions(failed) == {"backup": Outcome.FAILED, "report": Decision.WAITS}

    async with get_client() as client:
        assert await left(client, settings) == ("sick",)
        options = GroupOptions(only=["sick"], counts=True)
        again: State[Any] = await group_flow("backup")(options, return_state=True)
        assert again.is_failed()
        assert await left(client, settings) == ("sick",)  # of the run of it alone

        (tmp_path / "scripts" / "well").touch()
        done: State[Any] = await group_flow("backup")(options, return_state=True)

    assert done.is_completed()
    assert [step.outcome.value for step in steps_of(done)] == ["skipped", "completed", "skipped"]
    assert decisions(await beat()) == {"backup": Decision.NOT_DUE, "report": Outcome.COMPLETED}


async def left(client: PrefectClient, settings: Settings) -> tuple[str, ...]:
    last = await history.last(client, settings, ["backup"])
    assert last is not None
    return await unfinished.of_run(client, settings.groups["backup"], last)


async def test_more_arguments_are_for_the_step_that_is_named_alone(load: Load) -> None:
    load(two("arguments", '"fine.py --own", { run = "fine.py", name = "other" }'))
    flow = group_here("backup", GroupOptions(only=["fine"]), ["-Target", "D:\\a b"])

    state: State[Any] = await flow(return_state=True)

    assert [step.message for step in steps_of(state)] == ["--own -Target D:\\a b", "not part of this run"]
