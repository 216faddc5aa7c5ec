"""`rhythm service`: what each system is given, and what the command does with it."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from deployments.adopt import systemd as adopted_units
from deployments.adopt import task_xml
from deployments.adopt.job import Kind, Origin
from deployments.service import launch_agent, systemd, task_scheduler
from deployments.service.background import LogStream
from deployments.service.plan import Installation, kept_variables, left_variables
from tests.deployments.command_line import CommandLine
from tests.permissions import open_to_others
from tests.umask import umask

HARD = "/srv/my rhythm 100%"


def installation(**changed: Any) -> Installation:
    fields: dict[str, Any] = {
        "python": Path("/srv/venv/bin/python"),
        "project": Path("/srv/rhythm"),
        "config": Path("/srv/rhythm/rhythm.toml"),
        "outputs_dir": Path("/srv/rhythm/outputs"),
        "home": Path("/home/user"),
        "user": "PC\\user",
        "url": "http://127.0.0.1:4200/api",
    }
    return Installation(**{**fields, **changed})


# Windows: the task says of itself what `rhythm adopt` tells of others


def test_the_task_has_none_of_task_schedulers_traps() -> None:
    (job,) = task_xml.read(task_scheduler.xml(installation(), "PC\\user"), Origin("Rhythm.xml")).jobs

    assert [trigger.kind for trigger in job.triggers] == [Kind.STARTUP, Kind.LOGON]
    assert job.enabled
    assert (job.retries, job.retry_minutes) == (255, 1)
    assert [loss.what for loss in job.losses] == ["it had no time limit; here it is ended after 10 minutes"]
    assert job.cwd == "/srv/rhythm" or sys.platform == "win32"
    assert job.command.endswith("pythonw.exe")


def test_the_tasks_priority_is_normal_and_its_rights_are_the_least() -> None:
    xml = task_scheduler.xml(installation(), "PC\\user")

    assert "<Priority>5</Priority>" in xml
    assert "<RunLevel>LeastPrivilege</RunLevel>" in xml
    assert "<LogonType>S4U</LogonType>" in xml
    assert "<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>" in xml


def test_words_with_blanks_and_marks_are_in_the_task_as_they_are() -> None:
    what = installation(config=Path("/srv/a & b/<rhythm>.toml"), env={"PREFECT_HOME": "C:\\my home"})
    (job,) = task_xml.read(task_scheduler.xml(what, "PC\\user"), Origin("Rhythm.xml")).jobs

    assert job.through[1:] == ("-m", "deployments.service.background")
    assert job.args[1:] == (f"RHYTHM_CONFIG={what.config}", "PREFECT_HOME=C:\\my home")


def test_a_service_account_has_its_number_and_no_logon_of_its_own() -> None:
    xml = task_scheduler.xml(installation(), "SYSTEM")

    assert xml.count("<UserId>S-1-5-18</UserId>") == 1
    assert "S4U" not in xml


def test_installing_on_windows_needs_an_administrator_and_starting_does_not() -> None:
    what = installation()
    plans = {
        action: task_scheduler.plan(action, what) for action in ("install", "uninstall", "start", "stop")
    }

    assert [plan.elevated for plan in plans.values()] == [True, True, False, False]
    assert plans["install"].commands[0][:2] == ("schtasks", "/Create")
    assert plans["uninstall"].commands[-1] == ("schtasks", "/Delete", "/TN", "Rhythm", "/F")


# Linux


def test_the_units_start_server_and_worker_in_order_and_again_when_they_end() -> None:
    what = installation(env={"PREFECT_HOME": "/srv/prefect"})
    server, worker = systemd.server_unit(what), systemd.worker_unit(what)

    for unit in (server, worker):
        assert "Restart=always\n" in unit
        assert "NoNewPrivileges=yes\n" in unit
        assert "Environment=PREFECT_HOME=/srv/prefect\n" in unit
        assert f"Environment=RHYTHM_CONFIG={what.config}\n" in unit
    assert "-m deployments.daemon.api_server\n" in server
    assert "After=rhythm-server.service\n" in worker
    assert "Environment=PREFECT_API_URL=http://127.0.0.1:4200/api\n" in worker


def test_words_with_blanks_and_marks_come_back_from_a_unit_as_they_were() -> None:
    what = installation(python=PurePosixPath(f"{HARD}/python"))
    found = adopted_units.read({"rhythm-server.service": systemd.server_unit(what)}, Origin("units"))

    (job,) = found.jobs
    assert job.through == (f"{HARD}/python", "-m", "deployments.daemon.api_server")
    assert "/srv/$$x/python" in systemd.server_unit(installation(python=PurePosixPath("/srv/$x/python")))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to ask")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    what = installation(python=Path(sys.executable), project=Path.cwd(), home=tmp_path)
    plan = systemd.plan("install", what)
    for path, text in plan.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    done = subprocess.run(  # noqa: S603 - systemd's own tool
        [str(shutil.which("systemd-analyze")), "--user", "--man=no", "verify", *map(str, plan.files)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    said = [line for line in done.stderr.splitlines() if "rhythm-" in line]
    assert said == []


# macOS


def test_the_agent_is_a_property_list_that_starts_it_again_when_it_fails() -> None:
    found = plistlib.loads(launch_agent.agent(installation()).encode())

    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["RunAtLoad"] is True
    assert found["ProgramArguments"][1:3] == ["-m", "deployments.service.background"]


# Variables


def test_what_may_be_a_secret_is_never_written_into_a_definition() -> None:
    here = {
        "PREFECT_HOME": "/p",
        "PREFECT_API_KEY": "secret",
        "RHYTHM_DATABASE_URL": "secret",
        "PATH": "/bin",
    }

    assert kept_variables(here) == {"PREFECT_HOME": "/p"}
    assert left_variables(here) == ["PREFECT_API_KEY", "RHYTHM_DATABASE_URL"]


# The log


def test_what_is_printed_is_logged_line_by_line_and_kept_short(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "service.log"
    stream = LogStream(log)

    print("one", "two", file=stream)
    print("half ", end="", file=stream)
    print("a line", file=stream)
    for _ in range(30_000):
        print("x" * 100, file=stream)

    assert log.stat().st_size <= 1_000_000
    assert sorted(path.name for path in log.parent.iterdir()) == [
        *("service.log", "service.log.1", "service.log.2", "service.log.3")
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")
def test_the_services_log_is_private_also_when_it_starts_anew(tmp_path: Path) -> None:
    log = tmp_path / "outputs" / "logs" / "service.log"
    with umask(0o000):
        stream = LogStream(log)
        for _ in range(10_000):
            print("x" * 100, file=stream)

    assert len(list(log.parent.iterdir())) == 2
    assert open_to_others(tmp_path / "outputs") == {}


# The command

posix_only = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux' own")


class Services(CommandLine):
    """`rhythm service` with a systemctl that writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked = folder / "asked"
        program = folder / "bin" / "systemctl"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho "$@" >> {self.asked}\n[ ! -e {folder}/refuses ]\n')
        program.chmod(0o755)
        self.write('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')

    def service(self, *words: str) -> Any:
        path = f"{self.folder}/bin{os.pathsep}{os.environ['PATH']}"
        return self("service", *words, HOME=str(self.folder), PATH=path, RHYTHM_CONFIG=str(self.config))


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(tmp_path)


@posix_only
def test_a_dry_run_shows_all_and_does_nothing(services: Services) -> None:
    said = services.service("install", "--dry-run")

    assert said.code == 0
    assert "ExecStart=" in said.out
    assert "would run   systemctl --user enable --now rhythm-server.service rhythm-worker.service" in said.out
    assert not services.asked.exists()
    assert not (services.folder / ".config").exists()


@posix_only
def test_install_status_and_uninstall(services: Services) -> None:
    assert services.service("status", "--json").json["installed"] is False

    assert services.service("install").code == 0
    found = services.service("status", "--json").json
    assert set(found) == {"installed", "running", "pid", "url", "files", "log"}
    assert (found["installed"], found["running"], len(found["files"])) == (True, False, 2)
    assert services.service("stop").code == services.service("start").code == 0

    assert services.service("uninstall").code == 0
    assert services.service("status", "--json").json["installed"] is False
    assert [line.split()[1] for line in services.asked.read_text().splitlines()] == [
        *("daemon-reload", "enable", "stop", "start", "disable", "daemon-reload")
    ]


@posix_only
def test_what_the_system_refuses_is_told(services: Services) -> None:
    (services.folder / "refuses").touch()

    said = services.service("start")

    assert said.code == 1
    assert "systemctl --user start rhythm-server.service rhythm-worker.service: exit code 1" in said.err


@posix_only
def test_another_account_is_for_windows(services: Services) -> None:
    said = services.service("install", "--account", "SYSTEM")

    assert (said.code, "--account: is for Windows" in said.err) == (2, True)
    assert not services.asked.exists()


@pytest.mark.skipif(sys.platform != "win32", reason="Task Scheduler is Windows' own")
def test_on_windows_nothing_is_done_without_yes(rhythm: CommandLine) -> None:
    rhythm.write('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')

    said = rhythm("service", "install")

    assert said.code == 0
    assert "would run   schtasks /Create /TN Rhythm" in said.out
    assert "Say --yes in a console that is run as administrator." in said.out
    assert not list(rhythm.folder.rglob("Rhythm.xml"))
