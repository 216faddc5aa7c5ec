"""`rhythm status`: how things stand, asked from Prefect."""

from __future__ import annotations

import argparse
import asyncio

import httpx
from prefect.client.orchestration import get_client

from deployments import address as addresses
from deployments import output, server_lookup, state
from deployments.server_lookup import ServerError
from flows import clock
from tasks import settings as config
from tasks.settings import Settings


def run(args: argparse.Namespace) -> int:
    """Print how things stand. Return 0, or 1 if refused: `rhythm doctor` judges the rest."""
    settings = config.load()
    try:
        now = asyncio.run(_read(settings))
    except ServerError as error:
        output.error(str(error))
        return 1
    if args.json:
        output.show_json(now.to_json())
    else:
        output.show(now.table())
        _say_who_lives(now)
    return 0


async def _read(settings: Settings) -> state.State:
    address = await asyncio.to_thread(server_lookup.find, settings)
    if address is None:
        return state.unknown(settings, clock.now(), "no Prefect server answers")
    addresses.use(address)
    try:
        async with get_client() as client:
            return await state.read(client, address, settings, clock.now())
    except httpx.HTTPError as error:
        return state.unknown(settings, clock.now(), f"the server stopped answering ({error!r})")


def _say_who_lives(now: state.State) -> None:
    if now.address is None:
        output.say("server: none answers; start it with `rhythm up`")
        return
    output.say(f"server: lives, {now.address.ui}")
    heard = output.clock(now.worker.heard, now.zone, now.at) if now.worker else "–"
    if now.worker_is_live and now.worker:
        output.say(f"worker: lives, {now.worker.name}, last heard {heard}")
    else:
        output.say(f"worker: none lives (last heard {heard}); start it with `rhythm up`")
