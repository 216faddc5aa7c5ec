"""Which machine this is: an id in a file of outputs_dir, since a host's name changes (DHCP, containers)."""

from __future__ import annotations

import socket
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from tasks.files import atomic_file, private

FILE_NAME = "machine-id"

# What versions before this file have left. They knew a machine by its host's name, which then stays its id:
# what they have measured and recorded remains this machine's.
_BEFORE = ("rhythm.db", "running", "services", "logs")


def machine_id(outputs_dir: Path) -> str:
    """Return the machine's id, which is made at the first call. Of several at once, all get the same.

    Raises:
        OSError: the folder or the file cannot be made or read.
    """
    path = outputs_dir / FILE_NAME
    if known := _read(path):
        return known
    private.make_folder(outputs_dir)
    with FileLock(outputs_dir / f"{FILE_NAME}.lock", mode=private.FILE):
        known = _read(path)
        if not known:
            known = socket.gethostname() if _is_used(outputs_dir) else uuid4().hex
            atomic_file.write_text(path, f"{known}\n")
    return known


def _read(path: Path) -> str:
    """Return the id in a file; "" if there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _is_used(outputs_dir: Path) -> bool:
    return any((outputs_dir / name).exists() for name in _BEFORE)
