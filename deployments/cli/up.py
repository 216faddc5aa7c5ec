"""`rhythm up`: keeps the daemon alive, which does all the rest."""

from __future__ import annotations

import os
import time

from deployments.cli import console
from deployments.daemon import signals
from deployments.daemon.supervisor import QUICK, QUICK_DEATHS, Supervisor
from tasks.settings.project import CONFIG_VARIABLE, config_path, folder, module_argv


def run(*, isolated: bool) -> int:
    """Run until Ctrl-C or SIGTERM. Return 0 after a proper end, else what the first daemon ended with.

    Return 1 as well if it dies again and again as soon as it is started; why is said.
    """
    began = time.time()
    options = ["--isolated"] if isolated else []
    os.environ[CONFIG_VARIABLE] = str(config_path())  # before this folder is left for that one's
    supervisor = Supervisor(module_argv("deployments.daemon", *options), folder())

    def stop(number: int, frame: object) -> None:
        supervisor.stop()

    signals.handle(stop, "SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
    code = supervisor.run()
    if supervisor.gave_up:
        console.error(
            f"given up: it has died {QUICK_DEATHS} times within {QUICK:g} s of its start. {_cause(began)}"
        )
    return code


def _cause(since: float) -> str:
    """Return the last error of the daemon's log, and where that is; `since` is a time of day in seconds."""
    from deployments.daemon import log
    from tasks.problem import ConfigError
    from tasks.settings import rhythm_toml

    try:
        path = log.path(rhythm_toml.load().outputs_dir)
        is_ours = path.stat().st_mtime >= since
    except (ConfigError, OSError):
        return "What it said stands above."
    cause = log.read_last_error(path) if is_ours else ""
    return f"The last error: {cause}. Its log: {path}" if cause else f"Its log: {path}"
