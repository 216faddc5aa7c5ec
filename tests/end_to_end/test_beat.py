"""`rhythm beat`: a whole beat in one process, on a temporary server over the real database."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from datetime import datetime

import pytest

from tests.end_to_end.workspace import ORDER, Workspace, scripts_alive
from tests.waiting import LIMIT, eventually


def test_a_beat_leaves_everything_in_the_database_and_the_next_one_remembers(workspace: Workspace) -> None:
    workspace.five_groups()

    first = workspace.beat()

    assert first["exit_code"] == 0
    assert set(first["beat"]) == {"at", "outcome", "seconds", "flow_run_id", "lane_failures"}
    assert first["beat"]["outcome"] == "completed"
    assert datetime.fromisoformat(first["beat"]["at"]).utcoffset() is not None
    assert [group["name"] for group in first["groups"]] == ORDER
    assert {(group["decision"], group["outcome"]) for group in first["groups"]} == {("run", "completed")}
    for group in first["groups"]:
        assert set(group) == {
            *("name", "lane", "decision", "reason", "outcome", "fault", "seconds", "next_due", "steps")
        }
        (step,) = group["steps"]
        assert set(step) == {"name", "outcome", "exit_code", "seconds", "message", "warning"}
        assert (step["name"], step["outcome"], step["exit_code"]) == ("work", "completed", 0)
    assert [(who, what) for _, who, what in workspace.notes()] == [
        (name, what) for name in ORDER for what in ("begin", "end")
    ]
    # The server has ended; what its writers had collected must be written.
    with sqlite3.connect(workspace.home / "prefect.db") as database:
        steps = database.execute("select name, state_type from task_run where name = 'work'").fetchall()
        flows = database.execute("select state_type from flow_run").fetchall()
        logged = database.execute("select message from log").fetchall()
    assert steps == [("work", "COMPLETED")] * 5
    assert flows == [("COMPLETED",)] * 6
    assert {(f"working {name}",) for name in ORDER} <= set(logged)

    second = workspace.beat("--force", "event_analysis")

    decisions = {group["name"]: (group["decision"], group["outcome"]) for group in second["groups"]}
    assert decisions.pop("event_analysis") == ("run", "completed")
    # A slot may have begun between the two beats: its group was due again.
    assert set(decisions.values()) <= {("not_due", None), ("run", "completed")}
    assert decisions["daily_routine"] == ("not_due", None)


def test_a_flood_of_lines_is_kept_whole_and_reaches_prefect_in_part_and_once(workspace: Workspace) -> None:
    workspace.script(
        "flood.py", 'print("".join(f"line {n}\\n" for n in range(60_000)), end="")\nraise SystemExit(3)'
    )
    workspace.toml('[groups.chatty]\nevery = "10m"\nsteps = ["flood.py"]\n')

    beat = workspace.beat()

    assert beat["exit_code"] == 1
    with sqlite3.connect(workspace.home / "prefect.db") as database:
        logged = [message for (message,) in database.execute("select message from log")]
    lines = [message for message in logged if message.startswith("line ")]
    assert sorted(lines) == sorted(f"line {n}" for n in (*range(100), *range(59_600, 60_000)))
    assert len([message for message in logged if "59,500 lines are not shown here" in message]) == 1

    # Without a server:
    printed = workspace.rhythm("logs", "flood", "--last", "1").stdout.splitlines()
    assert [line.split("chatty/flood: ")[1] for line in printed[:-1]] == [f"line {n}" for n in range(60_000)]
    assert "ERROR" in printed[-1]
    assert printed[-1].endswith(": exit code 3: line 59999")
    assert sum("exit code 3" in line for line in printed) == 1
    (status,) = json.loads(workspace.rhythm("status", "--json").stdout)["groups"]
    assert status["outcome"] == "failed"


def test_two_beats_at_once_take_turns(workspace: Workspace) -> None:
    workspace.five_groups()

    with workspace.start(sys.executable, "-m", "deployments.cli.main", "beat", "--json") as other:
        mine = workspace.beat()
        other.process.wait(LIMIT)

    noted = [(who, what) for _, who, what in workspace.notes()]
    assert noted[0::2] == [(who, "begin") for who, _ in noted[0::2]]
    assert [who for who, _ in noted[0::2]] == [who for who, _ in noted[1::2]]
    assert [who for who, _ in noted[0::2]].count("daily_routine") == 1
    assert mine["exit_code"] == 0
    assert other.process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that a process can be sent")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_beat_that_is_asked_to_end_leaves_nothing(workspace: Workspace, number: signal.Signals) -> None:
    workspace.five_groups()
    workspace.hold("health_check")
    with workspace.start(sys.executable, "-m", "deployments.cli.main", "beat") as beat:
        eventually(lambda: len(scripts_alive(workspace)) == 2, "the script and its child to run")
        beat.tree()

        beat.process.send_signal(number)

        assert beat.process.wait(LIMIT) != 0
        assert beat.tree() == []
        assert not scripts_alive(workspace)
        assert "Traceback" not in beat.said


def test_bad_configuration_starts_nothing(workspace: Workspace) -> None:
    workspace.toml('[groups.health_check]\nevery = "-5m"\nsteps = ["work.py x"]\n')

    for command in ("beat", "up"):
        done = workspace.rhythm(command)

        assert done.returncode == 2
        assert "groups.health_check.every" in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert not (workspace.root / "outputs").exists()


def test_a_named_server_elsewhere_that_does_not_answer_is_not_replaced(workspace: Workspace) -> None:
    workspace.five_groups()

    for command in ("beat", "up"):
        done = workspace.run(
            [sys.executable, "-m", "deployments.cli.main", command],
            60,
            PREFECT_API_URL="http://192.0.2.1:1/api",
        )

        assert done.returncode == 1
        assert "192.0.2.1" in done.stderr
        assert "Traceback" not in done.stderr
    assert workspace.notes() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Python and Windows themselves add variables there")
def test_a_script_has_the_environment_that_the_command_was_started_with(workspace: Workspace) -> None:
    seen = workspace.root / "seen"
    script = workspace.scripts / "env.sh"
    workspace.script(script.name, f"#!/bin/sh\nenv -0 > '{seen}'\n")
    workspace.toml('[groups.a]\nevery = "10m"\nsteps = ["env.sh"]\n')
    mine = {"PREFECT_PROFILE": "ephemeral", "PREFECT_LOGGING_LEVEL": "INFO", "JOURNAL_STREAM": "8:1"}
    asked = workspace.env | mine | {"HTTP_PROXY": "http://127.0.0.1:9"}

    done = workspace.run(workspace.command("beat"), 120, **asked)

    assert done.returncode == 0, done.stdout + done.stderr
    found = dict(each.split("=", 1) for each in seen.read_text(encoding="utf-8").split("\0") if each)
    shells = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert found.pop("RHYTHM_API_URL").startswith("http://127.0.0.1:")
    assert found.pop("RHYTHM_STEP_ID")
    del asked["JOURNAL_STREAM"]
    expected = {name: value for name, value in asked.items() if name not in shells}
    assert {name: value for name, value in found.items() if name not in shells} == expected
