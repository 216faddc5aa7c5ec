"""Writes a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tasks import private
from tasks.system import replace


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8, line feeds) to `path`, replacing what is there at once. Its folder is made.

    Both are for this account alone.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    private.make_folder(path.parent)
    _write(path, text, private.FILE)


def write_users_text(path: Path, text: str) -> None:
    """Do as `write_text`, for a file of the user's own: made as the umask says, and kept as it was.

    What only they may read is so afterwards, too.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, text, _mode(path))


def _mode(path: Path) -> int:
    """Return the mode with which a file is made anew: writable, or nothing could be put into it."""
    try:
        return stat.S_IMODE(path.stat().st_mode) | stat.S_IWUSR
    except FileNotFoundError:
        return 0o666


def _write(path: Path, text: str, mode: int) -> None:
    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, mode)

    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n", opener=opener) as file:
            file.write(text)
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
