"""Restarts of a real service: when, how, how often, and whom they leave alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from tasks.builtin.auto_restart_local_llm import Did, failures_in_a_row, judge, main
from tasks.builtin.contract import Context
from tasks.builtin.endpoints.probe import ask_at_once
from tasks.builtin.endpoints.service_process import ServicePaths, find
from tasks.outcome import StepFailedError
from tasks.settings.endpoints import EndpointSettings
from tasks.store.measurements import Probe
from tasks.store.store import store_of
from tests.end_to_end.workspace import free_port
from tests.permissions import mode, open_to_others
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.umask import umask
from tests.waiting import LIMIT, eventually

# A service on the port it is given. With a file `deaf` beside it, it hears no SIGTERM, and with `dumb` it
# takes connections and answers nothing.
SERVICE = """
import pathlib, signal, socket, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
here = pathlib.Path(__file__).parent
if (here / "deaf").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(here / "started").touch()
if (here / "ill").exists():
    sys.exit("the model cannot be loaded")
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        while (here / "dumb").exists():
            pass
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Llm:
    """A service that can be started, and everything that has been started of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "service.py").write_text(SERVICE)

    def endpoint(self, **more: Any) -> EndpointSettings:
        return EndpointSettings.model_validate(
            {
                "name": "local llm",
                "url": f"http://127.0.0.1:{self.port}/health",
                "timeout": "1s",
                "restart": True,
                "start": [sys.executable, str(self.folder / "service.py"), str(self.port)],
                "startup": "20s",
                **more,
            }
        )

    def is_up(self) -> bool:
        return ask_at_once([self.endpoint()], NOW)[0].ok

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if str(self.folder / "service.py") in line and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def run_by_hand(self, port: int | None = None) -> subprocess.Popen[bytes]:
        argv = [sys.executable, str(self.folder / "service.py"), str(port or self.port)]
        return subprocess.Popen(argv)  # noqa: S603 - our own script


@pytest.fixture
def llm(tmp_path: Path) -> Iterator[Llm]:
    folder = tmp_path / "llm"
    folder.mkdir()
    llm = Llm(folder)
    yield llm
    for process in llm.processes():
        process.kill()
        process.wait()


def failed_before(context: Context, times: int = 2) -> Context:
    """Let probes have failed in the minutes before."""
    with store_of(context.settings) as store:
        store.add_probes(
            Probe("local llm", NOW - timedelta(minutes=left), False, None, "refused")
            for left in range(1, times + 1)
        )
    return context


@pytest.mark.parametrize(
    ("answers", "failures"), [("", 0), ("+", 0), ("-", 1), ("-+", 0), ("+--", 2), ("---", 3)]
)
def test_failures_in_a_row_are_those_at_the_end(answers: str, failures: int) -> None:
    probes = [Probe("a", NOW, answer == "+", None) for answer in answers]
    assert failures_in_a_row(probes) == failures


@pytest.mark.parametrize(
    ("answers", "restarts", "restart", "did"),
    [
        ("+", 0, True, Did.NOTHING),
        ("---+", 9, True, Did.NOTHING),
        ("--", 0, True, Did.WAITED),
        ("---", 0, True, Did.DUE),
        ("+---", 1, True, Did.DUE),
        ("---", 2, True, Did.LIMITED),
        ("---", 2, False, Did.LIMITED),
        ("---", 0, False, Did.REPORTED),
    ],
)
def test_what_is_to_be_done_depends_on_the_probes_and_the_restarts_before(
    answers: str, restarts: int, restart: bool, did: Did
) -> None:
    endpoint = EndpointSettings.model_validate(
        {
            "name": "llm",
            "url": "http://127.0.0.1:1/",
            "start": ["llm"],
            "restart": restart,
            "restart_after": 3,
            "restarts_per_hour": 2,
        }
    )
    probes = [Probe("llm", NOW, answer == "+", None, "refused") for answer in answers]

    assert judge(endpoint, probes, restarts).did is did


def test_one_that_is_up_is_left_as_it_is(make_context: MakeContext, llm: Llm) -> None:
    service = llm.run_by_hand()
    eventually(llm.is_up, "the service")
    assert main([], failed_before(make_context(llm.endpoint()))) == "local llm up"
    assert service.poll() is None


def test_one_that_is_gone_is_started_after_enough_failures_and_outlives_us(
    make_context: MakeContext, llm: Llm
) -> None:
    context = make_context(llm.endpoint())
    assert main([], context).startswith("local llm failing: 1 of 3")
    assert main([], context).startswith("local llm failing: 2 of 3")

    said = main([], context)

    assert said.startswith("local llm restarted: 3 failed probes in a row")
    assert "no process of it was running" in said
    assert llm.is_up()
    (process,) = llm.processes()
    paths = ServicePaths.of(llm.endpoint(), context.settings.outputs_dir)
    assert find(llm.endpoint(), paths) == process
    assert "RHYTHM_STEP_ID" not in process.environ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")
def test_what_is_kept_of_it_is_private_and_its_own_files_are_its_own_business(
    make_context: MakeContext, llm: Llm
) -> None:
    with umask(0o022):
        context = failed_before(make_context(llm.endpoint()))
        assert "restarted" in main([], context)

    paths = ServicePaths.of(llm.endpoint(), context.settings.outputs_dir)
    assert {mode(path) for path in (paths.record, paths.log, paths.lock)} == {0o600}
    assert open_to_others(context.settings.outputs_dir) == {}
    assert mode(llm.folder / "started") == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be deaf to")
def test_one_that_hangs_and_hears_nothing_is_killed_and_started_again(
    make_context: MakeContext, llm: Llm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.builtin.auto_restart_local_llm.GRACE", 0.5)
    (llm.folder / "deaf").touch()
    service = llm.run_by_hand()
    eventually(llm.is_up, "the service")
    (llm.folder / "dumb").touch()
    context = failed_before(make_context(llm.endpoint()))
    other = llm.run_by_hand(free_port())  # the same program, but another command line

    with pytest.raises(StepFailedError, match=f"did not answer.*killed process {service.pid}"):
        main([], _with(context, llm.endpoint(startup="2s")))

    service.wait(LIMIT)
    (llm.folder / "dumb").unlink()
    assert "local llm restarted" in main([], context)
    assert other.poll() is None


def test_one_that_ends_at_once_is_a_failure_with_its_last_words(make_context: MakeContext, llm: Llm) -> None:
    (llm.folder / "ill").touch()
    emitted: list[str] = []
    context = failed_before(make_context(llm.endpoint()))
    with pytest.raises(StepFailedError, match=r"ended at once with exit code 1.*the model cannot be loaded"):
        main([], replace(context, emit=lambda name, *_: emitted.append(name)))
    assert emitted == ["rhythm.service.restart_failed"]


def test_a_program_that_is_not_there_is_a_failure(make_context: MakeContext, llm: Llm) -> None:
    endpoint = llm.endpoint(start=["no-such-program"])
    with pytest.raises(StepFailedError, match="there is no program 'no-such-program'"):
        main([], failed_before(make_context(endpoint)))


def test_restarts_are_limited_and_the_limit_survives(make_context: MakeContext, llm: Llm) -> None:
    (llm.folder / "ill").touch()
    context = failed_before(make_context(llm.endpoint(restarts_per_hour=2)))
    for _ in range(2):
        with pytest.raises(StepFailedError, match="restart failed"):
            main([], context)
    with pytest.raises(StepFailedError, match="left alone: 2 restarts within an hour did not help"):
        main([], context)
    hour_later = NOW + timedelta(minutes=61)
    with pytest.raises(StepFailedError, match="restart failed"):
        main([], replace(context, now=lambda: hour_later))


def test_without_restart_it_only_says_what_it_would_do(make_context: MakeContext, llm: Llm) -> None:
    context = failed_before(make_context(llm.endpoint(restart=False)))
    assert main([], context).startswith("local llm would restart: 3 failed probes in a row")
    assert llm.processes() == []


def test_its_stop_command_is_asked_first(make_context: MakeContext, llm: Llm, tmp_path: Path) -> None:
    said = tmp_path / "stopped"
    stop = [sys.executable, "-c", f"open({str(said)!r}, 'w').close()"]
    context = failed_before(make_context(llm.endpoint(stop=stop)))
    assert "stopped it; answered after" in main([], context)
    assert said.exists()


def test_two_at_once_start_one(make_context: MakeContext, llm: Llm) -> None:
    context = failed_before(make_context(llm.endpoint()))
    paths = ServicePaths.of(llm.endpoint(), context.settings.outputs_dir)
    paths.lock.parent.mkdir(parents=True)
    with FileLock(paths.lock), pytest.raises(StepFailedError, match="another process is restarting it"):
        main([], context)
    assert llm.processes() == []


@pytest.mark.parametrize(
    "text", ["", "{", '{"endpoint": "local llm", "process": {"pid": 1, "created": 0.0}}']
)
def test_a_record_that_is_broken_or_of_another_process_names_nobody(
    tmp_path: Path, llm: Llm, text: str
) -> None:
    paths = ServicePaths.of(llm.endpoint(), tmp_path)
    paths.record.parent.mkdir()
    paths.record.write_text(text)
    assert find(llm.endpoint(), paths) is None


def test_without_a_start_there_is_nothing_to_watch(make_context: MakeContext) -> None:
    assert main([], make_context()).startswith("nothing to watch")


def test_without_a_store_nothing_is_stopped(make_context: MakeContext, llm: Llm, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match="nothing is restarted"):
        main([], make_context(llm.endpoint(), outputs_dir=blocked))
    assert llm.processes() == []


def _with(context: Context, endpoint: EndpointSettings) -> Context:
    return replace(context, settings=context.settings.model_copy(update={"endpoints": (endpoint,)}))
