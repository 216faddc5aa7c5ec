"""kill -9 of everything in turn, mid-step: nothing is left, nothing is lost, nothing runs twice."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress

import psutil

from tests.end_to_end.workspace import ORDER, Running, Workspace, scripts_alive
from tests.waiting import LIMIT, eventually


def test_killed_processes_leave_nothing_behind_and_the_next_beat_runs(workspace: Workspace) -> None:
    workspace.five_groups()
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")

        # The daemon: server, worker and beat are gone with it.
        beat = _beat_hangs(workspace)
        _kill(up, "deployments.daemon")
        eventually(lambda: "it has died" in up.said, "the death to be reported")
        eventually(lambda: not scripts_alive(workspace), "the orphaned script to be ended")
        eventually(workspace.is_served, "the server to be back")
        eventually(lambda: workspace.state(beat) == "CRASHED", "the beat to be crashed")
        _recovers(workspace)

        # Its supervisor alone: the daemon ends as well, and in order.
        beat = _beat_hangs(workspace)
        daemon = up.child("deployments.daemon")
        up.process.kill()
        assert daemon
        psutil.wait_procs([daemon], timeout=LIMIT)
        eventually(lambda: not up.tree(), "the last of it to be gone")
        assert not scripts_alive(workspace)
        assert up.said.count("deploying") == 1, "the same code is not deployed twice"

    with workspace.up() as up:
        eventually(workspace.is_served, "the server")
        assert workspace.state(beat) == "CANCELLED"
        _recovers(workspace)
        assert "deploying" not in up.said

        # All of it at once, `rhythm up` included.
        _beat_hangs(workspace)
        for process in up.tree():
            with suppress(psutil.NoSuchProcess):  # on Windows it has ended with its owner
                if "scripts" not in " ".join(process.cmdline()):
                    process.kill()
        assert scripts_alive(workspace) or sys.platform == "win32", "there its job object has ended it"

    with workspace.up() as up:
        eventually(lambda: not scripts_alive(workspace), "the orphaned script to be ended")
        eventually(workspace.is_served, "the server")
        _recovers(workspace)
        # The beat with which it comes up may be under way; what was killed would stay.
        eventually(lambda: not _under_way(workspace), "all runs to be over")

    with sqlite3.connect(workspace.home / "prefect.db") as database:
        twice = database.execute(
            """
            select flow.name, date(start_time), count(*) from flow_run join flow on flow.id = flow_id
            where flow.name = 'daily-routine' and state_type = 'COMPLETED' group by 1, 2 having count(*) > 1
            """
        ).fetchall()
    assert twice == []  # it had completed before the first kill


def _under_way(workspace: Workspace) -> list[str]:
    flows = ("rhythm", *(name.replace("_", "-") for name in ORDER))
    return [run["id"] for flow in flows for run in workspace.runs(flow, "RUNNING", "PENDING", "CANCELLING")]


def _beat_hangs(workspace: Workspace) -> str:
    """Start a beat that hangs in health_check; return its id."""
    workspace.hold("health_check")
    before = workspace.began("health_check")
    run = workspace.force("health_check")
    eventually(lambda: workspace.began("health_check") > before, "the step to begin")
    eventually(lambda: len(scripts_alive(workspace)) == 2, "its child to run")
    return run


def _recovers(workspace: Workspace) -> None:
    """With nothing to hold it, the next beat completes."""
    (workspace.root / "hold-health_check").unlink(missing_ok=True)
    before = workspace.ended("health_check")
    run = workspace.force("health_check")
    eventually(lambda: workspace.state(run) == "COMPLETED", "the next beat to complete")
    assert workspace.ended("health_check") == before + 1
    assert not scripts_alive(workspace)


def _kill(up: Running, *words: str) -> None:
    eventually(lambda: up.child(*words), f"a process {words}")
    process = up.child(*words)
    assert process
    process.kill()
    psutil.wait_procs([process], timeout=LIMIT)
