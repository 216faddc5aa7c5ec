"""The service on Windows: one task of Task Scheduler, without the traps of its defaults."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from subprocess import list2cmdline
from xml.sax.saxutils import escape, unescape

from deployments.service.actions import Command, Installation, Plan, name_in
from tasks.settings.project import module_argv

_LIMIT = 30.0  # seconds for Task Scheduler to answer

# The accounts that Windows has for services; they need no password and nobody to log on.
_SERVICE_ACCOUNTS = {"system": "S-1-5-18", "local service": "S-1-5-19", "network service": "S-1-5-20"}

# Started with the machine, and when the user logs on, should that have failed; one at a time.
# Restarted each minute after a failure; no time limit, where the default is three days; also on
# battery; with the priority that a program usually has (5), where the default is a lower one (7).
_XML = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <URI>\\{task}</URI>
    <Description>Rhythm: runs scheduled scripts as one coordinated beat.</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Delay>PT30S</Delay>
    </BootTrigger>
    <LogonTrigger>{logon}
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>{logon_type}
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <Enabled>true</Enabled>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def plan(action: str, what: Installation, account: str | None = None) -> Plan:
    """Return what an action takes: install, uninstall, start or stop."""
    (path,) = definition(what)
    match action:
        case "install":
            task = xml(what, account or what.user)
            commands = (_do(what, "/Create", "/XML", str(path), "/F"), _do(what, "/Run"))
            return Plan({path: task}, commands=commands, elevated=True)
        case "uninstall":
            commands = (_do(what, "/End"), _do(what, "/Delete", "/F"))
            return Plan(removed=(path,), commands=commands, elevated=True)
        case "start":
            return Plan(commands=(_do(what, "/Run"),))
        case _:
            return Plan(commands=(_do(what, "/End"),))


def query(what: Installation) -> Command:
    """Return the command that ends with 0 if the service is installed."""
    return _do(what, "/Query")


def services(what: Installation) -> dict[str, str]:
    """Return the rhythms that have a task, each with the rhythm.toml that it runs, as far as one can know:

    what was installed from its own outputs_dir, and the task that is called as its own would be.
    """
    found = {}
    for path in _folder(what).glob("Rhythm*.xml"):
        try:
            found[name_in(path.stem.lower())] = config_in(path.read_text(encoding="utf-16"))
        except (OSError, ValueError):  # not there any more, or none of ours
            continue
    if what.name not in found and (config := config_in(_shown(_do(what, "/Query", "/XML")))):
        found[what.name] = config
    return found


def config_in(task: str) -> str:
    """Return the rhythm.toml that a task's XML names; "" if it is none of ours."""
    found = re.search(r'"RHYTHM_CONFIG=([^"]*)"|RHYTHM_CONFIG=([^\s"<]*)', unescape(task))
    return (found[1] or found[2]) if found else ""


def _shown(command: Command) -> str:
    """Return what a command of the system's prints; "" if it does not work here."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace")


def xml(what: Installation, account: str) -> str:
    """Return the task. Without a window: pythonw has none, and what it starts is given none."""
    sid = _SERVICE_ACCOUNTS.get(account.lower().removeprefix("nt authority\\"))
    user = escape(sid or account)
    return _XML.format(
        task=_task(what),
        user=user,
        # S4U: also while nobody is logged on, and without a password that somebody would have to keep.
        logon_type="" if sid else "\n      <LogonType>S4U</LogonType>",
        logon="" if sid else f"\n      <UserId>{user}</UserId>",
        command=escape(str(what.python.with_name("pythonw.exe"))),
        arguments=escape(list2cmdline(_arguments(what))),
        folder=escape(str(what.folder)),
    )


def _arguments(what: Installation) -> list[str]:
    variables = {"RHYTHM_CONFIG": str(what.config), **what.env}
    given = [f"{name}={value}" for name, value in variables.items()]
    return module_argv("deployments.service.background", str(what.log), *given)[1:]


def _do(what: Installation, action: str, *args: str) -> Command:
    return ("schtasks", action, "/TN", _task(what), *args)


def _task(what: Installation) -> str:
    return what.title.capitalize()


def _folder(what: Installation) -> Path:
    return what.outputs_dir / "service"


def definition(what: Installation) -> list[Path]:
    """Return the files that it is installed by; the task itself is in Task Scheduler's own keeping."""
    return [_folder(what) / f"{_task(what)}.xml"]
