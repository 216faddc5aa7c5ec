"""`rhythm down`: ends the `rhythm up` of this rhythm.toml, and all that it runs, in order."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil

from deployments.cli import console, service
from deployments.daemon import end_request
from deployments.server import instance_lock, lookup
from deployments.server.address import Address
from deployments.server.instance_lock import Instance
from tasks.problem import CommandError
from tasks.process import ending
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

#: Seconds that it has to end by itself: it takes 12 at most, scripts included, once it has noticed.
_PATIENCE = 30.0
#: Seconds for the end of what has to be ended by force.
_FORCED = 15.0
#: Seconds for one that is starting to be found: a first start migrates Prefect's database.
_STARTING = 60.0
_POLL = 0.25


class DownError(CommandError):
    """It could not be ended; the message says why, and what to do."""


def run(*, json: bool) -> int:
    """End it, and print what was ended. Return 0, also if nothing runs.

    Raises:
        ConfigError: rhythm.toml cannot be used.
        DownError: it runs, and cannot be ended.
    """
    settings = config.load()
    try:
        up = _running(settings.outputs_dir)
    except OSError as error:
        raise _of_another_account(error) from None
    if up is None:
        if json:
            console.show_json({"ended": False, "pid": None, "url": None, "server": None, "service": False})
        else:
            console.say(f"nothing to end: no `rhythm up` of {config.config_path()} runs")
        return 0
    with redirect_stdout(sys.stderr) if json else nullcontext():  # what is shown to people meanwhile
        is_service = _end(up, settings)
    address = Address(up.url)
    goes_on = lookup.is_listened_at(address)
    if json:
        server = "running" if goes_on else "ended"
        console.show_json(
            {"ended": True, "pid": up.pid, "url": up.url, "server": server, "service": is_service}
        )
        return 0
    what = "the service" if is_service else "`rhythm up`"
    console.say(f"ended: {what}, process {up.pid}, with its scripts and its worker")
    if goes_on:
        console.say(f"Prefect's server at {address.ui} goes on: it was not started by that")
    else:
        console.say(f"ended: Prefect's server at {address.ui}")
    return 0


def _running(outputs_dir: Path) -> Instance | None:
    """Return the `rhythm up` that runs; one that is starting is waited for."""
    deadline, is_waiting = monotonic() + _STARTING, False
    while (found := instance_lock.running(outputs_dir)) is None and monotonic() < deadline:
        if not outputs_dir.exists():
            break
        with instance_lock.acquired(outputs_dir) as is_free:
            if is_free:
                break
        if not is_waiting:
            print("waiting: another rhythm command starts, or is at work here", file=sys.stderr)
        is_waiting = True
        sleep(_POLL)
    return found


def _of_another_account(error: OSError) -> DownError:
    remedy = "Run `rhythm down` as the account that `rhythm up` is of."
    return DownError(f"{error.filename} cannot be used ({error.strerror}). {remedy}")


def _end(up: Instance, settings: Settings) -> bool:
    """End it and wait until it has; return whether it was a service, which would be started again."""
    processes = _processes(up)
    if service.stop(settings):
        left, is_service = _wait(processes, _PATIENCE), True
    else:
        try:
            with end_request.made(settings.outputs_dir, up.process):
                left, is_service = _wait(processes, _PATIENCE), False
        except OSError as error:
            raise _of_another_account(error) from None
    if left:
        console.warning(f"process {up.pid} does not end by itself, and is ended by force")
        with suppress(psutil.Error):
            left[0].terminate()
        if pids := ending.end(_wait(left, _FORCED), grace=0, ask=ending.nobody).left:
            raise DownError(f"process {pids[0]} cannot be ended. End it as its account.")
    return is_service


def _processes(up: Instance) -> list[psutil.Process]:
    """Return its supervisor and its daemon. What scripts have started to stay is not among them."""
    supervisor = up.process.process()
    if supervisor is None:
        return []
    with suppress(psutil.Error):
        return [supervisor, *supervisor.children()]
    return [supervisor]


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for the end of all of them; return those that go on."""
    deadline = monotonic() + seconds
    while (left := ending.running(processes)) and monotonic() < deadline:
        sleep(_POLL)
    return left
