"""Whoever reaches Prefect's API can ask for our own flows, and for nothing else: on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling, Scheduled
from prefect.workers.process import ProcessWorker

from deployments.worker.rhythm_worker import RhythmWorker
from flows.rhythm import rhythm as parent
from tasks.settings.rhythm_toml import PROJECT
from tests.deployments.worker.rhythm import Rhythm
from tests.deployments.worker.trap import Trap
from tests.family import Family
from tests.waiting import LIMIT, soon
from tests.wine import is_wine

Attack = Callable[[Rhythm, Trap], Awaitable[UUID]]
SHELL = "prefect.deployments.steps.run_shell_script"
FOLDER = "prefect.deployments.steps.set_working_directory"
# Under Wine each interpreter takes seconds to start, and what runs is decided before any is.
both_ways = pytest.mark.parametrize(
    "isolated",
    [False] if is_wine() else [False, True],
    ids=lambda way: "isolated" if way else "in its process",
)


def by_run(**variables: Any) -> Attack:
    """Job variables of the run; {command}, {path} and {entrypoint} are the trap's."""

    async def attack(rhythm: Rhythm, trap: Trap) -> UUID:
        return await rhythm.start(await rhythm.deploy(), variables=filled(variables, trap))

    return attack


def by_deployment(**variables: Any) -> Attack:
    """Job variables of the deployment."""

    async def attack(rhythm: Rhythm, trap: Trap) -> UUID:
        return await rhythm.start(await rhythm.deploy(job_variables=filled(variables, trap)))

    return attack


def by_pool(**defaults: Any) -> Attack:
    """Defaults of the variables of the pool's template."""

    async def attack(rhythm: Rhythm, trap: Trap) -> UUID:
        template = ProcessWorker.get_default_base_job_template()
        for name, value in filled(defaults, trap).items():
            template["variables"]["properties"][name]["default"] = value
        await rhythm.client.update_work_pool(rhythm.pool, WorkPoolUpdate(base_job_template=template))
        return await rhythm.start(await rhythm.deploy())

    return attack


def by_job_configuration(**values: Any) -> Attack:
    """Values in the pool's template that no variable reaches."""

    async def attack(rhythm: Rhythm, trap: Trap) -> UUID:
        template = ProcessWorker.get_default_base_job_template()
        template["job_configuration"] |= filled(values, trap)
        await rhythm.client.update_work_pool(rhythm.pool, WorkPoolUpdate(base_job_template=template))
        return await rhythm.start(await rhythm.deploy())

    return attack


def filled(value: Any, trap: Trap) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, trap) for name, inner in value.items()}
    return value.format(command=trap.command, path=trap.path, entrypoint=trap.entrypoint)


@both_ways
@pytest.mark.parametrize(
    ("attack", "ignored"),
    [
        (by_run(command="{command}"), "command"),
        (by_run(env={"PYTHONPATH": "{path}"}), "env"),
        (by_run(env={"PREFECT__FLOW_ENTRYPOINT": "{entrypoint}"}), "env"),
        (by_run(working_dir="{path}", name="x"), "name, working_dir"),
        (by_deployment(command="{command}"), "command"),
        (by_deployment(**{"env.PYTHONPATH": "{path}"}), "env.PYTHONPATH"),
        (by_pool(command="{command}"), "command"),
        (by_pool(env={"PYTHONPATH": "{path}"}), "env"),
        (by_job_configuration(command="{command}"), "command"),
    ],
    ids=[
        "the run's command",
        "the run's env, modules",
        "the run's env, entrypoint",
        "the run's working_dir",
        "the deployment's command",
        "the deployment's env",
        "the pool's command",
        "the pool's env",
        "the pool's fixed command",
    ],
)
async def test_what_a_job_variable_says_is_ignored_and_the_beat_is_run(
    rhythm: Rhythm, trap: Trap, attack: Attack, ignored: str, isolated: bool
) -> None:
    rhythm.toml('"shows.py X"', "unimpressed")
    run = await attack(rhythm, trap)
    async with rhythm.worker(isolated):
        ended = await rhythm.ended(run)

    assert not trap.has_run
    assert ended.state
    assert ended.state.is_completed(), ended.state
    assert await logged(rhythm, run, "ignored job variables") == [f"ignored job variables: {ignored}"]


async def evil_deployment(rhythm: Rhythm, trap: Trap) -> UUID:
    return await rhythm.start(await rhythm.deploy("evil", entrypoint=trap.entrypoint, pull_steps=[]))


async def other_entrypoint(rhythm: Rhythm, trap: Trap) -> UUID:
    await rhythm.deploy()
    return await rhythm.start(await rhythm.deploy(entrypoint=trap.entrypoint))


async def shell_before(rhythm: Rhythm, trap: Trap) -> UUID:
    steps = [{SHELL: {"script": trap.command}}, {FOLDER: {"directory": str(PROJECT)}}]
    return await rhythm.start(await rhythm.deploy(pull_steps=steps))


async def other_folder(rhythm: Rhythm, trap: Trap) -> UUID:
    return await rhythm.start(await rhythm.deploy(pull_steps=[{FOLDER: {"directory": str(trap.path)}}]))


async def no_deployment(rhythm: Rhythm, trap: Trap) -> UUID:
    run = await rhythm.client.create_flow_run(
        parent, state=Scheduled(), work_pool_name=rhythm.pool, job_variables={"command": trap.command}
    )
    return run.id


@both_ways
@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (evil_deployment, "its entrypoint is {trap.entrypoint}"),
        (other_entrypoint, "its entrypoint is {trap.entrypoint}"),
        (shell_before, f"it has the pull step {SHELL}"),
        (other_folder, "its folder is {trap.path}"),
        (no_deployment, "it has none"),
    ],
    ids=["a deployment", "another entrypoint", "a pull step", "another folder", "no deployment"],
)
async def test_what_is_not_of_this_rhythm_is_refused_and_the_worker_goes_on(
    rhythm: Rhythm, trap: Trap, attack: Attack, reason: str, isolated: bool
) -> None:
    rhythm.toml('"shows.py X"', "unimpressed")
    run = await attack(rhythm, trap)
    async with rhythm.worker(isolated):
        refused = await rhythm.ended(run)
        beat = await rhythm.ended(await rhythm.ask())

    assert not trap.has_run
    assert refused.state
    assert (refused.state.type.value, refused.state.name) == ("FAILED", "Refused")
    assert reason.format(trap=trap) in str(refused.state.message)
    assert "set allow_foreign_deployments = true in rhythm.toml" in str(refused.state.message)
    assert refused.infrastructure_pid is None
    assert beat.state
    assert beat.state.is_completed()


@both_ways
async def test_what_becomes_of_a_deployment_once_its_run_was_looked_at_changes_nothing(
    rhythm: Rhythm, trap: Trap, monkeypatch: pytest.MonkeyPatch, isolated: bool
) -> None:
    rhythm.toml('"shows.py X"', "unimpressed")
    run = RhythmWorker.run

    async def run_changed(worker: RhythmWorker, flow_run: FlowRun, *rest: Any, **more: Any) -> Any:
        await rhythm.deploy(entrypoint=trap.entrypoint, pull_steps=[{SHELL: {"script": trap.command}}])
        return await run(worker, flow_run, *rest, **more)

    monkeypatch.setattr(RhythmWorker, "run", run_changed)
    async with rhythm.worker(isolated):
        ended = await rhythm.ended(await rhythm.ask())

    assert not trap.has_run
    assert ended.state
    assert ended.state.is_completed()


async def test_a_run_in_an_interpreter_of_its_own_that_is_cancelled_runs_the_hooks_of_its_flow_alone(
    rhythm: Rhythm, trap: Trap, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect's process worker reads the deployment once more for them."""
    rhythm.toml(f"{{ run = ['hangs.py', {str(family.folder)!r}] }}", "cancelled_apart")
    heard: list[str] = []
    monkeypatch.setattr(
        parent, "on_cancellation_hooks", [lambda flow, flow_run, state: heard.append(state.name)]
    )
    async with rhythm.worker(isolated=True):
        run = await rhythm.ask("cancelled_apart")
        await soon(lambda: family.said("grandchild"), "all of the script to run")
        await rhythm.deploy(entrypoint=trap.entrypoint, pull_steps=[{SHELL: {"script": trap.command}}])

        await rhythm.client.set_flow_run_state(run, Cancelling(), force=True)
        ended = await rhythm.ended(run)
        await soon(lambda: not family.alive(), "the end of the script")

    assert not trap.has_run
    assert ended.state
    assert ended.state.is_cancelled()
    assert heard == ["Cancelling"]


@both_ways
async def test_foreign_deployments_run_with_their_variables_while_rhythm_toml_allows_them(
    rhythm: Rhythm, trap: Trap, isolated: bool
) -> None:
    toml = rhythm.folder / "rhythm.toml"
    rhythm.toml('"shows.py X"', "unimpressed")
    closed = toml.read_text(encoding="utf-8")
    toml.write_text(f"allow_foreign_deployments = true\n{closed}", encoding="utf-8")
    steps = [{FOLDER: {"directory": str(trap.folder)}}]
    evil = await rhythm.deploy("evil", entrypoint="evil.py:main", pull_steps=steps)
    async with rhythm.worker(isolated):
        allowed = await rhythm.ended(await rhythm.start(evil, variables={"env": {"TRAP": "by a variable"}}))
        said = trap.mark.read_text(encoding="utf-8")
        trap.mark.unlink()

        toml.write_text(closed, encoding="utf-8")
        refused = await rhythm.ended(await rhythm.start(evil))

        toml.write_text("allow_foreign_deployments = true\n[groups", encoding="utf-8")
        broken = await rhythm.ended(await rhythm.start(evil))

    assert allowed.state
    assert allowed.state.is_completed()
    assert said == "by a variable"
    assert not trap.has_run
    assert refused.state
    assert refused.state.name == "Refused"
    assert broken.state
    assert broken.state.name == "Refused"
    assert "is not valid TOML" in str(broken.state.message)


async def logged(rhythm: Rhythm, run: UUID, words: str) -> list[str]:
    """The lines of a run's log with these words: once there are any, as they are sent in batches."""
    only = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run]))
    async with asyncio.timeout(LIMIT):
        while not (
            found := [log.message for log in await rhythm.client.read_logs(only) if words in log.message]
        ):
            await asyncio.sleep(0.1)
    return found
