"""By password: every command by itself, people by `rhythm ui`, and others not at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browser
from tests.end_to_end.workspace import Workspace
from tests.waiting import eventually
from tests.wine import is_wine

SIGNED_IN = "localStorage.getItem('prefect-password')"
IS_ASKED = "location.pathname.endsWith('/login')"
# Under Wine each command takes seconds to start, and they ask for the server by the same code.
COMMANDS = ["status"] if is_wine() else ["status", "doctor", "beat", "logs", "ui", "env"]
#: A proxy that is not there: who asks it gets nowhere.
PROXY = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "",
    "no_proxy": "",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """`rhythm up` that has beaten once, on a machine with a proxy that leads nowhere."""
    more = PROXY if sys.platform != "win32" else {}  # where NO_PROXY and no_proxy are one
    workspace = Workspace(tmp_path_factory.mktemp("up"), more=more)
    workspace.five_groups()
    with workspace.up():
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        yield workspace


@pytest.fixture
def opened(up: Workspace, tmp_path: Path) -> str:
    """What `rhythm ui` has opened, as a browser's command line has it."""
    if is_wine():
        pytest.skip("Wine: there is no browser for Windows here")
    told = tmp_path / "told"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {told}\n')
    program.chmod(0o700)

    said = up.run([sys.executable, "-m", "deployments.cli.main", "ui"], 60, BROWSER=f"{program} %s")

    assert (said.returncode, said.stderr) == (0, "")
    return eventually(lambda: told.read_text() if told.exists() else "", "the browser to be opened")


def test_rhythm_ui_opens_the_browser_signed_in_and_live(up: Workspace, opened: str) -> None:
    assert opened.startswith("file:")  # a command line can be read by every account; the file cannot
    assert "sign-in#" not in opened
    page_file = Path(opened.removeprefix("file://"))
    assert stat.S_IMODE(page_file.stat().st_mode) == 0o600
    with browser() as page:
        page.visit(opened)
        page.wait_for(f"location.pathname.endsWith('/dashboard') && {SIGNED_IN}")
        page.shape(1400, 2400)  # only runs that are in sight are on the page
        page.visit(f"http://127.0.0.1:{up.port}/runs")
        page.wait_for("document.body?.innerText.includes('health_check 20')")  # its run of the first beat
        assert page.value(f"atob({SIGNED_IN})") == up.password
        assert "sign-in" not in page.value("location.href")

        # What happens from now on shows by itself.
        before = page.value("document.body?.innerText").count("health_check")
        run = prefect(up, "deployment", "run", "health-check/health-check", "--watch")
        assert run.returncode == 0, run.stdout + run.stderr
        page.wait_for(f"document.body?.innerText.split('health_check').length - 1 > {before}")

        # The dashboard is another page of the same server, and is drawn again each time it is opened.
        page.visit(f"http://127.0.0.1:{up.port}/rhythm")
        page.wait_for("document.getElementById('verdict') && document.querySelector('canvas, svg.marks')")
        assert up.password not in page.value("document.documentElement.outerHTML")
        assert page.complaints == []

        # Each run in it leads to the run's page, which has the report of the group among its artifacts.
        run_page = page.value("document.querySelector('td a[href^=\"/runs/flow-run/\"]').href")
        page.visit(run_page)
        page.wait_for("document.body?.innerText.includes('Artifacts') && !location.href.includes('sign-in')")
        page.visit(f"http://127.0.0.1:{up.port}/rhythm")
        page.wait_for("document.getElementById('verdict')")
        used = page.value("location.href")
        page.visit(used)
        page.wait_for(f"document.getElementById('verdict') && location.href !== {used!r}")

        # The link was for one use.
        page.value("localStorage.clear()")
        page.visit(opened)
        page.wait_for("document.body?.innerText.includes('You are not signed in')")
        page.wait_for("document.body?.innerText.includes('rhythm ui')")


def test_what_is_deployed_has_a_tag_by_which_it_is_found(up: Workspace) -> None:
    for name in ("rhythm", "event-analysis"):
        assert up.get(f"deployments/name/{name}/{name}")["tags"] == ["rhythm"]


def test_without_it_the_browser_is_asked_for_the_password(up: Workspace) -> None:
    with browser() as page:
        page.visit(f"http://127.0.0.1:{up.port}/")
        page.wait_for(IS_ASKED)
        assert page.value(SIGNED_IN) is None
        page.visit(f"http://127.0.0.1:{up.port}/rhythm")
        page.wait_for("document.body?.innerText.includes('You are not signed in')")


def test_pages_of_prefects_ui_ask_nobody_but_its_own_server(up: Workspace, opened: str) -> None:
    origin = f"http://127.0.0.1:{up.port}/"
    asks = """new Promise(done => {
        addEventListener("securitypolicyviolation", event => done(event.effectiveDirective))
        fetch("https://example.com/").then(done, () => {})
    })"""
    with browser() as page:
        page.visit(opened)
        page.wait_for(f"location.pathname.endsWith('/dashboard') && {SIGNED_IN}")

        assert page.value(asks) == "connect-src"
        elsewhere = [url for url in page.requests if url.startswith("http") and not url.startswith(origin)]
        assert elsewhere == []


def test_the_link_alone_is_printed_if_no_browser_is_wanted(up: Workspace) -> None:
    link = json.loads(up.rhythm("ui", "--json").stdout)["url"]
    said = up.rhythm("ui", "--no-browser").stdout

    assert link.startswith(f"http://127.0.0.1:{up.port}/rhythm/sign-in#")
    assert said.splitlines()[0] != link
    assert "within a minute" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_knows_the_password_and_no_proxy_stands_in_its_way(up: Workspace, command: str) -> None:
    options = ["--no-browser"] if command == "ui" else []

    said = up.rhythm(command, *options)

    assert said.returncode == 0, said.stdout + said.stderr
    assert up.password
    assert up.password not in said.stdout + said.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("variable", ["PREFECT_API_AUTH_STRING", "RHYTHM_SERVER_PASSWORD"])
def test_a_wrong_password_is_said_in_so_many_words(up: Workspace, command: str, variable: str) -> None:
    said = up.run(
        [sys.executable, "-m", "deployments.cli.main", command], 60, **{variable: "rhythm:wrong one"}
    )

    assert said.returncode == 1
    assert "the server wants a password: it does not take the one that is set here" in said.stderr
    for never in ("Traceback", "none answers", "wrong one"):
        assert never not in said.stdout + said.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_password_is_said_in_so_many_words(up: Workspace, command: str, tmp_path: Path) -> None:
    file = up.home / "rhythm-server-password"
    hidden = file.rename(tmp_path / "hidden")
    try:
        said = up.rhythm(command)
    finally:
        hidden.rename(file)

    assert said.returncode == 1
    assert "the server wants a password: none is set here" in said.stderr
    for never in ("Traceback", "none answers"):
        assert never not in said.stdout + said.stderr


def test_prefects_own_commands_work_by_what_rhythm_env_prints(up: Workspace) -> None:
    for words, expected in ((["deployment", "ls"], "rhythm/rhythm"), (["work-pool", "ls"], "rhythm")):
        done = prefect(up, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout
    assert "401" in prefect(up, "deployment", "ls", PREFECT_API_AUTH_STRING="rhythm:wrong").stderr


def test_a_script_that_prints_its_environment_does_not_print_the_password(up: Workspace) -> None:
    up.script("work.py", "import os\nprint('url', os.environ['RHYTHM_API_URL'])\nprint(dict(os.environ))\n")

    run = prefect(up, "deployment", "run", "health-check/health-check", "--watch")

    assert run.returncode == 0, run.stdout + run.stderr
    logs = up.rhythm("logs", "health_check", "-n", "200").stdout
    assert f"url {up.api}" in logs
    assert "PREFECT_API_AUTH_STRING" not in logs
    assert up.password
    assert up.password not in logs


def test_the_password_is_private_and_in_no_log(up: Workspace) -> None:
    password = up.password
    assert password
    if os.name == "posix":
        assert stat.S_IMODE((up.home / "rhythm-server-password").stat().st_mode) == 0o600
    for path in [*(up.root / "outputs").rglob("*"), *up.root.glob("*.log")]:
        if path.is_file():
            assert password.encode() not in path.read_bytes(), path


def prefect(up: Workspace, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Prefect's own command, by the variables that `rhythm env` prints."""
    variables = json.loads(up.rhythm("env", "--secrets", "--json").stdout)
    return up.run([sys.executable, "-m", "prefect", *words], 120, **variables | env)
