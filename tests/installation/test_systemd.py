"""Rhythm as a service of a real systemd: what its scripts find, who finds it, and what is left of it.

The tests stand in the order in which a service is used, and share one lab and what was done in it before.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.workspace import free_port
from tests.systemd_lab import VENV, Lab, running_lab
from tests.waiting import eventually

#: Reports what a script of the account finds, and hangs if it is to.
FINDS = """\
#!/bin/bash
report=$HOME/${1:-finds}
{ echo "umask $(umask)"; grep NoNewPrivs /proc/self/status; echo "effective $("$HOME/setuid-id" -u)"
  echo "path $PATH"; echo "token $TOKEN"; echo "by $(id -un)"; } > "$report.new"
mv "$report.new" "$report"
[[ $1 != finds || ! -e $HOME/hold-finds ]] || setsid sleep 99999 &
while [[ -e $HOME/hold-$1 ]]; do sleep 0.2; done
"""
#: Two groups, one after the other; the port is one account's own, as the network is the machine's.
RHYTHM = """\
listen = "127.0.0.1:{port}"
scripts_dir = "scripts"
[groups.first]
every = "1d"
steps = ["finds.sh finds", "needs.ps1"]
[groups.second]
every = "1d"
after = ["first"]
steps = ["finds.sh second"]
"""
#: What no line of a unit or of a file for systemd takes as it is.
TOKEN = """a%h "$HOME" 'b' \\c `d` 한글 # ;"""  # noqa: S105 - a test's own
PATH = "/home/kim/my %h tools:/usr/local/bin:/usr/bin:/bin"
#: Installs a service whose folder is not there.
BROKEN = """
import pathlib, sys
from deployments.cli import main, service
service.folder = lambda: pathlib.Path("/nowhere")
sys.exit(main.main(["service", "install"]))
"""
ELSEWHERE = "https://api.prefect.cloud/api/accounts/1/workspaces/2"
COMMANDS = [["status"], ["logs"], ["ui", "--no-browser"], ["env"], ["doctor"], ["beat"]]


@dataclass
class Account:
    """One whose rhythm is to be a service; what it types runs in its home."""

    lab: Lab
    name: str
    port: int

    def __post_init__(self) -> None:
        self.lab.account(self.name)
        self.write("rhythm.toml", RHYTHM.format(port=self.port))
        self.write("scripts/finds.sh", FINDS)
        self.write("scripts/needs.ps1", "")
        self.write("my %h tools/pwsh", "#!/bin/sh\n", mode="755")
        self.lab.do(f"install -m 4755 /usr/bin/id {self.home}/setuid-id")

    @property
    def home(self) -> str:
        return f"/home/{self.name}"

    def write(self, path: str, text: str, mode: str = "644") -> None:
        self.lab.write(f"{self.home}/{path}", text, mode=mode)
        self.lab.do(f"chown -R {self.name}: {self.home}")

    def rhythm(self, words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.lab.as_user(self.name, f"python -m deployments.cli.main {words}", **env)

    def is_running(self) -> bool:
        return self.rhythm("service status").returncode == 0

    def found(self, report: str = "finds") -> dict[str, str]:
        """What its script has found, once it has run."""
        text = eventually(lambda: self.lab.run(f"cat {self.home}/{report}").stdout, f"{report} of a script")
        lines = (line.replace("\t", " ").partition(" ") for line in text.splitlines())
        return {name: value for name, _, value in lines}

    def hold(self, name: str) -> None:
        self.lab.do(f"touch {self.home}/hold-{name}")

    def release(self, name: str) -> None:
        self.lab.do(f"rm {self.home}/hold-{name}")

    def processes(self) -> str:
        """All that runs of this rhythm, a line each."""
        return self.lab.run(f"pgrep -u {self.name} -fa 'deployments|scripts/|sleep 99999'").stdout

    def files_of_the_service(self) -> str:
        return self.lab.run(f"find {self.home}/.config/systemd /etc/systemd/system -name '*rhythm*'").stdout


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with running_lab() as lab:
        yield lab


@pytest.fixture(scope="module")
def kim(lab: Lab) -> Account:
    """An account that is logged in, and has not yet a service."""
    return Account(lab, "kim", free_port())


def journal(lab: Lab) -> list[dict[str, str]]:
    """What the journal has of services named rhythm."""
    return [json.loads(line) for line in lab.run("journalctl -t rhythm -o json").stdout.splitlines()]


def said(lab: Lab) -> list[str]:
    return [entry["MESSAGE"] for entry in journal(lab)]


def test_an_installation_without_a_systemd_to_talk_to_fails_and_leaves_nothing(kim: Account) -> None:
    done = kim.rhythm("service install", XDG_RUNTIME_DIR="/nowhere", DBUS_SESSION_BUS_ADDRESS="")

    assert done.returncode == 1
    assert "nothing of it is left" in done.stderr
    assert "Failed to connect to bus" in done.stderr
    assert kim.files_of_the_service() == ""
    assert kim.rhythm("service status").returncode == 1


def test_where_it_cannot_be_made_to_outlive_the_log_in_the_last_line_does_it(lab: Lab, kim: Account) -> None:
    lab.do("systemctl mask --now polkit")
    kim.hold("second")

    done = kim.rhythm("service install --env TOKEN", PATH=f"{VENV}/bin:{PATH}", TOKEN=TOKEN)

    assert done.returncode == 0, done.stderr
    *_, path, last = done.stdout.splitlines()
    assert path.endswith(f"the one of this terminal: {VENV}/bin:{PATH}")
    assert last == "It ends when you log out, until an administrator has run: sudo loginctl enable-linger kim"
    lab.do("systemctl unmask polkit")


def test_scripts_run_as_in_the_accounts_own_session(kim: Account) -> None:
    found = kim.found()

    assert found["umask"] == kim.lab.as_user("kim", "umask").stdout.strip()
    assert found["NoNewPrivs:"] == "0"
    assert found["effective"] == "0"
    assert found["by"] == "kim"


def test_scripts_have_the_installers_path_and_what_was_named(kim: Account) -> None:
    found = kim.found()

    assert found["path"] == f"{VENV}/bin:{PATH}"
    assert found["token"] == TOKEN
    assert "token" not in kim.lab.do(f"cat {kim.home}/.config/systemd/user/*.service").lower()
    assert kim.lab.do(f"stat -c %a {kim.home}/.config/systemd/user/rhythm.env") == "600"


def test_what_is_rhythms_own_is_private_though_scripts_have_the_accounts_umask(kim: Account) -> None:
    folders = f"{kim.home}/outputs {kim.home}/.prefect"
    what_others_may = "-path '*/runner_storage/*' -prune -o -perm /077 -not -type l -print"

    assert kim.lab.do(f"find {folders} {what_others_may}") == ""


def test_the_journal_has_each_line_when_it_is_said_with_its_level(lab: Lab, kim: Account) -> None:
    kim.found("second")  # which hangs: the beat has not ended

    eventually(
        lambda: [line for line in said(lab) if " first completed in " in line], "the first group's line"
    )
    assert {entry["PRIORITY"] for entry in journal(lab)} <= {"3", "4", "6"}
    assert [entry for entry in journal(lab) if entry["MESSAGE"].startswith("<")] == []
    kim.release("second")
    eventually(lambda: [line for line in said(lab) if " second completed in " in line], "the second's")


def test_the_service_runs_and_says_so(kim: Account) -> None:
    eventually(kim.is_running, "the service")


@pytest.fixture(scope="module")
def elsewhere(kim: Account) -> Account:
    """The account, once it has logged in to Prefect Cloud: that profile is the active one."""
    profile = (
        f'active = "cloud"\n[profiles.cloud]\nPREFECT_API_URL = "{ELSEWHERE}"\nPREFECT_API_KEY = "pnu_1"\n'
    )
    kim.write(".prefect/profiles.toml", profile)
    return kim


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_commands_find_the_running_rhythm_whatever_profile_is_active(
    elsewhere: Account, words: list[str]
) -> None:
    done = elsewhere.rhythm(" ".join(words), PATH=f"{VENV}/bin:{PATH}")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "api.prefect.cloud" not in done.stdout + done.stderr
    if words[0] in ("status", "env", "ui"):
        assert f"http://127.0.0.1:{elsewhere.port}" in done.stdout


def test_a_program_that_only_the_terminal_has_is_a_problem_of_the_service(kim: Account) -> None:
    kim.write("rhythm.toml", RHYTHM.format(port=kim.port).replace("needs.ps1", "needs.sh"))
    kim.write("scripts/needs.sh", "")
    kim.lab.do(f"mv '{kim.home}/my %h tools' {kim.home}/tools")
    kim.write("rhythm.toml", RHYTHM.format(port=kim.port))
    try:
        done = kim.rhythm("check", PATH=f"{kim.home}/tools:/usr/bin:/bin:{VENV}/bin")
        missing = kim.rhythm("check")
    finally:
        kim.lab.do(f"mv {kim.home}/tools '{kim.home}/my %h tools'")

    assert (done.returncode, missing.returncode) == (2, 2)
    assert "needs.ps1 needs pwsh or powershell" in done.stderr
    assert "the service's PATH, though it is in this terminal's" in done.stderr
    assert "terminal" not in missing.stderr
    assert kim.rhythm("check", PATH=f"{VENV}/bin:/usr/bin:/bin").returncode == 0


def test_another_installation_of_it_takes_the_place_of_the_first(lab: Lab, kim: Account) -> None:
    lab.do("loginctl disable-linger kim 2>/dev/null; systemctl start user@$(id -u kim)")

    done = kim.rhythm("service install", PATH=f"{VENV}/bin:{PATH}")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "done: loginctl enable-linger kim"
    assert "rhythm.env" not in kim.files_of_the_service()
    eventually(kim.is_running, "the service")


def test_one_that_fails_leaves_the_one_before_as_it_was(kim: Account) -> None:
    before = kim.lab.do(f"cat {kim.home}/.config/systemd/user/rhythm-*")
    kim.write("broken.py", BROKEN)

    done = kim.lab.as_user("kim", "python broken.py")

    assert done.returncode == 1, done.stdout
    assert "the one before is installed again" in done.stderr
    assert kim.lab.do(f"cat {kim.home}/.config/systemd/user/rhythm-*") == before
    eventually(kim.is_running, "the service")


@pytest.mark.parametrize("part", ["deployments.daemon", "deployments.server.api_server"])
def test_what_is_killed_is_started_again(kim: Account, part: str) -> None:
    find = f"pgrep -u kim -f 'rhythm_entry.py {part}'"
    killed = kim.lab.do(find)
    kim.lab.do(f"kill -9 {killed}")

    eventually(
        lambda: kim.lab.run(find).stdout.strip() not in ("", killed),
        part,
    )
    eventually(lambda: kim.rhythm("status --json").stdout.count('"live": true') == 2, "both to be heard of")


@pytest.fixture(scope="module")
def lee(lab: Lab) -> Account:
    """An account for which root has installed the service."""
    lee = Account(lab, "lee", free_port())
    lab.do("systemctl stop user@$(id -u lee)")  # it is not logged in
    done = lab.run(
        f"cd {lee.home} && PATH={VENV}/bin:$PATH python -m deployments.cli.main service install --account lee"
    )
    assert done.returncode == 0, done.stderr
    assert "It runs as lee" in done.stdout
    return lee


def test_roots_service_is_the_accounts_that_it_names_and_runs_beside_another_accounts(lee: Account) -> None:
    assert lee.found()["by"] == "lee"
    assert lee.found()["effective"] == "0"
    assert lee.lab.do(f"find {lee.home}/outputs {lee.home}/.prefect -not -user lee") == ""
    eventually(lee.is_running, "the service, as the account sees it")
    status = f"cd {lee.home} && {VENV}/bin/python -m deployments.cli.main service status"
    assert lee.lab.run(status).returncode == 0  # as root sees it


def test_a_group_that_has_failed_is_a_warning_in_the_journal(lab: Lab, lee: Account) -> None:
    failed = eventually(
        lambda: [entry for entry in journal(lab) if " first failed in " in entry["MESSAGE"]],
        "the group whose program is not in the PATH of root, who installed the service",
    )

    assert {entry["PRIORITY"] for entry in failed} == {"4"}


def test_for_an_account_that_is_not_there_nothing_is_installed(lab: Lab) -> None:
    done = lab.run(
        f"cd /root; {VENV}/bin/python -m deployments.cli.main service install --account nobody-here"
    )

    assert (done.returncode, "no such account: 'nobody-here'" in done.stderr) == (2, True)


def test_after_a_power_cut_both_come_up_with_the_machine_and_nothing_is_doubled(
    lab: Lab, kim: Account, lee: Account
) -> None:
    lab.cut_power()
    lab.boot()

    for account in (kim, lee):
        eventually(account.is_running, f"the service of {account.name}")
        assert account.processes().count("deployments.server.api_server") == 1
        assert account.processes().count("deployments.daemon") == 1


def test_stopped_it_ends_with_its_scripts_and_says_that_it_does_not_run(kim: Account) -> None:
    kim.lab.do(f"rm {kim.home}/finds")
    kim.hold("finds")
    force = 'python -m prefect deployment run rhythm/rhythm --param \'options={"force": ["first"]}\''
    asked = kim.lab.as_user("kim", f'eval "$(python -m deployments.cli.main env --secrets)"; {force}')
    assert asked.returncode == 0, asked.stderr
    kim.found()
    eventually(lambda: "sleep 99999" in kim.processes(), "what the script has left behind itself")

    assert kim.rhythm("service stop").returncode == 0

    eventually(lambda: kim.processes() == "", "all of it to end")
    assert kim.rhythm("service status").returncode == 1


def test_uninstalled_nothing_of_it_is_left(lab: Lab, kim: Account, lee: Account) -> None:
    assert kim.rhythm("service uninstall").returncode == 0
    lab.do(f"cd {lee.home}; {VENV}/bin/python -m deployments.cli.main service uninstall")

    for account in (kim, lee):
        assert account.files_of_the_service() == ""
        eventually(lambda whose=account: whose.processes() == "", f"what {account.name} runs to end")  # type: ignore[misc]
        assert account.rhythm("service status --json").returncode == 1
    assert lab.run("systemctl --failed --no-legend").stdout == ""
