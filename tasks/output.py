"""From the bytes a script prints to lines that a log can take: decoded, bounded, without secrets."""

from __future__ import annotations

import codecs
import locale
import sys
from collections import deque
from collections.abc import Callable, Iterable

#: A longer line is cut: a log is read by people.
MAX_LINE = 10_000
#: A step that prints more is still read (it must not block), but no longer logged.
MAX_STEP = 5_000_000
#: What one line costs beside its text: the log record around it. Keeps a flood of tiny lines bounded.
_RECORD = 100

#: How many of the last lines are kept to explain a failure.
TAIL = 10

# What programs print in that know nothing of Unicode: on Windows, where nobody watches, the code page
# that a console would have (cp949 on a Korean one, cp437 on an American one).
_LEGACY = "oem" if sys.platform == "win32" else locale.getencoding()

_MASK = "***"
_TELLING = 4  # characters; masking shorter lines of a secret would blot out half the log
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
        parts = {part for secret in secrets for part in (secret, *_lines(secret)) if part}
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


def _lines(secret: str) -> list[str]:
    """Return a secret's lines, however indented; a bracket alone in one gives nothing away."""
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    return [line for line in lines if len(line) >= _TELLING] if len(lines) > 1 else lines


def decode(data: bytes, cut: bool = False) -> str:
    """Given bytes in an unknown encoding, return text: UTF-8, else the machine's own; never an error.

    `cut` says that they may end within a character.
    """
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return data.decode(_LEGACY, errors="backslashreplace")


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
        # A secret cut short can itself hold shorter ones, which its masks make longer.
        self._margin = len(_MASK) * redact.longest
        self._keep = 4 * (MAX_LINE + self._margin)  # bytes; no encoding uses more for a character
        self._encoding: str | None = None
        self._rest = b""  # not looked at yet: too little to tell the encoding, or half a character
        self._line = bytearray()
        self._length = 0  # of the line, with all that was not kept of it
        self._returned = False  # whether it ends with a carriage return
        self._cut = False
        self._unlogged: deque[tuple[bytes, bool]] = deque(maxlen=TAIL)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream, however they were cut."""
        data, self._rest = self._rest + data, b""
        if self._encoding is None:
            if len(data) < 4:
                self._rest = data
                return
            data = self._detect(data)
        self._split(data)

    def close(self) -> None:
        """Take what is left without an end of line."""
        rest, self._rest = self._rest, b""
        if self._encoding is None:
            self._split(self._detect(rest))
            rest = self._rest
        self._extend(rest)
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

    def _split(self, data: bytes) -> None:
        newline = self._bytes("\n")
        if odd := len(data) % len(newline):
            data, self._rest = data[:-odd], data[-odd:]
        start = 0
        while (end := _find(data, newline, start)) >= 0:
            self._extend(data[start:end])
            self._finish(len(newline))
            start = end + len(newline)
        self._extend(data[start:])

    def _extend(self, data: bytes) -> None:
        """Add to the line. What comes after a carriage return replaces what was there before."""
        if not data:
            return
        self._length += len(data)
        mark = self._bytes("\r")
        drawn = _without_end(data, mark)  # returns at the end of a line replace nothing
        last = _find_last(drawn, mark)
        if last >= 0 or (self._returned and drawn):
            self._line.clear()
            self._cut = False
        self._returned = len(drawn) < len(data)
        data = data[last + len(mark) :] if last >= 0 else data
        room = self._keep - len(self._line)
        self._line += data[:room]
        self._cut |= len(data) > room

    def _finish(self, newline: int = 0) -> None:
        data, size, cut = bytes(self._line), self._length + newline, self._cut
        self._line.clear()
        self._length, self._returned, self._cut = 0, False, False
        if not self._budget.take(size):
            self._unlogged.append((data, cut))
        elif (text := self._text(data, cut)).strip():
            self._emit(text)

    def last_unlogged(self) -> list[str]:
        """Return the last lines that the budget kept from the log: a flood may end in the reason for it."""
        return [text for data, cut in self._unlogged if (text := self._text(data, cut)).strip()]

    def _text(self, data: bytes, cut: bool) -> str:
        """Return a line's bytes as the log may have them."""
        utf_16 = self._encoding if self._encoding != "utf-8" else None
        text = data.decode(utf_16, "replace") if utf_16 else decode(data, cut)
        text = self._redact(text.rstrip("\r").replace("\0", "␀"))
        if cut:  # the line may end within a secret, which then is not known as one
            text = text[: -self._margin or None]
        if cut or len(text) > MAX_LINE:
            text = text[: MAX_LINE - 1] + "…"
        return text

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding or "utf-8")


def _find(data: bytes, mark: bytes, start: int) -> int:
    """Return where `mark` first is; in UTF-16 only where a character begins."""
    at = data.find(mark, start)
    while at >= 0 and at % len(mark):
        at = data.find(mark, at + 1)
    return at


def _find_last(data: bytes, mark: bytes) -> int:
    at = data.rfind(mark)
    while at >= 0 and at % len(mark):
        at = data.rfind(mark, 0, at + len(mark) - 1)
    return at


def _without_end(data: bytes, mark: bytes) -> bytes:
    if len(mark) == 1:
        return data.rstrip(mark)
    end = len(data)
    while data.endswith(mark, 0, end):
        end -= len(mark)
    return data[:end]
