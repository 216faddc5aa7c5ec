"""Starts scripts below a subreaper of their own, so that what they start cannot get away. Linux only.

A subreaper (`subreaper_program`) is a small process between this one and a script. It is started with the
first script and serves the next ones, one at a time; scripts at the same time have one each. As nothing but
the script is below it, all that is below it is the script's, whatever it has done to its environment, its
session or its parent. When a script leaves
something running on purpose, its subreaper serves no other.
"""

from __future__ import annotations

import asyncio
import atexit
import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tasks.process.ending import completed
from tasks.process.process_tree import Identity

assert sys.platform == "linux"  # noqa: S101 - for mypy: only Linux has subreapers

_PROGRAM = Path(__file__).with_name("subreaper_program.py")
_LARGEST = 4096  # bytes of a message from the program
_NOTICE = 1.0  # seconds that it may take to end


class _Subreaper:
    """The process, and our end of the socket to it."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self.process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-I", "-S", str(_PROGRAM), str(theirs.fileno())],
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except BaseException:
                self.control.close()
                raise
        self.identity = Identity.of(self.process.pid)

    def has_ended(self) -> bool:
        """Whether it is over, and reaped."""
        return self.process.poll() is not None


# Those that have nothing to do, and those that are done, to be reaped. Beats in several threads share them.
_idle: list[_Subreaper] = []
_done: list[_Subreaper] = []


def _take() -> _Subreaper:
    _done[:] = [each for each in _done if not each.has_ended()]
    while _idle:
        found = _idle.pop()
        if not found.has_ended():
            return found
        found.control.close()
    return _Subreaper()


@atexit.register
def end_idle() -> None:
    """End those that have nothing to do, so that with this process all of it has ended."""
    while _idle:
        ended = _idle.pop()
        ended.control.close()
        with suppress(subprocess.TimeoutExpired):
            ended.process.wait(_NOTICE)


class Script:
    """A script below its subreaper; what happens to it is reported to `protocol`, as asyncio would."""

    def __init__(self, protocol: asyncio.SubprocessProtocol) -> None:
        """Find a subreaper for it.

        Raises:
            OSError: none can be started.
        """
        self._protocol = protocol
        self._subreaper = _take()
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[int] = self._loop.create_future()
        self._pipes: list[asyncio.ReadTransport] = []
        self._returncode: int | None = None
        self.cpu_seconds = 0.0
        """What it used, with all that ended before it."""
        self.has_left = False
        """Whether something that it started may still run."""
        self._is_over = False

    @property
    def subreaper(self) -> Identity | None:
        """The process that all of it is below."""
        return self._subreaper.identity

    def get_pid(self) -> int:
        """Return the script's process, once it has started."""
        return self._started.result()

    def get_returncode(self) -> int | None:
        """Return its exit code, or minus the signal that it died of; None while it runs."""
        return self._returncode

    async def start(
        self,
        argv: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        data_limit: int | None,
        stdin: int | None = None,
    ) -> None:
        """Start it. `data_limit`: bytes of private memory that each of its processes may have.

        `stdin` is the descriptor that it reads; None if it has nothing to read.

        Raises:
            OSError: it cannot be started.
            ValueError: an argument or variable that no program can be given.
        """
        request = (
            [os.fsencode(word) for word in argv],
            os.fsencode(cwd),
            {os.fsencode(name): os.fsencode(value) for name, value in env.items()},
            data_limit,
        )
        with ExitStack() as stack:
            descriptor = os.memfd_create("request")
            stack.callback(os.close, descriptor)
            os.write(descriptor, marshal.dumps(request))
            os.lseek(descriptor, 0, os.SEEK_SET)
            ends = [await self._pipe(stack, number) for number in (1, 2)]
            reads = [] if stdin is None else [stdin]
            socket.send_fds(self._subreaper.control, [b"start"], [descriptor, *ends, *reads])
            self.has_left = True
        self._subreaper.control.setblocking(False)
        self._loop.add_reader(self._subreaper.control, self._read)
        await completed(self._started)  # it answers at once: only then can what it started be ended

    async def _pipe(self, stack: ExitStack, number: int) -> int:
        """Read a stream of the script from now on; return the end for it to write to."""
        ours, theirs = os.pipe()
        stack.callback(os.close, theirs)
        reader = os.fdopen(ours, "rb", buffering=0)
        transport, _ = await self._loop.connect_read_pipe(lambda: _Stream(self._protocol, number), reader)
        self._pipes.append(transport)
        return theirs

    def _read(self) -> None:
        """Take a message from the subreaper."""
        try:
            data = self._subreaper.control.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        match marshal.loads(data) if data else ("gone",):  # noqa: S302 - from our own program
            case ("started", pid):
                self._settle(pid)
            case ("refused", number, text, filename):
                self._is_over, self.has_left = True, False
                name = filename if filename is None else os.fsdecode(filename)
                self._settle(ValueError(text) if number is None else OSError(number, text, name))
            case ("ended", code, cpu_seconds, is_alone):
                self._is_over, self.has_left, self.cpu_seconds = True, not is_alone, cpu_seconds
                self._end(code)
            case _:
                self._loop.remove_reader(self._subreaper.control)
                self._settle(OSError("the process that would have started it has ended"))
                self._end(-9)  # nobody can say how it ended; most likely as its subreaper did

    def _settle(self, result: int | Exception) -> None:
        if self._started.done():
            return
        if isinstance(result, int):
            self._started.set_result(result)
        else:
            self._started.set_exception(result)
            self._started.exception()  # it is known, also if nobody waits for it any more

    def _end(self, code: int) -> None:
        if self._returncode is None:
            self._returncode = code
            self._protocol.process_exited()

    def let_go(self) -> None:
        """Let what it has left keep running."""
        if self.has_left:
            try:
                self._subreaper.control.send(b"release")
            except OSError:  # it has ended: then nothing is below it
                return

    def close(self) -> None:
        """Close the streams. The subreaper may serve the next script if nothing is left of this one."""
        for pipe in self._pipes:
            pipe.close()
        self._loop.remove_reader(self._subreaper.control)
        if self._is_over and not self.has_left:
            self._subreaper.control.setblocking(True)
            _idle.append(self._subreaper)
        else:
            self._subreaper.control.close()
            _done.append(self._subreaper)


class _Stream(asyncio.Protocol):
    """Hands on what comes from one stream of the script."""

    def __init__(self, protocol: asyncio.SubprocessProtocol, number: int) -> None:
        self._protocol, self._number = protocol, number

    def data_received(self, data: bytes) -> None:
        self._protocol.pipe_data_received(self._number, data)

    def connection_lost(self, error: Exception | None) -> None:
        self._protocol.pipe_connection_lost(self._number, error)
