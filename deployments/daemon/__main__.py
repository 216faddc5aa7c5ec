"""`python -m deployments.daemon`, started by `rhythm up`: the exit code says what is to follow."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback

from deployments import check, output, pool
from deployments.daemon import memory
from deployments.daemon.daemon import Daemon
from deployments.daemon.serving import UpError
from deployments.server_lookup import ServerError
from deployments.up import BAD_CONFIG, CANNOT_START, DIED, RENEW
from tasks import settings as config
from tasks.problem import ConfigError


def main(words: list[str] | None = None) -> int:
    """Run until standard input ends. Return 0 after a proper end, or one of the codes of `deployments.up`."""
    parser = argparse.ArgumentParser(prog="python -m deployments.daemon", description=__doc__)
    parser.add_argument("--isolated", action="store_true", help="an interpreter of its own for every beat")
    args = parser.parse_args(words)
    os.environ.setdefault("DO_NOT_TRACK", "1")
    memory.give_back()
    try:
        settings = config.load()
        check.ready(settings)
        daemon = Daemon(settings, args.isolated)
        asyncio.run(daemon.run())
    except ConfigError as error:
        for problem in error.problems:
            output.error(str(problem))
        return BAD_CONFIG
    except (UpError, ServerError, pool.DeployError) as error:
        print(f"error: {error}", file=daemon.errors, flush=True)  # for people: standard error is a log by now
        return CANNOT_START
    except Exception:  # noqa: BLE001 - whatever it is, another try may go well
        traceback.print_exc()
        return DIED
    return RENEW if daemon.renewed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # all is in order; Prefect's own threads would still look for the server that has ended
