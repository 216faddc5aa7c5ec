"""The health check: what fails it, what it warns of, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.analysis.health import Level
from tasks.builtin.check_health import check_health, main
from tasks.builtin.contract import Report
from tasks.outcome import StepFailedError
from tasks.settings.builtins import HealthSettings
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.tasks.builtin.service import Service, nowhere

SINCE = NOW - timedelta(minutes=1)


def test_a_service_that_is_up_passes_and_is_kept(make_context: MakeContext, service: Service) -> None:
    context = make_context(service.endpoint())
    reports: list[Report] = []
    said = main(["--fast"], replace(context, publish=reports.append))
    assert said.startswith(("ok: CPU", "warning: CPU"))
    assert said.endswith("1 of 1 endpoints up")
    assert "| llm | up |" in reports[0].text
    with store_of(context.settings) as store:
        (probe,) = store.probes("llm", SINCE)
        assert probe.ok
        assert probe.at == NOW
        for name in ("cpu_percent", "memory_percent", "processes", "python_processes"):
            assert len(store.samples(name, SINCE)) == 1


def test_a_service_that_is_down_fails_the_check_and_is_kept(
    make_context: MakeContext, service: Service
) -> None:
    service.status = 500
    context = make_context(service.endpoint(), nowhere())
    with pytest.raises(StepFailedError, match=r"^llm is down: answered 500 [^;\n]*; gone is down: [^;\n]*$"):
        main(["--fast"], context)
    with store_of(context.settings) as store:
        assert [probe.ok for probe in store.probes(None, SINCE)] == [False, False]


def test_a_fallback_that_is_down_is_a_warning(
    make_context: MakeContext, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    gone = nowhere().model_copy(update={"role": "fallback"})
    said = main(["--fast"], make_context(service.endpoint(role="primary"), gone))
    assert said.startswith("warning: ")
    assert "gone is down: " in caplog.text


def test_the_limits_are_those_of_rhythm_toml(make_context: MakeContext) -> None:
    context = make_context()
    limits = HealthSettings.model_validate({"memory": {"warning": 0, "critical": 0}})
    strict = context.settings.model_copy(update={"health": limits})
    with pytest.raises(StepFailedError, match=r"^memory is \d+ % used \(.* available\)$"):
        main(["--fast"], replace(context, settings=strict))


def test_fast_waits_two_seconds_at_most(make_context: MakeContext, service: Service) -> None:
    service.hangs = True
    seen = check_health(make_context(service.endpoint(timeout="1h")).settings, NOW, fast=True)
    assert seen.verdict.of(Level.CRITICAL)[0] == "llm is down: no complete answer within 2 s"


def test_a_store_that_cannot_be_written_is_a_warning(
    make_context: MakeContext, service: Service, blocked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(service.endpoint(), outputs_dir=blocked)
    assert main(["--fast"], context).endswith("1 of 1 endpoints up")
    assert "not stored: " in caplog.text
    assert "outputs_dir" in caplog.text


def test_without_an_endpoint_it_says_so(make_context: MakeContext) -> None:
    assert main([], make_context()).endswith("no endpoint to ask")


def test_without_an_endpoint_it_asks_prefect(
    make_context: MakeContext, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context()
    monkeypatch.setenv("PREFECT_API_URL", service.url + "/api")
    assert main(["--fast"], context).endswith("1 of 1 endpoints up")
    assert service.paths == ["/api/health"]


def test_an_unknown_argument_fails_the_step_and_not_the_process(make_context: MakeContext) -> None:
    with pytest.raises(StepFailedError, match="unrecognized arguments: --deep"):
        main(["--deep"], make_context())
