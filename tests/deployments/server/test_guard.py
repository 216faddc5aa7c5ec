"""The guard before Prefect's server: which requests reach it."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from deployments.server.guard import AccessPolicy, Guard
from tasks.settings.server import Listen

OWN = AccessPolicy.of(
    Listen("127.0.0.1", 4200), ["rhythm.example.com", "box:8443"], ["https://ops.example.com"]
)


def scope(
    host: str | None = "127.0.0.1:4200",
    origin: str | None = None,
    *,
    method: str = "GET",
    scheme: str = "http",
    **headers: str,
) -> dict[str, Any]:
    """A request, or a websocket's, as an ASGI server hands it over."""
    found = [("host", host), ("origin", origin), *((k.replace("_", "-"), v) for k, v in headers.items())]
    return {
        "type": "websocket" if scheme in ("ws", "wss") else "http",
        "method": method,
        "path": "/api/",
        "scheme": scheme,
        "headers": [(name.encode(), value.encode()) for name, value in found if value is not None],
    }


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4200", "localhost:4200", "LOCALHOST:4200", "[::1]:4200", "rhythm.example.com", "box:8443"],
)
def test_it_is_asked_by_its_own_names(host: str) -> None:
    assert OWN.refusal(scope(host)) is None
    assert OWN.refusal(scope(host, scheme="ws")) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:4200",
        "127.0.0.1",
        "127.0.0.1:4201",
        "127.0.0.1:4200.evil.example",
        "127.0.0.1:4200@evil.example",
        "rhythm.example.com.evil.example",
        "rhythm.example.com:4200",
        "evil.rhythm.example.com",
        "box",
        "0.0.0.0:4200",
        "127.0.0.1:4200, evil.example",
        "::1:4200",
    ],
)
def test_any_other_name_is_refused(host: str | None) -> None:
    for scheme in ("http", "ws"):
        refused = OWN.refusal(scope(host, scheme=scheme))
        assert refused
        assert refused.status == 403


def test_a_request_by_two_names_is_refused() -> None:
    asked = scope()
    asked["headers"].append((b"host", b"evil.example"))

    assert OWN.refusal(asked)


@pytest.mark.parametrize(
    ("origin", "scheme"),
    [
        ("http://127.0.0.1:4200", "http"),
        ("http://localhost:4200", "ws"),
        ("http://[::1]:4200", "http"),
        ("https://rhythm.example.com", "http"),  # a proxy has taken the TLS off
        ("https://rhythm.example.com", "https"),
        ("http://rhythm.example.com", "http"),
        ("https://box:8443", "wss"),
        ("https://ops.example.com", "http"),
    ],
)
def test_its_own_pages_may_ask_it_and_those_that_are_configured(origin: str, scheme: str) -> None:
    assert OWN.refusal(scope(origin=origin, scheme=scheme)) is None


@pytest.mark.parametrize(
    ("origin", "scheme"),
    [
        ("http://evil.example", "http"),
        ("http://evil.example", "ws"),
        ("null", "http"),  # a file, or a page in a sandbox
        ("", "http"),
        ("file://", "http"),
        ("http://127.0.0.1:3000", "http"),  # another program of this machine's
        ("http://127.0.0.1", "http"),
        ("http://rhythm.example.com", "https"),  # who is on the line may have made that page
        ("http://ops.example.com", "http"),
        ("https://ops.example.com:8443", "http"),
        ("chrome-extension://127.0.0.1:4200", "http"),
        ("http://127.0.0.1:4200/", "http"),
    ],
)
def test_pages_of_other_sites_may_not(origin: str, scheme: str) -> None:
    refused = OWN.refusal(scope(origin=origin, scheme=scheme))

    assert refused
    assert refused.status == 403


def test_a_body_without_a_content_type_is_refused() -> None:
    for body in ({"content_length": "2"}, {"transfer_encoding": "chunked"}):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused = OWN.refusal(scope(method=method, **body))
            assert refused
            assert refused.status == 415
            assert OWN.refusal(scope(method=method, content_type="application/json", **body)) is None
    assert OWN.refusal(scope(method="POST", content_length="0")) is None
    assert OWN.refusal(scope(method="POST")) is None


def test_a_server_for_other_machines_has_no_name_that_is_not_given() -> None:
    every = AccessPolicy.of(Listen("0.0.0.0", 4200), ["192.168.1.5:4200"])  # noqa: S104 - not listened at
    one = AccessPolicy.of(Listen("192.168.1.5", 4200), [])

    for policy in (every, one):
        assert policy.refusal(scope("192.168.1.5:4200")) is None
        assert policy.refusal(scope("192.168.1.6:4200"))
    assert every.refusal(scope("0.0.0.0:4200"))


@given(
    host=st.text(st.characters(min_codepoint=32, max_codepoint=255)),
    origin=st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=255)),
)
def test_whatever_the_headers_hold_only_its_own_names_are_let_in(host: str, origin: str | None) -> None:
    asked = scope()
    asked["headers"] = [(b"host", host.encode("latin-1"))]
    if origin is not None:
        asked["headers"].append((b"origin", origin.encode("latin-1")))

    if OWN.refusal(asked) is None:
        assert host.lower() in {*OWN.names, "rhythm.example.com"}
        assert origin is None or origin in OWN.origins or origin.partition("://")[0] in ("http", "https")


# In front of an application


async def reached(scope: Any, receive: Any, send: Any) -> None:
    """An application that takes whatever reaches it."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("reached")(scope, receive, send)


def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Guard(reached, OWN))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4200")


async def test_what_is_refused_is_answered_and_logged_in_one_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("prefect"), "propagate", True)

    async with client() as asking:
        answer = await asking.get("/", headers={"Host": "evil.example\x1b[31m" + 200 * "x"})

    assert answer.status_code == 403
    assert "evil.example" in answer.json()["detail"]
    (record,) = caplog.records
    line = record.getMessage()
    assert "refused GET '/'" in line
    assert len(line) < 400
    assert line.isprintable()


async def test_what_is_let_in_reaches_the_application_and_only_its_own_pages_may_frame_it() -> None:
    async with client() as asking:
        answer = await asking.get("/")

    assert answer.text == "reached"
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self'; connect-src 'self'"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(None, "websocket.accept"), ("http://evil.example", "websocket.close")],
)
async def test_a_websocket_is_refused_before_it_is_accepted(origin: str | None, expected: str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await Guard(reached, OWN)(scope(origin=origin, scheme="ws"), None, send)  # type: ignore[arg-type]

    assert [message["type"] for message in sent] == [expected]
