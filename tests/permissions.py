"""What other accounts may do with files: modes, and another account that tries."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

from tests.family import SCRIPTS
from tests.waiting import LIMIT


def mode(path: Path) -> int:
    """A file's or folder's mode, without its kind."""
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder: Path) -> dict[str, str]:
    """The modes of a folder and all below it that are not 0700 (folders) or 0600 (files), by their names."""
    found = {path: (0o700 if path.is_dir() else 0o600, mode(path)) for path in (folder, *folder.rglob("*"))}
    return {str(path): oct(is_now) for path, (should, is_now) in found.items() if is_now != should}


def intrude(folder: Path) -> list[str]:
    """What another account can do with a folder and all below it: list, read and lock. Only root can ask."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(SCRIPTS / "intrudes.py"), str(folder)],
        capture_output=True,
        check=True,
        timeout=2 * LIMIT,
    )
    found: list[str] = json.loads(done.stdout)
    return found
