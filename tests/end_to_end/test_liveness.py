"""Whatever happens to what makes beats come, `rhythm up` reports it, and the next one comes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from typing import Any

import pytest

from tests.end_to_end.workspace import Running, Workspace, is_running
from tests.waiting import eventually

# The daemon looks every twenty seconds; what it repairs is seen within two looks.


def test_up_brings_back_the_beats_and_reports_what_people_have_paused(workspace: Workspace) -> None:
    workspace.five_groups()
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")

        # As after a clock that was set back by two hours: what is scheduled lies that much ahead, and the
        # names of the runs that were to come are taken.
        _move_scheduled_beats(workspace, hours=2)
        beats = len(workspace.runs("rhythm"))
        eventually(lambda: "beats were scheduled anew" in up.said, "the schedule to be made anew")
        eventually(lambda: len(workspace.runs("rhythm")) > beats, "a beat")
        assert _status(workspace)["beats"]["come"]

        # Paused stays paused, and everybody sees it.
        deployment = workspace.get("deployments/name/rhythm/rhythm")["id"]
        _ask(workspace, f"deployments/{deployment}/pause_deployment")
        eventually(lambda: "beats are paused: its deployment is paused" in up.said, "up to say so")
        status = _status(workspace)
        assert status["beats"] == {"come": False, "paused": True, "reason": "its deployment is paused"}
        assert {group["next_due"] for group in status["groups"]} == {None}
        assert "none of this runs for now" in workspace.rhythm("plan").stderr
        assert "its deployment is paused" in json.loads(workspace.rhythm("plan", "--json").stdout)["paused"]
        assert "its deployment is paused" in _doctor(workspace)
        assert not workspace.runs("rhythm", "SCHEDULED")
        _ask(workspace, f"deployments/{deployment}/resume_deployment")
        eventually(lambda: up.said.count("beats come again") > 1, "beats to come again")
        assert _status(workspace)["beats"]["come"]

        # A rhythm.toml that breaks is reported where people look, and so is that it is valid again.
        valid = (workspace.root / "rhythm.toml").read_text(encoding="utf-8")
        workspace.toml(valid + "x = [\n")
        eventually(lambda: "each beat fails until this is corrected" in up.said, "up to say so")
        workspace.toml(valid)
        eventually(lambda: "rhythm.toml is valid again" in up.said, "up to say so")


@pytest.mark.skipif(sys.platform == "win32", reason="signals, and files that are deleted while open")
def test_up_outlives_its_terminal_the_death_of_its_daemon_and_the_loss_of_its_database(
    workspace: Workspace,
) -> None:
    workspace.five_groups()
    with workspace.start("nohup", *workspace.command("up")) as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        up.process.send_signal(signal.SIGHUP)  # which nohup has ignored

        daemon = _daemon(up)
        os.kill(daemon, signal.SIGTERM)
        eventually(
            lambda: "it has died (SIGTERM), and is started again" in up.said, "its death to be reported"
        )
        eventually(lambda: _daemon(up) not in (0, daemon), "another one")
        eventually(lambda: workspace.is_served() and len(workspace.runs("rhythm", "COMPLETED")) > 1, "a beat")

        (workspace.home / "prefect.db").unlink()
        eventually(lambda: "prefect.db was deleted or replaced" in up.said, "the loss to be reported")
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "a beat")
        assert is_running(up.process)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_fault_that_is_there_to_stay_is_named_and_tried_no_more(workspace: Workspace) -> None:
    workspace.five_groups()
    (workspace.home / "prefect.db").write_bytes(b"this was never a database, " * 500)

    done = workspace.rhythm("up")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "file is not a database" in done.stderr
    assert "rhythm.log" in done.stderr


def _daemon(up: Running) -> int:
    found = up.child("deployments.daemon")
    return found.pid if found else 0


def _status(workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workspace.rhythm("status", "--json").stdout)
    return found


def _doctor(workspace: Workspace) -> str:
    done = workspace.rhythm("doctor")
    assert done.returncode == 1
    assert "SQLAlchemy" not in done.stderr
    return done.stderr


def _ask(workspace: Workspace, path: str) -> None:
    import httpx

    name, _, secret = str(workspace.password).partition(":")
    httpx.post(f"{workspace.api}/{path}", auth=(name, secret), timeout=60).raise_for_status()


def _move_scheduled_beats(workspace: Workspace, hours: int) -> None:
    moved = f"strftime('%Y-%m-%d %H:%M:%f000', {{0}}, '+{hours} hours')"
    times = ", ".join(
        f"{name} = {moved.format(name)}" for name in ("next_scheduled_start_time", "expected_start_time")
    )
    with closing(sqlite3.connect(workspace.home / "prefect.db", timeout=60)) as database, database:
        database.execute(f"UPDATE flow_run SET {times} WHERE state_type = 'SCHEDULED'")  # noqa: S608
