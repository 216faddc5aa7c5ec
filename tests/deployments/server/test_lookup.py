"""Which server is talked to, and which is never given a password."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from prefect.context import use_profile
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_API_PORT,
    Profile,
    temporary_settings,
)

from deployments.server import identity, instance_lock, listener, lookup
from deployments.server.lookup import PasswordError, ServerError
from tasks.problem import ConfigError
from tasks.settings.rhythm_toml import Settings
from tests.conftest import MakeSettings

PASSWORD = "rhythm:known to one server alone"  # noqa: S105 - a test's own
ELSEWHERE = "https://prefect.example.com/api"

#: Given a nonce and the server's own end of the connection, returns a proof.
Prove = Callable[[str, tuple[str, int]], str]


class Server:
    """Answers as a Prefect server does, by a password or without, and notes who sent one."""

    def __init__(self, home: Path, password: str | None = None, prove: Prove | None = None) -> None:
        self.home, self.password, self.prove = home, password, prove
        self.heard: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if header := self.headers.get("Authorization"):
                    server.heard.append(header)
                url = urlsplit(self.path)
                here = self.request.getsockname()
                body, status = server.answer(url.path, parse_qs(url.query), here, header or "")
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]

    def answer(
        self, path: str, query: dict[str, list[str]], here: tuple[str, int], header: str
    ) -> tuple[bytes, int]:
        if path == "/api/health":
            return b"true", 200
        if path == identity.PATH and self.prove:
            said = {
                "home": identity.home_digest(self.home),
                "proof": self.prove(query["nonce"][0], here),
            }
            return json.dumps(said).encode(), 200
        if path == "/api/admin/settings":
            from deployments.server.address import Address

            wanted = Address("", password=self.password).headers.get("Authorization", header)
            return (json.dumps({"home": str(self.home)}).encode(), 200) if header == wanted else (b"{}", 401)
        return b"<!doctype html>", 200  # as Prefect's UI answers all that it does not know


def honest(nonce: str, here: tuple[str, int]) -> str:
    """The proof of who knows the password."""
    return identity.proof(PASSWORD, nonce, here)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Prefect home in which a password has been made, and no variable that leads to a server."""
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "prefect"
    home.mkdir()
    (home / "rhythm-server-password").write_text(PASSWORD + "\n")
    with temporary_settings(
        {PREFECT_HOME: home}, restore_defaults={PREFECT_API_AUTH_STRING, PREFECT_API_URL}
    ):
        yield home


@pytest.fixture
def settings(make_settings: MakeSettings, home: Path) -> Settings:
    return make_settings('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')


def find(settings: Settings, port: int) -> str | None:
    """Where a server is found, as one is looked for at Prefect's port; "" without a password."""
    with temporary_settings({PREFECT_SERVER_API_PORT: port}):
        found = lookup.find(settings)
    return (found.password or "") if found else None


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all that listens be of another account, which a test cannot be."""
    monkeypatch.setattr(listener, "is_trusted", lambda host, port: False)


def test_a_server_of_this_account_is_asked_by_the_password(settings: Settings, home: Path) -> None:
    with serving(Server(home, PASSWORD, honest)) as server:
        assert find(settings, server.port) == PASSWORD
    assert len(server.heard) == 1


@pytest.mark.usefixtures("foreign")
def test_another_accounts_server_that_proves_to_know_the_password_is_asked_by_it(
    settings: Settings, home: Path
) -> None:
    with serving(Server(home, PASSWORD, honest)) as server:
        assert find(settings, server.port) == PASSWORD
    assert len(server.heard) == 1


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("claim", [None, "", "00", "비밀"])
@pytest.mark.parametrize("auth", [None, "another"])
@pytest.mark.parametrize("setting", [{}, {PREFECT_API_AUTH_STRING: "admin:the user's own"}])
def test_one_that_only_claims_to_be_ours_learns_nothing_and_is_not_believed(
    settings: Settings,
    home: Path,
    tmp_path: Path,
    claim: str | None,
    auth: str | None,
    setting: dict[Any, str],
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for reported in (home, elsewhere):
        prove = None if claim is None else lambda *_: claim
        with serving(Server(reported, auth, prove)) as rogue, temporary_settings(setting):
            if claim is not None and reported == home:
                with pytest.raises(
                    PasswordError, match="the server wants a password: it does not take the one"
                ):
                    find(settings, rogue.port)
            else:
                assert find(settings, rogue.port) is None
            url = f"http://127.0.0.1:{rogue.port}/api"
            with temporary_settings({PREFECT_API_URL: url}), pytest.raises(ServerError):
                lookup.find(settings)
        assert rogue.heard == []


@pytest.mark.usefixtures("foreign")
def test_without_a_password_of_ours_nobody_elses_server_is_believed(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    settings = make_settings('auth = "off"\n[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
    unset = {PREFECT_API_AUTH_STRING, PREFECT_API_URL}
    with temporary_settings({PREFECT_HOME: tmp_path}, restore_defaults=unset):
        with serving(Server(tmp_path, prove=lambda *_: "")) as rogue, pytest.raises(PasswordError):
            find(settings, rogue.port)
        with serving(Server(tmp_path)) as plain:
            assert find(settings, plain.port) is None


@pytest.mark.usefixtures("foreign")
def test_one_that_has_our_own_server_make_the_proof_is_not_sent_it_either(
    settings: Settings, home: Path
) -> None:
    with serving(Server(home, PASSWORD, honest)) as ours:
        relayed: list[str] = []

        def relay(nonce: str, here: tuple[str, int]) -> str:
            relayed.append(nonce)
            return honest(nonce, ("127.0.0.1", ours.port))

        with serving(Server(home, "another", relay)) as rogue, pytest.raises(PasswordError):
            find(settings, rogue.port)
    assert relayed
    assert rogue.heard == []


def test_a_server_of_another_home_is_not_ours_whether_it_lets_us_in_or_not(
    settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with (
        serving(Server(other)) as plain,
        serving(Server(other, "another", lambda *_: "00")) as locked,
    ):
        assert find(settings, plain.port) is None
        assert find(settings, locked.port) is None


def test_prefects_own_server_with_a_password_that_nobody_has_named_refuses_us(
    make_settings: MakeSettings, settings: Settings, home: Path
) -> None:
    with serving(Server(home, "admin:pass")) as server:
        with pytest.raises(PasswordError, match="the server wants a password: it does not take the one"):
            find(settings, server.port)
        with temporary_settings({PREFECT_API_AUTH_STRING: "admin:pass"}):
            assert find(settings, server.port) == "admin:pass"
        (home / "rhythm-server-password").unlink()
        with pytest.raises(PasswordError, match="the server wants a password: none is set here"):
            find(settings, server.port)


def test_a_password_that_prefects_server_cannot_compare_is_named(settings: Settings, home: Path) -> None:
    with (
        serving(Server(home)) as server,
        temporary_settings({PREFECT_API_AUTH_STRING: "admin:비밀"}),
        pytest.raises(ConfigError, match="PREFECT_API_AUTH_STRING: has characters"),
    ):
        find(settings, server.port)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_named_server_is_used_wherever_its_data_is(settings: Settings, tmp_path: Path, end: str) -> None:
    with serving(Server(tmp_path)) as server:
        url = f"http://127.0.0.1:{server.port}/api"
        with temporary_settings({PREFECT_API_URL: url + end}):
            found = lookup.find(settings)

    assert found
    assert (found.url, found.source) == (url, "PREFECT_API_URL of a file")


def test_where_nothing_answers_at_the_named_address_the_one_server_of_the_home_is_used(
    settings: Settings, home: Path
) -> None:
    with serving(Server(home)) as gone:
        pass
    with serving(Server(home, PASSWORD, honest)) as other:
        url = f"http://127.0.0.1:{other.port}/api"
        with instance_lock.server_announced(home, url):
            for named, found_at in (
                (f"http://127.0.0.1:{gone.port}/api", url),
                ("http://prefect.invalid/api", None),  # another machine's data are not here
            ):
                with temporary_settings({PREFECT_API_URL: named}):
                    found = lookup.find(settings)
                assert (found and found.url) == found_at


@pytest.fixture
def cloud(home: Path) -> Iterator[str]:
    """A Prefect profile that leads elsewhere, with a password for there."""
    profile = Profile(
        name="cloud", settings={PREFECT_API_URL: ELSEWHERE, PREFECT_API_AUTH_STRING: "admin:of elsewhere"}
    )
    with use_profile(profile, override_environment_variables=True, include_current_context=True):
        yield ELSEWHERE


def test_the_running_rhythms_server_is_found_whatever_profile_is_active(
    settings: Settings, home: Path, cloud: str
) -> None:
    with serving(Server(home, PASSWORD, honest)) as server:
        url = f"http://127.0.0.1:{server.port}/api"
        with instance_lock.announced(settings.outputs_dir, url):
            found = lookup.find(settings)
            assert str(lookup.expected(settings)) == f"{url} (the running rhythm)"

    assert found
    assert (found.url, found.source, found.password) == (url, "the running rhythm", PASSWORD)
    assert str(lookup.expected(settings)) == f"{cloud} (Prefect's profile 'cloud')"


def test_a_running_rhythm_whose_server_is_down_is_not_looked_for_elsewhere(
    settings: Settings, home: Path
) -> None:
    with serving(Server(home)) as gone:
        pass
    with serving(Server(home)) as other:
        named = {PREFECT_API_URL: f"http://127.0.0.1:{other.port}/api"}
        with (
            temporary_settings(named),
            instance_lock.announced(settings.outputs_dir, f"http://127.0.0.1:{gone.port}/api"),
        ):
            assert lookup.find(settings) is None


@pytest.mark.parametrize(
    ("top", "source"), [("", "Prefect's own port"), ('listen = "127.0.0.1:4999"', "rhythm.toml's listen")]
)
def test_a_message_says_where_an_address_is_from(
    make_settings: MakeSettings, home: Path, monkeypatch: pytest.MonkeyPatch, top: str, source: str
) -> None:
    settings = make_settings(f'{top}\n[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')

    assert str(lookup.expected(settings)).endswith(f"/api ({source})")
    monkeypatch.setenv("PREFECT_API_URL", ELSEWHERE)
    with temporary_settings({PREFECT_API_URL: ELSEWHERE}):
        assert str(lookup.expected(settings)) == f"{ELSEWHERE} (PREFECT_API_URL)"


def test_nothing_is_found_where_nothing_or_something_else_answers(settings: Settings, home: Path) -> None:
    with serving(Server(home)) as server:
        pass
    assert find(settings, server.port) is None


def test_a_password_is_not_in_what_an_address_shows(settings: Settings, home: Path) -> None:
    with (
        serving(Server(home, PASSWORD, honest)) as server,
        temporary_settings({PREFECT_SERVER_API_PORT: server.port}),
    ):
        found = lookup.find(settings)

    assert PASSWORD not in repr(found)
