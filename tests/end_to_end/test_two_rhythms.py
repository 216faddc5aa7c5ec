"""Two rhythms with one Prefect home, as they have by default: told apart by their names alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.end_to_end.workspace import Workspace, is_running
from tests.waiting import LIMIT, eventually

TOML = '[groups.in_both]\nevery = "1d"\nsteps = ["work.py in_both"]\n'


def beside(workspace: Workspace, toml: str) -> Workspace:
    """Return another folder, with a rhythm.toml of its own, and the same Prefect home."""
    root = workspace.root / "second"
    root.mkdir()
    more = {**workspace.more, "PREFECT_HOME": str(workspace.home)}
    second = Workspace(root, workspace.port, more)
    second.toml(toml)
    return second


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

        # Of the same name, it is refused, and told what to do.
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
