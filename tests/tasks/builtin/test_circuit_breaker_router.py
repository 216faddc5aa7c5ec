"""The router: breakers that survive restarts, probes that spare who is open, and the endpoint to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.builtin.circuit_breaker_router import main
from tasks.builtin.contract import Context, Report
from tasks.builtin.endpoints.policy import FILE_NAME
from tasks.outcome import StepFailedError
from tasks.store.measurements import Probe
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.tasks.builtin.service import Service

DAY_AGO = NOW - timedelta(days=1)


def later(context: Context, seconds: float) -> Context:
    moment = context.now() + timedelta(seconds=seconds)
    return replace(context, now=lambda: moment)


def transitions(context: Context) -> list[str]:
    with store_of(context.settings) as store:
        return [transition.after for transition in store.transitions(None, DAY_AGO)]


def test_a_service_that_fails_is_left_alone_tried_again_and_comes_back(
    make_context: MakeContext, service: Service
) -> None:
    context = make_context(service.endpoint())
    service.failures = 3
    for seconds in (0, 10, 20):
        main([], later(context, seconds))
    assert transitions(context) == ["open"]

    assert main([], later(context, 30)).startswith("llm open; none can be used")
    assert len(service.paths) == 3  # it was not asked

    for seconds in (90, 100):
        main([], later(context, seconds))
    assert transitions(context) == ["open", "half_open", "closed"]
    assert main([], later(context, 110)) == "llm closed; use llm (its breaker is closed)"


def test_status_only_probes_nothing_and_goes_by_what_others_have_seen(
    make_context: MakeContext, service: Service
) -> None:
    context = make_context(service.endpoint())
    with store_of(context.settings) as store:
        store.add_probes(
            Probe("llm", NOW - timedelta(seconds=left), left > 25, None, "answered 503")
            for left in (30, 20, 10, 5)
        )
    assert main(["--status-only"], context).startswith("llm open")
    assert main(["--status-only"], context).startswith("llm open")
    assert transitions(context) == ["open"]
    assert service.paths == []


def test_the_endpoint_to_use_is_all_that_route_says(make_context: MakeContext, service: Service) -> None:
    cloud, local = service.endpoint("cloud", role="primary"), service.endpoint("local", role="fallback")
    context = make_context(local, cloud)
    assert main(["--route"], context) == "cloud"
    with store_of(context.settings) as store:
        store.add_probes(Probe("cloud", NOW, False, None, "gone") for _ in range(3))
    assert main(["--route"], context) == "local"
    assert transitions(context) == []
    with store_of(context.settings) as store:
        store.add_probes(Probe("local", NOW, False, None, "gone") for _ in range(3))
    with pytest.raises(StepFailedError, match=r"no endpoint can be used.*cloud .*until 15:31:00"):
        main(["--route"], context)


def test_without_endpoints_there_is_no_route(make_context: MakeContext) -> None:
    assert main([], make_context()) == "no endpoint to route to"
    with pytest.raises(StepFailedError, match=r"\[\[endpoints\]\]"):
        main(["--route"], make_context())


def test_a_policy_that_was_half_written_is_a_warning(
    make_context: MakeContext, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(service.endpoint())
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / FILE_NAME).write_text('{"version": 1, "prim')
    assert main(["--route"], context) == "llm"
    assert "it is not a routing policy" in caplog.text


def test_a_store_that_cannot_be_used_is_a_warning(
    make_context: MakeContext, service: Service, blocked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main([], make_context(service.endpoint(), outputs_dir=blocked)).startswith("llm closed; use llm")
    assert "the breakers are not remembered" in caplog.text


def test_transitions_are_events_and_the_states_a_report(make_context: MakeContext, service: Service) -> None:
    emitted: list[tuple[str, str, Mapping[str, Any]]] = []
    published: list[Report] = []
    context = replace(
        make_context(service.endpoint()),
        emit=lambda *event: emitted.append(event),
        publish=published.append,
    )
    service.failures = 3
    for seconds in (0, 10, 20):
        main([], later(context, seconds))
    ((name, about, payload),) = emitted
    assert (name, about) == ("rhythm.breaker.opened", "endpoint/llm")
    assert payload["reset_seconds"] == 60
    assert "| llm | open | since 03-04 15:30:20, left alone until 15:31:20 | 100.0% |" in published[-1].text


def test_it_cannot_do_both(make_context: MakeContext) -> None:
    with pytest.raises(StepFailedError, match="not allowed with"):
        main(["--route", "--status-only"], make_context())
