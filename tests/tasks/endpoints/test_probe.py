"""Asking an endpoint: a real service that answers, refuses, fails and hangs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tasks.endpoint_settings import EndpointSettings
from tasks.endpoints.probe import ask_at_once, ask_in_turn, endpoints_of
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tests.tasks.builtin.service import Service, nowhere, running_service

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as service:
        yield service


def settings(*endpoints: EndpointSettings) -> Settings:
    return Settings.model_validate(
        {
            "timezone": "UTC",
            "endpoints": endpoints,
            "groups": {"health_check": {"every": "10m", "steps": ["check_health"]}},
        }
    )


@pytest.mark.parametrize("status", [200, 204, 302])
def test_an_answer_without_a_fault_is_up(service: Service, status: int) -> None:
    service.status = status
    (probe,) = ask_at_once([service.endpoint()], NOW)
    assert (probe.endpoint, probe.at, probe.ok, probe.error) == ("llm", NOW, True, "")
    assert probe.latency is not None


@pytest.mark.parametrize(
    ("status", "error"), [(404, "answered 404 Not Found"), (503, "answered 503 Service Unavailable")]
)
def test_an_answer_with_a_fault_is_down_and_was_timed(service: Service, status: int, error: str) -> None:
    service.status = status
    (probe,) = ask_at_once([service.endpoint()], NOW)
    assert (probe.ok, probe.error) == (False, error)
    assert probe.latency is not None


def test_a_refused_connection_is_down_and_says_where() -> None:
    endpoint = nowhere()
    (probe,) = ask_at_once([endpoint], NOW)
    assert (probe.ok, probe.latency) == (False, None)
    assert f"127.0.0.1:{endpoint.url.port}" in probe.error


def test_a_service_that_hangs_is_down_after_its_time_out(service: Service) -> None:
    service.hangs = True
    (probe,) = ask_at_once([service.endpoint(timeout="0.1s")], NOW)
    assert (probe.ok, probe.latency, probe.error) == (False, None, "no complete answer within 0.1 s")


def test_at_most_shortens_a_time_out_and_never_lengthens_it(service: Service) -> None:
    service.hangs = True
    patient, hasty = service.endpoint(timeout="1h"), service.endpoint(timeout="0.1s")
    probes = ask_at_once([patient, hasty], NOW, at_most=0.2)
    assert [probe.error for probe in probes] == [f"no complete answer within {s} s" for s in (0.2, 0.1)]


def test_a_service_that_hangs_keeps_no_other_from_being_asked(service: Service) -> None:
    service.hangs = True
    with running_service() as other:
        probes = ask_at_once([service.endpoint("slow", timeout="0.3s"), other.endpoint("quick")], NOW)
    assert [(probe.endpoint, probe.ok) for probe in probes] == [("slow", False), ("quick", True)]


def test_no_endpoint_is_no_probe() -> None:
    assert ask_at_once([], NOW) == ()


def test_asking_in_turn_asks_as_often_as_told(service: Service) -> None:
    assert len(ask_in_turn(service.endpoint(), NOW, 3)) == len(service.paths) == 3


def test_a_service_that_recovers_is_up_again(service: Service) -> None:
    service.status = 500
    before = ask_in_turn(service.endpoint(), NOW, 1)
    service.status = 200
    after = ask_in_turn(service.endpoint(), NOW, 1)
    assert [probe.ok for probe in (*before, *after)] == [False, True]


def test_this_machine_is_asked_directly_whatever_the_proxy(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, str(nowhere().url))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    (probe,) = ask_at_once([service.endpoint()], NOW)
    assert probe.ok


def test_no_secret_of_an_address_is_in_an_error() -> None:
    gone = nowhere()
    url = f"http://me:password@127.0.0.1:{gone.url.port}/path?token=secret"
    (probe,) = ask_at_once([EndpointSettings.model_validate({"name": "llm", "url": url})], NOW)
    assert "password" not in probe.error
    assert "secret" not in probe.error


def test_endpoints_are_those_of_the_settings(service: Service) -> None:
    ours = service.endpoint()
    assert endpoints_of(settings(ours), {"PREFECT_API_URL": "http://127.0.0.1:4200/api"}) == (ours,)


def test_without_endpoints_it_is_prefect_that_is_asked() -> None:
    (endpoint,) = endpoints_of(settings(), {"PREFECT_API_URL": "http://127.0.0.1:4200/api/"})
    assert (endpoint.name, str(endpoint.url)) == ("prefect", "http://127.0.0.1:4200/api/health")


def test_without_endpoints_and_without_prefect_nothing_is_asked() -> None:
    assert endpoints_of(settings(), {}) == ()


def test_a_prefect_address_that_is_none_is_named() -> None:
    with pytest.raises(StepFailedError, match="PREFECT_API_URL is no address"):
        endpoints_of(settings(), {"PREFECT_API_URL": "nowhere"})
