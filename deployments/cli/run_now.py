"""Runs a group, or some of its steps, now: by the worker if there is one, else in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import TerminationSignal

from deployments import overview
from deployments.cli import check, console, in_process
from deployments.cli.group_run import Ended, Wanted
from deployments.cli.run_by_worker import RunByWorker
from deployments.cli.run_here import run_here
from deployments.cli.run_output import RunOutput
from deployments.server.temporary import some_server
from deployments.worker import name_claim, pool
from flows import clock
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings

#: Given a client of the server, return what is to run.
Choose = Callable[[PrefectClient], Awaitable[Wanted]]


def run_now(wanted: Wanted, settings: Settings, *, json: bool, choose: Choose | None = None) -> int:
    """Run it, print what its steps print as that comes, and how it ended. Return 0 if it completed, else 1.

    With `choose`, what is to run of the group is only decided once there is a server to ask.

    Raises:
        ConfigError: a step of rhythm.toml may not run.
        CommandError: there is no server, or nobody could run it.
        KeyboardInterrupt: it was interrupted; what goes on was printed.
    """
    check.ready(settings)
    now = _RunNow(wanted, settings, RunOutput(wanted.group, settings, quiet=json))
    try:
        ended, lines_left = asyncio.run(now.run(choose))
    except (TerminationSignal, KeyboardInterrupt):
        console.warning(now.what_goes_on())
        raise KeyboardInterrupt from None
    if json:
        console.show_json(ended.to_json(now.wanted))
    else:
        ended.show(now.wanted)
    code = 0 if ended.outcome is Outcome.COMPLETED else 1
    in_process.give_up(lines_left, settings, code)
    return code


class _RunNow:
    """One such run, and how far it has come."""

    def __init__(self, wanted: Wanted, settings: Settings, output: RunOutput) -> None:
        self.wanted, self._settings, self._output = wanted, settings, output
        self._by_worker: RunByWorker | None = None
        self._is_here = False

    async def run(self, choose: Choose | None) -> tuple[Ended, int]:
        """Return how it ended, and how many log lines could not be sent."""
        settings = self._settings
        async with some_server(settings) as is_temporary, get_client() as client:
            if choose:
                await name_claim.check(client, settings)
                self.wanted = await choose(client)
            # What a script is given is decided by rhythm.toml and who calls this, never by what a server has.
            beat = None if is_temporary or self.wanted.arguments else await _beat(client, settings)
            if beat:
                await name_claim.check(client, settings)
                self._by_worker = RunByWorker(self.wanted, settings, self._output)
                with self._output.progress(self.wanted.options.only):
                    return await self._by_worker.run(client, beat), 0
            await name_claim.claim(client, settings)
            self._is_here = True
            with self._output.progress(self.wanted.options.only):
                return await run_here(self.wanted, self._output, is_temporary=is_temporary)

    def what_goes_on(self) -> str:
        """Return what becomes of it after this command was interrupted."""
        label = self.wanted.label
        if self._by_worker and self._by_worker.run_id:
            return (
                f"{label} goes on, by the worker. `rhythm logs {self.wanted.group} -f` shows it; to end it, "
                f"cancel the run {self._by_worker.run_id} in Prefect's UI, or by `prefect flow-run cancel`."
            )
        return (
            f"{label} was ended, with all that it had started" if self._is_here else f"{label} was not begun"
        )


async def _beat(client: PrefectClient, settings: Settings) -> UUID | None:
    """Return the id of the beat's deployment, if a worker is there that takes its runs."""
    worker = await overview.worker_of(client, settings)
    if worker is None or not worker.is_live(clock.now()):
        return None
    deployment = await pool.find(client, pool.rhythm(settings))
    return deployment.id if deployment else None
