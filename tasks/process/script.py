"""Owns a child process: starts it, streams what it prints, times it out, ends its whole tree."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import anyio

from tasks.process import batch_file, orphans, process_tree
from tasks.process.ending import GRACE
from tasks.process.exit_status import signed
from tasks.process.failure_reason import LONGEST as LONGEST_REASON
from tasks.process.failure_reason import LOOKED_AT, failure_reason
from tasks.process.output import LONGEST, TAIL, Lines, not_blank, shortened
from tasks.process.ownership import Ownership, ownership
from tasks.process.process_tree import MARK, Identity
from tasks.process.standard_input import StandardInput
from tasks.process.usage import UNKNOWN, Cost, ScriptMeter
from tasks.redaction.redactor import Redactor
from tasks.settings.groups import Priority

if sys.platform == "linux":
    from tasks.process import subreaper

#: Seconds without output after which a pipe that a left-over grandchild holds is given up, and how
#: often such a wait is begun again because it printed something.
_DRAIN, _DRAINS = 0.5, 4
#: Seconds that the system may take to report that a killed process has ended.
_NOTICE = 1.0

_log = logging.getLogger(__name__)

#: Called with the next lines of a stream, blank ones included, and whether that is standard error.
OnLines = Callable[[Sequence[str], bool], None]


@dataclass(frozen=True, slots=True)
class ScriptEnd:
    """How a script ended. `exit_code` is None if it was ended by us; a signal -n on POSIX."""

    exit_code: int | None
    timed_out: bool
    tail: tuple[str, ...]
    is_over_memory: bool = False
    """Whether it was ended because it used more memory than it may."""
    reason: str = field(default="", compare=False)
    """Which line says why, if it has failed."""
    cost: Cost = field(default=UNKNOWN, compare=False)


async def run(
    argv: Sequence[str],
    *,
    name: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    outputs_dir: Path,
    on_lines: OnLines,
    redact: Redactor,
    warn: Callable[[str], None] = _log.warning,
    priority: Priority = "normal",
    memory: int | None = None,
    is_well: Callable[[int], bool] = lambda code: code == 0,
    stdin: StandardInput = None,
    grace: float = GRACE,
) -> ScriptEnd:
    """Run `argv` (an argument list, absolute program first) to its end, or to `timeout` seconds.

    All of its processes together may use `memory` bytes: looked at now and then, it is ended when they use
    more. On Linux, none of its processes is given more at all; on Windows, all of them together are not.
    It reads `stdin`, a descriptor; without one, it has nothing to read.
    `warn` is called with what is wrong around it; `is_well` decides by its exit code whether it ended well.

    However this ends (timeout, cancellation, a signal, another exit code, an error of ours), the
    script and all that it started are ended; only what one leaves running that has ended well goes on: a
    daemon that it started on purpose.

    Raises:
        OSError: it cannot be started.
    """
    mark = uuid.uuid4().hex
    tail: deque[str] = deque(maxlen=TAIL)
    output, errors = deque[str](maxlen=LOOKED_AT), deque[str](maxlen=LOOKED_AT)

    def emit(lines: Sequence[str], error: bool) -> None:
        shown = not_blank(lines)
        tail.extend(shown)
        stream = errors if error else output
        stream.extend(shortened(line, LONGEST_REASON) for line in shown[-LOOKED_AT:])
        on_lines(lines, error)

    with (
        closing(ownership(priority, memory)) as owned,
        orphans.running(outputs_dir, name, mark, warn) as entry,
        closing(_Child(emit, redact)) as child,
        ScriptMeter(owned, memory, child.end_soon) as meter,
    ):
        try:
            pid = await child.start(argv, cwd, {**env, MARK: mark}, owned, memory, stdin)
            meter.started(pid, child.subreaper)
            entry.started(pid, child.subreaper)
            timed_out = not await _happens(child.ended, timeout)
            code = child.exit_code
            is_over_memory = code is None and not timed_out
            has_ended_well = code is not None and is_well(code)
            if not has_ended_well and child.has_left:
                await process_tree.end(mark, entry.script, grace, child.subreaper)
                owned.end()
                await child.gone()
            await child.drained()
            meter.counted(child.cpu_seconds)
            if has_ended_well:
                owned.let_go()
                child.let_go()
        except BaseException:
            await process_tree.end(mark, entry.script, grace, child.subreaper)
            owned.end()
            await child.gone()
            raise
    last, reason = tuple(map(shortened, tail)), failure_reason([*errors], [*output])
    return ScriptEnd(code, timed_out, last, is_over_memory, reason, meter.cost)


def end_idle() -> None:
    """End what waits here for the next script; call it where the interpreter's own end is left out."""
    if sys.platform == "linux":
        subreaper.end_idle()


class _Child(asyncio.SubprocessProtocol):
    """The child, and what the event loop reports about it: its output, and that it has ended."""

    def __init__(self, emit: OnLines, redact: Redactor) -> None:
        self.exited = asyncio.Event()
        self.ended = asyncio.Event()
        """Set when it has exited, and when it is to be ended before that."""
        self._process: _Process | None = None
        self._lines = {
            1: Lines(lambda lines: emit(lines, False), redact, LONGEST),
            2: Lines(lambda lines: emit(lines, True), redact, LONGEST),
        }
        self._open = {1, 2}
        self._closed = asyncio.Event()
        self._read = 0
        self._loop = asyncio.get_running_loop()

    async def start(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        owned: Ownership,
        memory: int | None = None,
        stdin: StandardInput = None,
    ) -> int:
        """Start the program and return its pid. On Linux, each of its processes may have `memory` bytes.

        Raises:
            OSError: it cannot be started.
        """
        try:
            if sys.platform == "linux":
                self._process = script = subreaper.Script(self)
                await script.start(argv, str(cwd), env, memory, stdin)
            else:
                self._process = _Unreaped(await self._start(argv, cwd, env, owned, stdin))
        except NotADirectoryError as error:  # which Windows does not name
            raise OSError(f"{error.strerror}: {cwd}") from error
        except OSError as error:
            if error.filename is not None:
                raise
            said = str(error.strerror)  # Windows leaves a gap for the name, or does not name it at all
            raise OSError(said.replace("%1", argv[0]) if "%1" in said else f"{said}: {argv[0]}") from error
        except ValueError as error:  # a NUL character, or a variable whose name holds "="
            raise OSError(str(error)) from error
        pid = self._process.get_pid()
        owned.take(pid)
        return pid

    async def _start(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        owned: Ownership,
        stdin: StandardInput,
    ) -> asyncio.SubprocessTransport:
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL if stdin is None else stdin,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": str(cwd),
            "env": env,
            **owned.popen,
        }
        if batch_file.needs_cmd(argv[0]):  # it takes a line, not a list
            line = batch_file.line(argv)
            transport, _ = await loop.subprocess_shell(lambda: self, line, **options)
        else:
            transport, _ = await loop.subprocess_exec(lambda: self, *argv, **options)
        return transport

    @property
    def subreaper(self) -> Identity | None:
        """The process that all of it is below; None if it has none."""
        return self._process.subreaper if self._process else None

    @property
    def has_left(self) -> bool:
        """Whether something of it may still run."""
        return self._process is not None and self._process.has_left

    @property
    def cpu_seconds(self) -> float | None:
        """What it used, with all that ended before it; None if that is not known here."""
        return self._process.cpu_seconds if self._process else None

    def let_go(self) -> None:
        """Let what it has left keep running."""
        if self._process:
            self._process.let_go()

    def end_soon(self) -> None:
        """Let it be ended; any thread may ask."""
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self.ended.set)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, with its sign, once it has ended."""
        code = self._process.get_returncode() if self._process else None
        return None if code is None else signed(code)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self._read += 1
        self._lines[fd].feed(bytes(data))  # type: ignore[arg-type]  # a binary pipe; Windows' loop has a bytearray

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            self._closed.set()

    def process_exited(self) -> None:
        self.exited.set()
        self.ended.set()

    async def drained(self) -> None:
        """Wait for the rest of the output: until the pipes close, or nothing has come for a while."""
        for _ in range(_DRAINS):
            before = self._read
            if await _happens(self._closed, _DRAIN) or self._read == before:
                break

    async def gone(self) -> None:
        """Wait until the event loop knows of the end of a killed child: else it would look for it in vain."""
        with anyio.CancelScope(shield=True):
            if self.has_left:
                await _happens(self.exited, _NOTICE)

    def close(self) -> None:
        """Flush the final output and close the pipes."""
        for lines in self._lines.values():
            lines.close()
        if self._process:
            self._process.close()


class _Process(Protocol):
    """A script that has been started."""

    @property
    def subreaper(self) -> Identity | None: ...

    @property
    def has_left(self) -> bool: ...

    @property
    def cpu_seconds(self) -> float | None: ...

    def get_pid(self) -> int: ...

    def get_returncode(self) -> int | None: ...

    def let_go(self) -> None: ...

    def close(self) -> None: ...


class _Unreaped:
    """A script without a subreaper: its mark, or on Windows its job object, finds what cuts itself loose."""

    subreaper = None
    has_left = True
    cpu_seconds = None

    def __init__(self, transport: asyncio.SubprocessTransport) -> None:
        self.get_pid, self.get_returncode, self.close = (
            transport.get_pid,
            transport.get_returncode,
            transport.close,
        )

    def let_go(self) -> None:
        """Nothing holds what it has left."""


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; return whether it came within `seconds`."""
    with anyio.move_on_after(seconds):
        await event.wait()
    return event.is_set()
