"""What the steps of one run print, as it comes: from files, or from Prefect if another machine has those."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.sorting import LogSort

from deployments.cli import console, step_logs
from deployments.cli.progress import ProgressDisplay, needs_of_steps
from tasks.problem import CommandError
from tasks.settings.rhythm_toml import Settings
from tasks.step_output import places
from tasks.step_output.places import Attempt

_POLL = 0.3  # seconds between two looks for new lines
_PAGE = 200  # the most that Prefect's API returns at once
_WAITS = "waits for its lane"  # how a group's run begins that says so


class RunOutput:
    """Prints the new lines of a group's run; nothing, if it is to be `quiet`.

    Within `progress`, a bar below them shows how far the run is, on a terminal.
    """

    def __init__(self, group: str, settings: Settings, *, quiet: bool) -> None:
        self._group, self._settings, self.quiet = group, settings, quiet
        self._reader = step_logs.Reader(settings.outputs_dir, step_logs.levels(settings), skip=set())
        self._has_begun = self._has_waited = False
        self._seen = 0
        self._bar: ProgressDisplay | None = None
        self._steps: list[str] = []

    @contextmanager
    def progress(self, only: Sequence[str] = ()) -> Iterator[None]:
        """Show a progress bar of the steps, or of those named, while the block runs."""
        if self.quiet or not (sys.stdout.isatty() and sys.stderr.isatty()):
            yield
            return
        steps = [step.name for step in self._settings.groups[self._group].steps]
        self._steps = [name for name in steps if name in only] if only else steps
        with ProgressDisplay(needs_of_steps(self._settings), f"{self._group}: starting") as self._bar:
            yield

    def say(self, news: str) -> None:
        """Print a line about the run itself."""
        if not self.quiet:
            console.say(news)

    def show_new(self, run_id: str) -> None:
        """Print what its files have that is new.

        Raises:
            CommandError: one of them cannot be read.
        """
        if self.quiet or not run_id:
            return
        try:
            attempts = self._attempts(run_id)
            if self._bar and attempts:
                self._bar.reached(self._group, attempts[-1].step, self._steps)
            for attempt in attempts:
                self._has_begun = True
                for line in self._reader.new(attempt):
                    step_logs.say(attempt, line, self._settings)
        except BrokenPipeError:  # of our output: whoever reads it has had enough
            raise
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read ({error.strerror})") from None

    async def show_whether_it_waits(self, client: PrefectClient, run_id: UUID) -> None:
        """Print once that it waits for its lane, if it does."""
        if self.quiet or self._has_begun or self._has_waited:
            return
        lines = await self._logs(client, run_id, 0)
        if waits := [line for line in lines if line.message.startswith(_WAITS)]:
            self._has_waited = True
            self.say(f"{self._group} {waits[0].message}")

    async def show_remote(self, client: PrefectClient, run_id: UUID) -> None:
        """Print what Prefect has of it that is new: its files are on another machine."""
        lines = [] if self.quiet else await self._logs(client, run_id, self._seen)
        self._seen += len(lines)
        for line in lines:
            at = line.timestamp.astimezone(self._settings.zone)
            console.say(f"{at:%Y-%m-%d %H:%M:%S} {self._group}: {line.message}")

    async def following(self, run_id: Callable[[], str]) -> None:
        """Print new lines until this is cancelled."""
        while True:
            self.show_new(run_id())
            await asyncio.sleep(_POLL)

    def _attempts(self, run_id: str) -> list[Attempt]:
        group = self._settings.groups[self._group]
        found = (
            attempt
            for step in group.steps
            for attempt in places.attempts(self._settings.outputs_dir, self._group, step.name)
        )
        return sorted(attempt for attempt in found if attempt.run_id == run_id)

    async def _logs(self, client: PrefectClient, run_id: UUID, offset: int) -> list[Any]:
        asked: Awaitable[list[Any]] = client.read_logs(
            LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])),
            limit=_PAGE,
            offset=offset,
            sort=LogSort.TIMESTAMP_ASC,
        )
        return await asked
