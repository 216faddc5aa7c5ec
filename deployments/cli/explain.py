"""`rhythm explain GROUP`: why it runs or not, and when next, step by step."""

from __future__ import annotations

import asyncio
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
from flows import clock, remembered
from flows.cadence import DUE, Decision
from flows.explanation import Explanation, explain
from flows.slots import next_beat
from flows.timestamps import iso
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError

#: Of the table of what a decision rests on.
COLUMNS = (Column("", Kind.NAME), Column(""), Column("", Kind.TEXT))
_NO_SERVER = "no Prefect server answers, so this rests on what this machine remembers"


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
    known, diagnosis = asyncio.run(_read(settings))
    now = clock.now()
    would_end = overview.expected_end(known.past, known.last)
    found = explain(
        group, settings, known.past, now, holds=known.holds, since=known.since, would_end=would_end
    )
    paused = diagnosis is not None and diagnosis.is_paused
    next_run = None if diagnosis else found.choice.next_due
    if next_run and found.choice.decision in DUE:
        next_run = next_beat(now)
    beats = f"{diagnosis}" if diagnosis else f"the next is at {_clock(next_beat(now), settings)}"
    if json:
        console.show_json(
            {
                "group": group,
                "decision": Decision.PAUSED.value if paused and _runs(found) else found.choice.decision.value,
                "reason": found.choice.reason,
                "next": iso(next_run, settings.zone),
                "facts": [
                    *({"about": f.about, "found": f.found, "keeps": f.keeps} for f in found.facts),
                    {"about": "beats", "found": beats, "keeps": diagnosis is not None},
                ],
            }
        )
        return 0
    verdict = "paused" if paused and _runs(found) else found.choice.decision.label
    console.say(f"{group}: {verdict}: {found.choice.reason}\n")
    rows = [(fact.about, "✗" if fact.keeps else "✓", fact.found) for fact in found.facts]
    console.show(Table(COLUMNS, [*rows, ("beats", "✗" if diagnosis else "✓", beats)]))
    console.say(_next(found, next_run, settings))
    return 0


async def _read(settings: Settings) -> tuple[overview.Known, Diagnosis | None]:
    address = await asyncio.to_thread(lookup.find, settings)
    if address is None:
        return _remembered(settings)
    addresses.use(address)
    try:
        async with get_client() as client:
            await name_claim.check(client, settings)
            now = clock.now()
            known = await overview.what_is_known(client, settings, now)
            worker = await overview.worker_of(client, settings)
            is_live = worker is not None and worker.is_live(now)
            facts = await schedule.facts(client, settings, now, has_worker=is_live)
            return known, diagnose(facts)
    except httpx.HTTPError:
        return _remembered(settings)


def _remembered(settings: Settings) -> tuple[overview.Known, Diagnosis | None]:
    try:
        last = remembered.last_runs(settings, clock.now())
    except StoreError as error:
        console.warning(str(error))
        last = {}
    past = {name: [run] for name, run in last.items()}
    return overview.Known(past, last), Diagnosis(_NO_SERVER, "Start it with `rhythm up`.")


def _runs(found: Explanation) -> bool:
    return found.choice.decision is Decision.RUN


def _next(found: Explanation, next_run: Any, settings: Settings) -> str:
    """Return when it is next looked at, in a sentence."""
    if next_run is None:
        return "When it runs next is not known."
    at = _clock(next_run, settings)
    if found.choice.decision is Decision.RUN:
        return f"It runs in the next beat, at {at}."
    if found.choice.decision in DUE:
        return f"It is due, and each beat tries again: the next is at {at}."
    return f"It is due next at {at}."


def _clock(time: Any, settings: Settings) -> str:
    return console.clock(time, settings.zone, clock.now())
