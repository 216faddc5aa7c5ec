"""From the bytes a script prints to lines that a log can take: decoded, bounded, without secrets."""

from __future__ import annotations

import codecs
import locale
from collections.abc import Callable, Iterable

#: A longer line is cut: a log is read by people.
MAX_LINE = 10_000
#: A step that prints more is still read (it must not block), but no longer logged.
MAX_STEP = 5_000_000
#: What one line costs beside its text: the log record around it. Keeps a flood of tiny lines bounded.
_RECORD = 100

_MASK = "***"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Redactor:
    """Replaces secret values, wherever they stand, by ***."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # A secret of several lines is printed line by line; the longest goes first, so that a
        # secret that contains another one leaves nothing behind.
        parts = {part for secret in secrets for part in (secret, *secret.splitlines()) if part}
        self._secrets = sorted(parts, key=len, reverse=True)

    @property
    def longest(self) -> int:
        """Length of the longest secret, in characters."""
        return len(self._secrets[0]) if self._secrets else 0

    def __call__(self, text: str) -> str:
        """Given a text, return it without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text


def decode(data: bytes) -> str:
    """Given bytes in an unknown encoding, return text: UTF-8, else the machine's own; never an error."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(locale.getencoding(), errors="backslashreplace")


class Budget:
    """How much one step may still log, over all its streams."""

    def __init__(self, limit: int = MAX_STEP) -> None:
        self._left = limit
        self.dropped = 0
        """Bytes that were read and not logged."""

    def take(self, size: int) -> bool:
        """Whether a line of `size` bytes may be logged; if not, it is counted as dropped."""
        if self.dropped or self._left < size + _RECORD:
            self.dropped += size
            return False
        self._left -= size + _RECORD
        return True


class Lines:
    """Turns one stream's chunks of bytes into calls of `emit`, a line each.

    Blank lines are left out; of a line redrawn with carriage returns (a progress bar) the last
    state is kept, as a terminal would show it. Memory stays below a few times `MAX_LINE`.
    """

    def __init__(self, emit: Callable[[str], None], budget: Budget, redact: Redactor) -> None:
        self._emit = emit
        self._budget = budget
        self._redact = redact
        self._keep = 4 * (MAX_LINE + redact.longest)  # bytes; no encoding uses more for a character
        self._line = bytearray()
        self._length = 0
        self._encoding: str | None = None
        self._start = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream, however they were cut."""
        if self._encoding is None:
            self._start += data
            if len(self._start) < 4:
                return
            data, self._start = self._detect(self._start), b""
        self._split(data)

    def close(self) -> None:
        """Take what is left without an end of line."""
        if self._start:
            self._split(self._detect(self._start))
            self._start = b""
        if self._length:
            self._finish()

    def _detect(self, start: bytes) -> bytes:
        """Set the encoding from the stream's first bytes; return them without a byte order mark."""
        for mark, encoding in _BOMS:
            if start.startswith(mark):
                self._encoding = encoding
                return start[len(mark) :]
        # Windows tools print UTF-16 without a mark as well: ASCII text has a zero in every other byte.
        if len(start) >= 4 and start[1] == start[3] == 0 and start[0] and start[2]:
            self._encoding = "utf-16-le"
        else:
            self._encoding = "utf-8"
        return start

    @property
    def _newline(self) -> bytes:
        return {"utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}.get(self._encoding or "", b"\n")

    def _split(self, data: bytes) -> None:
        newline = self._newline
        start = 0
        while (end := self._find(data, newline, start)) >= 0:
            self._extend(data[start:end])
            self._finish(len(newline))
            start = end + len(newline)
        self._extend(data[start:])

    def _find(self, data: bytes, newline: bytes, start: int) -> int:
        """Where the next end of line begins; in UTF-16 only where a character begins."""
        end = data.find(newline, start)
        while end >= 0 and len(newline) == 2 and (self._length + end - start) % 2:
            end = data.find(newline, end + 1)
        return end

    def _extend(self, data: bytes) -> None:
        self._length += len(data)
        if (room := self._keep - len(self._line)) > 0:
            self._line += data[:room]

    def _finish(self, newline: int = 0) -> None:
        data, size = bytes(self._line), self._length + newline
        self._line.clear()
        self._length = 0
        if not self._budget.take(size):
            return
        text = decode(data) if self._encoding == "utf-8" else data.decode(self._encoding or "", "replace")
        text = text.rstrip("\r\n").rsplit("\r", 1)[-1].replace("\0", "␀")
        text = self._redact(text)
        if len(text) > MAX_LINE:
            text = text[: MAX_LINE - 1] + "…"
        if text.strip():
            self._emit(text)
