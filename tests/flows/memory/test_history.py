"""What Prefect is asked about runs that were, and how it finds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.server.database.orm_models import FlowRun
from prefect.server.schemas import filters as served
from sqlalchemy.dialects import sqlite

from flows.decisions.slots import Slot
from flows.memory import history
from flows.owned_flow import owned
from tasks.outcome import Outcome
from tests.flows.rhythms import rhythm

_DIALECT = sqlite.dialect(paramstyle="named")
_LITERALLY = {"literal_binds": True}
_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_YEARS = timedelta(days=800)


_SETTINGS = rhythm()


@pytest.mark.parametrize("groups", [["health_check"], _SETTINGS.groups], ids=["a group", "all groups"])
@pytest.mark.parametrize(
    "window", [{"slot": Slot(_NOON, _NOON + timedelta(hours=1))}, {"since": _NOON}], ids=["slot", "since"]
)
def test_runs_of_some_time_are_found_by_an_index_however_many_others_there_are(
    prefect_home: Path, groups: Iterable[str], window: dict[str, Any]
) -> None:
    plan = _plan(prefect_home, history.begun(_SETTINGS, groups, **window))

    assert "USING INDEX" in plan[0], plan
    assert "AND <expr>>?" in plan[0], plan


def test_the_last_run_of_a_group_is_found_among_its_own_runs(prefect_home: Path) -> None:
    plan = _plan(prefect_home, history.begun(_SETTINGS, ["health_check"]))

    assert "USING INDEX ix_flow_run__flow_version (flow_version=?)" in plan[0], plan


def _plan(prefect_home: Path, asked: FlowRunFilter) -> list[str]:
    """Return how SQLite would find what is asked for."""
    condition = served.FlowRunFilter.model_validate(asked.model_dump(mode="json")).as_sql_filter()
    query = sa.select(FlowRun.id).where(condition).compile(dialect=_DIALECT, compile_kwargs=_LITERALLY)

    with closing(sqlite3.connect(prefect_home / "prefect.db")) as database:
        return [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {query}")]


async def test_the_last_run_of_a_group_is_found_however_long_ago_it_was(prefect_api: str) -> None:
    groups = {name: {"every": "1d"} for name in ("long_ago", "never")}
    settings = rhythm(groups=groups)

    @owned(group="long_ago", name="long-ago")
    async def group() -> None: ...

    @flow(name="long-ago")
    async def of_a_user() -> None: ...

    await group()
    before_the_last = datetime.now(UTC)
    await group()
    before_the_users = datetime.now(UTC)
    await of_a_user()
    later = datetime.now(UTC) + _YEARS
    async with get_client() as client:
        found = await history.latest(client, settings, groups, later)
        assert found == await history.latest(client, settings, groups, datetime.now(UTC))
        assert await history.last(client, settings, ["long_ago"], since=later - history.LATELY) is None

    assert list(found) == ["long_ago"]
    assert before_the_last <= found["long_ago"].started <= before_the_users
    assert found["long_ago"].outcome is Outcome.COMPLETED
