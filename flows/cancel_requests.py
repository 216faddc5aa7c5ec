"""Asks the server whether somebody wants a beat to end, or only the group that runs in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

from flows.cancellation import Cancellation, cancellation

#: Seconds between two questions, where nothing else hears of it.
_ASK = 5.0


async def pass_on(client: PrefectClient, beat: Cancellation) -> None:
    """Ask once for the group's run; if it is to end, end the group.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    group = beat.group
    if group is None or group.reason:
        return
    try:
        run = await client.read_flow_run(group.run_id)
    except ObjectNotFound:
        group.ask("It was deleted.")
        return
    if run.state and run.state.is_cancelling():
        group.ask("It was cancelled.")


@asynccontextmanager
async def heard(client: PrefectClient, run_id: UUID) -> AsyncIterator[None]:
    """Ask again and again while the block runs, in the beat's flow run `run_id`.

    Unless the one who runs the beat hears of it anyway.
    """
    if cancellation.get(None):
        yield
        return
    token = cancellation.set(Cancellation())
    asking = asyncio.create_task(_ask(client, run_id, cancellation.get()))
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait({asking})
        cancellation.reset(token)


async def _ask(client: PrefectClient, run_id: UUID, beat: Cancellation) -> None:
    while not beat.reason:
        await asyncio.sleep(_ASK)
        try:
            run = await client.read_flow_run(run_id)
            if run.state and run.state.is_cancelling():
                beat.ask("It was cancelled.")
            await pass_on(client, beat)
        except ObjectNotFound:
            beat.ask("It was deleted.")
        except httpx.HTTPError:
            continue  # a server that is away is no reason to end a script
