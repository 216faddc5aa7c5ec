"""Behind a proxy that takes off TLS: an nginx as the documentation sets it up."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from deployments.server.address import Address
from tests.browser import browser
from tests.end_to_end.workspace import Workspace, free_port
from tests.nginx import Nginx, executable, nginx

HOST = "rhythm.test"

#: Starts a server with further variables; returns it and the nginx before it.
Start = Callable[..., tuple[Workspace, Nginx]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    from contextlib import ExitStack

    executable()
    with ExitStack() as stack:

        def start(**more: str) -> tuple[Workspace, Nginx]:
            port = free_port()
            allowed = {"RHYTHM_ALLOWED_HOSTS": json.dumps([f"{HOST}:{port}"])}
            workspace = Workspace(tmp_path, more=allowed | more)
            workspace.five_groups()
            stack.enter_context(workspace.served("deployments.server.api_server"))
            upstream = f"127.0.0.1:{workspace.port}"
            return workspace, stack.enter_context(nginx(tmp_path, HOST, port, upstream))

        yield start


def ask(proxy: Nginx, path: str, **headers: str) -> httpx.Response:
    """Ask through the proxy, by its name."""
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))
    with httpx.Client(verify=trusted, trust_env=False) as client:
        return client.get(
            f"https://127.0.0.1:{proxy.port}{path}",
            headers={"Host": f"{HOST}:{proxy.port}", **headers},
            extensions={"sni_hostname": HOST},
        )


def test_who_asks_by_the_allowed_name_and_the_password_is_let_in(start: Start) -> None:
    workspace, proxy = start(RHYTHM_TRUSTED_PROXY="127.0.0.1")
    password = Address("", password=workspace.password).headers

    assert ask(proxy, "/api/admin/version").status_code == 401
    assert ask(proxy, "/api/admin/version", **password).status_code == 200
    assert ask(proxy, "/api/admin/version", Origin=proxy.url, **password).status_code == 200
    for refused in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert ask(proxy, "/api/admin/version", **password | refused).status_code == 403
    # Who is on the line may have made a page of the name without TLS.
    plain = {"Origin": proxy.url.replace("https", "http")}
    assert ask(proxy, "/api/admin/version", **password | plain).status_code == 403


@pytest.mark.parametrize(("trusted", "scheme"), [("127.0.0.1", "https"), ("192.0.2.1", "http")])
def test_only_a_trusted_proxys_word_is_taken_for_how_it_was_asked(
    start: Start, trusted: str, scheme: str
) -> None:
    workspace, proxy = start(RHYTHM_TRUSTED_PROXY=trusted)
    password = Address("", password=workspace.password).headers

    redirected = ask(proxy, "/api/variables", **password)

    assert redirected.headers["location"].startswith(f"{scheme}://{HOST}:{proxy.port}/")


def test_events_are_heard_through_it(start: Start) -> None:
    workspace, proxy = start(RHYTHM_TRUSTED_PROXY="127.0.0.1")
    trusted = ssl.create_default_context(cafile=str(proxy.certificate))

    def listen(origin: str) -> str:
        with connect(
            f"wss://{HOST}:{proxy.port}/api/events/out",
            sock=socket.create_connection(("127.0.0.1", proxy.port)),
            ssl=trusted,
            server_hostname=HOST,
            proxy=None,
            origin=Origin(origin),
            subprotocols=[Subprotocol("prefect")],
        ) as connected:
            connected.send(json.dumps({"type": "auth", "token": workspace.password}))
            return str(connected.recv(timeout=60))

    assert json.loads(listen(proxy.url)) == {"type": "auth_success"}
    with pytest.raises(InvalidStatus):
        listen("https://evil.example")


def test_a_person_signs_in_by_typing_the_password(start: Start) -> None:
    workspace, proxy = start(RHYTHM_TRUSTED_PROXY="127.0.0.1")
    with browser(f"--host-resolver-rules=MAP {HOST} 127.0.0.1", "--ignore-certificate-errors") as page:
        page.visit(proxy.url)
        page.wait_for("location.pathname.endsWith('/login') && document.querySelector('input')")
        page.value("document.querySelector('input').focus()")
        page.ask("Input.insertText", text=workspace.password)
        enter = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
        for kind in ("keyDown", "keyUp"):
            page.ask("Input.dispatchKeyEvent", type=kind, **enter)

        page.wait_for("location.pathname.endsWith('/dashboard') && localStorage.getItem('prefect-password')")
        assert page.value("atob(localStorage.getItem('prefect-password'))") == workspace.password
