"""Transactions of Prefect's server on SQLite that wait for each other, instead of failing.

Most of them read, and write then. Begun DEFERRED, as Prefect does, such a one fails at once if another
has written in between (SQLITE_BUSY_SNAPSHOT, https://www.sqlite.org/isolation.html): the server answers
503, and the client asks again two seconds later. Begun IMMEDIATE, a transaction waits until it may write,
and reads then.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

from deployments.prefect_internals.internal import ChangedError, Internal, must_take, must_use

if TYPE_CHECKING:
    from prefect.server.database.configurations import BaseDatabaseConfiguration
    from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


def begin_immediate() -> None:
    """Have Prefect's server in this process, before it is made, begin them so; if its database is SQLite."""
    if TRANSACTIONS.is_used():
        from prefect.server.database.dependencies import MODELS_DEPENDENCIES

        MODELS_DEPENDENCIES["database_config"] = patient(PREFECT_API_DATABASE_CONNECTION_URL.value())


def patient(url: str) -> BaseDatabaseConfiguration:
    """Return Prefect's own way to an SQLite database, but that each transaction waits before it reads."""
    from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration

    class PatientSqlite(AioSqliteConfiguration):
        @asynccontextmanager
        async def begin_transaction(
            self, session: AsyncSession, with_for_update: bool = False
        ) -> AsyncGenerator[AsyncSessionTransaction, None]:
            """Begin one; within another one, as Prefect does: it could only wait for itself.

            So could any session that only reads within it, as when a work queue is paused: the mode is for
            this one alone, and this one has begun once it has its connection.
            """
            is_within = SQLITE_BEGIN_MODE.get() is not None
            async with super().begin_transaction(session, with_for_update or not is_within) as transaction:
                if not (is_within or with_for_update):
                    await session.connection()
                    SQLITE_BEGIN_MODE.set("DEFERRED")
                yield transaction

    return PatientSqlite(connection_url=url)


def _check() -> None:
    from prefect.server.database import dependencies
    from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration

    must_take(AioSqliteConfiguration, "connection_url")
    must_take(AioSqliteConfiguration.begin_transaction, "session", "with_for_update")
    must_use(AioSqliteConfiguration.begin_transaction, "SQLITE_BEGIN_MODE")
    must_use(dependencies.provide_database_interface, "MODELS_DEPENDENCIES")
    if not isinstance(SQLITE_BEGIN_MODE, ContextVar):
        raise ChangedError("SQLITE_BEGIN_MODE is no ContextVar")
    if "database_config" not in dependencies.MODELS_DEPENDENCIES:
        raise ChangedError("MODELS_DEPENDENCIES has no database_config")


def _unneeded() -> str:
    url = str(PREFECT_API_DATABASE_CONNECTION_URL.value() or "")
    return "" if url.startswith("sqlite") else "Prefect's database is not SQLite"


TRANSACTIONS = Internal(
    name="SQLite transactions",
    purpose="Transactions on SQLite wait for each other instead of failing.",
    gain="of beats with five groups, each right after the other, one in three met a 503 and lost 2 s",
    without="Where two transactions meet, Prefect's server answers 503, and what waits for it loses 2 s.",
    upstream="https://github.com/PrefectHQ/prefect/issues/18934",
    check=_check,
    unneeded=_unneeded,
)
