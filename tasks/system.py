"""Where the operating systems differ: starting processes apart from us, ending them, replacing files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil

#: Seconds for which a file may be held by others before that is an error: virus scanners and indexers
#: look at each new file for moments, and on Windows nobody may replace it meanwhile.
_HELD = 3.0
_POLL = 0.02
# Windows takes no more than 260 characters, and a folder must leave room for a short name in it.
_LONG = 248
# Windows' ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
_SHARING = (5, 32, 33)


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
    command = [sys.executable, "-m", "tasks.console_break", *map(str, pids)]
    root = str(Path(__file__).resolve().parents[1])
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=root, creationflags=subprocess.DETACHED_PROCESS, timeout=_HELD, check=False
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


def reachable(path: Path) -> Path:
    """Return a whole path so that the system takes it, however long it is."""
    if sys.platform == "win32" and len(str(path)) >= _LONG and not str(path).startswith("\\\\"):
        return Path(f"\\\\?\\{path}")
    return path


def resolved(path: Path) -> Path:
    """Return a path with all links followed, as `Path.resolve`, however long it is."""
    if sys.platform != "win32":
        return path.resolve()
    found = reachable(Path(os.path.abspath(path))).resolve()  # noqa: PTH100 - Windows takes .. before links
    return Path(str(found).removeprefix("\\\\?\\"))


def replace(source: Path, target: Path) -> None:
    """Put a file in the place of another one, at once.

    Raises:
        OSError: it cannot be done; on Windows, not even after others have had time to let go of it.
    """
    deadline = monotonic() + _HELD
    while True:
        try:
            source.replace(target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _SHARING or monotonic() > deadline:
                raise
            sleep(_POLL)
