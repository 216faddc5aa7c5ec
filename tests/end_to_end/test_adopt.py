"""From 42 scripts on timers of their own to one beat."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests import a_machine
from tests.end_to_end.workspace import ORDER, Workspace


def fingerprint(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.*"))}


def test_42_scripts_adopted_by_one_command_run_once_in_order_and_one_at_a_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA", str(workspace.root))
    machine = a_machine.copied(workspace.root)
    before = fingerprint(machine)

    adopted = workspace.rhythm("adopt", str(machine), "--json")

    said = json.loads(adopted.stdout)
    assert adopted.returncode == 1, "one of its tasks is nobody's to guess"
    assert said["problems"] == []
    assert [job["name"] for job in said["jobs"] if not job["certain"]] == ["AGI_Configured"]
    assert fingerprint(machine) == before
    steps = {Path(job["script"]).stem: job["group"] for job in said["jobs"] if job["group"] in ORDER}
    assert sorted(steps) == a_machine.scripts()
    assert len(steps) == 42
    assert workspace.rhythm("check").returncode == 0

    beat = workspace.beat("--force", "daily_routine")  # whose time has not come yet

    assert beat["exit_code"] == 0
    outcomes = {step["name"]: step["outcome"] for group in beat["groups"] for step in group["steps"]}
    assert outcomes == dict.fromkeys(steps, "completed")
    diary = [line.split()[1:] for line in (workspace.root / "diary.txt").read_text().splitlines()]
    order = [who for who, what in diary if what == "begin"]
    assert diary == [[who, what] for who in order for what in ("begin", "end")], "one at a time"
    assert sorted(order) == a_machine.scripts(), "each of them once"
    assert [steps[who] for who in order] == sorted((steps[who] for who in order), key=ORDER.index)
    assert [step["name"] for group in beat["groups"] for step in group["steps"]] == order
