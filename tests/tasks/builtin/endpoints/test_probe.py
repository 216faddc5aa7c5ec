"""Asking an endpoint: a real service that answers, refuses, fails and hangs."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.builtin.endpoints.headers import HeaderError, headers_of
from tasks.builtin.endpoints.probe import ask_at_once, ask_in_turn, endpoints_of
from tasks.outcome import StepFailedError
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.rhythm_toml import Settings
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


def test_asking_one_after_the_other_asks_as_often_as_requested(service: Service) -> None:
    assert len(ask_in_turn(service.endpoint(), NOW, 3)) == len(service.paths) == 3


def test_a_service_that_recovers_is_up_again(service: Service) -> None:
    service.status = 500
    before = ask_in_turn(service.endpoint(), NOW, 1)
    service.status = 200
    after = ask_in_turn(service.endpoint(), NOW, 1)
    assert [answer.probe.ok for answer in (*before, *after)] == [False, True]


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
    with pytest.raises(StepFailedError, match="PREFECT_API_URL is not an address"):
        endpoints_of(settings(), {"PREFECT_API_URL": "nowhere"})


CHAT = b'{"choices": [], "usage": {"completion_tokens": 42}}'


def expecting(service: Service, **expect: Any) -> str:
    """What is wrong with the service's answer when this is expected of it."""
    (probe,) = ask_at_once([service.endpoint(expect=expect)], NOW)
    assert probe.ok is (not probe.error)
    return probe.error


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/models", "/v1/chat/completions"])
def test_an_llm_is_asked_for_its_models_and_timed_by_a_completion(service: Service, path: str) -> None:
    service.bodies["/v1/chat/completions"] = CHAT
    endpoint = service.endpoint(path=path, kind="openai", model="small", message="hello")
    (probe,) = ask_at_once([endpoint], NOW)
    (answer,) = ask_in_turn(endpoint, NOW, 1)
    assert probe.ok
    assert answer.probe.ok
    assert answer.tokens == 42
    assert (probe.endpoint, answer.probe.endpoint) == ("llm", "llm chat")
    assert [(request.method, request.path) for request in service.requests] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]
    asked = json.loads(service.requests[1].body)
    assert asked["model"] == "small"
    assert asked["messages"] == [{"role": "user", "content": "hello"}]
    assert 0 < asked["max_tokens"] <= 64


@pytest.mark.parametrize("body", [b"", b"[]", b'{"usage": {"completion_tokens": "many"}}', b"\xff"])
def test_an_llm_that_does_not_say_its_tokens_is_timed_all_the_same(service: Service, body: bytes) -> None:
    service.body = body
    (answer,) = ask_in_turn(service.endpoint(path="/v1", kind="openai"), NOW, 1)
    assert (answer.probe.ok, answer.tokens) == (True, None)


def test_a_chat_gateway_is_sent_a_message(service: Service) -> None:
    (probe,) = ask_at_once([service.endpoint(kind="json_chat", path="/ask", message="are you there?")], NOW)
    assert probe.ok
    (request,) = service.requests
    assert (request.method, request.path) == ("POST", "/ask")
    assert json.loads(request.body) == {"message": "are you there?"}


def test_a_port_that_takes_a_connection_is_up(service: Service) -> None:
    def tcp(port: int | None) -> EndpointSettings:
        url = f"tcp://127.0.0.1:{port}"
        return EndpointSettings.model_validate({"name": "queue", "kind": "tcp", "url": url})

    up, down = ask_at_once([tcp(service.port), tcp(nowhere().url.port)], NOW)
    assert up.ok
    assert up.latency is not None
    assert (down.ok, down.latency) == (False, None)
    assert "127.0.0.1" in down.error


def test_another_status_can_be_expected(service: Service) -> None:
    service.status = 401
    assert expecting(service, status=401) == ""
    assert expecting(service, status=200) == "answered 401 Unauthorized instead of 200"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"data": [{"id": "llama"}]}', ""),
        (b'{"data": []}', "answered JSON without 'data.0.id'"),
        (b'{"data": "text"}', "answered JSON without 'data.0.id'"),
        (b"<html>", "answered what is not JSON"),
        (b'{"data": [{"id": "' + b"x" * 1_100_000, "answered more than 1,048,576 bytes"),
    ],
)
def test_a_key_can_be_expected(service: Service, body: bytes, fault: str) -> None:
    service.body = body
    found = expecting(service, json_key="data.0.id")
    assert found.startswith(fault) if fault else found == ""


def test_a_service_that_drips_is_down_after_its_time_out(service: Service) -> None:
    service.drips = True
    (probe,) = ask_at_once([service.endpoint(timeout="0.3s")], NOW)
    assert (probe.ok, probe.error) == (False, "no complete answer within 0.3 s")


def test_a_header_comes_from_the_environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "open sesame")
    headers = {"Authorization": "Bearer ${CHAT_TOKEN}", "Accept": "text/plain"}
    (probe,) = ask_at_once([service.endpoint(headers=headers)], NOW)
    assert probe.ok
    sent = service.requests[0].headers
    assert (sent["authorization"], sent["accept"]) == ("Bearer open sesame", "text/plain")


def test_a_header_without_its_variable_sends_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT_TOKEN", raising=False)
    (probe,) = ask_at_once([service.endpoint(headers={"Authorization": "Bearer ${CHAT_TOKEN}"})], NOW)
    assert (probe.ok, probe.error) == (False, "the variable CHAT_TOKEN, which its headers need, is not set")
    assert service.requests == []


@pytest.mark.parametrize("value", ["open\nsesame", "öffne dich", "\x00"])
def test_a_header_that_cannot_be_sent_is_not_shown(service: Service, value: str) -> None:
    endpoint = service.endpoint(headers={"X-Token": "${CHAT_TOKEN}"})
    with pytest.raises(HeaderError, match="its header X-Token holds a character") as caught:
        headers_of(endpoint, {"CHAT_TOKEN": value})
    assert value not in str(caught.value)


def test_what_a_service_sends_back_of_a_header_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHYTHM_TEST_TOKEN", "sesame-12345678")
    headers = {"Authorization": "Bearer ${RHYTHM_TEST_TOKEN}"}

    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(65536).partition(b"Authorization: ")[2])

        thread = threading.Thread(target=echo)
        thread.start()
        endpoint = {"name": "echo", "url": f"http://127.0.0.1:{server.getsockname()[1]}", "headers": headers}
        (probe,) = ask_at_once([EndpointSettings.model_validate(endpoint)], NOW)
        thread.join()

    assert not probe.ok
    assert "Bearer ***" in (probe.error or "")
    assert "sesame" not in (probe.error or "")


def test_one_that_fails_from_the_start_is_given_up(service: Service) -> None:
    service.failures = 100
    assert len(ask_in_turn(service.endpoint(), NOW, 5, give_up_after=2)) == 2
    service.failures = 1
    assert len(ask_in_turn(service.endpoint(), NOW, 5, give_up_after=2)) == 5
