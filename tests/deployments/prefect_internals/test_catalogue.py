"""What Rhythm uses of Prefect's insides: all of it is listed, described, and there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from deployments import prefect_internals
from deployments.cli.doctor import changed
from deployments.prefect_internals import catalogue, internal
from deployments.prefect_internals.background import BACKGROUND
from deployments.prefect_internals.catalogue import INTERNALS, Status, statuses
from deployments.prefect_internals.drain import DRAIN
from deployments.prefect_internals.event_polling import EVENT_POLLING
from deployments.prefect_internals.in_process import IN_PROCESS
from deployments.prefect_internals.internal import (
    ChangedError,
    Internal,
    must_be_coroutine,
    must_take,
    must_use,
)
from deployments.prefect_internals.local_settings import LOCAL_SETTINGS
from deployments.prefect_internals.runner_storage import RUNNER_STORAGE
from deployments.prefect_internals.separate_process import SEPARATE_PROCESS
from deployments.prefect_internals.suspension import SUSPENSION
from deployments.prefect_internals.timezones import TIMEZONES
from deployments.prefect_internals.transactions import TRANSACTIONS
from deployments.prefect_internals.worker_environment import WORKER_ENVIRONMENT

every_one = pytest.mark.parametrize("one", INTERNALS, ids=lambda one: str(one.name))


def test_every_file_of_the_package_is_listed() -> None:
    modules = [
        import_module(f"{prefect_internals.__name__}.{module.name}")
        for module in iter_modules(prefect_internals.__path__)
    ]
    described = [
        value
        for module in modules
        if module not in (internal, catalogue)
        for value in vars(module).values()
        if isinstance(value, Internal)
    ]

    assert {one.name for one in described} == {one.name for one in INTERNALS}
    assert len({one.name for one in INTERNALS}) == len(INTERNALS) == len(modules) - 2


@every_one
def test_what_it_needs_of_the_installed_prefect_is_there(one: Internal) -> None:
    assert one.fault() == ""


@every_one
def test_it_is_described_and_reported_or_ready_to_be(one: Internal) -> None:
    for text in (one.purpose, one.without):
        assert text.endswith(".")
    assert one.gain
    title, _, body = one.upstream.partition("\n\n")
    assert title.startswith("https://github.com/PrefectHQ/prefect/") or (
        title.startswith("PrefectHQ/prefect: ") and len(body) > 200
    )


def _nothing(*_: Any, **__: Any) -> None:
    pass


async def _async_nothing(*_: Any, **__: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("one", "place", "instead"),
    [
        (BACKGROUND, "docket:Worker._cancellation_listener", None),
        (BACKGROUND, "docket:Worker._cancellation_listener", _nothing),
        (BACKGROUND, "docket:Worker._cancellation_listener", _async_nothing),
        (BACKGROUND, "docket.worker:_ProcessingSession", None),
        (BACKGROUND, "docket:Docket.__init__", _nothing),
        (BACKGROUND, "prefect.server.api.server:Docket", None),
        (BACKGROUND, "prefect.server.api.server:Docket", object),
        (BACKGROUND, "prefect.server.api.server:create_app", _nothing),
        (BACKGROUND, "prefect.server.api.background_workers:Worker", None),
        (BACKGROUND, "prefect.server.api.background_workers:background_worker", _async_nothing),
        (TRANSACTIONS, "prefect.server.database.configurations:SQLITE_BEGIN_MODE", None),
        (TRANSACTIONS, "prefect.server.database.configurations:SQLITE_BEGIN_MODE", ""),
        (
            TRANSACTIONS,
            "prefect.server.database.configurations:AioSqliteConfiguration.begin_transaction",
            _nothing,
        ),
        (TRANSACTIONS, "prefect.server.database.dependencies:MODELS_DEPENDENCIES", None),
        (TRANSACTIONS, "prefect.server.database.dependencies:MODELS_DEPENDENCIES", {}),
        (TRANSACTIONS, "prefect.server.database.dependencies:provide_database_interface", _nothing),
        (TIMEZONES, "prefect._internal.schemas.validators:default_timezone", _nothing),
        (TIMEZONES, "prefect.types._datetime:get_timezones", None),
        (LOCAL_SETTINGS, "prefect.context:SettingsContext", None),
        (LOCAL_SETTINGS, "prefect.client.orchestration:PrefectClient.__init__", _nothing),
        (LOCAL_SETTINGS, "prefect.client.orchestration:SyncPrefectClient.__init__", _nothing),
        (LOCAL_SETTINGS, "prefect.settings:Settings.copy_with_update", _nothing),
        (WORKER_ENVIRONMENT, "prefect.workers.base:BaseJobConfiguration._base_environment", None),
        (WORKER_ENVIRONMENT, "prefect.workers.base:BaseJobConfiguration.prepare_for_flow_run", _nothing),
        (EVENT_POLLING, "prefect.workers.base:BaseWorker.get_and_submit_flow_runs", None),
        (EVENT_POLLING, "prefect.workers.base:BaseWorker.get_and_submit_flow_runs", _nothing),
        (EVENT_POLLING, "prefect.workers.base:BaseWorker.start", _async_nothing),
        (IN_PROCESS, "prefect.flow_engine:run_flow", None),
        (IN_PROCESS, "prefect.flow_engine:run_flow", _nothing),
        (SUSPENSION, "prefect._flow_run_suspension:mark_flow_run_suspension_requested", None),
        (SUSPENSION, "prefect._flow_run_suspension:mark_flow_run_suspension_requested", _nothing),
        (SUSPENSION, "prefect.flow_engine:AsyncFlowRunEngine.setup_flow_run_suspension_request", _nothing),
        (SEPARATE_PROCESS, "prefect.runner._flow_run_executor:FlowRunExecutorContext", None),
        (SEPARATE_PROCESS, "prefect.runner._flow_run_executor:FlowRunExecutor.submit", _nothing),
        (SEPARATE_PROCESS, "prefect.runner._starter_engine:EngineCommandStarter.__init__", _nothing),
        (SEPARATE_PROCESS, "prefect.runner._process_manager:ProcessHandle.pid", _nothing),
        (RUNNER_STORAGE, "prefect.runner.runner:Runner.__init__", _nothing),
        (RUNNER_STORAGE, "prefect.workers.process:ProcessWorker.__aenter__", _async_nothing),
        (DRAIN, "prefect.logging.handlers:APILogHandler.aflush", None),
        (DRAIN, "prefect.events.worker:EventsWorker.drain_all", _nothing),
    ],
    ids=lambda value: value.name if isinstance(value, Internal) else value if isinstance(value, str) else "",
)
def test_a_prefect_that_has_changed_is_noticed(
    monkeypatch: pytest.MonkeyPatch, one: Internal, place: str, instead: object
) -> None:
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    if instead is None:
        for kind in owner.__mro__ if isinstance(owner, type) else [owner]:
            if name in vars(kind):
                monkeypatch.delattr(kind, name)
    else:
        monkeypatch.setattr(owner, name, instead)

    assert one.fault()


def test_what_does_not_fit_is_not_used_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def check() -> None:
        raise ChangedError("the name of this test is not there")

    one = replace(DRAIN, check=check)
    monkeypatch.setattr(logging.getLogger("prefect"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        assert not one.is_used()
        assert not one.is_used()

    (record,) = caplog.records
    assert "'drain' is not used (the name of this test is not there)" in record.getMessage()
    assert DRAIN.without in record.getMessage()


def test_what_is_of_no_use_here_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    def check() -> None:
        raise ChangedError("it is gone")

    one = replace(DRAIN, check=check, unneeded=lambda: "nothing is held")

    assert not one.is_used()
    assert Status(one, one.unneeded(), "").label == "not in use: nothing is held"
    assert not caplog.records


def test_doctor_warns_of_what_has_changed_and_lists_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise ChangedError("it is gone")

    monkeypatch.setattr(catalogue, "INTERNALS", (replace(DRAIN, check=check), TIMEZONES))

    gone, there = statuses()

    assert (gone.label, there.label) == ("not in use: it is gone", "in use")
    assert (gone.to_json()["in_use"], there.to_json()["in_use"]) == (False, True)
    (warning,) = changed([gone, there])
    assert "it is gone" in warning.problem
    assert DRAIN.without in warning.problem


@pytest.mark.parametrize(
    "look",
    [
        lambda: must_take(len, "obj"),
        lambda: must_be_coroutine(_async_nothing),
        lambda: must_use(test_every_file_of_the_package_is_listed, "vars", "iter_modules"),
    ],
)
def test_what_is_there_is_found(look: Callable[[], None]) -> None:
    look()


@pytest.mark.parametrize(
    "look",
    [
        lambda: must_take(len, "other"),
        lambda: must_be_coroutine(_nothing),
        lambda: must_use(_nothing, "vars"),
    ],
)
def test_what_is_not_there_is_an_error(look: Callable[[], None]) -> None:
    with pytest.raises(ChangedError):
        look()
