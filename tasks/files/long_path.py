"""Paths that are longer than Windows accepts without a prefix."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Windows takes no more than 260 characters, and a folder must leave room for a short name in it.
_LONG = 248


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
