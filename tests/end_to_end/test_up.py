"""`rhythm up`: server, worker, deployments and beats from one command, and everything gone after it."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from datetime import datetime

import psutil
from prefect.utilities.processutils import command_to_string

from tests.end_to_end.workspace import ORDER, Workspace, is_running, scripts_alive
from tests.permissions import open_to_others
from tests.waiting import LIMIT, eventually


def test_a_day_with_up(workspace: Workspace) -> None:
    workspace.five_groups()
    with workspace.up() as up:
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")

        # Each group is a subflow with its steps as task runs, its logs, and a telling name.
        for name in ORDER:
            (run,) = workspace.runs(name.replace("_", "-"), "COMPLETED")
            assert run["parent_task_run_id"]
            assert run["name"].startswith(f"{name} 20")
            _shows_its_step(workspace, name, run["id"])
        assert [who for _, who, what in workspace.notes() if what == "begin"] == ORDER

        # A group run manually counts for its slot.
        by_hand = workspace.prefect("deployment", "run", "daily-routine/daily-routine", "--watch")
        assert by_hand.returncode == 0, by_hand.stdout + by_hand.stderr
        assert workspace.ended("daily_routine") == 2
        status = json.loads(workspace.rhythm("status", "--json").stdout)
        assert set(status) == {"groups", "server", "worker", "beats", "outgrowing"}
        assert status["beats"] == {"come": True, "paused": False, "reason": None}
        assert status["server"]["live"]
        assert status["worker"]["live"]
        daily = next(group for group in status["groups"] if group["name"] == "daily_routine")
        assert (daily["decision"], daily["outcome"]) == ("not_due", "completed")
        assert datetime.fromisoformat(daily["last_run"]) >= datetime.fromisoformat(
            workspace.runs("daily-routine")[-1]["start_time"].replace("Z", "+00:00")
        ).replace(microsecond=0)

        # The doctor finds nothing, the scheduler has really scheduled beats.
        doctor = workspace.rhythm("doctor", "--json")
        examined = json.loads(doctor.stdout)
        assert all(one["in_use"] for one in examined.pop("prefect_internals")), doctor.stdout
        assert examined == {"ok": True, "problems": [], "warnings": []}, doctor.stdout
        assert doctor.returncode == 0
        assert len(workspace.runs("rhythm", "SCHEDULED")) > 2

        # What all runs of a group have printed, in one stream.
        logs = workspace.rhythm("logs", "daily_routine", "-n", "200")
        assert logs.stdout.count("daily_routine/work: working daily_routine\n") == 2
        assert "working health_check" not in logs.stdout

        # A step, run manually asks the server that runs here, as rhythm.toml names no endpoint.
        route = workspace.rhythm("step", "circuit_breaker_router", "--route")
        assert (route.returncode, route.stdout) == (0, "prefect\n"), route.stderr

        # Nothing that it has written is for other accounts.
        if sys.platform != "win32":
            assert open_to_others(workspace.root / "outputs") == {}

        # A second one beside it is refused, and says where the first is.
        second = workspace.rhythm("up")
        assert second.returncode == 1
        assert str(up.process.pid) in second.stderr

        tree = up.tree()
        ours = [process for process in tree if process.name() != "conhost.exe"]  # which Windows adds
        starts_scripts = [process for process in ours if "subreaper_program" in " ".join(process.cmdline())]
        assert len(starts_scripts) == (sys.platform == "linux")
        assert len(ours) == 2 + len(starts_scripts), "the supervisor, and server and worker in one process"
        up.terminate()
        ended = up.process.wait(LIMIT)
        if sys.platform == "win32":  # no signal can be sent there: it is killed, and job objects end the rest
            eventually(lambda: not any(is_running(process) for process in tree), "the end of all of it")
        else:
            assert ended == 0
            assert "stopping" in up.said
        _, alive = psutil.wait_procs(tree, timeout=0)
        assert alive == []
        assert not workspace.is_served()
    for line in ("starting Prefect's server", "health_check completed"):
        assert line in up.said


def test_a_beat_and_a_manual_group_never_run_beside_each_other(workspace: Workspace) -> None:
    workspace.five_groups()
    held = workspace.hold("performance_analysis")
    with workspace.up():
        eventually(lambda: workspace.began("performance_analysis"), "the beat to be under way")

        with workspace.start(
            sys.executable,
            "-m",
            "prefect",
            "deployment",
            "run",
            "health-check/health-check",
            "--watch",
            **workspace.prefect_env,
        ) as by_hand:
            eventually(lambda: workspace.runs("health-check", "RUNNING"), "the manual run to start")
            assert workspace.began("health_check") == 1
            held.unlink()
            assert by_hand.process.wait(LIMIT) == 0
        eventually(lambda: workspace.runs("rhythm", "COMPLETED"), "the beat to end")

    noted = [(who, what) for _, who, what in workspace.notes()]
    assert [who for who, what in noted[0::2]] == [who for who, what in noted[1::2]]  # never two at once
    assert [who for who, what in noted[0::2]] == [*ORDER, "health_check"]


def test_cancelling_a_beat_ends_its_script(workspace: Workspace) -> None:
    workspace.five_groups()
    workspace.hold("health_check")
    with workspace.up():
        eventually(lambda: workspace.began("health_check"), "the script to run")
        (beat,) = workspace.runs("rhythm", "RUNNING")

        cancelled = workspace.prefect("flow-run", "cancel", beat["id"])

        assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
        eventually(lambda: workspace.runs("rhythm", "CANCELLED"), "the beat to be cancelled")
        eventually(lambda: not scripts_alive(workspace), "the script and its child to end")
        eventually(lambda: not workspace.runs("health-check", "RUNNING"), "its group not to be left running")


def test_isolated_beats_have_an_interpreter_of_their_own_and_one_can_go_back(workspace: Workspace) -> None:
    workspace.five_groups()
    workspace.hold("health_check")
    with workspace.up("--isolated") as up:
        eventually(lambda: workspace.began("health_check"), "the script to run")
        assert up.child("deployments.worker.separate_run")
        (beat,) = workspace.runs("rhythm", "RUNNING")

        cancelled = workspace.prefect("flow-run", "cancel", beat["id"])

        assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
        eventually(lambda: workspace.state(beat["id"]) == "CANCELLED", "the beat to be cancelled")
        eventually(lambda: not scripts_alive(workspace), "the script and its child to end")

    (workspace.root / "hold-health_check").unlink()
    with workspace.up() as up:
        eventually(lambda: workspace.ended("event_analysis"), "the next beat")
        assert not up.child("deployments.worker.separate_run")


def test_isolated_beats_take_nothing_from_job_variables_and_log_what_scripts_print_as_it_is(
    workspace: Workspace,
) -> None:
    line = "root:x:0:0:root [red]plain[/red]"
    workspace.script("says.py", f"import sys; print({line!r}, file=sys.stderr)")
    workspace.five_groups(event_analysis='"says.py"')
    workspace.script("mark.py", "import pathlib, sys\npathlib.Path(sys.argv[1]).touch()\n")
    mark = workspace.root / "mark"
    command = command_to_string([sys.executable, str(workspace.scripts / "mark.py"), str(mark)])
    with workspace.up("--isolated"):
        eventually(lambda: workspace.is_served() and workspace.runs("rhythm", "COMPLETED"), "the first beat")
        deployment = workspace.get("deployments/name/health-check/health-check")["id"]

        asked = workspace.post(
            f"deployments/{deployment}/create_flow_run",
            job_variables={"command": command},
            state={"type": "SCHEDULED"},
        )

        eventually(lambda: workspace.state(asked["id"]) == "COMPLETED", "the group to be run")
        assert not mark.exists()
        assert workspace.ended("health_check") == 2
        eventually(
            lambda: "ignored job variables: command" in workspace.logs(asked["id"]), "what its log says of it"
        )
        log = workspace.root / "outputs" / "logs" / "rhythm.log"
        eventually(lambda: line in log.read_text(encoding="utf-8"), "what the script has printed")


def test_a_taken_port_is_reported_and_another_one_used(workspace: Workspace) -> None:
    workspace.five_groups()
    stranger = http.server.ThreadingHTTPServer(
        ("127.0.0.1", workspace.port), http.server.BaseHTTPRequestHandler
    )
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    try:
        with workspace.up() as up:
            eventually(lambda: workspace.ended("event_analysis"), "the first beat")
            assert f"port {workspace.port} is taken" in up.said
    finally:
        stranger.shutdown()
        stranger.server_close()


def _shows_its_step(workspace: Workspace, group: str, run: str) -> None:
    eventually(lambda: workspace.task_runs(run), f"the step of {group}")
    assert [step["name"] for step in workspace.task_runs(run)] == ["work"]
    eventually(lambda: f"working {group}" in workspace.logs(run), "what it printed")
