"""What Wine 8 lacks and the tests need; loaded when Windows' Python starts under Wine, and nothing elsewhere.

The path and the command line of a process, and whose a connection is, which psutil asks the kernel for; and
Ctrl-Break, which ends the processes of a group that has no handler for it: handlers are never called. And
quicker imports.
"""

import ctypes
import importlib.util
import os
import signal
import sys
import tempfile
from ctypes import wintypes
from pathlib import Path

QUERY, TERMINATE, NEW_GROUP = 0x1000, 0x1, 0x200
CONTROL_C_EXIT = 0xC000013A
INVALID_PARAMETER = 87
DIRECTORY = 0x10
EPOCH = 116_444_736_000_000_000  # 1970 in tenths of a microsecond since 1601
GROUPS = Path(tempfile.gettempdir(), "process-groups")


def is_wine():
    return sys.platform == "win32" and hasattr(ctypes.windll.ntdll, "wine_get_version")


def kernel():
    found = ctypes.WinDLL("kernel32", use_last_error=True)
    found.OpenProcess.restype = wintypes.HANDLE
    found.OpenProcess.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
    found.CloseHandle.argtypes = [wintypes.HANDLE]
    found.GetFileAttributesExW.argtypes = [wintypes.LPCWSTR, ctypes.c_int, ctypes.c_void_p]
    found.TerminateProcess.argtypes = [wintypes.HANDLE, wintypes.UINT]
    found.QueryFullProcessImageNameW.argtypes = [
        wintypes.HANDLE,
        wintypes.DWORD,
        wintypes.LPWSTR,
        ctypes.POINTER(wintypes.DWORD),
    ]
    return found


def opened(rights, pid):
    handle = KERNEL.OpenProcess(rights, False, pid)
    if not handle:
        raise ctypes.WinError(ctypes.get_last_error())
    return handle


def image(pid):
    """The path of a process's program."""
    handle = opened(QUERY, pid)
    try:
        size = wintypes.DWORD(32768)
        path = ctypes.create_unicode_buffer(size.value)
        if not KERNEL.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(size)):
            raise ctypes.WinError(ctypes.get_last_error())
        return path.value
    finally:
        KERNEL.CloseHandle(handle)


def refused_not_wrong(command_line):
    """Return psutil's function, which falls back to a question that Wine refuses with "wrong parameter"."""

    def proc_cmdline(pid, use_peb=True):
        try:
            return command_line(pid, use_peb=use_peb)
        except OSError as error:
            if not use_peb and error.winerror == INVALID_PARAMETER:
                raise PermissionError(13, "its command line cannot be read", None, 5) from None
            raise

    return proc_cmdline


def of_this_process(net_connections):
    """Return psutil's function, with this process for each connection: Wine says 0 for all of them."""

    def all_of_this_process(*args):
        return [(*rest, pid or os.getpid()) for *rest, pid in net_connections(*args)]

    return all_of_this_process


class ForPsutil:
    """Puts these into psutil's own module as that is imported."""

    def find_spec(self, name, path=None, target=None):
        if name != "psutil._psutil_windows":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            module.proc_exe = image
            module.proc_cmdline = refused_not_wrong(module.proc_cmdline)
            module.net_connections = of_this_process(module.net_connections)

        spec.loader.exec_module = exec_module
        return spec


def remember_groups():
    """Note which processes lead a group: nobody can be asked that later."""
    import _winapi

    create = _winapi.CreateProcess
    GROUPS.mkdir(exist_ok=True)

    def create_process(*words):
        made = create(*words)
        note = GROUPS / str(made[2])
        if words[5] & NEW_GROUP:
            note.touch()
        else:
            note.unlink(missing_ok=True)
        return made

    _winapi.CreateProcess = create_process


def press_break(leader):
    """End a group: its leader, and below it all that lead no group of their own."""
    import psutil

    children = {}
    for pid, parent in psutil._psutil_windows.ppid_map().items():
        children.setdefault(parent, []).append(pid)
    ended, waiting = 0, [leader]
    while waiting:
        pid = waiting.pop()
        waiting += [child for child in children.get(pid, ()) if not (GROUPS / str(child)).exists()]
        handle = KERNEL.OpenProcess(TERMINATE, False, pid)
        if handle:
            ended += bool(KERNEL.TerminateProcess(handle, CONTROL_C_EXIT))
            KERNEL.CloseHandle(handle)
    return ended


class FileData(ctypes.Structure):
    """WIN32_FILE_ATTRIBUTE_DATA"""

    _pack_ = 4
    _fields_ = (
        ("attributes", wintypes.DWORD),
        ("created", ctypes.c_uint64),
        ("accessed", ctypes.c_uint64),
        ("written", ctypes.c_uint64),
        ("size_high", wintypes.DWORD),
        ("size_low", wintypes.DWORD),
    )


class FileStatus:
    """What imports want to know of a file, as os.stat would tell it."""

    __slots__ = ("st_mode", "st_mtime", "st_size")

    def __init__(self, path):
        data = FileData()
        if not KERNEL.GetFileAttributesExW(path, 0, ctypes.byref(data)):
            raise FileNotFoundError(path)
        self.st_mode = 0o040777 if data.attributes & DIRECTORY else 0o100666
        self.st_mtime = (data.written - EPOCH) / 10_000_000
        self.st_size = data.size_high << 32 | data.size_low


def import_quicker():
    """Ask for a file's status without opening the file: a quarter of what importing Prefect takes.

    As Python does by itself from 3.12 on; each file that is opened is several questions to Wine's server.
    """
    importlib._bootstrap_external._path_stat = FileStatus


if is_wine():
    KERNEL = kernel()
    import_quicker()
    sys.meta_path.insert(0, ForPsutil())
    remember_groups()
    own_kill = os.kill

    def kill(pid, number):
        if pid <= 0 or number not in (signal.CTRL_BREAK_EVENT, signal.CTRL_C_EVENT):
            return own_kill(pid, number)
        if not press_break(pid):
            raise OSError(22, "there is no such group", None, INVALID_PARAMETER)
        return None

    os.kill = kill
