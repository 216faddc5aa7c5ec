"""The worker that beats in its own process, on a real Prefect server."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow_engine
from prefect._flow_run_suspension import _active_flow_run_suspension_requests
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.states import Cancelling, Suspended

from deployments.prefect_internals import suspension
from deployments.worker import rhythm_worker
from deployments.worker.hosted_run import HostedRun
from flows.rhythm import rhythm as parent
from tasks.builtin import check_health
from tasks.settings.rhythm_toml import PROJECT
from tests.deployments.prefect_internals.conftest import changed
from tests.deployments.worker.rhythm import Rhythm
from tests.family import Family
from tests.waiting import soon
from tests.wine import is_wine


def step(name: str, family: Family) -> str:
    """A step that runs an example script of a family, as rhythm.toml has it."""
    return f"{{ run = {json.dumps([name, str(family.folder)])}, retries = 3 }}"


async def test_a_beat_runs_in_the_workers_own_process(rhythm: Rhythm, family: Family) -> None:
    rhythm.toml(step("sleeps.py", family), "hosted")
    async with rhythm.worker():
        run = await rhythm.ask("hosted")
        await soon(lambda: family.said("sleeping"), "the script to run")
        (script,) = family.alive()

        assert os.getpid() in [parent.pid for parent in script.parents()]

        family.tell("end")
        ended = await rhythm.ended(run)

    assert ended.state
    assert ended.state.is_completed()
    assert ended.infrastructure_pid == str(os.getpid())
    assert ended.name.startswith("beat ")
    assert (rhythm.retired, rhythm.gave_up) == ([], [])


async def test_a_cancelled_beat_ends_its_script_and_becomes_cancelled(
    rhythm: Rhythm, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm.toml(step("hangs.py", family) + ', "shows.py X"', "stopped")
    heard: list[str] = []
    monkeypatch.setattr(parent, "on_cancellation_hooks", [lambda flow, run, state: heard.append(state.name)])
    async with rhythm.worker():
        run = await rhythm.ask("stopped")
        await soon(lambda: family.said("grandchild"), "all of the script to run")

        await rhythm.client.set_flow_run_state(run, Cancelling(), force=True)
        ended = await rhythm.ended(run)

        assert not family.alive()
        rhythm.toml('"shows.py X"', "not_stopped")
        again = await rhythm.ended(await rhythm.ask())  # the worker goes on

    assert ended.state
    assert (ended.state.name, ended.state.message) == ("Cancelled", "It was cancelled.")
    group = await rhythm.group_run("stopped")
    assert group.state
    assert (group.state.name, group.state.message) == ("Cancelled", "hangs: It was cancelled.")
    assert again.state
    assert again.state.is_completed()
    assert heard == ["Cancelled"]


async def test_of_a_beat_only_the_group_ends_whose_run_is_cancelled(rhythm: Rhythm, family: Family) -> None:
    rhythm.toml(step("hangs.py", family) + ', "shows.py X"', "only_this")
    with (rhythm.folder / "rhythm.toml").open("a", encoding="utf-8") as file:
        file.write('[groups.after_it]\nevery = "1d"\nsteps = ["shows.py X"]\n')
    async with rhythm.worker():
        run = await rhythm.ask()
        await soon(lambda: family.said("grandchild"), "all of the script to run")

        group = await rhythm.group_run("only_this")
        await rhythm.client.set_flow_run_state(group.id, Cancelling())
        ended = await rhythm.ended(run)

    assert not family.alive()
    group = await rhythm.group_run("only_this")
    assert group.state
    assert (group.state.name, group.state.message) == ("Cancelled", "hangs: It was cancelled.")
    later = await rhythm.group_run("after_it")
    assert later.state
    assert later.state.is_completed()
    assert ended.state
    assert ended.state.name == "Degraded"


async def test_a_beat_that_is_cancelled_as_it_ends_by_itself_is_cancelled_and_not_left_behind(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def acreate_table_artifact(*_: object, **__: object) -> None:
        async with get_client() as client:
            await client.set_flow_run_state(flow_run.id, Cancelling())

    monkeypatch.setattr("flows.rhythm.acreate_table_artifact", acreate_table_artifact)
    monkeypatch.setattr(HostedRun, "_heed", lambda self, client: asyncio.sleep(3600))
    rhythm.toml('"shows.py X"', "too_late")
    async with rhythm.worker():
        ended = await rhythm.ended(await rhythm.ask())

    assert ended.state
    assert ended.state.name == "Cancelled"


async def test_a_beat_that_is_deleted_ends_its_script(rhythm: Rhythm, family: Family) -> None:
    rhythm.toml(step("hangs.py", family), "deleted")
    async with rhythm.worker() as worker:
        run = await rhythm.ask("deleted")
        await soon(lambda: family.said("grandchild"), "all of the script to run")

        await rhythm.client.delete_flow_run(run)
        worker.run_events.notify()  # Prefect does not tell of it
        await soon(lambda: not family.alive(), "its end")


async def test_a_suspended_beat_begins_no_other_step(rhythm: Rhythm, family: Family) -> None:
    rhythm.toml(step("sleeps.py", family) + ', "shows.py X"', "suspended")
    async with rhythm.worker():
        run = await rhythm.ask("suspended")
        await soon(lambda: family.said("sleeping"), "the script to run")

        await rhythm.client.set_flow_run_state(run, Suspended(timeout_seconds=3600), force=True)
        await soon(_active_flow_run_suspension_requests[run].is_requested, "it to be heard of")
        family.tell("end")
        await soon(lambda: "beat" not in {thread.name for thread in threading.enumerate()}, "its end")
        again = await rhythm.ended(await rhythm.ask())  # the worker goes on

    ended = await rhythm.client.read_flow_run(run)
    assert ended.state
    assert ended.state.name == "Suspended"
    assert again.state
    assert again.state.is_completed()


async def test_a_worker_that_ends_ends_its_script_and_cancels_the_beat(
    rhythm: Rhythm, family: Family
) -> None:
    rhythm.toml(step("hangs.py", family), "let_go")
    async with rhythm.worker():
        run = await rhythm.ask("let_go")
        await soon(lambda: family.said("grandchild"), "all of the script to run")

    assert not family.alive()
    ended = await rhythm.ended(run)
    assert ended.state
    assert (ended.state.name, ended.state.message) == ("Cancelled", "The worker was stopped.")


async def test_a_step_that_would_end_its_process_does_not_end_the_worker(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> str:
        raise faults[-1]

    faults = [SystemExit(3), KeyboardInterrupt(), MemoryError(), RecursionError()]
    monkeypatch.setattr(check_health, "main", breaks)
    rhythm.toml('"check_health"', "breaks")
    async with rhythm.worker():
        while faults:
            broken = await rhythm.ended(await rhythm.ask("breaks"))
            assert broken.state
            assert broken.state.name in ("Degraded", "Crashed"), faults[-1]
            faults.pop()

        monkeypatch.setattr(check_health, "main", lambda *_: "fine")
        well = await rhythm.ended(await rhythm.ask("breaks"))

    assert well.state
    assert well.state.name == "Completed"


async def test_a_beat_that_hangs_is_crashed_and_its_process_given_up(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch, family: Family
) -> None:
    def blocks(*_: object) -> None:  # the beat's event loop, and not only a step
        while not family.said("end"):
            time.sleep(0.05)

    monkeypatch.setattr("flows.group.publish", blocks)
    rhythm.toml('{ run = "shows.py X", timeout = "1s" }', "hangs_on")
    async with rhythm.worker() as worker:
        worker.patience = 3.0
        run = await rhythm.ask("hangs_on")
        await soon(lambda: rhythm.gave_up, "the process to be given up")
        ended = await rhythm.client.read_flow_run(run)
        family.tell("end")
        await soon(lambda: "beat" not in {thread.name for thread in threading.enumerate()}, "its end")

    assert ended.state
    assert ended.state.is_crashed()
    assert ended.state.message == "It has shown no sign of life for too long."


async def test_after_its_code_has_changed_beats_get_an_interpreter_until_it_is_replaced(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm.toml('"shows.py X"', "changed")
    async with rhythm.worker() as worker:
        monkeypatch.setattr(worker._code, "changed", lambda: [PROJECT / "flows" / "rhythm.py"])
        ended = await rhythm.ended(await rhythm.ask("changed"))
        await soon(lambda: rhythm.retired, "it to say so")

    assert ended.state
    assert ended.state.is_completed()
    assert ended.infrastructure_pid != str(os.getpid())
    assert rhythm.retired == [f"{Path('flows', 'rhythm.py')} has changed"]


async def test_one_that_has_grown_is_to_be_replaced(rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch) -> None:
    rhythm.toml('"shows.py X"', "grown")
    async with rhythm.worker():
        await rhythm.ended(await rhythm.ask())
        monkeypatch.setattr("deployments.worker.rhythm_worker.GROWTH", -(2**40))
        ended = await rhythm.ended(await rhythm.ask())
        await soon(lambda: rhythm.retired, "it to say so")

    assert ended.state
    assert ended.state.is_completed()
    assert "it has grown by" in rhythm.retired[0]


class Observed:
    """Counts the runs that Prefect's engine observes by itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: list[UUID] = []
        observe = vars(flow_engine)["observe_flow_run_suspension"]

        def count(flow_run_id: UUID, *args: Any, **kwargs: Any) -> AbstractContextManager[None]:
            self.runs.append(flow_run_id)
            observing: AbstractContextManager[None] = observe(flow_run_id, *args, **kwargs)
            return observing

        monkeypatch.setattr(flow_engine, "observe_flow_run_suspension", count)


async def test_prefect_observes_no_run_of_ours_unless_it_has_changed(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = Observed(monkeypatch)
    rhythm.toml('"shows.py X"', "observed")
    async with rhythm.worker():
        ours = await rhythm.ask()
        await rhythm.ended(ours)
        monkeypatch.setattr(suspension, "SUSPENSION", changed(suspension.SUSPENSION))
        plain = await rhythm.ask()
        ended = await rhythm.ended(plain)

    assert observed.runs == [plain]
    assert ended.state
    assert ended.state.is_completed()


@pytest.mark.skipif(is_wine(), reason="under Wine, each interpreter takes seconds to start")
@pytest.mark.parametrize(
    ("gone", "isolated", "is_here"),
    [
        (["IN_PROCESS"], False, False),
        (["SEPARATE_PROCESS"], True, True),
        (["IN_PROCESS", "SEPARATE_PROCESS"], False, False),
    ],
    ids=["not in this process", "not in another", "in neither"],
)
async def test_where_prefect_has_changed_beats_are_run_in_another_way(
    rhythm: Rhythm, monkeypatch: pytest.MonkeyPatch, gone: list[str], isolated: bool, is_here: bool
) -> None:
    for name in gone:
        monkeypatch.setattr(rhythm_worker, name, changed(vars(rhythm_worker)[name]))
    rhythm.toml('"shows.py X"', "another_way")
    async with rhythm.worker(isolated):
        ended = await rhythm.ended(await rhythm.ask("another_way"))

    assert ended.state
    assert ended.state.is_completed()
    assert (ended.infrastructure_pid == str(os.getpid())) == is_here


async def test_two_runs_at_once_are_both_hosted(rhythm: Rhythm, family: Family) -> None:
    rhythm.toml(step("sleeps.py", family), "beside")
    async with rhythm.worker():
        first = await rhythm.ask("beside")
        await soon(lambda: family.said("sleeping"), "the script to run")

        second = await rhythm.ended(await rhythm.ask("beside"))

        family.tell("end")
        ended = await rhythm.ended(first)

    assert second.state
    assert "beside busy: running since" in str(second.state.message)
    assert second.state.is_completed()
    assert ended.state
    assert ended.state.is_completed()
