"""The server that keeps this rhythm, for a command that asks or changes something there and runs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from prefect.client.orchestration import PrefectClient, get_client

from deployments.server.lookup import ServerError
from deployments.server.temporary import some_server
from deployments.worker import name_claim
from flows import server_fault
from tasks.settings.rhythm_toml import Settings


@asynccontextmanager
async def own_client(settings: Settings) -> AsyncIterator[PrefectClient]:
    """Open a client of it, for the block; where no server runs, there is one meanwhile.

    Raises:
        ServerError: there is none to be had, or it stopped answering.
        NameTakenError: what it knows by this rhythm's name is another's.
    """
    async with some_server(settings), get_client() as client:
        await name_claim.check(client, settings)
        try:
            yield client
        except httpx.HTTPError as error:
            raise ServerError(f"{server_fault.describe(error)}. Try again.") from None
