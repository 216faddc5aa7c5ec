"""`rhythm status`: how things stand, asked from Prefect."""

from __future__ import annotations

import asyncio

import httpx
from prefect.client.orchestration import get_client

from deployments import overview
from deployments.cli import console
from deployments.diagnosis import diagnose
from deployments.server import address as addresses
from deployments.server import lookup
from deployments.worker import name_claim, schedule
from flows import clock, expectations, server_fault
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError


def run(*, json: bool) -> int:
    """Print how things stand. Return 0, whatever it is: `rhythm doctor` judges it.

    Raises:
        ConfigError: rhythm.toml cannot be used.
        ServerError: the server has refused us.
        NameTakenError: what the server knows by this rhythm's name is another's.
    """
    settings = config.load()
    now = asyncio.run(_read(settings))
    try:
        foreseen = expectations.outgrown(settings, now.at)
    except StoreError as error:
        console.warning(f"what takes longer each day is not known: {error}")
        foreseen = []
    if json:
        more = {"outgrowing": [each.to_json(settings.zone) for each in foreseen]}
        console.show_json(now.to_json() | more)
    else:
        console.show(now.table())
        for fault in now.faults:
            console.say(fault)
        for each in foreseen:
            console.warning(f"{each.sentence(now.at, settings.zone)}. {each.remedy}")
        _show_processes(now, settings)
    return 0


async def _read(settings: Settings) -> overview.Overview:
    address = await asyncio.to_thread(lookup.find, settings)
    if address is None:
        return _unknown(settings, "no Prefect server answers")
    addresses.use(address)
    try:
        async with get_client() as client:
            await name_claim.check(client, settings)
            now = clock.now()
            found = await overview.read(client, address, settings, now)
            facts = await schedule.facts(client, settings, now, has_worker=found.worker_is_live)
            return found.diagnosed(diagnose(facts))
    except httpx.HTTPError as error:
        return _unknown(settings, f"the server stopped answering: {server_fault.describe(error)}")


def _unknown(settings: Settings, reason: str) -> overview.Overview:
    """Return how things stand by what this machine itself remembers."""
    from flows.memory import remembered  # which imports what reads databases

    now = clock.now()
    try:
        last = remembered.last_runs(settings, now)
    except StoreError as error:
        console.warning(str(error))
        last = {}
    return overview.unknown(settings, now, reason, last)


def _show_processes(now: overview.Overview, settings: Settings) -> None:
    if now.address is None:
        console.say(f"server: none answers at {lookup.expected(settings)}; start it with `rhythm up`")
        return
    if now.diagnosis:
        console.warning(str(now.diagnosis))
    console.say(f"server: running, {now.address.ui} ({now.address.source})")
    heard = console.clock(now.worker.heard, now.zone, now.at) if now.worker else "–"
    if now.worker_is_live and now.worker:
        console.say(f"worker: running, {now.worker.name}, last heard {heard}")
    else:
        console.say(f"worker: not running (last heard {heard}); start it with `rhythm up`")
