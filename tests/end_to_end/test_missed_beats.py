"""Hours without a worker: what was missed costs one round, however many beats that were."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta

from tests.end_to_end.workspace import ORDER, Workspace
from tests.waiting import LIMIT, eventually

EIGHT_HOURS = 96  # beats
# A plain worker asks the server for all that is late at once, and that many answers wait for each other
# in SQLite, which has one writer. More of them show no more; and on a busy machine, the test's own
# questions then wait as well.
TWO_HOURS = 24


def test_up_makes_up_for_all_missed_beats_with_one(workspace: Workspace) -> None:
    workspace.five_groups()
    with workspace.served():
        workspace.deploy()
        _miss(workspace, EIGHT_HOURS)
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        missed = re.search(r"(\d+) beats were missed", up.said)
        # The schedule's own beat may have become due just then.
        assert missed is not None
        assert int(missed[1]) in (EIGHT_HOURS, EIGHT_HOURS + 1), up.said
        assert "deploying" in up.said, "what was deployed manually does not say of which code it is"
        assert len(workspace.runs("rhythm", "COMPLETED")) == 1
        assert [who for _, who, what in workspace.notes() if what == "begin"] == ORDER


def test_prefects_own_commands_run_the_rhythm_and_a_plain_worker_after_a_gap_runs_one_round(
    workspace: Workspace,
) -> None:
    workspace.five_groups()
    with workspace.served():
        workspace.deploy()
        _miss(workspace, TWO_HOURS)
        with workspace.start(
            sys.executable,
            "-m",
            "prefect",
            "worker",
            "start",
            "--pool",
            "rhythm",
            **workspace.prefect_env,
        ):
            eventually(lambda: not _late(workspace), "all late beats to be dealt with", limit=2 * LIMIT)
            eventually(lambda: workspace.runs("rhythm", "COMPLETED"), "a beat to complete")
            eventually(lambda: not workspace.runs("rhythm", "PENDING", "RUNNING"), "the beats to end")
            assert [who for _, who, what in workspace.notes() if what == "begin"] == ORDER
            assert len(workspace.runs("rhythm", "COMPLETED")) <= 3
            assert len(workspace.runs("rhythm", "CANCELLED")) >= TWO_HOURS - 3

            # The schedule itself makes beats run; here one of ten seconds, beside that of five minutes.
            added = workspace.prefect(
                "--no-prompt", "deployment", "schedule", "create", "rhythm/rhythm", "--interval", "10"
            )
            assert added.returncode == 0, added.stdout + added.stderr
            done = len(workspace.runs("rhythm", "COMPLETED"))
            eventually(
                lambda: len(workspace.runs("rhythm", "COMPLETED")) > done, "a scheduled beat", limit=2 * LIMIT
            )

            by_hand = workspace.prefect("deployment", "run", "health-check/health-check", "--watch")
            assert by_hand.returncode == 0, by_hand.stdout + by_hand.stderr


def _late(workspace: Workspace) -> list[str]:
    now = datetime.now(UTC)
    return [
        run["id"]
        for run in workspace.runs("rhythm", "SCHEDULED")
        if datetime.fromisoformat(run["expected_start_time"].replace("Z", "+00:00")) < now
    ]


def _miss(workspace: Workspace, beats: int) -> None:
    """Leave what hours without a worker leave: a late run for every five minutes."""
    deployment = workspace.get("deployments/name/rhythm/rhythm")["id"]
    now = datetime.now(UTC)
    for count in range(1, beats + 1):
        due = (now - timedelta(minutes=5) * count).isoformat()
        workspace.post(
            f"deployments/{deployment}/create_flow_run",
            state={"type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": due}},
        )
