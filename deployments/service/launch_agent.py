"""The service on macOS: a LaunchAgent, which runs while its user is logged on."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

from deployments.service.actions import Installation, Plan
from tasks.settings.project import module_argv

LABEL = "rhythm"


def plan(action: str, what: Installation, account: str | None = None) -> Plan:
    """Return what an action takes: install, uninstall, start or stop. `account` is for Windows."""
    (path,) = definition(what)
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 501}"
    name = f"{domain}/{LABEL}"
    match action:
        case "install":
            files = {path: agent(what)}
            return Plan(
                files={} if what.more else files,
                private=files if what.more else {},
                commands=(("launchctl", "bootstrap", domain, str(path)),),
            )
        case "uninstall":
            return Plan(removed=(path,), commands=(("launchctl", "bootout", name),))
        case "start":
            return Plan(commands=(("launchctl", "kickstart", name),))
        case _:
            return Plan(commands=(("launchctl", "kill", "SIGTERM", name),))


def definition(what: Installation) -> list[Path]:
    """Return the files that it is installed by."""
    return [what.home / "Library" / "LaunchAgents" / f"{LABEL}.plist"]


def agent(what: Installation) -> str:
    """Return the agent: `rhythm up`, started again whenever it ends badly."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": module_argv(
                "deployments.service.background", str(what.log), python=what.python
            ),
            "WorkingDirectory": str(what.folder),
            "EnvironmentVariables": {**what.env, **what.more, "RHYTHM_CONFIG": str(what.config)},
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Standard",
            "ExitTimeOut": 20,
        }
    ).decode()
