"""How much room a disk has left, for error messages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

#: Bytes below which a disk is as good as full: an error of writing on it is most likely of that.
FULL = 16 * 2**20


def left(path: Path) -> str:
    """Given where something could not be written, return " Its disk, D:, has 3 MiB left: …" if it is full.

    Empty if it has room, or cannot be asked.
    """
    folder = next((each for each in path.absolute().parents if each.is_dir()), None)
    try:
        if folder is None or (free := shutil.disk_usage(folder).free) >= FULL:
            return ""
    except OSError:
        return ""
    disk = next(each for each in [folder.resolve(), *folder.resolve().parents] if os.path.ismount(each))
    return f" Its disk, {disk}, has {free / 2**20:.0f} MiB left: make room there."
