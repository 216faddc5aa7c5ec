"""Sees to it that the next beat comes: looks, repairs, and reports what it cannot repair."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, time

import httpx
from prefect.client.orchestration import PrefectClient

from deployments.diagnosis import SET, Diagnosis, Facts, Repair, diagnose
from deployments.server import instance_lock
from deployments.service import journal
from deployments.worker import deployed_groups, schedule
from deployments.worker.beat_clock import BeatClock
from deployments.worker.pool import DeployError
from flows import clock, server_fault
from flows.decisions.slots import BEAT
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

_LOOK = 20.0  # seconds between two looks

#: Prints a piece of news; with its level of the journal.
Say = Callable[[str, int], None]


@dataclass(slots=True)
class Liveness:
    """Watches over the beats of a daemon.

    `settings` are those that were read last and are valid; `diagnosis` is why no beat comes, if none does.
    """

    client: PrefectClient
    beats: BeatClock
    settings: Settings
    say: Say
    renew: Callable[[str], None] | None
    """Starts all anew, the server included, if that is ours."""
    diagnosis: Diagnosis | None = None
    _deployed: Settings = field(init=False)
    """Those by which the groups were deployed last."""
    _fault: str = ""
    """What is wrong with rhythm.toml, as it was reported last."""
    _interval: timedelta = BEAT
    """How often the schedule beats, as it was read last."""
    _drift: float = field(default_factory=lambda: time() - monotonic())
    """What the clock that may be set is ahead of the one that nobody sets, in seconds."""
    _repaired: float = -float("inf")

    def __post_init__(self) -> None:
        self._deployed = self.settings

    @property
    def _deploy_log(self) -> Path:
        return self.settings.outputs_dir / "logs" / "deploy.log"

    async def watch(self) -> None:
        """Look again and again, and each time that a beat has ended."""
        while True:
            await self.beats.ended(_LOOK)
            try:
                await self.look()
            except httpx.HTTPError as error:
                self._report(_unreachable(error))
            except DeployError as error:
                self.say(str(error), journal.WARNING)

    async def look(self) -> None:
        """Look once: report what is new, and repair what may be repaired.

        Raises:
            DeployError, httpx.HTTPError: it cannot be repaired, or not even be looked at.
        """
        self._read_settings()
        await self._deploy_changed()
        facts = await self._facts()
        self._interval = facts.interval or BEAT
        if self.renew and facts.clock_set < -SET and not facts.is_under_way:
            self.renew("the clock was set back, and Prefect's own services wait for the old time")
            return
        found = diagnose(facts)
        if found and found.repair is Repair.SCHEDULE:  # nothing to report, if that is all: as after a pause
            await schedule.schedule_runs(self.client, self.settings)
            found = diagnose(await self._facts())
        self._report(found)
        if found and found.repair and monotonic() - self._repaired > self._interval.total_seconds():
            self._repaired = monotonic()
            await schedule.repair(self.client, self.settings, found.repair, clock.now(), self._deploy_log)
            self._drift = time() - monotonic()
            self.say(f"beats were {found.repair.value}", journal.INFO)

    async def _deploy_changed(self) -> None:
        """Have what Prefect offers be as rhythm.toml is, if that has changed."""
        if self.settings == self._deployed:
            return

        def say(news: str) -> None:
            self.say(news, journal.INFO)

        try:
            await deployed_groups.update(self.client, self.settings, self._deploy_log, say)
        except DeployError:
            self._deployed = self.settings  # what Prefect's command refuses, it refuses until it is changed
            raise
        self._deployed = self.settings

    async def _facts(self) -> Facts:
        """Return what the server knows, and what this process alone does."""
        facts = await schedule.facts(self.client, self.settings, clock.now())
        set_by = time() - monotonic() - self._drift
        return replace(
            facts,
            since_beat=self.beats.since,
            is_under_way=facts.is_under_way or self.beats.is_under_way,
            clock_set=timedelta(seconds=set_by),
        )

    def _report(self, found: Diagnosis | None) -> None:
        """Report what was found, unless it was found before."""
        before, self.diagnosis = self.diagnosis, found
        if (pause := _pause(found)) != _pause(before):
            with suppress(OSError):  # a full disk is reported elsewhere, and `plan` has one line less
                instance_lock.note_pause(self.settings.outputs_dir, pause)
        if found and not found.is_like(before):
            self.say(str(found), journal.WARNING)
        elif before and not found:
            self.say("beats come again", journal.INFO)

    def _read_settings(self) -> None:
        """Read rhythm.toml as the next beat will, and report when that can no longer, or again, be used."""
        try:
            self.settings, fault = config.load(), ""
        except ConfigError as error:
            fault = str(error)
        if fault and fault != self._fault:
            self.say(f"each beat fails until this is corrected: {fault}", journal.WARNING)
        elif self._fault and not fault:
            self.say("rhythm.toml is valid again", journal.INFO)
        self._fault = fault


def _pause(found: Diagnosis | None) -> str:
    return str(found) if found and found.is_paused else ""


def _unreachable(error: httpx.HTTPError) -> Diagnosis:
    """Return what it means that Prefect does not answer, or with an error."""
    if isinstance(error, httpx.HTTPStatusError):
        remedy = "Look into the server's log; its database may be gone or full."
    else:
        remedy = "It is asked again."
    return Diagnosis(server_fault.describe(error), remedy)
