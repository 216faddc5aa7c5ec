"""`rhythm service`: what each system is given, and what the command does with it."""

from __future__ import annotations

import contextlib
import os
import plistlib
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.job import Kind, Origin
from deployments.adopt.sources import systemd_timers as adopted_units
from deployments.adopt.sources import task_xml
from deployments.cli import service
from deployments.cli.main import main
from deployments.server.instance_lock import announced
from deployments.service import installed, launch_agent, systemd, task_scheduler
from deployments.service.actions import Installation, kept_variables, left_variables
from deployments.service.background import LogStream
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.project import PROJECT
from tests.deployments.command_line import CommandLine, Said
from tests.permissions import open_to_others
from tests.umask import umask

HARD = "/srv/my rhythm 100%"


def installation(**changed: Any) -> Installation:
    fields: dict[str, Any] = {
        "python": Path("/srv/venv/bin/python"),
        "folder": Path("/srv/rhythm"),
        "config": Path("/srv/rhythm/rhythm.toml"),
        "outputs_dir": Path("/srv/rhythm/outputs"),
        "home": Path("/home/user"),
        "user": "PC\\user",
        "url": "http://127.0.0.1:4200/api",
    }
    return Installation(**{**fields, **changed})


SYSTEMS: tuple[Any, ...] = (systemd, task_scheduler, launch_agent)
#: The units of a rhythm without a name of its own.
SERVER, WORKER = systemd.units(installation())


# Windows: the task says of itself what `rhythm adopt` reports of others


def test_the_task_has_none_of_task_schedulers_traps() -> None:
    (job,) = task_xml.read(task_scheduler.xml(installation(), "PC\\user"), Origin("Rhythm.xml")).jobs

    assert [trigger.kind for trigger in job.triggers] == [Kind.STARTUP, Kind.LOGON]
    assert job.enabled
    assert (job.retries, job.retry_minutes) == (255, 1)
    assert [loss.what for loss in job.differences] == [
        "it had no time limit; here it is ended after 10 minutes"
    ]
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

    assert (job.script, job.args[0]) == (str(PROJECT / "rhythm_entry.py"), "deployments.service.background")
    assert job.args[2:] == (f"RHYTHM_CONFIG={what.config}", "PREFECT_HOME=C:\\my home")


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
    config = PurePosixPath("/srv/rhythm/rhythm.toml")
    what = installation(config=config, env={"PREFECT_HOME": "/srv/prefect"})
    server, worker = systemd.server_unit(what), systemd.worker_unit(what)

    for unit in (server, worker):
        assert "Restart=always\n" in unit
        assert "SyslogIdentifier=rhythm\n" in unit
        assert "Environment=PREFECT_HOME=/srv/prefect\n" in unit
        assert f"Environment=RHYTHM_CONFIG={config}\n" in unit
    assert " deployments.server.api_server\n" in server
    assert "After=rhythm-server.service\n" in worker
    assert "Environment=PREFECT_API_URL=http://127.0.0.1:4200/api\n" in worker


def test_words_with_blanks_and_marks_come_back_from_a_unit_as_they_were() -> None:
    what = installation(python=PurePosixPath(f"{HARD}/python"))
    found = adopted_units.read({"rhythm-server.service": systemd.server_unit(what)}, Origin("units"))

    (job,) = found.jobs
    assert (job.command, job.args) == (f"{HARD}/python", ("deployments.server.api_server",))
    assert "/srv/$$x/python" in systemd.server_unit(installation(python=PurePosixPath("/srv/$x/python")))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to ask")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    what = installation(python=Path(sys.executable), folder=Path.cwd(), home=tmp_path)
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


def test_hardening_is_the_servers_and_the_workers_umask_is_the_accounts() -> None:
    what = installation(umask=0o027)

    for line in ("NoNewPrivileges=yes\n", "UMask=0077\n", "SystemCallFilter=@system-service\n"):
        assert line in systemd.server_unit(what)
        assert line not in systemd.worker_unit(what)
    assert "UMask=0027\n" in systemd.worker_unit(what)
    assert "UMask" not in systemd.worker_unit(installation())


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_what_a_unit_gives_is_read_back_as_it_was(value: str) -> None:
    given_ = {"PATH": value, "RHYTHM_CONFIG": "/srv/rhythm.toml", "PREFECT_HOME": value}
    what = installation(
        path=value or "/bin", env={"PREFECT_HOME": value}, config=PurePosixPath("/srv/rhythm.toml")
    )

    assert systemd.variables(systemd.server_unit(what)) == given_ | {"PATH": value or "/bin"}


# macOS


def test_what_env_names_is_in_the_agent_which_then_its_owner_alone_reads() -> None:
    what = installation(more={"TOKEN": "x"})
    plan, without = launch_agent.plan("install", what), launch_agent.plan("install", installation())

    assert (list(plan.files), list(plan.private)) == ([], launch_agent.definition(what))
    assert plistlib.loads(plan.private[launch_agent.definition(what)[0]].encode())["EnvironmentVariables"][
        "TOKEN"
    ]
    assert (list(without.files), list(without.private)) == (launch_agent.definition(what), [])


def test_the_agent_is_a_property_list_that_starts_it_again_when_it_fails() -> None:
    found = plistlib.loads(launch_agent.agent(installation(path="/opt/homebrew/bin:/bin")).encode())

    assert found["EnvironmentVariables"]["PATH"] == "/opt/homebrew/bin:/bin"
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["RunAtLoad"] is True
    assert found["ProgramArguments"][2:4] == [
        str(PROJECT / "rhythm_entry.py"),
        "deployments.service.background",
    ]


# launchd as far as it matters here: it takes an agent once, and is slow to let it go.
LAUNCHCTL = """#!/bin/sh
cd {folder}
echo launchctl "$1" >> asked
case "$1" in
  print)
    if [ -f ended ]; then rm -f ended loaded; fi
    if [ -f ending ]; then mv ending ended; fi
    [ -f loaded ] || exit 113 ;;
  bootout) touch ending; exit 36 ;;
  bootstrap) [ ! -f loaded ] || exit 5; touch loaded ;;
esac
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for launchctl is a shell script")
def test_an_agent_that_launchd_has_already_is_gone_before_it_is_loaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "bin" / "launchctl"
    program.parent.mkdir()
    program.write_text(LAUNCHCTL.format(folder=shlex.quote(str(tmp_path))))
    program.chmod(0o755)
    (tmp_path / "rhythm.toml").write_text('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
    monkeypatch.setattr(service, "_system", lambda: launch_agent)
    monkeypatch.setattr(service, "_POLL", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))

    assert main(["service", "install"]) == 0
    assert main(["service", "install", "--dry-run"]) == 0
    assert "rhythm, if it is installed\nwould run   launchctl bootstrap" in capsys.readouterr().out
    assert main(["service", "install"]) == 0
    asked = (tmp_path / "asked").read_text().replace("launchctl ", "").split()
    assert asked == ["print", "bootstrap", "print", "bootout", "print", "print", "bootstrap"]

    monkeypatch.setattr(service, "_GONE", -1.0)
    assert main(["service", "install"]) == 1
    assert "has not ended within" in capsys.readouterr().err


# Several rhythms


def test_the_service_of_a_rhythm_with_a_name_is_called_by_it_on_each_system() -> None:
    plain, night = installation(), installation(name="night")

    assert systemd.units(plain) == ("rhythm-server.service", "rhythm-worker.service")
    assert systemd.units(night) == ("rhythm-night-server.service", "rhythm-night-worker.service")
    assert "SyslogIdentifier=rhythm-night\n" in systemd.server_unit(night)
    assert "\nWants=rhythm-night-server.service\nAfter=rhythm-night-server.service\n" in systemd.worker_unit(
        night
    )
    assert systemd.log_command(night) == "journalctl --user -t rhythm-night"
    assert task_scheduler.query(plain)[-1] == "Rhythm"
    assert task_scheduler.query(night)[-1] == "Rhythm-night"
    assert "<URI>\\Rhythm-night</URI>" in task_scheduler.xml(night, "PC\\user")
    assert plistlib.loads(launch_agent.agent(night).encode())["Label"] == "rhythm-night"
    for system in SYSTEMS:
        assert not set(system.definition(plain)) & set(system.definition(night))


def test_each_system_knows_which_rhythm_toml_its_services_run(tmp_path: Path) -> None:
    what = installation(home=tmp_path, outputs_dir=tmp_path)
    for name in ("rhythm", "night"):
        config = tmp_path / f"the {name} & more" / "rhythm.toml"
        of = replace(what, name=name, config=config)
        for plan in (system.plan("install", of) for system in SYSTEMS):
            for path, text in plan.files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-16" if path.suffix == ".xml" else "utf-8")

    for system in SYSTEMS:
        assert system.services(what) == {
            name: str(tmp_path / f"the {name} & more" / "rhythm.toml") for name in ("rhythm", "night")
        }


def test_what_is_no_definition_of_ours_runs_no_rhythm_toml(tmp_path: Path) -> None:
    what = installation(home=tmp_path, outputs_dir=tmp_path)
    for system in SYSTEMS:
        for path in system.definition(what):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\xff<nothing of ours>")

        assert set(system.services(what).values()) <= {""}


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ({}, "night"),
        ({"rhythm": "ours"}, "rhythm"),
        ({"other": "ours", "night": "ours"}, "night"),
        ({"z": "ours", "b": "ours", "a": "another's"}, "b"),
        ({"night": "another's"}, "night"),
        ({"a": ""}, "night"),
    ],
)
def test_a_service_is_known_by_its_own_name_or_else_by_its_rhythm_toml(
    found: dict[str, str], name: str
) -> None:
    what = installation(name="night", config=Path("ours"))

    assert installed.as_installed(what, found).name == name
    assert installed.is_installed(what, found) == (found.get("night") == "ours")


# Variables


def test_what_may_be_a_secret_is_never_written_into_a_definition() -> None:
    kept = {
        "PREFECT_HOME": "/p",
        "PREFECT_SERVER_API_PORT": "4201",
        "RHYTHM_OUTPUTS_DIR": "/o",
        "RHYTHM_TIMEZONE": "Asia/Seoul",
    }
    here = {**kept, "PREFECT_API_KEY": "secret", "RHYTHM_DATABASE_URL": "secret", "PATH": "/bin"}

    assert kept_variables(here) == kept
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


class Services:
    """`rhythm service` in this process, with a systemctl and a loginctl that write down what they are asked.

    What they are asked with a word of `refuses` in it, they refuse. An account is root, or another one.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._printed = folder, patch, printed
        self.asked = folder / "asked"
        for name in ("systemctl", "loginctl", "runuser"):
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(
                f'#!/bin/sh\necho {name} "$@" >> {self.asked}\n'
                f'[ {name} != runuser ] || echo 0027\n! echo "$@" | grep -qf {folder}/refuses\n'
            )
            program.chmod(0o755)
        self.refuse()
        (folder / "rhythm.toml").write_text('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
        patch.setattr(systemd, "SYSTEM_FOLDER", folder / "system")
        patch.setattr(systemd, "LINGERING", folder / "linger")
        patch.setenv("HOME", str(folder))
        patch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")
        patch.setenv("RHYTHM_CONFIG", str(folder / "rhythm.toml"))
        self.be(root=False)

    def be(self, *, root: bool) -> None:
        """Be root from now on, or an account of a number that no account has."""
        self._patch.setattr(os, "geteuid", lambda: 0 if root else 987_654)
        self._patch.setenv("LOGNAME", "root" if root else "kim")

    def be_in(self, folder: str, toml: str = "") -> None:
        """Type from now on where another rhythm.toml is."""
        config = self.folder / folder / "rhythm.toml"
        config.parent.mkdir()
        config.write_text(f'{toml}[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')
        self._patch.setenv("RHYTHM_CONFIG", str(config))

    def refuse(self, *words: str) -> None:
        (self.folder / "refuses").write_text("".join(f"{word}\n" for word in words))

    def __call__(self, *words: str) -> Said:
        code = main(["service", *words])
        return Said(code, *self._printed.readouterr())

    @property
    def commands(self) -> list[str]:
        """What systemd was asked; how it is does not count."""
        lines = self.asked.read_text().splitlines() if self.asked.exists() else []
        return [line for line in lines if "is-active" not in line]

    @property
    def units(self) -> dict[str, str]:
        folders = (self.folder / "system", self.folder / ".config" / "systemd" / "user")
        return {path.name: path.read_text() for folder in folders for path in folder.glob("rhythm*")}


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Services:
    return Services(tmp_path, monkeypatch, capsys)


@posix_only
def test_a_dry_run_shows_all_and_does_nothing(services: Services) -> None:
    said = services("install", "--dry-run")

    assert said.code == 0
    assert "ExecStart=" in said.out
    assert "would run   systemctl --user restart rhythm-server.service rhythm-worker.service" in said.out
    assert services.commands == []
    assert services.units == {}


@posix_only
def test_with_json_an_action_prints_one_object_and_the_rest_is_on_stderr(
    services: Services,
) -> None:
    shown = services("install", "--dry-run", "--json")
    done = services("install", "--json")

    assert (shown.json["action"], shown.json["done"], done.json["done"]) == ("install", False, True)
    assert shown.json["files"] == done.json["files"]
    assert ["systemctl", "--user", "daemon-reload"] in shown.json["commands"]
    assert "would write" in shown.err
    assert "written: " in done.err
    assert sorted(services.units) == sorted(Path(path).name for path in done.json["files"])


@posix_only
def test_install_status_and_uninstall(services: Services) -> None:
    assert services("status", "--json").json["installed"] is False

    assert services("install").code == 0
    said = services("status", "--json")
    assert set(said.json) == {"installed", "running", "pid", "url", "files", "log"}
    assert (said.json["installed"], said.json["running"], len(said.json["files"])) == (True, False, 2)
    assert services("stop").code == services("start").code == 0

    assert services("uninstall").code == 0
    assert services("status", "--json").json["installed"] is False
    both, reverse = f"{SERVER} {WORKER}", f"{WORKER} {SERVER}"
    assert services.commands == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable {both}",
        f"systemctl --user restart {both}",
        "loginctl enable-linger kim",
        f"systemctl --user stop {reverse}",
        f"systemctl --user start {both}",
        f"systemctl --user disable --now {reverse}",
        "systemctl --user daemon-reload",
    ]


@posix_only
@pytest.mark.parametrize(
    ("is_installed", "is_recorded", "is_active", "code"),
    [
        (True, True, True, 0),
        (True, True, False, 1),
        (True, False, True, 1),
        (False, True, True, 1),
        (False, False, False, 1),
    ],
)
def test_status_is_0_only_when_the_service_runs(
    services: Services, is_installed: bool, is_recorded: bool, is_active: bool, code: int
) -> None:
    if is_installed:
        services("install")
    if not is_active:
        services.refuse("is-active")

    recorded = announced(services.folder / "outputs", "http://127.0.0.1:1/api")
    with recorded if is_recorded else contextlib.nullcontext():
        assert services("status").code == services("status", "--json").code == code


@posix_only
def test_the_service_that_is_this_rhythms_is_stopped_for_rhythm_down_and_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = config.load(tmp_path / "rhythm.toml")
    assert not service.stop(settings)  # none is installed
    services("install")
    services.asked.unlink()

    assert service.stop(settings)
    assert services.commands == ["systemctl --user stop rhythm-worker.service rhythm-server.service"]
    services.refuse("stop")
    with pytest.raises(CommandError, match="could not be stopped"):
        service.stop(settings)

    services.refuse("is-active")
    assert not service.stop(settings)
    services.refuse()
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "another.toml"))
    assert not service.stop(settings)


@posix_only
def test_what_the_system_refuses_is_reported(services: Services) -> None:
    services.refuse("start")

    said = services("start")

    assert said.code == 1
    assert "systemctl --user start rhythm-server.service rhythm-worker.service: exit code 1" in said.err


@posix_only
@pytest.mark.parametrize("step", ["daemon-reload", "enable", "restart"])
def test_an_installation_that_fails_anywhere_leaves_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setenv("TOKEN", "x")
    services.refuse(step)

    said = services("install", "--env", "TOKEN")

    assert said.code == 1
    assert "the service could not be installed, and nothing of it is left." in said.err
    assert services.units == {}
    assert any("disable --now" in command for command in services.commands)


@posix_only
def test_an_installation_that_fails_leaves_the_one_before(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "x")
    services("install", "--env", "TOKEN")
    before = services.units
    monkeypatch.setenv("TOKEN", "y")
    services.refuse("restart")

    said = services("install", "--env", "TOKEN")

    assert (said.code, "the one before is installed again" in said.err) == (1, True)
    assert services.units == before


@posix_only
def test_lingering_is_switched_on_or_the_last_line_is_what_does_it(services: Services) -> None:
    assert services("install").out.splitlines()[-1] == "done: loginctl enable-linger kim"

    services.refuse("enable-linger")
    last = services("install").out.splitlines()[-1]
    assert last == "It ends when you log out, until an administrator has run: sudo loginctl enable-linger kim"

    systemd.LINGERING.mkdir()
    (systemd.LINGERING / "kim").touch()
    assert "enable-linger" not in services("install").out


@posix_only
def test_what_env_names_is_in_a_file_that_its_owner_alone_reads(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_DATABASE_URL", 'a "$secret" \\ `of` ours')

    assert "--env RHYTHM_DATABASE_URL" in services("install").err
    said = services("install", "--env", "RHYTHM_DATABASE_URL")

    assert "RHYTHM_DATABASE_URL" not in said.err
    assert "secret" not in said.out
    file = services.folder / ".config" / "systemd" / "user" / "rhythm.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == 'RHYTHM_DATABASE_URL="a \\"\\$secret\\" \\\\ \\`of\\` ours"\n'
    assert f"EnvironmentFile={file}\n" in services.units[WORKER]
    services("install")
    assert not file.exists()
    assert "EnvironmentFile" not in services.units[WORKER]


@posix_only
@pytest.mark.parametrize(
    ("name", "problem"), [("NOT_SET_HERE", "is not set here"), ("A=1", "'A=1' is not a variable's name")]
)
def test_what_cannot_be_taken_along_is_a_problem(services: Services, name: str, problem: str) -> None:
    said = services("install", "--env", name)

    assert (said.code, problem in said.err) == (2, True)
    assert services.units == {}


@posix_only
def test_roots_service_is_the_machines_and_runs_as_the_account_that_is_named(services: Services) -> None:
    services.be(root=True)

    said = services("install", "--account", "nobody")

    assert said.code == 0
    assert "It runs as nobody" in said.out
    assert set(services.units) == {SERVER, WORKER}
    for unit in services.units.values():
        assert "\nUser=nobody\n" in unit
        assert "\nWantedBy=multi-user.target\n" in unit
    assert "\nUMask=0027\n" in services.units[WORKER]
    assert not any("--user" in command or "linger" in command for command in services.commands)
    assert not list(services.folder.glob(".config/**/rhythm*"))


@posix_only
def test_an_account_sees_the_service_that_root_has_installed_for_it(services: Services) -> None:
    (services.folder / "system").mkdir()
    what = installation(
        home=services.folder, user="kim", is_system=True, config=services.folder / "rhythm.toml"
    )
    (services.folder / "system" / WORKER).write_text(systemd.worker_unit(what))

    assert services("status", "--json").json["installed"] is True
    services("stop")

    assert services.commands[-1].startswith("systemctl stop")


@posix_only
def test_two_rhythms_are_installed_side_by_side_and_each_finds_its_own(services: Services) -> None:
    assert services("install").code == 0
    services.be_in("second", 'name = "night"\n')
    assert services("status", "--json").json["installed"] is False
    assert services("install").code == 0
    assert set(services.units) == {
        SERVER,
        WORKER,
        "rhythm-night-server.service",
        "rhythm-night-worker.service",
    }

    services("uninstall")

    assert set(services.units) == {SERVER, WORKER}
    assert services("status", "--json").json["installed"] is False
    assert not any("disable --now rhythm-worker" in command for command in services.commands)


@posix_only
@pytest.mark.parametrize("action", ["install", "uninstall", "start", "stop"])
def test_another_rhythms_service_of_the_same_name_is_left_alone(services: Services, action: str) -> None:
    services("install")
    before, asked = services.units, services.commands
    first = services.folder / "rhythm.toml"
    services.be_in("second")

    said = services(action)

    assert said.code == 2
    assert f"name: the service rhythm runs {first}. Set a name, like name = " in said.err
    assert (services.units, services.commands) == (before, asked)
    shown = services("status")
    assert (shown.code, f"the service rhythm is another rhythm's: {first}" in shown.out) == (1, True)
    first.unlink()
    assert services(action).code == 0


@posix_only
def test_a_service_that_was_installed_by_another_name_is_found_by_its_rhythm_toml(
    services: Services,
) -> None:
    services("install")
    toml = services.folder / "rhythm.toml"
    toml.write_text('name = "night"\n' + toml.read_text())

    assert services("status", "--json").json["installed"] is True
    assert services("stop").code == services("install").code == 0
    assert set(services.units) == {SERVER, WORKER}
    services("uninstall")
    assert services.units == {}
    services("install")
    assert set(services.units) == {"rhythm-night-server.service", "rhythm-night-worker.service"}


@posix_only
@pytest.mark.parametrize(
    ("root", "account", "problem"),
    [
        (False, "root", "another account's service is for root to install"),
        (True, "nobody-of-this-name", "no such account: 'nobody-of-this-name'"),
    ],
)
def test_an_account_that_cannot_be_is_a_problem(
    services: Services, root: bool, account: str, problem: str
) -> None:
    services.be(root=root)

    said = services("install", "--account", account)

    assert (said.code, f"--account: {problem}" in said.err) == (2, True)
    assert services.units == {}


@pytest.mark.skipif(sys.platform != "win32", reason="Task Scheduler is Windows' own")
def test_on_windows_nothing_is_done_without_yes(rhythm: CommandLine) -> None:
    rhythm.write('[groups.a]\nevery = "1h"\nsteps = ["check_health"]\n')

    said = rhythm("service", "install")

    assert said.code == 0
    assert "would run   schtasks /Create /TN Rhythm" in said.out
    assert "Say --yes in a console that is run as administrator." in said.out
    assert not list(rhythm.folder.rglob("Rhythm.xml"))
