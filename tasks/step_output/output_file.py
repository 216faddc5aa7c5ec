"""The file that everything goes into which one attempt at a step prints and logs.

A line of it is a time (ISO 8601), a source and a text, with a space between: `out` and `err` are the streams
of a script, `detail` is what its interpreter has recorded of errors, and a level of Python's logging stands
before what Rhythm or a built-in step logged.
"""

from __future__ import annotations

import gzip
import logging
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from tasks.files import private
from tasks.step_output.places import COMPRESSED, PLAIN, UNFINISHED

AnyLog = logging.Logger | logging.LoggerAdapter[Any]

# A script's output of one run is the same few lines over and over: the quickest level shrinks it enough.
_LEVEL = 1


class OutputFile:
    """Takes lines until it has `most` bytes, or cannot be written; nothing here raises.

    `path` is the file's without a suffix. It is made with the first line, and private to the account.
    """

    def __init__(self, path: Path, most: int, now: Callable[[], datetime]) -> None:
        self._plain = path.with_name(path.name + PLAIN)
        self._compressed = path.with_name(path.name + COMPRESSED)
        self._room, self._now = most, now
        self._file: IO[bytes] | None = None
        self.is_full = False
        """Whether it has as many bytes as it may have, and lines were left out."""
        self.fault = ""
        """Why it cannot be written any more; empty while it can."""
        self.size = 0
        """Bytes that it has on the disk once it is finished."""

    @property
    def path(self) -> Path:
        """Where it is once the attempt has ended."""
        return self._compressed

    def write(self, lines: Sequence[str], source: str, *, always: bool = False) -> None:
        """Add lines of a source, without ends of lines in them; if it is full, only when that is `always`."""
        if not lines or self.fault or (self.is_full and not always):
            return
        head = f"{self._now().isoformat(timespec='milliseconds')} {source} "
        data = (head + f"\n{head}".join(lines) + "\n").encode("utf-8", "replace")
        if len(data) > self._room and not always:
            self.is_full = True
            data = data[: data.rfind(b"\n", 0, self._room) + 1]
        self._room -= len(data)
        self._write(data)

    def finish(self) -> None:
        """Close it, and compress it."""
        if self._file is None:
            return
        self._close()
        try:
            self._compress()
        except OSError as error:
            self.fault = self.fault or f"it cannot be compressed ({_why(error)})"

    def _write(self, data: bytes) -> None:
        try:
            if self._file is None:
                private.make_folder(self._plain.parent)
                self._file = private.open_file(self._plain, "ab")
            self._file.write(data)
            self._file.flush()  # `rhythm logs -f` reads it meanwhile
        except OSError as error:
            self.fault = f"{self._plain} cannot be written ({_why(error)})"
            self._close()

    def _close(self) -> None:
        if self._file:
            with suppress(OSError):  # what could not be written is tried once more
                self._file.close()
            self._file = None

    def _compress(self) -> None:
        temporary = self._plain.with_suffix(UNFINISHED)
        try:
            with (
                self._plain.open("rb") as source,
                private.open_file(temporary, "wb") as target,
                gzip.GzipFile(
                    fileobj=target, mode="wb", compresslevel=_LEVEL, filename="", mtime=0
                ) as packed,
            ):
                shutil.copyfileobj(source, packed, 1 << 20)
            temporary.replace(self._compressed)
            self.size = self._compressed.stat().st_size
        finally:
            temporary.unlink(missing_ok=True)
        with suppress(PermissionError):  # Windows: somebody reads it; `retention` removes it later
            self._plain.unlink()


class FiledLog(logging.LoggerAdapter[Any]):
    """A log that is written into the file as well."""

    def __init__(self, log: AnyLog, file: OutputFile) -> None:
        super().__init__(log, {})
        self._file = file

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log `msg % args`."""
        if self.isEnabledFor(level):
            text = logging.LogRecord("", level, "", 0, msg, args, None).getMessage()
            self._file.write(text.split("\n"), logging.getLevelName(level))
            self.logger.log(level, msg, *args, **kwargs)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
