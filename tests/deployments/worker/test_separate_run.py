"""What is around Prefect's engine in an interpreter of its own: its exit code, and a bound for its end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import NoReturn

import pytest
from prefect.logging.handlers import APILogWorker, PrefectConsoleHandler

from deployments.worker import separate_run
from tasks.settings.project import module_argv
from tests.waiting import LIMIT


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back at the end what it changes in Prefect, which is for a process of its own."""
    monkeypatch.setattr(PrefectConsoleHandler, "emit", PrefectConsoleHandler.emit)
    monkeypatch.setattr(APILogWorker, "_handle_batch", APILogWorker._handle_batch)


def test_the_exit_code_is_that_of_prefects_engine() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        module_argv("deployments.worker.separate_run", python=sys.executable),
        env={"PREFECT__FLOW_RUN_ID": "no-id"},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )

    assert (done.returncode, "Invalid flow run id" in done.stderr) == (1, True)


@pytest.mark.usefixtures("prefect_api")
def test_its_end_does_not_wait_for_a_server_that_stands_still_and_says_what_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def never(*_: object) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    def engine() -> int:
        for number in range(3):
            APILogWorker.instance().send({"message": str(number), "__payload_size__": 10**6})
        return 0

    monkeypatch.setattr("prefect.client.orchestration.PrefectClient.create_logs", never)
    monkeypatch.setattr(separate_run, "_engine", engine)
    monkeypatch.setattr(separate_run, "_DRAIN", 0.5)

    assert separate_run.main() == 0

    said = capsys.readouterr().err
    assert "log lines did not reach Prefect's server within 0.5 s, and are given up" in said
