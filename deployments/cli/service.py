"""`rhythm service`: installs, removes, starts and stops Rhythm as a service, and shows how it is."""

from __future__ import annotations

import getpass
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType

from deployments.cli import console
from deployments.server import address, instance_lock
from deployments.service import installed, launch_agent, systemd, task_scheduler
from deployments.service.actions import Former, Installation, Plan, kept_variables, left_variables
from tasks.files import private
from tasks.files.atomic_file import write_users_text
from tasks.problem import CommandError, ConfigError, Problem
from tasks.process.own_variables import accounts
from tasks.settings import rhythm_toml as config
from tasks.settings.name import DEFAULT
from tasks.settings.project import folder
from tasks.settings.rhythm_toml import Settings

_LIMIT = 120.0  # seconds for one of the system's commands
_GONE, _POLL = 30.0, 0.5  # seconds for the service that was there to end, and between two looks


def run(*, action: str, account: str | None, env: Sequence[str], dry_run: bool, yes: bool, json: bool) -> int:
    """Do what is asked. Return 0 if it is done, or shown; 1 if the system has refused it, or it does not run.

    Raises:
        ConfigError: rhythm.toml cannot be used, or an option does not fit this system.
    """
    settings = config.load()
    system = _system()
    if account and system is launch_agent:
        raise ConfigError([Problem("--account", "is not for macOS", "Install it as that user instead.")])
    what = replace(_installation(settings), more=_named(env, system))
    if system is systemd:
        what = systemd.for_account(what, account)
    found = system.services(what)
    what = installed.as_installed(what, found)
    is_taken = installed.holder(what, found)
    if action == "status":
        return _status(system, what, is_taken, as_json=json)
    if is_taken:
        raise ConfigError([_taken(what, is_taken)])
    plan: Plan = system.plan(action, what, account)
    if action == "install":
        for name in left_variables(accounts()):
            if name not in what.more:
                remedy = f"set it in rhythm.toml, or with --env {name}"
                console.warning(f"{name} is set here, and the service will not have it: {remedy}")
    only_shown = dry_run or (plan.elevated and not yes)
    # What people read of it is then on stderr.
    with redirect_stdout(sys.stderr) if json else nullcontext():
        code = _show(plan) if only_shown else _do(plan)
    if json:
        console.show_json({"action": action, "done": not only_shown and code == 0, **plan.to_json()})
    return code


def stop(settings: Settings) -> bool:
    """Stop the service that this rhythm.toml's `rhythm up` is, if it would be started again whenever it ends.

    That is systemd's. Task Scheduler and launchd start again only what has failed. Return whether it was.

    Raises:
        CommandError: it could not be stopped; why is reported.
    """
    if _system() is not systemd:
        return False
    what = systemd.for_account(_installation(settings), None)
    found = systemd.services(what)
    what = installed.as_installed(what, found)
    if not installed.is_installed(what, found) or not _run(systemd.query(what), quiet=True):
        return False
    if not all(_run(command) for command in systemd.plan("stop", what).commands):
        raise CommandError("the service could not be stopped. As an administrator: `rhythm service stop`.")
    return True


def _taken(what: Installation, holder: str) -> Problem:
    """Return that another rhythm's service is called as this one would be, and what to do."""
    if what.name == DEFAULT:
        remedy = f'Set a name, like name = "home", in {what.config}'
    else:
        remedy = f"Set another name in {what.config}"
    fault = f"the service {what.title} runs {holder}"
    return Problem("name", fault, f"{remedy}; or remove that service first: rhythm service uninstall, there.")


def _named(names: Sequence[str], system: ModuleType) -> dict[str, str]:
    """Return the variables that the user has named, for the service to have them as well.

    Raises:
        ConfigError: one is not set here, or this system has no place for it.
    """
    problems = []
    for name in names:
        if system is task_scheduler:
            remedy = f"The service has the variables of its account: setx {name} VALUE."
            problems.append(Problem("--env", "is not for Windows", remedy))
        elif not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            problems.append(Problem("--env", f"{name!r} is not a variable's name", "Name a variable alone."))
        elif name not in os.environ:
            problems.append(Problem("--env", f"{name} is not set here", "Set it, and install again."))
    if problems:
        raise ConfigError(problems)
    return {name: os.environ[name] for name in names}


def _system() -> ModuleType:
    if sys.platform == "win32":
        return task_scheduler
    return launch_agent if sys.platform == "darwin" else systemd


def _installation(settings: Settings) -> Installation:
    domain = os.environ.get("USERDOMAIN")
    user = getpass.getuser()
    return Installation(
        python=Path(sys.executable),
        folder=folder(),
        config=config.config_path(),
        outputs_dir=settings.outputs_dir,
        home=Path.home(),
        user=f"{domain}\\{user}" if domain and sys.platform == "win32" else user,
        url=address.wanted(settings).url,
        name=settings.name,
        env=kept_variables(),
        # Windows has one for the account; systemd and launchd look in the system's own folders alone.
        path="" if sys.platform == "win32" else os.environ.get("PATH", os.defpath),
    )


def _show(plan: Plan) -> int:
    """Show exactly what would be done. Return 0."""
    for path, text in plan.files.items():
        console.say(f"would write {path}:\n\n{text}", verbatim=True)
    for path in plan.private:
        console.say(f"would write {path}, for its owner alone")
    if plan.former:
        console.say(f"would run   {_line(plan.former.end)}, if it is installed", verbatim=True)
    for command in (*plan.commands, *plan.optional):
        console.say(f"would run   {_line(command)}", verbatim=True)
    for path in plan.removed:
        console.say(f"would take away {path}")
    for remark in plan.remarks:
        console.say(remark)
    if plan.elevated:
        console.say("Nothing is done yet. Say --yes in a console that is run as administrator.")
    return 0


def _do(plan: Plan) -> int:
    """Do it. Return 0, or 1 if something has failed: then an installation is as it was before."""
    written = [*plan.files, *plan.private]
    before = {path: path.read_bytes() if path.exists() else None for path in written}
    try:
        _write(plan)
        if plan.former and not _ended(plan.former):
            return 1
        if plan.undo:
            failed = not all(_run(command) for command in plan.commands)  # up to the first that fails
        else:
            failed = bool([command for command in plan.commands if not _run(command)])
    except OSError as error:
        console.error(f"{error.filename} cannot be written ({error.strerror})")
        failed = True
    if failed and plan.undo:
        _undo(plan, before)
        return 1
    for path in plan.removed:
        if path.exists():
            path.unlink()
            console.say(f"taken away: {path}")
    for remark in plan.remarks:
        console.say(remark)
    for command, otherwise in plan.optional.items():
        if _run(command, quiet=True):
            console.say(f"done: {_line(command)}")
        else:
            console.say(otherwise)
    return 1 if failed else 0


def _write(plan: Plan) -> None:
    for path, text in plan.files.items():
        # Task Scheduler takes only what is in the encoding that it declares.
        if path.suffix == ".xml":
            private.make_folder(path.parent)  # below outputs_dir
            path.write_bytes(text.encode("utf-16"))
        else:
            write_users_text(path, text)
        console.say(f"written: {path}")
    for path, text in plan.private.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with private.open_file(path, "wb") as file:
            file.write(text.encode())
        console.say(f"written: {path}, for its owner alone")


def _ended(former: Former) -> bool:
    """End what is installed, if anything is, and wait until it is gone; report if it is not."""
    if not _run(former.query, quiet=True):
        return True
    _run(former.end, quiet=True)  # launchctl's exit code 36 means that it goes on
    deadline = monotonic() + _GONE
    while _run(former.query, quiet=True):
        if monotonic() > deadline:
            console.error(
                f"the service of before has not ended within {_GONE:g} s. End it with "
                f"`{_line(former.end)}`, and install again."
            )
            return False
        sleep(_POLL)
    console.say(f"done: {_line(former.end)}")
    return True


def _undo(plan: Plan, before: Mapping[Path, bytes | None]) -> None:
    """Leave nothing of an installation that has failed; one that was there before runs again."""
    was_there = any(content is not None for content in before.values())
    for command in plan.undo:
        _run(command, quiet=True)
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
    for command in plan.commands if was_there else plan.forget:
        _run(command, quiet=True)
    outcome = "the one before is installed again" if was_there else "nothing of it is left"
    console.error(f"the service could not be installed, and {outcome}. {plan.remedy}")


def _run(command: tuple[str, ...], *, quiet: bool = False) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if not quiet:
            console.error(f"{_line(command)}: does not work here ({error})")
        return False
    if done.returncode and not quiet:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        console.error(f"{_line(command)}: exit code {done.returncode}: {said}")
    elif not quiet:
        console.say(f"done: {_line(command)}")
    return not done.returncode


def _status(system: ModuleType, what: Installation, holder: str, *, as_json: bool) -> int:
    files = [] if holder else [path for path in system.definition(what) if path.exists()]
    if system is task_scheduler:
        is_installed = not holder and _run(task_scheduler.query(what), quiet=True)
    else:
        is_installed = bool(files)
    up = instance_lock.running(what.outputs_dir)
    log = str(what.log) if what.log.exists() else None
    running = (
        is_installed and up is not None and (system is not systemd or _run(systemd.query(what), quiet=True))
    )
    if as_json:
        console.show_json(
            {
                "installed": is_installed,
                "running": up is not None,
                "pid": up.pid if up else None,
                "url": up.url if up else None,
                "files": [str(path) for path in files],
                "log": log,
            }
        )
        return 0 if running else 1
    console.say("installed" if is_installed else "not installed: rhythm service install")
    if holder:
        console.say(f"the service {what.title} is another rhythm's: {holder}")
    console.say(f"running: process {up.pid}, UI at {address.Address(up.url).ui}" if up else "not running")
    if is_installed and system is systemd and not running:
        console.say("the service itself does not run" if up else f"its log: {systemd.log_command(what)}")
    for path in files:
        console.say(f"defined by {path}")
    if log:
        console.say(f"log: {log}")
    return 0 if running else 1


def _line(command: tuple[str, ...]) -> str:
    return subprocess.list2cmdline(command)
