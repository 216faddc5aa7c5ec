"""How things stand: every group's last run and what is due, the server, the worker. Asked from Prefect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from prefect.client.orchestration import PrefectClient

from deployments import output
from deployments.address import Address
from deployments.pool import POOL
from flows import history
from flows.cadence import Choice, Decision, Run, decide
from flows.moments import iso
from flows.slots import next_beat
from tasks.outcome import Outcome
from tasks.settings import Settings

#: Prefect's worker reports every 30 s; three silent times in a row and it is taken for gone, as
#: Prefect's own server takes it.
SILENT = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class GroupState:
    """One group: its last run, and what a beat would decide now."""

    name: str
    last: Run | None
    choice: Choice

    def next_due(self, now: datetime) -> datetime | None:
        """When it may run next: a group that is due runs in the next beat."""
        return next_beat(now) if self.choice.decision is Decision.RUN else self.choice.next_due

    def to_json(self, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm status --json` prints it."""
        last = self.last
        return {
            "name": self.name,
            "last_run": iso(last.started, zone) if last else None,
            "outcome": last.outcome.value if last and last.outcome else None,
            "seconds": round(last.seconds, 3) if last and last.seconds is not None else None,
            "next_due": iso(self.next_due(now), zone),
            "decision": self.choice.decision.value,
            "reason": self.choice.reason,
        }


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of the pool, and when it was last heard of."""

    name: str
    heard: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether it was heard of lately."""
        return self.heard is not None and now - self.heard < SILENT


@dataclass(frozen=True, slots=True)
class State:
    """All of it, at one moment. Without a server, nothing is known of the groups."""

    at: datetime
    zone: ZoneInfo
    address: Address | None
    groups: tuple[GroupState, ...]
    worker: Worker | None

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
        }

    def table(self) -> Any:
        """As a person reads it: a row a group."""
        rows = []
        for group in self.groups:
            last = group.last
            rows.append(
                (
                    group.name,
                    output.clock(last.started if last else None, self.zone, self.at),
                    _outcome(last),
                    output.seconds(last.seconds if last else None),
                    output.clock(group.next_due(self.at), self.zone, self.at),
                    f"{group.choice.decision.value}: {group.choice.reason}",
                )
            )
        return output.table(("group", "last run", "outcome", "took", "next due", "now"), rows)


async def read(client: PrefectClient, address: Address | None, settings: Settings, now: datetime) -> State:
    """Ask Prefect how things stand.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    past = await history.in_slots(client, settings, now)
    last = {name: max(runs, key=lambda run: run.started) for name, runs in past.items() if runs}
    last |= await history.latest(client, settings.groups.keys() - last.keys(), now)

    def as_before(name: str) -> Outcome:
        """A group that has failed in this slot is not expected to complete: its dependents wait."""
        outcomes = [run.outcome for run in past[name] if run.outcome]
        return outcomes[0] if outcomes else Outcome.COMPLETED

    choices = decide(settings, past, now, would_end=as_before)
    groups = tuple(GroupState(choice.group, last.get(choice.group), choice) for choice in choices)
    return State(now, settings.zone, address, groups, await _worker(client))


async def newest(client: PrefectClient, settings: Settings, now: datetime) -> tuple[UUID, str | None] | None:
    """Return the last group run of late, and its state: while both stay, hardly anything changes."""
    run = await history.last(client, settings.groups, now - history.LATELY)
    return (run.id, run.state_name) if run else None


def unknown(settings: Settings, now: datetime, reason: str) -> State:
    """Return how things stand when nobody can be asked."""
    groups = tuple(
        GroupState(name, None, Choice(name, Decision.WAITS, reason, None)) for name in settings.order
    )
    return State(now, settings.zone, None, groups, None)


async def _worker(client: PrefectClient) -> Worker | None:
    """Return the pool's worker that was last heard of."""
    try:
        workers = await client.read_workers_for_work_pool(POOL)
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return None  # there is no pool yet; Prefect's client has no word of its own for that here
    heard = [Worker(worker.name, worker.last_heartbeat_time) for worker in workers]
    return max(heard, key=lambda worker: worker.heard.timestamp() if worker.heard else 0.0, default=None)


def _outcome(run: Run | None) -> str:
    if run is None:
        return "never ran"
    return run.outcome.value if run.outcome else "running"
