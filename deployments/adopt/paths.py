"""Paths of another machine, as text: Windows' or POSIX', whichever machine reads them."""

from __future__ import annotations

import ntpath
import posixpath
import re

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def is_windows(path: str) -> bool:
    """Whether it is a whole path of Windows: C:\\… or \\\\server\\…."""
    return bool(_DRIVE.match(path))


def is_whole(path: str) -> bool:
    """Whether it is absolute: no folder is needed to start from."""
    return is_windows(path) or path.startswith("/")


def normal(path: str) -> str:
    """Return the path with one kind of separator, and without `.` and `..`."""
    if path.startswith("/"):
        return posixpath.normpath(path.replace("\\", "/"))
    if is_windows(path):
        return ntpath.normpath(path)
    return path


def join(folder: str | None, *parts: str) -> str:
    """Return the path that the parts lead to from `folder`; a whole part starts anew."""
    path = folder or ""
    for part in parts:
        if is_whole(part) or not path:
            path = part
        elif part:
            path = f"{path.rstrip('/' + chr(92))}{separator(path)}{part.lstrip('/' + chr(92))}"
    return normal(path)


def parent(path: str) -> str:
    """Return the folder that the path is in; "" if it names none."""
    return (posixpath.dirname if path.startswith("/") else ntpath.dirname)(path)


def name(path: str) -> str:
    """Return the last part of a path of either kind."""
    return ntpath.basename(path)


def stem(path: str) -> str:
    """Return the last part without its suffix."""
    return ntpath.splitext(name(path))[0]


def suffix(path: str) -> str:
    """Return the suffix with its dot, in lower case: ".py"; "" if there is none."""
    return ntpath.splitext(name(path))[1].lower()


def same(path: str) -> str:
    """Return what is equal for two ways to write the path of one file."""
    path = normal(path)
    return path if path.startswith("/") else path.replace("/", "\\").casefold()


def separator(path: str) -> str:
    """Return what stands between the parts of such a path."""
    return "/" if path.startswith("/") or ("/" in path and "\\" not in path) else "\\"
