"""How things stand: every group's last run and what is due, the server, the worker. Asked from Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from prefect.client.orchestration import PrefectClient

from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table
from deployments.diagnosis import Diagnosis
from deployments.server.address import Address
from flows import expectations, readings
from flows.decisions.cadence import decide, likely_outcome
from flows.decisions.choice import DUE, Choice, Decision
from flows.decisions.durations import compared, late
from flows.decisions.group_runs import History, Run
from flows.decisions.holds import NONE, Holds
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.situation import Since, Situation
from flows.decisions.timestamps import iso
from flows.memory import group_memory, history, hold_variables, naming
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError

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
    is_late: bool = False
    """Whether its run goes on for longer than nine of ten of its last ones took."""

    @property
    def is_running(self) -> bool:
        """Whether its last run has not ended."""
        return self.last is not None and self.last.outcome is None

    @property
    def is_due(self) -> bool:
        """Whether it would run now, or does not only since something is in its way."""
        return self.choice.decision in DUE and self.has_beats and not self.is_running

    @property
    def next_due(self) -> datetime | None:
        """When it is due next; None if it is due now, or if that is not known."""
        return self.choice.next_due if self.has_beats and self.choice.decision not in DUE else None

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm status --json` prints it."""
        last = self.last
        return {
            "name": self.name,
            "lane": self.choice.lane,
            "last_run": iso(last.started, zone) if last else None,
            "outcome": last.outcome.value if last and last.outcome else None,
            "fault": last.fault or None if last else None,
            "seconds": round(last.seconds, 3) if last and last.seconds is not None else None,
            "late": self.is_late,
            "next_due": iso(self.next_due, zone),
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
    holds: Holds = NONE
    """What is paused and left out by commands."""

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
            "groups": [group.to_json(self.zone) for group in self.groups],
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

    @property
    def faults(self) -> list[str]:
        """What went wrong in the groups' last runs, a line each."""
        return [
            f"{group.name} {group.last.label}: {group.last.fault}"
            for group in self.groups
            if group.last and group.last.fault
        ]

    def table(self, explained: Collection[Decision] = tuple(Decision), *, cut: bool = False) -> Table:
        """As a person reads it: a row a group, with the reason of each decision that is to be `explained`.

        `cut`: each reason has one line.
        """
        rows = [self._row(group, explained) for group in self.groups]
        columns = COLUMNS if explained else COLUMNS[:-1]
        return Table(columns, rows, cut=cut)

    def _row(self, group: GroupStatus, explained: Collection[Decision]) -> tuple[str, ...]:
        last, decision = group.last, group.choice.decision
        return (
            group.choice.label,
            console.clock(last.started if last else None, self.zone, self.at),
            _outcome(group) if last or self.address else "unknown",
            console.seconds(last.seconds if last else None),
            "now" if group.is_due else console.clock(group.next_due, self.zone, self.at),
            f"{decision.label}: {group.choice.reason}" if decision in explained else "",
        )


#: Of the table of groups.
COLUMNS = (
    Column("group", Kind.NAME),
    Column("last run"),
    Column("outcome"),
    Column("took", spare=True),
    Column("next due"),
    Column("now", Kind.TEXT),
)


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
    known = await what_is_known(client, settings, now)
    load = await asyncio.to_thread(_load, settings, known, now)
    groups = standings(settings, known.past, known.last, now, known.holds, known.since, load)
    worker = await worker_of(client, settings)
    return Overview(now, settings.zone, address, groups, worker, holds=known.holds)


def _load(settings: Settings, known: Known, now: datetime) -> Load:
    """Return what decisions know of the load, and how long groups take; only what something depends on.

    `rhythm up` asks again and again.
    """
    situation = Situation(settings, known.past, now, holds=known.holds, since=known.since)
    try:
        if readings.depends_on_load(situation):
            return readings.last_known(settings, now)
        if any(run.outcome is None for run in known.last.values()):  # which could be late
            return Load(durations=expectations.of_groups(settings, now))
        return UNKNOWN
    except StoreError:
        return UNKNOWN  # what beats cannot write there they report; nothing is late then


@dataclass(frozen=True, slots=True)
class Known:
    """What decisions rest on: the runs of each group's slot, its last one, since when it is known, holds."""

    past: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    last: Mapping[str, Run] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)
    holds: Holds = NONE


async def what_is_known(client: PrefectClient, settings: Settings, now: datetime) -> Known:
    """Ask Prefect for it.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    past = await history.in_slots(client, settings, now)
    memory = await group_memory.recall(client, settings, past, now)
    last = {name: max(known, key=lambda run: run.started) for name, known in past.items() if known}
    last |= await history.latest(client, settings, settings.groups.keys() - last.keys(), now)
    return Known(memory.completing(past), last, memory.since, await hold_variables.read(client, settings))


def standings(
    settings: Settings,
    past: History,
    last: Mapping[str, Run],
    now: datetime,
    holds: Holds = NONE,
    since: Since = MappingProxyType({}),
    load: Load = UNKNOWN,
) -> tuple[GroupStatus, ...]:
    """Given the runs of the current slots and every group's last run, return how the groups stand. Pure."""
    situation = Situation(settings, past, now, holds=holds, since=since, load=load)
    choices = decide(situation, would_end=expected_end(past, last))
    return tuple(_status(choice, last.get(choice.group), situation) for choice in choices)


def _status(choice: Choice, last: Run | None, situation: Situation) -> GroupStatus:
    """Return how a group stands; of one that is running, also how long that usually takes."""
    needs = situation.load.durations.get(choice.group)
    if choice.decision is Decision.BUSY and (usual := compared(last, needs, situation.now)):
        choice = replace(choice, reason=f"{choice.reason}, {usual}")
    return GroupStatus(choice.group, last, choice, is_late=late(last, needs, situation.now))


def expected_end(past: History, last: Mapping[str, Run]) -> Callable[[str], Outcome]:
    """Return what returns how a group's next run is expected to end, given its name."""

    def would_end(name: str) -> Outcome:
        # A skipped run is not among those that count, and shows as much as they do.
        again = [last[name]] if name in last and last[name].outcome is Outcome.SKIPPED else []
        return likely_outcome([*past.get(name, ()), *again])

    return would_end


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


def _outcome(group: GroupStatus) -> str:
    if group.last is None:
        return "never ran"
    return f"{group.last.label} (late)" if group.is_late else group.last.label
