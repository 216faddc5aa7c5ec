"""Owns a child process: starts it, streams what it prints, times it out, ends its whole tree."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tasks import batch_file, orphans, process_tree
from tasks.exit_status import signed
from tasks.group_settings import Priority
from tasks.output import TAIL, Budget, Lines
from tasks.ownership import Ownership, ownership
from tasks.process_tree import MARK
from tasks.redaction import Redactor
from tasks.usage import UNKNOWN, Cost, ScriptMeter

#: Seconds without output after which a pipe that a left-over grandchild holds is given up, and how
#: often such a wait is begun again because it printed something.
_DRAIN, _DRAINS = 0.5, 4
#: Seconds that the system may take to tell that a killed process has ended.
_NOTICE = 1.0

#: Called with a line and whether it came from standard error.
OnLine = Callable[[str, bool], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a script ended. `exit_code` is None if it was ended by us; a signal -n on POSIX."""

    exit_code: int | None
    timed_out: bool
    tail: tuple[str, ...]
    dropped: int
    """Bytes printed that were left out of the log."""
    cost: Cost = field(default=UNKNOWN, compare=False)


async def run(
    argv: Sequence[str],
    *,
    name: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    outputs_dir: Path,
    on_line: OnLine,
    redact: Redactor,
    priority: Priority = "normal",
    grace: float = process_tree.GRACE,
) -> Ended:
    """Run `argv` (an argument list, absolute program first) to its end, or to `timeout` seconds.

    However this ends (time-out, cancellation, an error of ours), the script and all that it started
    are ended; only what a script leaves running after it has itself ended normally is let live.

    Raises:
        OSError: it cannot be started.
    """
    mark = uuid.uuid4().hex
    tail: deque[str] = deque(maxlen=TAIL)
    budget = Budget()

    def emit(line: str, error: bool) -> None:
        tail.append(line)
        on_line(line, error)

    with (
        closing(ownership(priority)) as owned,
        orphans.running(outputs_dir, name, mark) as entry,
        closing(_Child(emit, budget, redact)) as child,
        ScriptMeter(owned) as meter,
    ):
        try:
            pid = await child.start(argv, cwd, {**env, MARK: mark}, owned)
            meter.started(pid)
            entry.started(pid)
            timed_out = not await _happens(child.exited, timeout)
            if timed_out:
                await process_tree.end(mark, entry.script, grace)
                owned.end()
                await child.gone()
            await child.drained()
            owned.let_go()
        except BaseException:
            await process_tree.end(mark, entry.script, grace)
            owned.end()
            await child.gone()
            raise
        code = None if timed_out else child.exit_code
    tail.extend(child.last_unlogged())
    return Ended(code, timed_out, tuple(tail), budget.dropped, meter.cost)


class _Child(asyncio.SubprocessProtocol):
    """The child, and what the event loop tells about it: its output, and that it has ended."""

    def __init__(self, emit: OnLine, budget: Budget, redact: Redactor) -> None:
        self.exited = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._lines = {
            1: Lines(lambda line: emit(line, False), budget, redact),
            2: Lines(lambda line: emit(line, True), budget, redact),
        }
        self._open = {1, 2}
        self._closed = asyncio.Event()
        self._read = 0

    async def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], owned: Ownership) -> int:
        """Start the program and return its pid.

        Raises:
            OSError: it cannot be started.
        """
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": str(cwd),
            "env": env,
            **owned.popen,
        }
        try:
            if batch_file.needs_cmd(argv[0]):  # it takes a line, not words
                line = batch_file.line(argv)
                self._transport, _ = await loop.subprocess_shell(lambda: self, line, **options)
            else:
                self._transport, _ = await loop.subprocess_exec(lambda: self, *argv, **options)
        except NotADirectoryError as error:  # which Windows does not name
            raise OSError(f"{error.strerror}: {cwd}") from error
        except OSError as error:
            if error.filename is not None:
                raise
            said = str(error.strerror)  # Windows leaves a gap for the name, or does not name it at all
            raise OSError(said.replace("%1", argv[0]) if "%1" in said else f"{said}: {argv[0]}") from error
        except ValueError as error:  # a NUL character, or a variable whose name holds "="
            raise OSError(str(error)) from error
        pid = self._transport.get_pid()
        owned.take(pid)
        return pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code, with its sign, once it has ended."""
        code = self._transport.get_returncode() if self._transport else None
        return None if code is None else signed(code)

    def last_unlogged(self) -> list[str]:
        """The last lines that were not logged, because there were too many; errors last."""
        return [line for lines in self._lines.values() for line in lines.last_unlogged()]

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self._read += 1
        self._lines[fd].feed(bytes(data))  # type: ignore[arg-type]  # a binary pipe; Windows' loop has a bytearray

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open:
            self._closed.set()

    def process_exited(self) -> None:
        self.exited.set()

    async def drained(self) -> None:
        """Wait for the rest of the output: until the pipes close, or nothing has come for a while."""
        for _ in range(_DRAINS):
            before = self._read
            if await _happens(self._closed, _DRAIN) or self._read == before:
                break

    async def gone(self) -> None:
        """Wait until the event loop knows of the end of a killed child: else it would look for it in vain."""
        with anyio.CancelScope(shield=True):
            if self._transport:
                await _happens(self.exited, _NOTICE)

    def close(self) -> None:
        """Take the last words and let go of the pipes."""
        for lines in self._lines.values():
            lines.close()
        if self._transport:
            self._transport.close()


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; return whether it came within `seconds`."""
    with anyio.move_on_after(seconds):
        await event.wait()
    return event.is_set()
