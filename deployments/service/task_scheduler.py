"""The service on Windows: one task of Task Scheduler, without the traps of its defaults."""

from __future__ import annotations

from pathlib import Path
from subprocess import list2cmdline
from xml.sax.saxutils import escape

from deployments.service.actions import Installation, Plan
from tasks.settings.project import module_argv

TASK = "Rhythm"

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
            commands = (_do("/Create", "/XML", str(path), "/F"), _do("/Run"))
            return Plan({path: task}, commands=commands, elevated=True)
        case "uninstall":
            commands = (_do("/End"), _do("/Delete", "/F"))
            return Plan(removed=(path,), commands=commands, elevated=True)
        case "start":
            return Plan(commands=(_do("/Run"),))
        case _:
            return Plan(commands=(_do("/End"),))


def query() -> tuple[str, ...]:
    """Return the command that ends with 0 if the service is installed."""
    return _do("/Query")


def xml(what: Installation, account: str) -> str:
    """Return the task. Without a window: pythonw has none, and what it starts is given none."""
    sid = _SERVICE_ACCOUNTS.get(account.lower().removeprefix("nt authority\\"))
    user = escape(sid or account)
    return _XML.format(
        task=TASK,
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


def _do(*words: str) -> tuple[str, ...]:
    return ("schtasks", words[0], "/TN", TASK, *words[1:])


def definition(what: Installation) -> list[Path]:
    """Return the files that it is installed by; the task itself is in Task Scheduler's own keeping."""
    return [what.outputs_dir / "service" / f"{TASK}.xml"]
