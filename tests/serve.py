"""`python -m tests.serve`: the server of `rhythm up` without the rest, until it is killed."""

from __future__ import annotations

import asyncio

from deployments.address import default_port
from deployments.daemon.api_server import ApiServer


async def main() -> None:
    server = ApiServer(default_port())
    await server.start()
    while server.is_alive:
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
