"""`python -m deployments.daemon`, started by `rhythm up`: the exit code determines what is to follow."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback

from deployments.cli import check, console
from deployments.daemon import log, memory
from deployments.daemon.daemon import Daemon, DiedError
from deployments.daemon.serving import UpError
from deployments.daemon.supervisor import BAD_CONFIG, CANNOT_START, DIED, RENEW, TERMINATED
from deployments.server import resources
from deployments.server.lookup import ServerError
from deployments.worker import pool
from deployments.worker.name_claim import NameTakenError
from flows import server_fault
from tasks.problem import ConfigError
from tasks.process import own_variables, script
from tasks.settings import rhythm_toml as config


def main(argv: list[str] | None = None) -> int:
    """Run until standard input ends. Return 0 after a proper end, or one of the supervisor's codes."""
    parser = argparse.ArgumentParser(prog="python -m deployments.daemon", description=__doc__)
    parser.add_argument("--isolated", action="store_true", help="an interpreter of its own for every beat")
    args = parser.parse_args(argv)
    own_variables.set_default({"DO_NOT_TRACK": "1"})
    memory.give_back()
    resources.raise_open_files()
    daemon = None
    try:
        settings = config.load()
        check.ready(settings)
        daemon = Daemon(settings, args.isolated)
        asyncio.run(daemon.run())
    except ConfigError as error:
        for problem in error.problems:
            _report(str(problem), daemon)
        return BAD_CONFIG
    except (UpError, ServerError, pool.DeployError, NameTakenError) as error:
        _report(str(error), daemon)
        return CANNOT_START
    except Exception as error:  # noqa: BLE001 - whatever it is, another try may go well
        traceback.print_exc()
        if daemon:
            what = str(error) if isinstance(error, DiedError) else server_fault.describe(error)
            _report(f"{what}; see {log.path(daemon.settings.outputs_dir)}", daemon)
        return DIED
    if daemon.terminated:
        return TERMINATED
    return RENEW if daemon.renewed else 0


def _report(text: str, daemon: Daemon | None) -> None:
    """Print an error for people: standard error is a log once the daemon has begun."""
    console.error(text, to=daemon.errors if daemon else None)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    script.end_idle()
    os._exit(code)  # all is in order; Prefect's own threads would still look for the server that has ended
