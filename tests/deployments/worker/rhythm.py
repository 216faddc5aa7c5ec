"""A rhythm of one test on the shared server: its rhythm.toml, its pool and deployments, and a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun

from deployments.worker.rhythm_worker import RhythmWorker
from flows.memory.naming import flow_name
from tasks.settings.rhythm_toml import PROJECT
from tests.family import SCRIPTS
from tests.waiting import LIMIT


@dataclass
class Rhythm:
    """A rhythm.toml, a pool, and the deployment of the parent flow, of one test."""

    client: PrefectClient
    folder: Path
    pool: str
    retired: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)

    def toml(self, steps: str, group: str) -> None:
        text = f'scripts_dir = "{SCRIPTS.as_posix()}"\n[groups.{group}]\nevery = "1d"\nsteps = [{steps}]\n'
        (self.folder / "rhythm.toml").write_text(text, encoding="utf-8")

    async def deploy(self, name: str = "rhythm", **fields: Any) -> UUID:
        """Deploy the rhythm as `rhythm up` does, but for `fields`; done again, it changes that deployment."""
        folder = {"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}
        as_up_does = {"entrypoint": "rhythm_entry.rhythm", "pull_steps": [folder]}
        return await self.client.create_deployment(
            await self.client.create_flow_from_name(name),
            name=self.pool,
            work_pool_name=self.pool,
            **as_up_does | fields,
        )

    async def ask(self, group: str = "", **variables: Any) -> UUID:
        """Ask for a beat; `variables` are the run's job variables."""
        return await self.start(
            await self.deploy(), {"options": {"force": [group] if group else []}}, variables
        )

    async def start(
        self,
        deployment: UUID,
        parameters: dict[str, Any] | None = None,
        variables: dict[str, Any] | None = None,
    ) -> UUID:
        """Ask for a run of a deployment."""
        run = await self.client.create_flow_run_from_deployment(
            deployment, parameters=parameters, job_variables=variables or None
        )
        return run.id

    async def ended(self, run: UUID) -> FlowRun:
        """Wait for a run's end."""
        end = time.monotonic() + LIMIT
        while not ((found := await self.client.read_flow_run(run)).state and found.state.is_final()):
            assert time.monotonic() < end, found.state
            await asyncio.sleep(0.1)
        return found

    async def group_run(self, group: str) -> FlowRun:
        (found,) = await self.client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow_name(group)]))
        )
        return found

    @asynccontextmanager
    async def worker(self, isolated: bool = False) -> AsyncIterator[RhythmWorker]:
        """The worker, which asks for runs until the block ends."""
        worker = RhythmWorker(work_pool_name=self.pool, name=self.pool, isolated=isolated)
        worker.retire, worker.give_up = self.retired.append, self.gave_up.append
        task = asyncio.create_task(worker.start(printer=lambda *_: None))
        try:
            yield worker
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
async def rhythm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str) -> AsyncIterator[Rhythm]:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    async with get_client() as client:
        pool = f"pool-{tmp_path.name}".replace("_", "-")[:40].rstrip("-")
        await client.create_work_pool(WorkPoolCreate(name=pool, type="rhythm"))
        yield Rhythm(client, tmp_path, pool)
