"""Folders and files for this account alone: nobody else reads what Rhythm writes, or holds its locks.

They get their modes where they are made, and not by the process's umask: scripts inherit that, and their
own files are the account's business. On Windows, what is in a folder has the access list of the folder.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal

if sys.platform == "win32":
    from tasks.files import access_list as permissions
else:
    from tasks.files import file_mode as permissions

#: The mode of every file; a umask can only make it less.
FILE = 0o600


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing; one that is there is left as it is.

    Raises:
        OSError: it cannot be made.
    """
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            try:
                permissions.make_folder(folder)
            except FileExistsError:
                if not folder.is_dir():  # another process may have been faster
                    raise


def make_file(path: Path) -> None:
    """Make an empty file, for a program that would make it by the umask; one that is there is left as it is.

    SQLite takes an empty file for a new database, and gives what it puts beside it the same mode.

    Raises:
        OSError: it cannot be made.
    """
    # Not opened if it is there: closing it would take SQLite's locks away from the whole process.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))


def open_file(path: Path, how: Literal["ab", "wb"]) -> IO[bytes]:
    """Open a file to be continued (`ab`) or begun anew; one that is there keeps its mode.

    Raises:
        OSError: it cannot be opened.
    """
    return open(path, how, opener=lambda name, flags: os.open(name, flags, FILE))
