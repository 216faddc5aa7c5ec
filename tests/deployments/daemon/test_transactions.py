"""Transactions of Prefect's server on SQLite."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from deployments.daemon.transactions import PatientSqlite
from tests.deployments.daemon.conftest import MakeServer

_AT_ONCE = 10


@pytest.fixture
async def database(tmp_path: Path) -> PatientSqlite:
    """A counter that stands at nought."""
    database = PatientSqlite(connection_url=f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}")
    async with await database.session(await database.engine()) as session:
        await session.execute(text("create table counter (value integer)"))
        await session.execute(text("insert into counter values (0)"))
        await session.commit()
    return database


async def test_those_that_read_before_they_write_wait_for_each_other(database: PatientSqlite) -> None:
    await asyncio.gather(*(_count(database) for _ in range(_AT_ONCE)))

    async with await database.session(await database.engine()) as session:
        assert await _value(session) == _AT_ONCE


async def test_one_within_another_can_read_and_does_not_wait_for_it(database: PatientSqlite) -> None:
    engine = await database.engine()
    async with (
        await database.session(engine) as outer,
        database.begin_transaction(outer),
        await database.session(engine) as inner,
        database.begin_transaction(inner),
    ):
        assert await _value(inner) == 0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("sqlite+aiosqlite:////nowhere/prefect.db", PatientSqlite),
        ("postgresql+asyncpg://nobody@127.0.0.1/prefect", None),
    ],
)
def test_a_server_of_ours_uses_it_where_its_database_is_sqlite(
    monkeypatch: pytest.MonkeyPatch,
    make_server: MakeServer,
    url: str,
    kind: type[AioSqliteConfiguration] | None,
) -> None:
    monkeypatch.setitem(dependencies.MODELS_DEPENDENCIES, "database_config", None)
    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: url}):
        make_server()
        used = dependencies.MODELS_DEPENDENCIES["database_config"]

    assert type(used) is (kind or type(None))


async def _count(database: PatientSqlite) -> None:
    async with (
        await database.session(await database.engine()) as session,
        database.begin_transaction(session),
    ):
        value = await _value(session)
        await session.execute(text("update counter set value = :value"), {"value": value + 1})


async def _value(session: AsyncSession) -> int:
    return int((await session.execute(text("select value from counter"))).scalar_one())
