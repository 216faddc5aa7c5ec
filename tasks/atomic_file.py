"""Writes a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.system import replace


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8, line feeds) to `path`, replacing what is there at once. Its folder is made.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
