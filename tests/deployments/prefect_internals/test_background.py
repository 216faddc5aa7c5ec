"""Prefect's background services, looked after less often."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

import pytest
from docket import Docket, Worker
from prefect.server.database.dependencies import MODELS_DEPENDENCIES

from deployments.prefect_internals import background
from tests.deployments.prefect_internals.conftest import MakeServer, changed
from tests.waiting import LIMIT

server: Any = import_module("prefect.server.api.server")
background_workers: Any = import_module("prefect.server.api.background_workers")


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed in Prefect is changed back."""
    monkeypatch.setitem(MODELS_DEPENDENCIES, "database_config", None)
    monkeypatch.setattr(server, "Docket", server.Docket)
    monkeypatch.setattr(background_workers, "Worker", background_workers.Worker)


@pytest.fixture
def slow(undone: None, make_server: MakeServer) -> None:
    """A server of ours, which is slow for this test alone."""
    make_server()


@pytest.mark.usefixtures("slow")
async def test_a_task_that_need_not_wait_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_workers, "register_and_schedule_perpetual_services", _nothing)
    done = asyncio.Event()

    async def task() -> None:
        done.set()

    async with server.Docket(name="rhythm-test", url="memory://") as docket:
        assert docket.heartbeat_interval == background.HEARTBEAT
        async with background_workers.background_worker(docket):
            await docket.add(task)()
            await asyncio.wait_for(done.wait(), LIMIT)


@pytest.mark.usefixtures("slow")
async def test_what_comes_at_its_time_is_looked_for_less_often() -> None:
    async with server.Docket(name="rhythm-test", url="memory://") as docket:
        worker = background_workers.Worker(docket)

    assert worker.scheduling_resolution == worker.minimum_check_interval == background.LOOK


async def test_prefect_by_itself_looks_more_often() -> None:
    async with server.Docket(name="rhythm-test", url="memory://") as docket:
        worker = background_workers.Worker(docket)
        heartbeat = docket.heartbeat_interval

    assert worker.scheduling_resolution <= worker.minimum_check_interval < background.LOOK
    assert heartbeat < background.HEARTBEAT


@pytest.mark.usefixtures("undone")
def test_where_prefect_has_changed_its_server_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "BACKGROUND", changed(background.BACKGROUND))

    background.slow_down()

    assert (server.Docket, background_workers.Worker) == (Docket, Worker)


async def _nothing(*_: object, **__: object) -> None:
    pass
