"""The folder `runner_storage` of a worker's runner, in Prefect's home instead of among temporary files.

All accounts of a machine share the place for temporary files, and the folder belongs to whoever makes it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.settings import get_current_settings

from deployments.prefect_internals.internal import Internal, must_use
from tasks.files import private


@contextmanager
def in_prefects_home() -> Iterator[None]:
    """Let a runner that is made meanwhile have its folder there. No other thread may make temporary files."""
    if not RUNNER_STORAGE.is_used():
        yield
        return
    home = get_current_settings().home
    private.make_folder(home / "runner_storage")
    before, tempfile.tempdir = tempfile.tempdir, str(home)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _check() -> None:
    from prefect.runner.runner import Runner
    from prefect.workers.process import ProcessWorker

    must_use(ProcessWorker.__aenter__, "Runner")
    must_use(Runner.__init__, "tempfile", "gettempdir")


RUNNER_STORAGE = Internal(
    name="runner's folder",
    purpose="The worker's runner has its folder in Prefect's home.",
    gain="two accounts of a machine can both have a worker",
    without="The worker of the second account on a machine ends at once: the folder is the first one's.",
    upstream="""\
PrefectHQ/prefect: only one account of a machine can have a runner

`Runner.__init__` puts its files below `<temporary files>/runner_storage`. The first account that starts a
runner or a process worker makes that folder, with its own umask; for every other account, `mkdir` of the
runner's own folder in it raises PermissionError, and the worker ends. A name with the account's in it, or a
folder below PREFECT_HOME, would let both run.
""",
    check=_check,
)
