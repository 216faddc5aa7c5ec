"""What a person does with a running rhythm: run, retry, pause, resume, skip."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.end_to_end.workspace import Workspace, scripts_alive
from tests.waiting import LIMIT, eventually

RHYTHM = """
[groups.backup]
every = "1d"
steps = ["work.py backup", "sick.py", { run = "work.py other", name = "other" }]

[groups.report]
every = "1d"
after = ["backup"]
steps = [{ run = "work.py report", name = "report" }]

[groups.long]
every = "1d"
lane = "slow"
steps = [{ run = "work.py long", name = "long" }]
"""
SICK = "import os, sys\nprint('sick')\nsys.exit(0 if os.path.exists('well') else 7)\n"


# Several commands in one interpreter: what each of them imports takes it longer than its work.
SEVERAL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from deployments.cli.main import main
done = []
for line in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(line.split())
    done.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def groups(self) -> dict[str, Any]:
        """The groups of `rhythm status --json`, by name."""
        return {group["name"]: group for group in self.json["groups"]}


def several(workspace: Workspace, *lines: str) -> list[Said]:
    done = workspace.run([sys.executable, "-c", SEVERAL, json.dumps(lines)], 2 * LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    return [Said(*each) for each in json.loads(done.stdout)]


def test_a_day_with_a_running_rhythm(workspace: Workspace) -> None:
    workspace.toml(RHYTHM)
    workspace.script("sick.py", SICK)
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        eventually(lambda: workspace.ended("long"), "what it has started in another lane")

        # All is paused, but what a person asks for runs, by the worker, with all that it prints.
        pause, status, failed, part, alone = several(
            workspace,
            "pause",
            "status --json",
            "run backup",
            "run backup --only other --json",
            "run report/report --loud",
        )
        assert (pause.code, pause.err) == (0, "")
        assert pause.out == "all groups paused until `rhythm resume`. What runs now goes on.\n"
        assert {group["decision"] for group in status.groups.values()} == {"paused"}
        assert status.json["beats"]["paused"]
        assert failed.code == 1
        for line in ("backup/work: working backup\n", "backup/sick: sick\n", "backup/other: working other\n"):
            assert line in failed.out
        assert "error: backup failed after" in failed.err
        assert "exit code 7" in failed.err
        assert workspace.runs("backup", "FAILED")[-1]["deployment_id"]
        eventually(lambda: "beats are paused: by `rhythm pause`" in up.said, "up to say so")

        # A step alone, with an argument of its own: neither counts as a run of its group.
        assert (part.json["outcome"], part.json["by"], part.json["counts"]) == ("completed", "worker", False)
        assert [step["name"] for step in part.json["steps"]] == ["other"]
        assert alone.code == 0, alone.err
        assert "report/report completed after" in alone.out

        # Only what failed, until it is well; then what comes after it is due. One group stays paused, and the
        # next slot of another is left out.
        before = workspace.began("backup"), workspace.began("other")
        (workspace.scripts / "well").touch()
        status, retry, again, resume, pause, skip = several(
            workspace,
            "status --json",
            "retry backup --failed",
            "retry backup --json",
            "resume",
            "pause long --until 2h",
            "skip backup --json",
        )
        assert status.groups["report"]["outcome"] is None
        assert retry.code == 0, retry.err
        assert "backup: again sick\n" in retry.out
        assert (workspace.began("backup"), workspace.began("other")) == before
        assert (again.code, "backup has not failed" in again.json["error"]) == (1, True)
        assert (resume.code, resume.out) == (0, "resumed: all groups\n")
        assert pause.code == 0
        assert datetime.fromisoformat(skip.json["slot"]["start"]) > datetime.now(UTC)
        beat = workspace.force("report")
        eventually(lambda: workspace.state(beat) == "COMPLETED", "a beat")
        status, plan, doctor = several(workspace, "status --json", "plan --json --hours 48", "doctor --json")
        stands = {name: group["decision"] for name, group in status.groups.items()}
        assert stands == {"backup": "not_due", "report": "not_due", "long": "paused"}
        assert status.groups["long"]["next_due"] is not None
        assert (plan.json["paused"], plan.json["counts"]["backup"]) == (None, 1)
        assert "it is paused by `rhythm pause`" in doctor.out
        assert "long is paused by `rhythm pause`, until" in up.said

        # It goes on by the worker when this command is interrupted, and says so.
        if sys.platform != "win32":
            workspace.hold("long")
            with workspace.start(*workspace.command("run", "long")) as asking:
                eventually(lambda: workspace.began("long") == 2, "the script to begin")
                asking.process.send_signal(signal.SIGINT)
                assert asking.process.wait(LIMIT) == 130
                assert "warning: long goes on, by the worker." in asking.said
            (workspace.root / "hold-long").unlink()
            eventually(lambda: workspace.ended("long") == 2, "its end")

        # Whatever somebody has paused in Prefect is resumed as well.
        deployment = workspace.get("deployments/name/rhythm/rhythm")["id"]
        workspace.patch(f"deployments/{deployment}", paused=True)
        (resume,) = several(workspace, "resume --json")
        assert resume.json == {"resumed": ["long", "its deployment, in Prefect"], "note": None}
        assert not workspace.get("deployments/name/rhythm/rhythm")["paused"]


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C can be sent there to one process alone")
def test_without_a_worker_the_command_runs_it_itself_and_ends_it_when_interrupted(
    workspace: Workspace,
) -> None:
    workspace.toml(RHYTHM)
    workspace.script("sick.py", SICK)
    workspace.hold("report")
    with workspace.start(*workspace.command("run", "report")) as asking:
        eventually(lambda: workspace.began("report"), "the script to begin")
        asking.process.send_signal(signal.SIGINT)
        assert asking.process.wait(LIMIT) == 130
        assert "warning: report was ended, with all that it had started" in asking.said
    assert scripts_alive(workspace) == []
    assert workspace.ended("report") == 0
