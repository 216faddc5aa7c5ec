"""Where the operating systems differ in processes: starting them apart from us, asking them to end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import psutil

from tasks.settings.project import module_argv

#: Seconds that the process which sends Ctrl-Break may take.
_BREAK = 3.0

#: For Python programs whose output is no console's: on Windows they print in its code page, and die of
#: a character that this does not have, as are the frames that Prefect draws.
IN_UTF_8 = {"PYTHONUTF8": "1"}


def apart() -> dict[str, Any]:
    """Return Popen's arguments for a process group of its own, with no window flashing up.

    A Ctrl-C in our terminal is then for us alone: we end our children ourselves, in order.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def ask_to_end(processes: Iterable[psutil.Process]) -> bool:
    """Ask processes to end, as the system's own tools would; return whether any could be asked.

    On Windows that reaches those that were started `apart`, and what shares their console and group.
    """
    if sys.platform == "win32":
        return _press_break([process.pid for process in processes])
    asked = False
    for process in processes:
        with suppress(psutil.Error):  # it has just ended
            process.terminate()
            asked = True
    return asked


def _press_break(pids: list[int]) -> bool:
    """Send Ctrl-Break. Only from their own consoles, which another process has to join for that."""
    if sys.platform != "win32" or not pids:
        return False
    command = module_argv("tasks.process.console_break", *map(str, pids))
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - our own module
            command, creationflags=subprocess.DETACHED_PROCESS, timeout=_BREAK, check=False
        )
        return done.returncode == 0
    return False


def start_detached(argv: Sequence[str], **options: Any) -> psutil.Popen:
    """Start a service that is to outlive us, and whatever ends us; `options` are Popen's.

    Raises:
        OSError: it cannot be started.
    """
    if sys.platform != "win32":
        return psutil.Popen(argv, start_new_session=True, **options)
    flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    try:
        return psutil.Popen(argv, creationflags=flags | subprocess.CREATE_BREAKAWAY_FROM_JOB, **options)
    except PermissionError:  # we are in somebody's job that lets nothing go: then it ends with that
        return psutil.Popen(argv, creationflags=flags, **options)
