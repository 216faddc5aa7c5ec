"""The daemon's log: what Prefect's server and the worker print, and the final output of a process."""

from __future__ import annotations

import faulthandler
import os
import re
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TextIO

from deployments.server import log_file

_TAIL = 100_000  # bytes of a log's end in which its last error is looked for
# How Python names what was raised, with its module and what it says: `sqlite3.DatabaseError: no database`.
_RAISED = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt|Timeout)\b(?:: .*)?")


def last_error(text: str) -> str:
    """Return the last error that stands in a log, as one line; the last line, if it has none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = (line for line in reversed(lines) if _RAISED.fullmatch(line))
    return next(raised, lines[-1] if lines else "")


def read_last_error(path: Path) -> str:
    """Return the last error of the log at `path`; "" if it cannot be read.

    Of a log that may be megabytes long only the end is read.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return last_error(file.read().decode("utf-8", "replace"))
    except OSError:
        return ""


def path(outputs_dir: Path) -> Path:
    """Return where it is."""
    return outputs_dir / "logs" / "rhythm.log"


def redirect(outputs_dir: Path) -> TextIO:
    """Send standard error there from now on, also of all below this process; return where it went before."""
    before = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    with log_file.opened(path(outputs_dir)) as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    faulthandler.enable()
    watch = partial(log_file.keep_short, path(outputs_dir), threading.Event())
    threading.Thread(target=watch, name="log-rotation", daemon=True).start()
    return before
