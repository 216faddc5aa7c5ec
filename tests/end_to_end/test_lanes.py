"""Long work in a lane of its own, under `rhythm up`: it starves nobody, and its end brings a beat."""

from __future__ import annotations

import json

from tests.end_to_end.workspace import Workspace
from tests.waiting import eventually

RHYTHM = """
[groups.report]
every = "1d"
after = ["backup"]
steps = ["work.py report"]

[groups.backup]
every = "1d"
lane = "long"
steps = ["work.py backup"]

[groups.archive]
every = "1d"
lane = "long"
steps = ["work.py archive"]

[groups.summary]
every = "1d"
after = ["health"]
steps = ["work.py summary"]

[groups.health]
every = "1d"
steps = ["work.py health"]
"""


def test_long_work_in_a_lane_starves_nobody_and_what_waits_for_it_runs_as_soon_as_it_ends(
    workspace: Workspace,
) -> None:
    workspace.toml(RHYTHM)
    held = workspace.hold("backup")
    with workspace.up():
        eventually(lambda: workspace.is_served() and workspace.began("backup"), "the long group to begin")
        eventually(lambda: workspace.runs("rhythm", "COMPLETED"), "the beat, which does not wait for it")
        # What comes after another group runs in the same beat, though rhythm.toml has it above that.
        assert (workspace.ended("health"), workspace.ended("summary")) == (1, 1)

        # Beats go on meanwhile, and start neither a second run of it nor another group of its lane.
        beat = workspace.force("health")
        eventually(lambda: workspace.state(beat) == "COMPLETED", "a beat beside it")
        assert workspace.ended("health") == 2
        assert [workspace.began(who) for who in ("backup", "archive", "report")] == [1, 0, 0]
        status = json.loads(workspace.rhythm("status", "--json").stdout)
        stands = {group["name"]: (group["lane"], group["decision"]) for group in status["groups"]}
        assert stands == {
            "backup": ("long", "busy"),
            "report": ("main", "waits"),
            "archive": ("long", "busy"),
            "summary": ("main", "not_due"),
            "health": ("main", "not_due"),
        }

        # Not even a forced one, which is no success.
        forced = workspace.rhythm("beat", "--force", "backup")
        assert forced.returncode == 1
        assert "--force backup: it did not run: busy: running since" in forced.stderr

        held.unlink()
        eventually(lambda: workspace.ended("report") and workspace.ended("archive"), "what waited for it")
        assert [workspace.began(who) for who in ("backup", "archive", "report")] == [1, 1, 1]
        (run,) = workspace.runs("backup")
        assert run["work_queue_name"] == "long"

        # No schedule has brought these beats: the first, the forced one, and one after each run in the lane.
        def unscheduled() -> int:
            return sum(not beat["auto_scheduled"] for beat in workspace.runs("rhythm", "COMPLETED"))

        eventually(lambda: unscheduled() >= 4, "the beats that the lane's runs have brought")


def test_a_cancelled_run_in_a_lane_ends_its_script_and_the_beats_go_on(workspace: Workspace) -> None:
    workspace.toml(RHYTHM)
    workspace.hold("backup")
    with workspace.up("--isolated"):
        eventually(lambda: workspace.is_served() and workspace.began("backup"), "the long group to begin")
        (run,) = workspace.runs("backup", "RUNNING")

        cancelled = workspace.prefect("flow-run", "cancel", run["id"])

        assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
        eventually(lambda: workspace.state(run["id"]) == "CANCELLED", "it to be cancelled")
        eventually(lambda: workspace.ended("archive"), "the next one of its lane")
        assert workspace.ended("health") == 1
