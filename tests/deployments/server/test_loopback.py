"""This machine's own addresses, and the proxies that they are not asked through."""

from __future__ import annotations

import os

import httpx
import pytest

from deployments.server import address as addresses
from deployments.server.address import Address
from deployments.server.loopback import bypassing_proxies, is_loopback, is_of_this_machine
from tasks.process.own_variables import BEFORE


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_only_this_machine_can_have_a_loopback_address(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "192.168.1.5", "localhost.example", "::"])  # noqa: S104
def test_all_else_may_be_another_machine(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"NO_PROXY": "a.example"}, {"NO_PROXY": "a.example"}),
        ({"HTTP_PROXY": "http://p:1"}, {"NO_PROXY": "127.0.0.1,localhost,::1"}),
        ({"http_proxy": "http://p:1", "no_proxy": "a"}, {"no_proxy": "a,127.0.0.1,localhost,::1"}),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "localhost, b"}, {"NO_PROXY": "localhost,b,127.0.0.1,::1"}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, {"NO_PROXY": "*"}),
    ],
)
def test_a_proxy_of_the_environment_is_bypassed_and_what_is_excepted_stays(
    environ: dict[str, str], expected: dict[str, str] | None
) -> None:
    proxies = {name.lower()[:-6]: url for name, url in environ.items() if name.lower() != "no_proxy"}
    assert environ | bypassing_proxies(environ, proxies) == environ | (expected or {})


def test_a_proxy_of_the_systems_own_settings_stays_one_for_other_machines() -> None:
    assert bypassing_proxies({}, {"http": "http://p:1", "https": "http://p:1"}) == {
        "HTTP_PROXY": "http://p:1",
        "HTTPS_PROXY": "http://p:1",
        "NO_PROXY": "127.0.0.1,localhost,::1",
    }


def test_twice_is_as_once() -> None:
    environ = {"HTTP_PROXY": "http://p:1"}
    once = environ | bypassing_proxies(environ, {"http": "http://p:1"})

    assert bypassing_proxies(once, {"http": "http://p:1"}) == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_client_that_heeds_the_environment_then_asks_this_machine_directly(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    for name in (
        "no_proxy",
        "NO_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "http_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "other.example")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    before = httpx.Client()

    for name, value in bypassing_proxies().items():
        monkeypatch.setenv(name, value)

    url = httpx.URL(f"http://{host}:4200/")
    assert before._transport_for_url(url) is not before._transport
    after = httpx.Client()
    assert after._transport_for_url(url) is after._transport


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("2001:db8::1", False), ("a.example", False)],
)
def test_an_address_is_this_machines_if_it_has_it(host: str, is_ours: bool) -> None:
    assert is_of_this_machine(host) is is_ours


def test_a_server_of_ours_is_not_asked_through_a_proxy_at_whatever_address_it_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("no_proxy", "NO_PROXY", "PREFECT_API_URL", BEFORE):
        monkeypatch.setenv(name, "")  # to be taken away again, as it is set below
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr(addresses, "refresh_global_settings_context", lambda: None)  # other tests' as well
    monkeypatch.setattr(addresses, "is_of_this_machine", lambda host: host == "198.51.100.7")

    addresses.use(Address("http://198.51.100.7:4200/api"))

    assert "198.51.100.7" in os.environ["NO_PROXY"].split(",")
