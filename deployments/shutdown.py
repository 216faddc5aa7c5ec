"""How `rhythm up` ends: beats and the worker first, then the server that keeps their history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from deployments.child import Child
from tasks import orphans

#: Seconds for all of it. A stubborn script alone has five before it is killed.
LIMIT = 9.0
#: Of these, what is kept for the last words of killed runs, and then for the server.
_FOR_LAST_WORDS, _FOR_SERVER = 1.5, 1.5


async def shut_down(
    children: Sequence[Child], outputs_dir: Path, last_words: Callable[[], Awaitable[None]]
) -> None:
    """End the children, last started first, and every process below them; nothing is left.

    `last_words` is called when all but the server have ended: it may still ask that.
    """
    end = monotonic() + LIMIT
    workers = [child for child in children if child.name != "server"]
    servers = [child for child in children if child.name == "server"]
    for child in workers:
        await child.end(end - _FOR_SERVER - _FOR_LAST_WORDS - monotonic())
    await orphans.sweep(outputs_dir, grace=0.2)
    if servers:
        with suppress(TimeoutError):  # then the next start says it
            await asyncio.wait_for(last_words(), _FOR_LAST_WORDS)
    for child in servers:
        await child.end(end - monotonic())
