"""Presses Ctrl-Break in the consoles of processes: `python -m tasks.process.console_break PID…`, on Windows.

A process that was started without a window has a console that nobody sees, and receives Ctrl-Break
only from there. One can be in one console only, so this is a process of its own.
"""

from __future__ import annotations

import sys


def main(pids: list[int]) -> int:
    """Press it for each process group that has such a leader; return 0 if any could be reached."""
    if sys.platform != "win32":
        return 1
    import ctypes
    import signal

    kernel = ctypes.windll.kernel32
    kernel.FreeConsole()
    reached = False
    for pid in pids:
        if kernel.AttachConsole(pid):
            reached |= bool(kernel.GenerateConsoleCtrlEvent(int(signal.CTRL_BREAK_EVENT), pid))
            kernel.FreeConsole()
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))
