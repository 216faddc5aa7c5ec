"""`rhythm explain GROUP`: why it runs or not, and when next, step by step."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from prefect.client.orchestration import get_client

from deployments import overview
from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table
from deployments.diagnosis import Diagnosis, diagnose
from deployments.server import address as addresses
from deployments.server import lookup
from deployments.worker import name_claim, schedule
from flows import clock, readings
from flows.decisions import timestamps
from flows.decisions.choice import DUE, Decision
from flows.decisions.explanation import Explanation, Fact, explain
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.situation import Situation
from flows.decisions.slots import next_beat
from flows.decisions.timestamps import iso
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError

#: Of the table of what a decision rests on.
COLUMNS = (Column("", Kind.NAME), Column(""), Column("", Kind.TEXT))
_NO_SERVER = "no Prefect server answers, so this rests on what this machine remembers"


@dataclass(frozen=True, slots=True)
class _Known:
    """What a decision rests on, and why no beat comes, if none does."""

    runs: overview.Known
    diagnosis: Diagnosis | None = None


def run(*, group: str, json: bool) -> int:
    """Print it. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group.
        ServerError: the server has refused us.
    """
    settings = config.load()
    if group not in settings.groups:
        remedy = alternatives("groups", group, settings.groups)
        raise ConfigError([Problem("explain", f"no such group: '{group}'", remedy)])
    known = asyncio.run(_read(settings))
    now = clock.now()
    would_end = overview.expected_end(known.runs.past, known.runs.last)
    found = explain(
        group,
        Situation(
            settings,
            known.runs.past,
            now,
            holds=known.runs.holds,
            since=known.runs.since,
            load=_load(settings, now),
        ),
        would_end=would_end,
    )
    if json:
        console.show_json(_to_json(found, known, settings, now))
    else:
        _show(found, known, settings, now)
    return 0


def _load(settings: Settings, now: datetime) -> Load:
    try:
        return readings.last_known(settings, now)
    except StoreError as error:
        console.warning(f"the load, and how long groups take, is not known: {error}")
        return UNKNOWN


def _show(found: Explanation, known: _Known, settings: Settings, now: datetime) -> None:
    choice = found.choice
    console.say(f"{choice.group}: {_decision(found, known).label}: {choice.reason}\n")
    facts = [*found.facts, _beats(known, settings, now)]
    console.show(Table(COLUMNS, [(fact.about, "✗" if fact.keeps else "✓", fact.found) for fact in facts]))
    at = _next(found, known, now)
    if at is None:
        console.say("When it runs next is not known.")
    elif choice.decision is Decision.RUN:
        console.say(f"It runs in the next beat, at {_clock(at, settings, now)}.")
    elif choice.decision in DUE:
        console.say(f"It is due, and each beat tries again: the next is at {_clock(at, settings, now)}.")
    else:
        console.say(f"It is due next at {_clock(at, settings, now)}.")


def _to_json(found: Explanation, known: _Known, settings: Settings, now: datetime) -> dict[str, Any]:
    facts = [*found.facts, _beats(known, settings, now)]
    return {
        "group": found.choice.group,
        "decision": _decision(found, known).value,
        "reason": found.choice.reason,
        "next": iso(_next(found, known, now), settings.zone),
        "facts": [{"about": fact.about, "found": fact.found, "keeps": fact.keeps} for fact in facts],
    }


def _decision(found: Explanation, known: _Known) -> Decision:
    """Return what becomes of it: what is paused in Prefect does not run, due or not."""
    is_paused = known.diagnosis is not None and known.diagnosis.is_paused
    runs = found.choice.decision is Decision.RUN
    return Decision.PAUSED if is_paused and runs else found.choice.decision


def _beats(known: _Known, settings: Settings, now: datetime) -> Fact:
    """Return whether beats come, without which nothing runs."""
    if known.diagnosis:
        return Fact("beats", str(known.diagnosis), keeps=True)
    return Fact("beats", f"the next is at {_clock(next_beat(now), settings, now)}")


def _next(found: Explanation, known: _Known, now: datetime) -> datetime | None:
    """Return when it may run next; None if that is not known."""
    if known.diagnosis:
        return None
    return next_beat(now) if found.choice.decision in DUE else found.choice.next_due


async def _read(settings: Settings) -> _Known:
    address = await asyncio.to_thread(lookup.find, settings)
    if address is None:
        return _remembered(settings)
    addresses.use(address)
    try:
        async with get_client() as client:
            await name_claim.check(client, settings)
            now = clock.now()
            runs = await overview.what_is_known(client, settings, now)
            worker = await overview.worker_of(client, settings)
            is_live = worker is not None and worker.is_live(now)
            facts = await schedule.facts(client, settings, now, has_worker=is_live)
            return _Known(runs, diagnose(facts))
    except httpx.HTTPError:
        return _remembered(settings)


def _remembered(settings: Settings) -> _Known:
    from flows.memory import remembered  # which imports what reads databases

    try:
        last = remembered.last_runs(settings, clock.now())
    except StoreError as error:
        console.warning(str(error))
        last = {}
    past = {name: [run] for name, run in last.items()}
    return _Known(overview.Known(past, last), Diagnosis(_NO_SERVER, "Start it with `rhythm up`."))


def _clock(time: datetime, settings: Settings, now: datetime) -> str:
    return timestamps.clock(time, settings.zone, now)
