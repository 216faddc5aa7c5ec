"""Groups of the user's own: deployed, run from Prefect, changed meanwhile, and ended by `rhythm down`."""

from __future__ import annotations

import json
import sys

import psutil

from tests.end_to_end.workspace import Workspace, is_running, scripts_alive
from tests.waiting import LIMIT, eventually

HERE = "prefect.deployments.steps.set_working_directory"


def group(name: str) -> str:
    return f'[groups.{name}]\nevery = "1d"\nsteps = ["work.py {name}"]\n'


def test_own_groups_are_deployed_run_and_ended(workspace: Workspace) -> None:
    workspace.toml(group("backup") + group("report"))
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        assert names(workspace) == {"rhythm", "backup", "report"}

        # Prefect's own command deploys the same from the file that was made.
        deployed = workspace.run(
            workspace.prefect_command("--no-prompt", "deploy", "--all"),
            2 * LIMIT,
            workspace.root,
            **workspace.prefect_env,
        )
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        assert names(workspace) == {"rhythm", "backup", "report"}
        (step,) = workspace.get("deployments/name/report/report")["pull_steps"]
        assert step == {HERE: {"directory": str(workspace.root.resolve())}}

        # A run of a group's deployment counts for its slot; a beat that finds nothing to do says so.
        ran = workspace.prefect("deployment", "run", "report/report", "--watch")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert workspace.ended("report") == 2
        idle = workspace.post(
            f"deployments/{workspace.get('deployments/name/rhythm/rhythm')['id']}/create_flow_run",
            state={"type": "SCHEDULED"},
        )["id"]
        eventually(lambda: workspace.state(idle) == "COMPLETED", "a beat without work")
        (beat,) = [run for run in workspace.runs("rhythm", "COMPLETED") if run["id"] == idle]
        assert beat["state_name"] == "Nothing due"
        assert workspace.ended("report") == 2

        # rhythm.toml changes while it is up.
        held = workspace.hold("added")
        workspace.toml(group("backup") + group("added"))
        eventually(lambda: names(workspace) == {"rhythm", "backup", "added"}, "the new groups")
        assert "(added added; removed report)" in up.said
        assert workspace.runs("report", "COMPLETED"), "what it has run stays"

        # All of it ends in order, in the midst of a script.
        workspace.force("added")
        eventually(lambda: workspace.began("added"), "the script to run")
        tree = up.tree()
        down = workspace.rhythm("down", "--json")
        assert down.returncode == 0, down.stderr
        said = json.loads(down.stdout)
        assert (said["ended"], said["server"], said["service"]) == (True, "ended", False)
        assert up.process.wait(LIMIT) == 0
        assert [process for process in tree if is_running(process)] == []
        assert scripts_alive(workspace) == []
        assert held.exists()
        assert "stopping: scripts first, then the worker, then the server" in up.said
        assert not psutil.pid_exists(said["pid"]) or sys.platform == "win32"
    assert json.loads(workspace.rhythm("down", "--json").stdout)["ended"] is False


def names(workspace: Workspace) -> set[str]:
    """The names of what is deployed."""
    return {one["name"] for one in workspace.post("deployments/filter")}
