"""From the bytes a script prints to lines that a log can take: decoded, bounded, visible, without secrets."""

from __future__ import annotations

import codecs
import locale
import sys
from collections import deque
from collections.abc import Callable

from tasks import line_encoding
from tasks.line_encoding import EIGHT_BIT, LineEncoding
from tasks.redaction import MASK, Redactor
from tasks.visible import visible, without_colours

#: A longer line is cut: a log is read by people.
MAX_LINE = 10_000
#: A step that prints more is still read (it must not block), but no longer logged.
MAX_STEP = 5_000_000
#: What one line costs beside its text: the log record around it. Keeps a flood of tiny lines bounded.
_RECORD = 100

#: How many of the last lines are kept to explain a failure.
TAIL = 10

#: Bytes by which a line's encoding is decided at the latest: the longest line that is not cut, with its end.
_EVIDENCE = 4 * (MAX_LINE + 1)

# What programs print in that know nothing of Unicode: on Windows, where nobody watches, the code page
# that a console would have (cp949 on a Korean one, cp437 on an American one).
_LEGACY = "oem" if sys.platform == "win32" else locale.getencoding()


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
        self._margin = len(MASK) * redact.longest
        self._keep = 4 * (MAX_LINE + self._margin)  # bytes; no encoding uses more for a character
        self._encoding: str | None = None  # of the line, once it is known
        self._before: str | None = None  # the encoding of the line before
        self._rest = b""  # not looked at yet: too little to tell the encoding, or half a character
        self._line = bytearray()
        self._length = 0  # of the line, with all that was not kept of it
        self._returned = False  # whether it ends with a carriage return
        self._cut = False
        self._unlogged: deque[tuple[bytes, str, bool]] = deque(maxlen=TAIL)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream, however they were cut."""
        self._split(self._rest + data, is_all=False)

    def close(self) -> None:
        """Take what is left without an end of line."""
        self._split(self._rest, is_all=True)
        self._extend(self._rest)
        self._rest = b""
        if self._length:
            self._finish()

    def _split(self, data: bytes, *, is_all: bool) -> None:
        """Take all whole lines of `data`, and of the last one what is no half character."""
        start = 0
        while start < len(data):
            if self._encoding is None:
                found = self._look(data, start, is_all)
                if found is None:
                    break
                self._encoding = found.name
                start += found.mark
            newline = self._bytes("\n")
            end = line_encoding.find(data, newline, start)
            if end < 0:
                whole = len(data) - (len(data) - start) % len(newline)
                self._extend(data[start:whole])
                start = whole
                break
            self._extend(data[start:end])
            self._finish(len(newline))
            start = end + len(newline)
        self._rest = data[start:]

    def _look(self, data: bytes, start: int, is_all: bool) -> LineEncoding | None:
        """Return the encoding of the line that begins at `start`; None if it takes more bytes."""
        if self._before is None:
            return line_encoding.first_line(data, most=_EVIDENCE, is_all=is_all)
        return line_encoding.next_line(data, start, self._before, most=_EVIDENCE, is_all=is_all)

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
        encoding = self._before = self._encoding or EIGHT_BIT
        self._encoding = None
        self._line.clear()
        self._length, self._returned, self._cut = 0, False, False
        if not self._budget.take(size):
            self._unlogged.append((data, encoding, cut))
        elif (text := self._text(data, encoding, cut)).strip():
            self._emit(text)

    def last_unlogged(self) -> list[str]:
        """Return the last lines that the budget kept from the log: a flood may end in the reason for it."""
        return [text for line in self._unlogged if (text := self._text(*line)).strip()]

    def _text(self, data: bytes, encoding: str, cut: bool) -> str:
        """Return a line's bytes as the log may have them."""
        text = decode(data, cut) if encoding == EIGHT_BIT else data.decode(encoding, "replace")
        text = self._redact(without_colours(text.rstrip("\r"), cut=cut))
        if cut:  # the line may end within a secret, which then is not known as one
            text = text[: -self._margin or None]
        text = visible(text)
        if cut or len(text) > MAX_LINE:
            text = text[: MAX_LINE - 1] + "…"
        return text

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding or EIGHT_BIT)


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
