"""Nobody else can command a rhythm: attacks on a real server, from other web pages and other accounts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.browser import Page, browser
from tests.end_to_end.workspace import Workspace, free_port
from tests.waiting import eventually
from tests.wine import is_wine

NOBODY = "00000000-0000-0000-0000-000000000000"
VARIABLE = '{"name": "written", "value": 1}'

#: What a page tries: each returns what it was answered.
ATTACKS = {
    "json": f"""fetch(api + "/variables/", {{method: "POST", body: '{VARIABLE}',
        headers: {{"Content-Type": "application/json"}}}})""",
    "an untyped blob": f"""fetch(api + "/variables/", {{method: "POST", body: new Blob(['{VARIABLE}'])}})""",
    "a blob that nobody reads the answer of": f"""fetch(api + "/variables/",
        {{method: "POST", mode: "no-cors", body: new Blob(['{VARIABLE}'])}})""",
    "text": f"""fetch(api + "/variables/", {{method: "POST", body: '{VARIABLE}',
        headers: {{"Content-Type": "text/plain"}}}})""",
    "a form": f"""new Promise((done) => {{
        const form = document.createElement("form"), field = document.createElement("input");
        form.method = "post"; form.enctype = "text/plain"; form.action = api + "/variables/";
        field.name = '{VARIABLE.removesuffix("}")}, "x": "'; field.value = '"}}';
        form.append(field); document.body.append(form);
        const frame = document.createElement("iframe"); frame.name = form.target = "answer";
        frame.onload = () => done("sent"); document.body.append(frame); form.submit(); }})""",
    "a patch": f"""fetch(api + "/deployments/{NOBODY}", {{method: "PATCH", body: "{{}}",
        headers: {{"Content-Type": "application/json"}}}})""",
}
LISTEN = """new Promise((done) => {
    const socket = new WebSocket(api.replace("http", "ws") + "/events/out", PROTOCOLS);
    socket.onopen = () => socket.send(JSON.stringify({type: "auth", token: null}));
    socket.onmessage = (event) => done(event.data);
    socket.onclose = () => done("closed");
})"""


@contextmanager
def site() -> Iterator[str]:
    """A web site of somebody else's; return its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>news</title><body>")

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A server without a password: what is refused there, the guard alone refuses."""
    workspace = Workspace(tmp_path_factory.mktemp("open"), more={"RHYTHM_AUTH": "off"})
    workspace.five_groups()
    with workspace.served("deployments.server.api_server"):
        yield workspace


@pytest.fixture(scope="module")
def locked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A server as it is by default."""
    workspace = Workspace(tmp_path_factory.mktemp("locked"))
    workspace.five_groups()
    with workspace.served("deployments.server.api_server"):
        yield workspace


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Page]:
    """A page of another site, in a real browser; evil.example leads to this machine."""
    with site() as url, browser("--host-resolver-rules=MAP evil.example 127.0.0.1") as page:
        page.visit(url)
        yield page


def variables(workspace: Workspace) -> list[str]:
    return [each["name"] for each in workspace.post("variables/filter")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_of_another_site_changes_nothing(open_server: Workspace, elsewhere: Page, attack: str) -> None:
    api = f"const api = '{open_server.api}'"
    tried = f"(async () => {{ {api}; return String((await {ATTACKS[attack]}).status) }})()"

    answered = elsewhere.value(f"{tried}.catch((error) => 'blocked: ' + error)")

    assert answered in ("0", "undefined") or answered.startswith("blocked: "), answered
    assert variables(open_server) == []


@pytest.mark.parametrize("protocols", ["undefined", "'prefect'"])
def test_a_page_of_another_site_hears_no_events(
    open_server: Workspace, elsewhere: Page, protocols: str
) -> None:
    script = LISTEN.replace("PROTOCOLS", protocols)

    assert elsewhere.value(f"(() => {{ const api = '{open_server.api}'; return {script} }})()") == "closed"


def test_a_page_of_this_server_hears_them(open_server: Workspace) -> None:
    with browser() as page:
        page.visit(f"{open_server.api}/docs")
        script = LISTEN.replace("PROTOCOLS", "'prefect'")

        heard = page.value(f"(() => {{ const api = '{open_server.api}'; return {script} }})()")

    assert json.loads(heard) == {"type": "auth_success"}


def test_a_name_that_somebody_has_pointed_here_shows_nothing(open_server: Workspace, elsewhere: Page) -> None:
    with browser("--host-resolver-rules=MAP evil.example 127.0.0.1") as page:
        page.visit(f"http://evil.example:{open_server.port}/")

        assert "evil.example" in page.value("document.body.innerText")
        assert "not one of this server's" in page.value("document.body.innerText")
        script = f"fetch('/api/variables/', {{method: 'POST', body: new Blob(['{VARIABLE}'])}})"
        assert page.value(f"{script}.then((answer) => answer.status)") == 403
    assert variables(open_server) == []


def test_a_page_of_another_site_cannot_show_this_ones_in_a_frame(
    open_server: Workspace, elsewhere: Page
) -> None:
    url = f"http://127.0.0.1:{open_server.port}/"
    framed = f"""new Promise((done) => {{ const frame = document.createElement("iframe");
        frame.onload = () => done(true); frame.src = "{url}"; document.body.append(frame); }})"""
    elsewhere.complaints.clear()

    elsewhere.value(framed)

    eventually(
        lambda: elsewhere.value("1") and any("frame-ancestors" in said for said in elsewhere.complaints),
        "the browser to refuse the frame",
    )


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "admin/settings", None),
    ("GET", "admin/version", None),
    ("POST", "flow_runs/filter", {}),
    ("POST", "deployments/filter", {}),
    ("POST", f"deployments/{NOBODY}/create_flow_run", {}),
    ("PATCH", f"deployments/{NOBODY}", {}),
    ("POST", "work_pools/", {"name": "mine"}),
    ("POST", "variables/", {"name": "written", "value": 1}),
    ("POST", "logs/filter", {}),
    ("DELETE", "variables/name/x", None),
]


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic cmh5dGhtOng="}, {"Authorization": "Bearer x"}]
)
def test_who_has_no_password_is_answered_401(locked_server: Workspace, header: dict[str, str]) -> None:
    for method, path, body in REQUESTS:
        answer = httpx.request(method, f"{locked_server.api}/{path}", json=body, headers=header)

        assert answer.status_code == 401, (method, path, answer.text)
    assert variables(locked_server) == []


@pytest.mark.parametrize("path", ["events/out", "events/in", "logs/out"])
@pytest.mark.parametrize("token", [None, "rhythm:wrong"])
def test_who_has_no_password_hears_nothing(locked_server: Workspace, path: str, token: str | None) -> None:
    url = f"{locked_server.api.replace('http', 'ws')}/{path}"

    with connect(url, subprotocols=[Subprotocol("prefect")], proxy=None) as socket:
        socket.send(json.dumps({"type": "auth", "token": token}))

        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1008  # a policy is violated; see RFC 6455, 7.4.1
    with pytest.raises(InvalidStatus):
        connect(url, proxy=None).close()


def test_a_websocket_of_another_site_is_refused(open_server: Workspace) -> None:
    url = f"{open_server.api.replace('http', 'ws')}/events/out"

    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=Origin("http://evil.example"), proxy=None).close()
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        connect(url, additional_headers={"Host": "evil.example"}, proxy=None).close()


def test_what_says_it_was_forwarded_is_not_believed(open_server: Workspace) -> None:
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "evil.example",
    }

    answer = httpx.get(f"{open_server.api}/variables", headers=forwarded, follow_redirects=False)

    assert answer.headers["location"].startswith(f"http://127.0.0.1:{open_server.port}/")


def test_nobody_learns_which_sites_may_ask(open_server: Workspace) -> None:
    for headers in ({}, {"Origin": f"http://127.0.0.1:{open_server.port}"}):
        answer = httpx.get(f"{open_server.api}/health", headers=headers)

        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


def test_without_a_password_each_start_warns_and_so_does_the_doctor(open_server: Workspace) -> None:
    warning = "asks for no password: every account of this machine can command it"

    assert warning in open_server.rhythm("doctor").stderr
    (log,) = open_server.root.glob("*.log")
    assert warning in log.read_text(encoding="utf-8")


THEIRS: list[dict[str, str]] = [
    {"PREFECT_SERVER_API_AUTH_STRING": "admin:their own"},
    {"PREFECT_API_AUTH_STRING": "admin:their own"},
    {"PREFECT_API_AUTH_STRING": "admin:their own", "PREFECT_SERVER_API_AUTH_STRING": "admin:their own"},
    {"RHYTHM_SERVER_PASSWORD": "admin:their own"},
]


# Under Wine a server takes long to start, and a variable is a variable there as well.
@pytest.mark.parametrize("more", THEIRS[:1] if is_wine() else THEIRS, ids=lambda more: " and ".join(more))
def test_a_password_that_the_user_has_set_is_the_servers_and_every_commands(
    tmp_path: Path, more: dict[str, str]
) -> None:
    workspace = Workspace(tmp_path, more=more)
    workspace.toml('[groups.one]\nevery = "1d"\nsteps = ["work.py one"]\n')
    with workspace.served("deployments.server.api_server"):
        answers = [
            httpx.get(f"{workspace.api}/admin/version", auth=auth).status_code
            for auth in (None, ("admin", "wrong"), ("admin", "their own"))
        ]
        beat, status = workspace.rhythm("beat"), workspace.rhythm("status", "--json")

    assert answers == [401, 401, 200]
    assert beat.returncode == 0, beat.stdout + beat.stderr
    assert json.loads(status.stdout)["groups"][0]["outcome"] == "completed", status.stderr
    assert workspace.password is None


def test_it_listens_where_rhythm_toml_says_and_is_found_there(tmp_path: Path) -> None:
    port = free_port()
    workspace = Workspace(tmp_path, more={"RHYTHM_LISTEN": f"127.0.0.2:{port}"})
    workspace.five_groups()
    with workspace.up():
        eventually(lambda: workspace.ended("event_analysis"), "a beat")
        url = json.loads(workspace.rhythm("status", "--json").stdout)["server"]["url"]
        answer = httpx.get(f"{url}/health")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/api/health")

    assert url == f"http://127.0.0.2:{port}/api"
    assert answer.status_code == 200


def test_for_other_machines_it_says_what_that_means_and_refuses_names_that_nobody_has_given(
    tmp_path: Path,
) -> None:
    port = free_port()
    workspace = Workspace(tmp_path, port=port, more={"RHYTHM_LISTEN": f"0.0.0.0:{port}"})
    workspace.five_groups()
    with workspace.served("deployments.server.api_server"):
        answer = httpx.get(f"http://127.0.0.2:{port}/api/health")
        status = workspace.rhythm("status", "--json")

    assert answer.status_code == 403
    assert json.loads(status.stdout)["server"]["live"]
    (log,) = tmp_path.glob("*.log")
    said = log.read_text(encoding="utf-8")
    assert f"whoever can reach 0.0.0.0:{port} and has the password can start whatever" in said
    assert f"the server at 0.0.0.0:{port} refuses all names but this machine's own" in said


def test_without_a_password_it_does_not_listen_for_other_machines(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, more={"RHYTHM_LISTEN": f"0.0.0.0:{free_port()}", "RHYTHM_AUTH": "off"})
    workspace.five_groups()

    said = workspace.rhythm("up")

    assert said.returncode == 2
    assert "would let everybody in" in said.stderr
