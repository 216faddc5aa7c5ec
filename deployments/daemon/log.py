"""The daemon's log: what Prefect's server and the worker print, and the last words of a process."""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path
from typing import TextIO

from deployments import log_file


def path(outputs_dir: Path) -> Path:
    """Return where it is."""
    return outputs_dir / "logs" / "rhythm.log"


def redirect(outputs_dir: Path) -> TextIO:
    """Send standard error there from now on, also of all below this process; return where it went before."""
    before = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace")
    with log_file.opened(path(outputs_dir)) as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    faulthandler.enable()
    return before
