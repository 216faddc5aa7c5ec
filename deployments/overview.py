"""How things stand: every group's last run and what is due, the server, the worker. Asked from Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from prefect.client.orchestration import PrefectClient

from deployments.cli import console
from deployments.diagnosis import Diagnosis
from deployments.server.address import Address
from flows import group_memory, history, naming
from flows.cadence import Choice, Decision, History, Run, Since, decide, likely_outcome
from flows.slots import next_beat
from flows.timestamps import iso
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings

#: Prefect's worker reports every 30 s; three silent times in a row and it is taken for gone, as
#: Prefect's own server takes it.
SILENT = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One group: its last run, and what a beat would decide now."""

    name: str
    last: Run | None
    choice: Choice
    has_beats: bool = True
    """Whether beats come at all."""

    def next_due(self, now: datetime) -> datetime | None:
        """When it may run next: a group that is due runs in the next beat. None if that is not known."""
        if not self.has_beats:
            return None
        return next_beat(now) if self.choice.decision is Decision.RUN else self.choice.next_due

    def to_json(self, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm status --json` prints it."""
        last = self.last
        return {
            "name": self.name,
            "lane": self.choice.lane,
            "last_run": iso(last.started, zone) if last else None,
            "outcome": last.outcome.value if last and last.outcome else None,
            "seconds": round(last.seconds, 3) if last and last.seconds is not None else None,
            "next_due": iso(self.next_due(now), zone),
            "decision": self.choice.decision.value,
            "reason": self.choice.reason,
        }


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker of the pool, and when it was last heard of."""

    name: str
    heard: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether it was heard of lately."""
        return self.heard is not None and now - self.heard < SILENT


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it, at one time. Without a server, hardly more than the groups' last runs is known."""

    at: datetime
    zone: ZoneInfo
    address: Address | None
    groups: tuple[GroupStatus, ...]
    worker: WorkerStatus | None
    diagnosis: Diagnosis | None = None
    """Why no beat comes, if none does."""

    def diagnosed(self, found: Diagnosis | None) -> Overview:
        """Return it with what was found out about the beats: what is paused does not run, due or not."""
        if found is None:
            return self
        groups = tuple(replace(group, has_beats=False) for group in self.groups)
        if found.is_paused:
            groups = tuple(_paused(group, found) for group in groups)
        return replace(self, groups=groups, diagnosis=found)

    @property
    def worker_is_live(self) -> bool:
        """Whether a worker was heard of lately."""
        return self.worker is not None and self.worker.is_live(self.at)

    def to_json(self) -> dict[str, Any]:
        """As `rhythm status --json` prints it."""
        return {
            "groups": [group.to_json(self.at, self.zone) for group in self.groups],
            "server": {"live": self.address is not None, "url": self.address.url if self.address else None},
            "worker": {
                "live": self.worker_is_live,
                "name": self.worker.name if self.worker else None,
                "last_heard": iso(self.worker.heard, self.zone) if self.worker else None,
            },
            "beats": {
                "come": self.diagnosis is None,
                "paused": self.diagnosis is not None and self.diagnosis.is_paused,
                "reason": self.diagnosis.why if self.diagnosis else None,
            },
        }

    def table(self) -> Any:
        """As a person reads it: a row a group."""
        rows = []
        for group in self.groups:
            last = group.last
            rows.append(
                (
                    group.choice.label,
                    console.clock(last.started if last else None, self.zone, self.at),
                    _outcome(last) if last or self.address else "unknown",
                    console.seconds(last.seconds if last else None),
                    console.clock(group.next_due(self.at), self.zone, self.at),
                    f"{group.choice.decision.label}: {group.choice.reason}",
                )
            )
        return console.table(("group", "last run", "outcome", "took", "next due", "now"), rows)


def _paused(group: GroupStatus, found: Diagnosis) -> GroupStatus:
    if group.choice.decision is not Decision.RUN:
        return group
    paused = replace(group.choice, decision=Decision.PAUSED, reason=f"{found.why}, in Prefect", next_due=None)
    return replace(group, choice=paused)


async def read(client: PrefectClient, address: Address | None, settings: Settings, now: datetime) -> Overview:
    """Ask Prefect how things stand.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    past = await history.in_slots(client, settings, now)
    memory = await group_memory.recall(client, settings, past, now)
    last = {name: max(runs, key=lambda run: run.started) for name, runs in past.items() if runs}
    last |= await history.latest(client, settings, settings.groups.keys() - last.keys(), now)
    groups = standings(settings, memory.completing(past), last, now, memory.since)
    return Overview(now, settings.zone, address, groups, await worker_of(client, settings))


def standings(
    settings: Settings,
    past: History,
    last: Mapping[str, Run],
    now: datetime,
    since: Since = MappingProxyType({}),
) -> tuple[GroupStatus, ...]:
    """Given the runs of the current slots and every group's last run, return how the groups stand. Pure."""

    def would_end(name: str) -> Outcome:
        # A skipped run is not among those that count, and shows as much as they do.
        again = [last[name]] if name in last and last[name].outcome is Outcome.SKIPPED else []
        return likely_outcome([*past[name], *again])

    choices = decide(settings, past, now, would_end=would_end, since=since)
    return tuple(GroupStatus(choice.group, last.get(choice.group), choice) for choice in choices)


async def newest(client: PrefectClient, settings: Settings, now: datetime) -> tuple[UUID, str | None] | None:
    """Return the last group run of late, and its state: while both stay, hardly anything changes."""
    run = await history.last(client, settings, settings.groups, now - history.LATELY)
    return (run.id, run.state_name) if run else None


def unknown(
    settings: Settings, now: datetime, reason: str, last: Mapping[str, Run] = MappingProxyType({})
) -> Overview:
    """Return how things stand when nobody can be asked; `last` has the runs that are known all the same."""
    groups = tuple(
        GroupStatus(
            name, last.get(name), Choice(name, Decision.WAITS, reason, None, lane=settings.groups[name].lane)
        )
        for name in settings.order
    )
    state = Overview(now, settings.zone, None, groups, None)
    return state.diagnosed(Diagnosis(reason, "Start it with `rhythm up`."))


async def worker_of(client: PrefectClient, settings: Settings) -> WorkerStatus | None:
    """Return the pool's worker that was last heard of."""
    try:
        workers = await client.read_workers_for_work_pool(naming.pool(settings))
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return None  # there is no pool yet; Prefect's client has no word of its own for that here
    heard = [WorkerStatus(worker.name, worker.last_heartbeat_time) for worker in workers]
    return max(heard, key=lambda worker: worker.heard.timestamp() if worker.heard else 0.0, default=None)


def _outcome(run: Run | None) -> str:
    if run is None:
        return "never ran"
    return run.outcome.value if run.outcome else "running"
