"""The service on Linux: two units of the user's own systemd, Prefect's server and Rhythm's worker."""

from __future__ import annotations

from pathlib import Path

from deployments.service.plan import Installation, Plan

SERVER, WORKER = "rhythm-server.service", "rhythm-worker.service"

# What needs no namespace, and so works for a user's own units on every kernel. The worker runs the
# user's scripts, which may want anything: it has less of this.
_HARDENED = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
UMask=0077
"""
_SERVERS_OWN = "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\nSystemCallFilter=@system-service\n"
_WORKERS_OWN = "NoNewPrivileges=yes\nUMask=0077\n"

_UNIT = """\
[Unit]
Description={about}
{order}StartLimitIntervalSec=0

[Service]
Type=exec
WorkingDirectory={folder}
{environment}{before}ExecStart={command}
Restart=always
RestartSec=5
KillMode=mixed
TimeoutStopSec=20
{hardened}
[Install]
WantedBy=default.target
"""


def plan(action: str, what: Installation, account: str | None = None) -> Plan:
    """Return what an action takes: install, uninstall, start or stop. `account` is for Windows."""
    systemctl = ("systemctl", "--user")
    paths = definition(what)
    match action:
        case "install":
            return Plan(
                files=dict(zip(paths, (server_unit(what), worker_unit(what)), strict=True)),
                commands=((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", SERVER, WORKER)),
                remarks=("To have it run also while you are not logged on: loginctl enable-linger",),
            )
        case "uninstall":
            return Plan(
                removed=tuple(paths),
                commands=((*systemctl, "disable", "--now", WORKER, SERVER), (*systemctl, "daemon-reload")),
            )
        case "start":
            return Plan(commands=((*systemctl, "start", SERVER, WORKER),))
        case _:
            return Plan(commands=((*systemctl, "stop", WORKER, SERVER),))


def definition(what: Installation) -> list[Path]:
    """Return the files that it is installed by."""
    folder = what.home / ".config" / "systemd" / "user"
    return [folder / SERVER, folder / WORKER]


def server_unit(what: Installation) -> str:
    """Return Prefect's server, where rhythm.toml says, and by its password."""
    command = ["-m", "deployments.daemon.api_server"]
    variables = {"RHYTHM_CONFIG": str(what.config)}
    hardened = _HARDENED + _SERVERS_OWN
    return _unit(what, "Rhythm: Prefect's server", command, hardened=hardened, variables=variables)


def worker_unit(what: Installation) -> str:
    """Return `rhythm up`, which finds the server there and looks after the worker."""
    return _unit(
        what,
        "Rhythm: the worker",
        ["-m", "deployments.cli", "up"],
        hardened=_WORKERS_OWN,
        order=f"Wants={SERVER}\nAfter={SERVER}\n",
        before=f"ExecStartPre={_words(what, ['-m', 'deployments.service.waiting', what.url])}\n",
        variables={"PREFECT_API_URL": what.url, "RHYTHM_CONFIG": str(what.config)},
    )


def _unit(
    what: Installation,
    about: str,
    command: list[str],
    *,
    hardened: str,
    order: str = "",
    before: str = "",
    variables: dict[str, str] | None = None,
) -> str:
    env = {**what.env, **(variables or {})}
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in env.items())
    return _UNIT.format(
        about=about,
        order=order,
        folder=str(what.project).replace("%", "%%"),
        environment=environment,
        before=before,
        command=_words(what, command),
        hardened=hardened,
    )


def _words(what: Installation, command: list[str]) -> str:
    return " ".join(_quoted(word) for word in (str(what.python), *command))


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back: % begins a specifier, and $ a variable."""
    plain = word.replace("%", "%%").replace("$", "$$")
    if word and not set(word) & set(" \t\"'\\;"):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
