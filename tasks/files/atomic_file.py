"""Writes a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from time import monotonic, sleep

from tasks.files import private

#: Seconds for which a file may be held by others before that is an error: virus scanners and indexers
#: look at each new file for a while, and on Windows nobody may replace it meanwhile.
_HELD = 3.0
_POLL = 0.02
# Windows' ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
_SHARING = (5, 32, 33)


def write_text(path: Path, text: str) -> None:
    """Write `text` (UTF-8, line feeds) to `path`, replacing what is there at once. Its folder is made.

    Both are for this account alone.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    private.make_folder(path.parent)
    _write(path, text, private.FILE)


def write_users_text(path: Path, text: str) -> None:
    """Do as `write_text`, for a file of the user's own: made with the umask applied, and kept as it was.

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
        _replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _replace(source: Path, target: Path) -> None:
    """Put a file in the place of another one, at once; on Windows, others are given time to let go of it."""
    deadline = monotonic() + _HELD
    while True:
        try:
            source.replace(target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in _SHARING or monotonic() > deadline:
                raise
            sleep(_POLL)
