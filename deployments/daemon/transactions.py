"""Transactions of Prefect's server on SQLite that wait for each other, instead of failing.

Most of them read, and write then. Begun DEFERRED, as Prefect does, such a one fails at once if another
has written in between (SQLITE_BUSY_SNAPSHOT, https://www.sqlite.org/isolation.html): the server answers
503, and the client asks again two seconds later. Where beat followed beat, that came to one in three of
those in which five groups ran. Begun IMMEDIATE, a transaction waits until it may write, and reads then.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class PatientSqlite(AioSqliteConfiguration):
    """Prefect's own, but that each transaction waits for its turn to write before it reads."""

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """Begin one; within another one, as Prefect does: it could only wait for itself."""
        is_within = SQLITE_BEGIN_MODE.get() is not None
        async with super().begin_transaction(session, with_for_update or not is_within) as transaction:
            yield transaction


def wait_in_turn() -> None:
    """Let Prefect's server in this process use it, if its database is SQLite; call it before it is made."""
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if get_dialect(url).name == "sqlite":
        MODELS_DEPENDENCIES["database_config"] = PatientSqlite(connection_url=url)
