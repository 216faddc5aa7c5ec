"""Starts scripts, one at a time, and reaps all that they start: `python -I -S subreaper_program.py FD`.

Linux gives a process that loses its parent to the nearest ancestor that is a subreaper (prctl(2)). So
whatever a script starts stays below this process, and no variable, session or double fork takes it away.

It has one thread and nothing of ours in it: it is small, and quick to start programs. Its messages are
datagrams on the socket FD, in `marshal`; both ends are the same Python. `tasks.process.subreaper` is the
other end.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress

assert sys.platform == "linux"  # noqa: S101 - for mypy: only Linux has subreapers

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
#: What asks this process to end, and those below it: it goes last, by itself.
_REQUESTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
#: What Python ignores, and programs expect not to be.
_PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ)
_LARGEST = 4096  # bytes of a message; what is larger comes in a file of its own
_DESCRIPTORS = 4  # the request, where output and errors go, and what it reads if there is anything


class Subreaper:
    """Obeys one socket, until that is closed and nothing is left below."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._script = 0
        self._cpu = 0.0

    def serve(self, woken: int) -> None:
        """Obey, and reap. `woken` becomes readable when a child has ended."""
        awaited = [self._control.fileno(), woken]
        while True:
            ready, _, _ = select.select(awaited, [], [])
            if woken in ready:
                os.read(woken, _LARGEST)
                is_alone = self._reap()
                if is_alone and len(awaited) == 1:
                    return
            if self._control.fileno() in ready and not self._obey():
                if not self._has_children():
                    return
                awaited = [woken]

    def _obey(self) -> bool:
        """Do what the next message asks for; return False if there will be none."""
        message, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST, _DESCRIPTORS)
        if not message:
            return False
        if not descriptors:  # what is left keeps running
            os._exit(0)
        try:
            self._start(*descriptors)
        except (OSError, ValueError) as error:
            number, text = getattr(error, "errno", None), getattr(error, "strerror", None) or str(error)
            self._report("refused", number, text, getattr(error, "filename", None))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _start(self, request: int, output: int, errors: int, *read: int) -> None:
        for descriptor in (request, output, errors, *read):
            os.set_inheritable(descriptor, False)
        with open(request, "rb", closefd=False) as file:
            argv, cwd, env, data_limit = marshal.load(file)  # noqa: S302 - from our parent
        self._cpu = 0.0
        os.chdir(cwd)
        try:
            self._script = os.posix_spawn(
                argv[0],
                argv,
                env,
                file_actions=[
                    *((os.POSIX_SPAWN_DUP2, descriptor, 0) for descriptor in read),
                    *(() if read else [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, errors, 2),
                ],
                setsid=True,
                setsigdef=_PYTHONS,
            )
        finally:
            os.chdir("/")  # hold no folder
        if data_limit:
            with suppress(OSError):  # it has ended already, or has a lower limit
                resource.prlimit(self._script, resource.RLIMIT_DATA, (data_limit, data_limit))
        self._report("started", self._script)

    def _reap(self) -> bool:
        """Reap what has ended; report the end of the script. Return whether nothing is left."""
        status = None
        while True:
            try:
                pid, ended, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                pid, is_alone = 0, True
            else:
                is_alone = False
            if pid == 0:
                break
            self._cpu += usage.ru_utime + usage.ru_stime
            if pid == self._script:
                status = ended
        if status is not None:
            self._script = 0
            self._report("ended", os.waitstatus_to_exitcode(status), self._cpu, is_alone)
        return is_alone

    def _has_children(self) -> bool:
        with suppress(ChildProcessError):
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return True
        return False

    def _report(self, *message: str | bytes | float | bool | None) -> None:
        with suppress(OSError):  # whoever started this is gone
            self._control.send(marshal.dumps(message))


def main(descriptor: int) -> None:
    """Serve the socket `descriptor`."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for request in _REQUESTS:
        if signal.getsignal(request) is not signal.SIG_IGN:  # what is ignored here is so in the scripts
            signal.signal(request, lambda *_: None)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    Subreaper(control).serve(woken)
    os._exit(0)  # there is nothing to clear away


if __name__ == "__main__":
    main(int(sys.argv[1]))
