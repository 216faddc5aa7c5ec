"""The server is killed as a script ends well: its run counts as completed, and it is not run again."""

from __future__ import annotations

import sys

from tests.end_to_end.workspace import Workspace
from tests.waiting import LIMIT, eventually


def test_what_ended_well_while_the_server_was_away_is_completed_and_does_not_run_again_in_its_slot(
    workspace: Workspace,
) -> None:
    workspace.toml('[groups.daily]\nevery = "1d"\nsteps = ["work.py daily"]\n')
    held, results = workspace.hold("daily"), workspace.root / "outputs" / "undelivered"
    with workspace.start(sys.executable, "-m", "deployments.server.api_server") as server:
        eventually(workspace.is_served, "the server")
        with workspace.up() as up:
            eventually(lambda: workspace.began("daily"), "the script to run")
            (run,) = workspace.runs("daily", "RUNNING")

            server.process.kill()
            server.process.wait(LIMIT)
            held.unlink()
            eventually(lambda: workspace.ended("daily"), "the script to end, with nobody to report it to")
            eventually(lambda: list(results.glob("*.json")), "its result to be kept")

            # After twenty seconds without a server, the rhythm starts its own.
            eventually(lambda: "has gone: starting anew" in up.said, "the loss to be reported")
            eventually(lambda: workspace.is_served() and workspace.state(run["id"]) == "COMPLETED", "its end")
            beat = workspace.force()
            eventually(lambda: workspace.state(beat) == "COMPLETED", "the next beat")
            assert (workspace.began("daily"), workspace.ended("daily")) == (1, 1)
            assert not list(results.iterdir())
