"""The service on Linux: two units of systemd, Prefect's server and Rhythm's worker.

They are units of the account's own systemd, or of the machine's if root installs them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from deployments.service.actions import Command, Installation, Plan, name_in
from tasks.problem import ConfigError, Problem
from tasks.process.own_variables import set_own
from tasks.settings.project import module_argv

#: Where the machine's systemd has units of the administrator's, …
SYSTEM_FOLDER = Path("/etc/systemd/system")
#: … and where systemd notes whose own units run also while nobody is logged on.
LINGERING = Path("/var/lib/systemd/linger")
#: What runs a command by an account's login shell, for root.
_LOGIN = ("runuser", "-l")

_SERVER, _WORKER = "-server.service", "-worker.service"

# What needs no namespace, and so works for a user's own units on every kernel. It is the server's alone:
# the worker runs the user's scripts, which are to find what they find in a terminal.
_HARDENED = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
UMask=0077
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallFilter=@system-service
"""

_UNIT = """\
[Unit]
Description={about}
{order}StartLimitIntervalSec=0

[Service]
Type=exec
{user}WorkingDirectory={folder}
{environment}{before}ExecStart={command}
SyslogIdentifier={title}
Restart=always
RestartSec=5
KillMode=mixed
OOMPolicy=continue
TimeoutStopSec=20
{more}
[Install]
WantedBy={target}
"""


def for_account(what: Installation, account: str | None) -> Installation:
    """Given what the account that asks would install, return it as systemd is to run it for `account`.

    Root's is a service of the machine's systemd. It has the account's umask.

    Raises:
        ConfigError: there is no such account, or it is not this one's to decide.
    """
    if sys.platform == "win32":
        return what
    import pwd

    is_root = os.geteuid() == 0
    try:
        me = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account by its number alone, as containers have them
        me = what.user
    user = account or me
    try:
        home = what.home if user == me else Path(pwd.getpwnam(user).pw_dir)
    except KeyError:
        remedy = "Name an account of this machine (`getent passwd` lists them)."
        raise ConfigError([Problem("--account", f"no such account: {user!r}", remedy)]) from None
    if user != me and not is_root:
        remedy = f"Run it as root, or as {user} without --account."
        raise ConfigError([Problem("--account", "another account's service is for root to install", remedy)])
    return replace(
        what,
        home=home,
        user=user,
        umask=_umask() if user == me else _umask_of(user),
        is_system=is_root or _is_of_the_machine(what, home, user),
    )


def _umask() -> int:
    """Return the umask of this process, which can only be read by setting it."""
    now = os.umask(0o077)
    os.umask(now)
    return now


def _umask_of(user: str) -> int | None:
    """Return the umask that an account has when it logs in; None if its shell does not report it."""
    try:
        done = subprocess.run(  # noqa: S603 - an account of this machine
            [*_LOGIN, user, "-c", "umask"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    last = done.stdout.split()[-1:]
    return int(last[0], 8) if last and re.fullmatch(rb"0?[0-7]{3}", last[0]) else None


def plan(action: str, what: Installation, account: str | None = None) -> Plan:
    """Return what an action takes: install, uninstall, start or stop. `account` is in `what` already."""
    systemctl, (server, worker) = _systemctl(what), units(what)
    reload = (*systemctl, "daemon-reload")
    disable = (*systemctl, "disable", "--now", worker, server)
    folder = _folder(what)
    match action:
        case "install":
            environment = environment_file(what)
            return Plan(
                files={folder / server: server_unit(what), folder / worker: worker_unit(what)},
                private={environment: _environment(what.more)} if what.more else {},
                removed=() if what.more else (environment,),
                commands=(
                    reload,
                    (*systemctl, "enable", server, worker),
                    (*systemctl, "restart", server, worker),  # also one that runs as it was installed before
                ),
                optional={} if what.is_system else _lingering(what),
                undo=(disable,),
                forget=(reload, (*systemctl, "reset-failed", server, worker)),
                remedy=_remedy(what),
                remarks=_remarks(what),
            )
        case "uninstall":
            return Plan(removed=tuple(definition(what)), commands=(disable, reload))
        case "start":
            return Plan(commands=((*systemctl, "start", server, worker),))
        case _:
            return Plan(commands=((*systemctl, "stop", worker, server),))


def definition(what: Installation) -> list[Path]:
    """Return the files that it is installed by, whether they are there or not."""
    return [*(_folder(what) / unit for unit in units(what)), environment_file(what)]


def units(what: Installation) -> tuple[str, str]:
    """Return the names of its two units, the server's and the worker's."""
    return f"{what.title}{_SERVER}", f"{what.title}{_WORKER}"


def environment_file(what: Installation) -> Path:
    """Return the file for what `--env` names: that may be secret, and everybody may read a unit."""
    return _folder(what) / f"{what.title}.env"


def services(what: Installation) -> dict[str, str]:
    """Return the rhythms that have a service there, each with the rhythm.toml that it runs."""
    return {
        name_in(path.name.removesuffix(_WORKER)): variables(unit).get("RHYTHM_CONFIG", "")
        for path, unit in _workers(_folder(what))
    }


def query(what: Installation) -> Command:
    """Return the command that ends with 0 if the service runs."""
    return (*_systemctl(what), "is-active", "--quiet", *units(what))


def log_command(what: Installation) -> str:
    """Return the command that shows the service's log."""
    return " ".join(("journalctl", *_systemctl(what)[1:], "-t", what.title))


def _is_of_the_machine(what: Installation, home: Path, user: str) -> bool:
    """Whether the service of this account is one that root has installed."""
    if _running(what.config, _users_folder(home)):
        return False
    return any(f"\nUser={user}\n" in unit for unit in _running(what.config, SYSTEM_FOLDER))


def _running(config: Path, folder: Path) -> list[str]:
    """Return the workers' units in a folder that run this rhythm.toml."""
    return [unit for _, unit in _workers(folder) if variables(unit).get("RHYTHM_CONFIG") == str(config)]


def _workers(folder: Path) -> list[tuple[Path, str]]:
    """Return the workers' units in a folder, and where each is."""
    return [(path, _text(path)) for path in sorted(folder.glob(f"rhythm*{_WORKER}"))]


def path_of(config: Path, home: Path) -> str:
    """Return the PATH that the installed service runs this rhythm.toml with; empty if none is installed."""
    for folder in (_users_folder(home), SYSTEM_FOLDER):
        for unit in _running(config, folder):
            return variables(unit).get("PATH", "")
    return ""


def server_unit(what: Installation) -> str:
    """Return Prefect's server, at the address in rhythm.toml, and by its password."""
    return _unit(
        what,
        "Rhythm: Prefect's server",
        _argv(what, "deployments.server.api_server"),
        more=_HARDENED,
    )


def worker_unit(what: Installation) -> str:
    """Return `rhythm up`, which finds the server there and looks after the worker."""
    server, _ = units(what)
    waiting = _exec(_argv(what, "deployments.service.waiting", what.url))
    variables: dict[str, str] = {}
    set_own({"PREFECT_API_URL": what.url}, variables)  # the worker's, not its scripts'
    return _unit(
        what,
        "Rhythm: the worker",
        _argv(what, "deployments.cli.main", "up"),
        order=f"Wants={server}\nAfter={server}\n",
        before=f"ExecStartPre={waiting}\n",
        variables=variables,
        more="" if what.umask is None else f"UMask={what.umask:04o}\n",
    )


def variables(unit: str) -> dict[str, str]:
    """Return the variables that one of our units gives."""
    return dict(_variables(unit))


def _variables(unit: str) -> Iterator[tuple[str, str]]:
    for line in unit.splitlines():
        if line.startswith("Environment="):
            name, _, value = _unquoted(line.removeprefix("Environment=")).partition("=")
            yield name, value


def _argv(what: Installation, module: str, *args: str) -> list[str]:
    """Return what starts a module of ours."""
    return module_argv(module, *args, python=what.python)


def _unit(
    what: Installation,
    about: str,
    argv: list[str],
    *,
    more: str,
    order: str = "",
    before: str = "",
    variables: Mapping[str, str] | None = None,
) -> str:
    path = {"PATH": what.path} if what.path else {}
    env = {**path, **what.env, **(variables or {}), "RHYTHM_CONFIG": str(what.config)}
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in env.items())
    if what.more:
        environment += f"EnvironmentFile={_literal(str(environment_file(what)))}\n"
    return _UNIT.format(
        about=about,
        title=what.title,
        order=order,
        user=f"User={what.user}\n" if what.is_system else "",
        folder=_literal(str(what.folder)),
        environment=environment,
        before=before,
        command=_exec(argv),
        more=more,
        target="multi-user.target" if what.is_system else "default.target",
    )


def _lingering(what: Installation) -> dict[Command, str]:
    """Return what makes an account's own units run from the machine's start on, unless they do already."""
    if (LINGERING / what.user).exists():
        return {}
    return {
        ("loginctl", "enable-linger", what.user): "It ends when you log out, until an administrator has run: "
        f"sudo loginctl enable-linger {what.user}"
    }


def _remarks(what: Installation) -> tuple[str, ...]:
    whose = f"It runs as {what.user}; --account NAME makes it another account's." if what.is_system else ""
    path = f"Its PATH, and that of its scripts, is the one of this terminal: {what.path}" if what.path else ""
    return tuple(filter(None, (whose, path)))


def _remedy(what: Installation) -> str:
    why = f"Its log: {log_command(what)}."
    if what.is_system:
        return why
    return (
        f"{why} An account has a systemd of its own while it is logged in; without that, let root do it: "
        f"rhythm service install --account {what.user}"
    )


def _systemctl(what: Installation) -> Command:
    return ("systemctl",) if what.is_system else ("systemctl", "--user")


def _folder(what: Installation) -> Path:
    return SYSTEM_FOLDER if what.is_system else _users_folder(what.home)


def _users_folder(home: Path) -> Path:
    return home / ".config" / "systemd" / "user"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""  # it is not there, or nothing that we have written


def _exec(argv: list[str]) -> str:
    """Return a command line as systemd reads it back: in it, $ begins a variable."""
    return " ".join(_quoted(word.replace("$", "$$")) for word in argv)


def _quoted(word: str) -> str:
    """Return a word as systemd reads it back."""
    if word and not set(word) & set(" \t\"'\\;"):
        return _literal(word)
    return '"' + re.sub(r'([\\"])', r"\\\1", _literal(word)) + '"'


def _unquoted(word: str) -> str:
    """Return what `_quoted` was given."""
    plain = re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
    return plain.replace("%%", "%")


def _literal(text: str) -> str:
    """Return a text in which no % begins a specifier."""
    return text.replace("%", "%%")


def _environment(given: Mapping[str, str]) -> str:
    """Return variables as systemd reads them from a file, where neither % nor $ expands in a value."""
    escaped = {name: re.sub(r'([\\"$`])', r"\\\1", value) for name, value in given.items()}
    return "".join(f'{name}="{value}"\n' for name, value in escaped.items())
