"""`rhythm env`: what Prefect's own commands need to reach this rhythm's server, as lines for a shell."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import PurePath

from deployments.cli import console
from deployments.server import lookup, password, prefect_home
from deployments.server.loopback import bypassing_proxies
from tasks.problem import ConfigError, Problem
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

#: Of a shell's name, how it sets a variable for all that it starts.
Line = Callable[[str, str], str]


def run(*, shell: str | None, secrets: bool, json: bool) -> int:
    """Print the lines, the password among them only with `--secrets`. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or the shell cannot hold a value.
        ServerError: the server has refused us.
    """
    settings = config.load()
    shell = shell or default_shell(os.environ)
    variables = _variables(settings, secrets=secrets)
    if json:
        console.show_json(dict(variables))
        return 0
    for name, value in variables.items():
        console.say(SHELLS[shell](name, value))
    if not secrets and not password.is_off(settings):
        print("the server wants a password: `rhythm env --secrets` prints it as well", file=sys.stderr)
    return 0


def default_shell(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return the shell that most likely reads the lines."""
    # Git's bash sets SHELL on Windows, and elsewhere PowerShell sets PSModulePath.
    if "SHELL" not in environ if platform == "win32" else "PSModulePath" in environ:
        return "powershell"
    name = PurePath(environ.get("SHELL", "")).stem
    return {"fish": "fish", "pwsh": "powershell"}.get(name, "bash")


def _variables(settings: Settings, *, secrets: bool) -> dict[str, str]:
    """Return what leads to the server that answers, else to where one would be started."""
    found = lookup.find(settings)
    address = found or lookup.expected(settings)
    variables = {"PREFECT_API_URL": address.url}
    secret = found.password if found else None
    if secrets and not found:
        if repaired := prefect_home.make_private():
            console.warning(repaired)
        secret = password.for_server(settings)
    if secrets and secret:
        # The second one is for who starts `prefect server start` there.
        variables |= {"PREFECT_API_AUTH_STRING": secret, "PREFECT_SERVER_API_AUTH_STRING": secret}
    return variables | bypassing_proxies()


def _bash(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = re.sub("(['‘’‚‛])", r"\1\1", value)  # each of these ends a text in quotes
    return f"$env:{name} = '{escaped}'"


def _cmd(name: str, value: str) -> str:
    if set(value) & set('"%'):
        raise ConfigError(
            [Problem("--shell cmd", f"cmd cannot take the value of {name}", 'Choose one without " and %.')]
        )
    return f'set "{name}={value}"'


SHELLS: Mapping[str, Line] = {"bash": _bash, "fish": _fish, "powershell": _powershell, "cmd": _cmd}
