"""The service on macOS: a LaunchAgent, which runs while its user is logged on."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path
from xml.parsers.expat import ExpatError

from deployments.service.actions import Former, Installation, Plan, name_in
from tasks.settings.project import module_argv


def plan(action: str, what: Installation, account: str | None = None) -> Plan:
    """Return what an action takes: install, uninstall, start or stop. `account` is for Windows."""
    (path,) = definition(what)
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 501}"
    name = f"{domain}/{what.title}"
    match action:
        case "install":
            files = {path: agent(what)}
            return Plan(
                files={} if what.more else files,
                private=files if what.more else {},
                # launchd loads nothing twice, and reads no changed file by itself. `bootout` may return
                # before the agent has ended.
                former=Former(query=("launchctl", "print", name), end=("launchctl", "bootout", name)),
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
    return [_folder(what) / f"{what.title}.plist"]


def services(what: Installation) -> dict[str, str]:
    """Return the rhythms that have an agent, each with the rhythm.toml that it runs."""
    return {name_in(path.stem): _config_of(path) for path in _folder(what).glob("rhythm*.plist")}


def _config_of(path: Path) -> str:
    """Return the rhythm.toml that an agent runs; "" if it is none of ours."""
    try:
        return str(plistlib.loads(path.read_bytes())["EnvironmentVariables"]["RHYTHM_CONFIG"])
    except (OSError, ValueError, KeyError, TypeError, ExpatError):
        return ""


def _folder(what: Installation) -> Path:
    return what.home / "Library" / "LaunchAgents"


def agent(what: Installation) -> str:
    """Return the agent: `rhythm up`, started again whenever it ends badly."""
    return plistlib.dumps(
        {
            "Label": what.title,
            "ProgramArguments": module_argv(
                "deployments.service.background", str(what.log), python=what.python
            ),
            "WorkingDirectory": str(what.folder),
            "EnvironmentVariables": {
                **({"PATH": what.path} if what.path else {}),
                **what.env,
                **what.more,
                "RHYTHM_CONFIG": str(what.config),
            },
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Standard",
            "ExitTimeOut": 20,
        }
    ).decode()
