"""Two rhythms with one Prefect home, as they have by default: distinguished by their names alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.workspace import Workspace, free_port, is_running
from tests.waiting import LIMIT, eventually

TOML = '[groups.in_both]\nevery = "1d"\nsteps = ["work.py in_both"]\n'


def beside(workspace: Workspace, toml: str, port: int = 0) -> Workspace:
    """Return another folder, with a rhythm.toml of its own, and the same Prefect home."""
    root = workspace.root / "second"
    root.mkdir()
    more = {**workspace.more, "PREFECT_HOME": str(workspace.home)}
    second = Workspace(root, port or workspace.port, more)
    second.toml(toml)
    return second


def test_one_server_at_a_time_serves_a_prefect_home_and_the_next_waits_to_take_its_place(
    workspace: Workspace,
) -> None:
    workspace.toml(TOML)
    second = beside(workspace, f'name = "second"\n{TOML}', port=free_port())
    server = [sys.executable, "-m", "deployments.server.api_server"]
    with workspace.start(*server) as first:
        eventually(workspace.is_served, "the first server")
        with second.start(*server) as other:
            eventually(lambda: "waiting for the end of the server at" in other.said, "the second to wait")
            assert workspace.api in other.said

            # A rhythm that looks for its own server, by its address, meanwhile uses the one that there is.
            waits = [sys.executable, "-m", "deployments.service.waiting", second.api]
            assert second.run(waits, LIMIT).returncode == 0
            named = second.run(second.command("status"), LIMIT, None, PREFECT_API_URL=second.api)
            assert f"server: running, {workspace.api.removesuffix('/api')}" in named.stdout

            first.terminate()
            eventually(second.is_served, "the second to serve")
            assert not workspace.is_served()
            assert f"server: running, {second.api.removesuffix('/api')}" in second.rhythm("status").stdout


def beats(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    """The completed beats of one of the rhythms."""
    found = workspace.runs("rhythm", "COMPLETED")
    return [run for run in found if run["flow_version"] == f"{name}/beat"]


def test_two_rhythms_share_a_server_and_nothing_else_and_the_second_outlives_the_first(
    workspace: Workspace,
) -> None:
    workspace.toml(TOML)
    second = beside(workspace, TOML)
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and beats(workspace, "rhythm"), "the first beat")

        # Of the same name, it is refused, with what to do.
        refused = second.rhythm("up")
        assert refused.returncode == 1
        assert 'Set another name, like name = "home", in' in refused.stderr
        assert str(Path(second.env["RHYTHM_CONFIG"])) in refused.stderr
        assert second.rhythm("beat").returncode == 1
        assert second.began("in_both") == 0

        second.toml(f'name = "second"\n{TOML}')
        with second.up() as another:
            eventually(lambda: beats(workspace, "second"), "a beat of the second")
            assert (workspace.ended("in_both"), second.ended("in_both")) == (1, 1)
            assert len(workspace.get("deployments/name/rhythm/second")["schedules"]) == 1

            # Its server was the first's. That ends, and it has one of its own.
            first_tree = up.tree()
            before = len(beats(workspace, "second"))
            up.terminate()
            up.process.wait(LIMIT)
            eventually(lambda: not any(map(is_running, first_tree)), "the end of the first")
            eventually(
                lambda: workspace.is_served() and len(beats(workspace, "second")) > before,
                "a beat of the second by a server of its own",
                2 * LIMIT,
            )
            assert is_running(another.process)
            assert second.ended("in_both") == 1
