"""A run that a worker is asked for, and what may keep it from running."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deployments.cli import run_by_worker
from deployments.cli.group_run import Wanted
from deployments.cli.run_by_worker import RunByWorker
from deployments.cli.run_output import RunOutput
from flows.group import GroupOptions
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tests.deployments.worker.rhythm import Rhythm
from tests.deployments.worker.rhythm import rhythm as deployed  # noqa: F401 - a fixture

Asked = Callable[[str], RunByWorker]


@pytest.fixture
def asked(deployed: Rhythm, monkeypatch: pytest.MonkeyPatch) -> Asked:  # noqa: F811
    """What asks for a run of a group that prints a line."""
    monkeypatch.setattr(run_by_worker, "_LOOK", 0.0)

    def of(group: str) -> RunByWorker:
        deployed.toml('{ run = "family.py", name = "grows" }', group)
        text = (deployed.folder / "rhythm.toml").read_text()
        (deployed.folder / "rhythm.toml").write_text(f'name = "{deployed.pool}"\n{text}')
        settings = config.load()
        output = RunOutput(group, settings, quiet=False)
        return RunByWorker(Wanted(group, GroupOptions()), settings, output)

    return of


async def test_what_no_worker_takes_is_taken_back(deployed: Rhythm, asked: Asked) -> None:  # noqa: F811
    run = asked("nobody_runs")

    with pytest.raises(CommandError, match="nobody_runs did not run: the worker has gone"):
        await run.run(deployed.client, await deployed.deploy())

    assert run.run_id is not None
    found = await deployed.client.read_flow_run(run.run_id)
    assert found.state is not None
    assert found.state.is_cancelled()
