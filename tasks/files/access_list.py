"""Windows' permissions: who may do what with a folder and what is in it. POSIX's: `tasks.files.file_mode`."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pywintypes
import win32api
import win32con
import win32file
import win32security

from tasks.files.long_path import reachable
from tasks.files.repaired import Repaired

# In Windows' own language for them (SDDL): nothing is inherited from the folder above (P); full control
# (FA) for this account, the system (SY) and administrators (BA), inherited by all below (OICI).
_LIST = "D:P(A;OICI;FA;;;{account})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
_DACL = win32security.DACL_SECURITY_INFORMATION


def make_folder(path: Path) -> None:
    """Make a folder for this account, the system and administrators; nobody else can ever enter it.

    Raises:
        OSError: it cannot be made.
    """
    attributes = pywintypes.SECURITY_ATTRIBUTES()
    attributes.SECURITY_DESCRIPTOR = _private()
    with _as_os_error(path):
        win32file.CreateDirectory(str(reachable(path)), attributes)


def foreign(path: Path) -> str:
    """Return why a folder is shared with others, who have put something into it; empty if it is not.

    What an administrator makes may belong to all of them.

    Raises:
        OSError: it cannot be looked at.
    """
    with _as_os_error(path):
        owner = _security(path, win32security.OWNER_SECURITY_INFORMATION).GetSecurityDescriptorOwner()
    ours = (_token(win32security.TokenUser)[0], _token(win32security.TokenOwner))
    return "" if owner in ours else "belongs to another account"


def repair(path: Path, *, deep: bool) -> Repaired:
    """Take from others what they may do with a folder, and with what is in it: that inherits its list.

    On Windows it is as much work for all below as for the folder alone, so `deep` makes no difference.

    Raises:
        OSError: it cannot be done.
    """
    with _as_os_error(path):
        was_private = _is_private(path)
        if was_private and _is_protected(path):
            return Repaired()
        win32security.SetNamedSecurityInfo(
            str(reachable(path)),
            win32security.SE_FILE_OBJECT,
            _DACL | win32security.PROTECTED_DACL_SECURITY_INFORMATION,
            None,
            None,
            _private().GetSecurityDescriptorDacl(),
            None,
        )
        if was_private:  # but only as long as the folder above it is
            return Repaired()
        if not _is_private(path):
            raise OSError(errno.ENOTSUP, "its drive keeps no permissions", str(path))
    below = [(len(files), len(folders)) for _, folders, files in os.walk(path)]
    return Repaired(sum(files for files, _ in below), 1 + sum(folders for _, folders in below))


def _is_private(path: Path) -> bool:
    """Whether nobody but those of our own list is on a folder's."""
    listed = _security(path, _DACL).GetSecurityDescriptorDacl()
    if listed is None:  # no list at all: everybody may do everything
        return False
    return _accounts(listed) <= _accounts(_private().GetSecurityDescriptorDacl())


def _is_protected(path: Path) -> bool:
    """Whether a folder inherits nothing from the one above it."""
    control, _ = _security(path, _DACL).GetSecurityDescriptorControl()
    return bool(control & win32security.SE_DACL_PROTECTED)


def _private() -> Any:
    account = win32security.ConvertSidToStringSid(_token(win32security.TokenUser)[0])
    return win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(
        _LIST.format(account=account), win32security.SDDL_REVISION_1
    )


def _security(path: Path, what: int) -> Any:
    return win32security.GetNamedSecurityInfo(str(reachable(path)), win32security.SE_FILE_OBJECT, what)


def _accounts(listed: Any) -> set[str]:
    """Return the accounts (SIDs) that an access list names: the last part of each entry."""
    entries = (listed.GetAce(index) for index in range(listed.GetAceCount()))
    return {win32security.ConvertSidToStringSid(entry[-1]) for entry in entries}


def _token(what: int) -> Any:
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    return win32security.GetTokenInformation(token, what)


@contextmanager
def _as_os_error(path: Path) -> Iterator[None]:
    try:
        yield
    except pywintypes.error as error:
        raise OSError(0, error.strerror, str(path), error.winerror) from None
