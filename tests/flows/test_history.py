"""What Prefect is asked about runs that were, and how it finds them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.server.database.orm_models import FlowRun
from prefect.server.schemas import filters as served
from sqlalchemy.dialects import sqlite

from flows import history
from flows.slots import Slot
from tasks.outcome import Outcome

_DIALECT = sqlite.dialect(paramstyle="named")
_LITERALLY = {"literal_binds": True}
_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_YEARS = timedelta(days=800)


@pytest.mark.parametrize(
    "asked", [history.begun(Slot(_NOON, _NOON + timedelta(hours=1))), history.begun(since=_NOON)]
)
def test_runs_of_some_time_are_found_by_an_index_however_many_others_there_are(
    prefect_home: Path, asked: FlowRunFilter
) -> None:
    condition = served.FlowRunFilter.model_validate(asked.model_dump(mode="json")).as_sql_filter()
    query = sa.select(FlowRun.id).where(condition).compile(dialect=_DIALECT, compile_kwargs=_LITERALLY)

    with closing(sqlite3.connect(prefect_home / "prefect.db")) as database:
        plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {query}")]

    assert "USING INDEX" in plan[0], plan
    assert "AND <expr>>?" in plan[0], plan


async def test_the_last_run_of_a_group_is_found_however_long_ago_it_was(prefect_api: str) -> None:
    @flow(name=history.flow_name("long_ago"))
    async def group() -> None: ...

    await group()
    before_the_last = datetime.now(UTC)
    await group()
    later = datetime.now(UTC) + _YEARS
    async with get_client() as client:
        found = await history.latest(client, ["long_ago", "never"], later)
        assert found == await history.latest(client, ["long_ago", "never"], datetime.now(UTC))
        assert await history.last(client, ["long_ago"], since=later - history.LATELY) is None

    assert list(found) == ["long_ago"]
    assert found["long_ago"].started >= before_the_last
    assert found["long_ago"].outcome is Outcome.COMPLETED
