"""POSIX's permissions of a folder and what is in it. Windows' are in `tasks.files.access_list`."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from tasks.files.repaired import Repaired

if sys.platform == "win32":
    raise ImportError("Windows has access lists: tasks.files.access_list")

_FOLDER = 0o700
#: What the group and all others may do.
_OTHERS = 0o077


def make_folder(path: Path) -> None:
    """Make a folder for this account alone; a umask can only make that less.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(_FOLDER)


def foreign(path: Path) -> str:
    """Return why a folder is shared with others, who have put something into it; empty if it is not.

    Raises:
        OSError: it cannot be looked at.
    """
    found = path.stat()
    if found.st_mode & stat.S_ISVTX:
        return "is for all accounts (its sticky bit is set)"
    return "" if found.st_uid == os.geteuid() else "belongs to another account"


def repair(path: Path, *, deep: bool) -> Repaired:
    """Take from others what they may do with a folder, the files in it and, if `deep`, all below.

    Links, files with other names elsewhere, and what belongs to other accounts are left alone.

    Raises:
        OSError: it cannot be done, or only in part.
    """
    return _repair_folder(str(path), None, deep)


def _repair_folder(name: str, parent: int | None, deep: bool) -> Repaired:
    """Repair a folder in the folder that is open as `parent`.

    From the top down: in a folder that is closed already, nobody can put a link in a file's place.
    """
    opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        found = os.fstat(opened)
        if found.st_uid != os.geteuid():
            return Repaired()
        total = Repaired()
        if found.st_mode & _OTHERS:
            os.fchmod(opened, stat.S_IMODE(found.st_mode) & ~_OTHERS)
            if os.fstat(opened).st_mode & _OTHERS:
                raise OSError(errno.ENOTSUP, "its file system keeps no permissions", name)
            total += Repaired(folders=1)
        with os.scandir(opened) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # it has been removed meanwhile
                    total += _repair_entry(entry, opened, deep)
        return total
    finally:
        os.close(opened)


def _repair_entry(entry: os.DirEntry[str], parent: int, deep: bool) -> Repaired:
    if entry.is_dir(follow_symlinks=False):
        return _repair_folder(entry.name, parent, deep) if deep else Repaired()
    found = entry.stat(follow_symlinks=False)
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1
    if not is_ours or not found.st_mode & _OTHERS:
        return Repaired()
    # Never opened: closing a database would take SQLite's locks on it away from the whole process.
    os.chmod(entry.name, stat.S_IMODE(found.st_mode) & ~_OTHERS, dir_fd=parent)
    return Repaired(files=1)
