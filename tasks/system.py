"""Where the operating systems differ: starting a process apart from us, and asking one to end."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import psutil


def apart() -> dict[str, Any]:
    """Return Popen's arguments for a process group of its own, with no window flashing up.

    A Ctrl-C in our terminal is then for us alone: we end our children ourselves, in order.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def ask_to_end(process: psutil.Process) -> None:
    """Ask a process to end, as the system's own tools would; one that has ended already is no error.

    On Windows this reaches a process that was started `apart`, and no other.
    """
    with suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()


def detached() -> dict[str, Any]:
    """Return Popen's arguments for a service that is to outlive us, and whatever ends us."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"creationflags": flags | subprocess.CREATE_BREAKAWAY_FROM_JOB}
    return {"start_new_session": True}
