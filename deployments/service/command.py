"""`rhythm service`: installs, removes, starts and stops Rhythm as a service, and tells how it is."""

from __future__ import annotations

import argparse
import getpass
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from deployments import address, house, output
from deployments.service import launch_agent, systemd, task_scheduler
from deployments.service.plan import Installation, Plan, kept_variables, left_variables
from tasks import private
from tasks import settings as config
from tasks.atomic_file import write_users_text
from tasks.problem import ConfigError, Problem
from tasks.settings import PROJECT, Settings

_LIMIT = 120.0  # seconds for one of the system's commands


def run(args: argparse.Namespace) -> int:
    """Do what is asked. Return 0 if it is done, or shown; 1 if the system has refused it.

    Raises:
        ConfigError: rhythm.toml cannot be used.
    """
    settings = config.load()
    system = _system()
    what = _installation(settings)
    if args.action == "status":
        return _status(system, what, as_json=args.json)
    plan: Plan = system.plan(args.action, what, args.account)
    if args.account and system is not task_scheduler:
        raise ConfigError([Problem("--account", "is for Windows", "Install it as that user instead.")])
    if args.action == "install":
        for name in left_variables():
            output.warning(f"{name} is set here, and the service will not have it: say it in a file")
    if args.dry_run or (plan.elevated and not args.yes):
        _show(plan)
        return 0
    return _do(plan)


def _system() -> ModuleType:
    if sys.platform == "win32":
        return task_scheduler
    return launch_agent if sys.platform == "darwin" else systemd


def _installation(settings: Settings) -> Installation:
    domain = os.environ.get("USERDOMAIN")
    user = getpass.getuser()
    return Installation(
        python=Path(sys.executable),
        project=PROJECT,
        config=config.config_path(),
        outputs_dir=settings.outputs_dir,
        home=Path.home(),
        user=f"{domain}\\{user}" if domain and sys.platform == "win32" else user,
        url=address.wanted(settings).url,
        env=kept_variables(),
    )


def _show(plan: Plan) -> None:
    """Tell exactly what would be done."""
    for path, text in plan.files.items():
        output.say(f"would write {path}:\n\n{text}")
    for command in plan.commands:
        output.say(f"would run   {_line(command)}")
    for path in plan.removed:
        output.say(f"would take away {path}")
    for remark in plan.remarks:
        output.say(remark)
    if plan.elevated:
        output.say("Nothing is done yet. Say --yes in a console that is run as administrator.")


def _do(plan: Plan) -> int:
    for path, text in plan.files.items():
        # Task Scheduler takes only what is in the encoding that it says.
        if path.suffix == ".xml":
            private.make_folder(path.parent)  # below outputs_dir
            path.write_bytes(text.encode("utf-16"))
        else:
            write_users_text(path, text)
        output.say(f"written: {path}")
    failed = [command for command in plan.commands if not _run(command)]
    for path in plan.removed:
        path.unlink(missing_ok=True)
        output.say(f"taken away: {path}")
    for remark in plan.remarks:
        output.say(remark)
    return 1 if failed else 0


def _run(command: tuple[str, ...], *, quiet: bool = False) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - a list of words of ours
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if not quiet:
            output.error(f"{_line(command)}: does not work here ({error})")
        return False
    if done.returncode and not quiet:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        output.error(f"{_line(command)}: exit code {done.returncode}: {said}")
    elif not quiet:
        output.say(f"done: {_line(command)}")
    return not done.returncode


def _status(system: ModuleType, what: Installation, *, as_json: bool) -> int:
    files = [path for path in system.definition(what) if path.exists()]
    installed = _run(system.query(), quiet=True) if system is task_scheduler else bool(files)
    up = house.host(what.outputs_dir)
    log = str(what.log) if what.log.exists() else None
    if as_json:
        output.show_json(
            {
                "installed": installed,
                "running": up is not None,
                "pid": up.pid if up else None,
                "url": up.url if up else None,
                "files": [str(path) for path in files],
                "log": log,
            }
        )
        return 0
    output.say("installed" if installed else "not installed: rhythm service install")
    output.say(
        f"running: process {up.pid}, UI at {address.Address(up.url, named=False).ui}" if up else "not running"
    )
    for path in files:
        output.say(f"defined by {path}")
    if log:
        output.say(f"log: {log}")
    return 0


def _line(command: tuple[str, ...]) -> str:
    return subprocess.list2cmdline(command)
