"""Transactions of Prefect's server on SQLite."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration, BaseDatabaseConfiguration
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from deployments.prefect_internals import transactions
from deployments.prefect_internals.transactions import patient
from tests.deployments.prefect_internals.conftest import MakeServer, changed

_AT_ONCE = 10
Database = BaseDatabaseConfiguration


async def counter(database: Database) -> Database:
    """A counter that stands at nought."""
    async with await database.session(await database.engine()) as session:
        await session.execute(text("create table counter (value integer)"))
        await session.execute(text("insert into counter values (0)"))
        await session.commit()
    return database


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}"


@pytest.fixture
async def database(url: str) -> Database:
    return await counter(patient(url))


async def test_those_that_read_before_they_write_wait_for_each_other(
    database: Database,
) -> None:
    await asyncio.gather(*(_count(database) for _ in range(_AT_ONCE)))

    async with await database.session(await database.engine()) as session:
        assert await _value(session) == _AT_ONCE


async def test_prefect_by_itself_lets_some_of_them_fail(url: str) -> None:
    """Once this fails, Rhythm can do without transactions of its own."""
    database = await counter(AioSqliteConfiguration(connection_url=url))

    ended = await asyncio.gather(*(_count(database) for _ in range(_AT_ONCE)), return_exceptions=True)

    assert any(isinstance(each, OperationalError) for each in ended)


async def test_one_within_another_can_read_and_does_not_wait_for_it(
    database: Database,
) -> None:
    engine = await database.engine()
    async with (
        await database.session(engine) as outer,
        database.begin_transaction(outer),
        await database.session(engine) as inner,
        database.begin_transaction(inner),
    ):
        assert await _value(inner) == 0


async def test_what_only_reads_within_one_does_not_wait_for_it_either(database: Database) -> None:
    engine = await database.engine()
    async with await database.session(engine) as outer, database.begin_transaction(outer):
        await outer.execute(text("update counter set value = 1"))
        async with await database.session(engine) as inner:  # as Prefect does when a work queue is paused
            assert await _value(inner) == 0


@pytest.mark.parametrize(
    ("url", "is_used"),
    [
        ("sqlite+aiosqlite:////nowhere/prefect.db", True),
        ("postgresql+asyncpg://nobody@127.0.0.1/prefect", False),
    ],
)
def test_a_server_of_ours_uses_it_where_its_database_is_sqlite(
    monkeypatch: pytest.MonkeyPatch, make_server: MakeServer, url: str, is_used: bool
) -> None:
    monkeypatch.setitem(dependencies.MODELS_DEPENDENCIES, "database_config", None)
    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: url}):
        make_server()
        used = dependencies.MODELS_DEPENDENCIES["database_config"]

    assert (type(used).__name__ == "PatientSqlite") == is_used
    assert is_used or used is None


def test_where_prefect_has_changed_its_own_are_used(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(dependencies.MODELS_DEPENDENCIES, "database_config", None)
    monkeypatch.setattr(transactions, "TRANSACTIONS", changed(transactions.TRANSACTIONS))

    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: url}):
        transactions.begin_immediate()

    assert dependencies.MODELS_DEPENDENCIES["database_config"] is None


async def _count(database: Database) -> None:
    async with (
        await database.session(await database.engine()) as session,
        database.begin_transaction(session),
    ):
        value = await _value(session)
        await session.execute(text("update counter set value = :value"), {"value": value + 1})


async def _value(session: AsyncSession) -> int:
    return int((await session.execute(text("select value from counter"))).scalar_one())
