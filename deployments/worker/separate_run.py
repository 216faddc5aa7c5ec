"""A run in an interpreter of its own: Prefect's engine, and around it what runs in the worker have as well.

`python -m deployments.worker.separate_run` is what `rhythm up --isolated` starts for each run: what scripts
print is text on its console too, no batch of logs is stored twice, and at its end it waits 10 s for logs.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
import traceback

from deployments.prefect_internals import console_text, log_batches
from deployments.prefect_internals.drain import drain
from tasks.process import script

_DRAIN = 10.0  # seconds at the end for logs and events that Prefect's client still holds


def main() -> int:
    """Run what the environment names to Prefect's engine (PREFECT__FLOW_RUN_ID). Return its exit code."""
    log_batches.send_once()
    console_text.as_it_is()
    try:
        code = _engine()
    finally:
        if lines_left := asyncio.run(drain(_DRAIN)):
            print(
                f"{lines_left:,} log lines did not reach Prefect's server within {_DRAIN:g} s, "
                "and are given up",
                file=sys.stderr,
            )
    return code


def _engine() -> int:
    try:
        runpy.run_module("prefect.engine", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - a signal that nobody here has asked for is one, too
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    script.end_idle()
    os._exit(code)  # all is sent or given up; Prefect's own threads would go on trying
