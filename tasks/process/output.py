"""From the bytes a script prints to lines that a log can take: decoded, bounded, visible, without secrets."""

from __future__ import annotations

import codecs
import locale
import sys
from collections.abc import Callable, Sequence

from tasks.process import line_encoding
from tasks.process.line_encoding import EIGHT_BIT, LineEncoding
from tasks.redaction.redactor import MASK, Redactor
from tasks.redaction.visible import visible, without_colours

#: Characters of a line that a log or a message takes, as these are read by people; …
MAX_LINE = 10_000
#: … and that are kept of a longer one at all.
LONGEST = 1_000_000

#: How many of the last lines are kept to explain a failure.
TAIL = 10

#: Bytes by which a line's encoding is decided at the latest.
_EVIDENCE = 4 * (MAX_LINE + 1)

# What is in the UTF-8 of every control character but tab and line feed: C1 begins with a C2.
_CONTROLS = bytes([*range(9), *range(11, 32), 0x7F, 0xC2])

#: Bytes of plain lines that are taken at once.
_AT_ONCE = 65_536

# What programs print in that know nothing of Unicode: on Windows, where nobody watches, the code page
# that a console would have (cp949 on a Korean one, cp437 on an American one).
_LEGACY = "oem" if sys.platform == "win32" else locale.getencoding()


def decode(data: bytes, cut: bool = False) -> str:
    """Given bytes in an unknown encoding, return text: UTF-8, else the machine's own; never an error.

    `cut` means that they may end within a character.
    """
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return data.decode(_LEGACY, errors="backslashreplace")


def shortened(line: str, longest: int = MAX_LINE) -> str:
    """Return a line of at most so many characters; one that had more ends with an ellipsis."""
    return line if len(line) <= longest else line[: longest - 1] + "…"


def not_blank(lines: Sequence[str]) -> list[str]:
    """Return the lines that have more in them than blanks."""
    return [line for line in lines if line and not line.isspace()]


class Lines:
    """Turns one stream's chunks of bytes into lines: `emit` is called with the next ones, in order.

    Of a line redrawn with carriage returns (a progress bar) the last state is kept, as a terminal would
    show it. Memory stays below a few times `longest`, the characters that a line may have.
    """

    def __init__(
        self, emit: Callable[[Sequence[str]], None], redact: Redactor, longest: int = MAX_LINE
    ) -> None:
        self._emit = emit
        self._redact = redact
        self._longest = longest
        # A secret cut short can itself hold shorter ones, which its masks make longer.
        self._margin = len(MASK) * redact.longest
        self._keep = 4 * (longest + self._margin)  # bytes; no encoding uses more for a character
        self._encoding: str | None = None  # of the line, once it is known
        self._before: str | None = None  # the encoding of the line before
        self._rest = b""  # not looked at yet: too little to determine the encoding, or half a character
        self._line = bytearray()
        self._length = 0  # of the line, with all that was not kept of it
        self._returned = False  # whether it ends with a carriage return
        self._cut = False

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
        start = closely = 0
        while start < len(data):
            if self._encoding is None:
                if start >= closely and (end := data.rfind(b"\n", start, start + _AT_ONCE) + 1):
                    if self._emit_at_once(data[start:end]):
                        start = end
                        continue
                    closely = end  # line by line
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
            self._finish()
            start = end + len(newline)
        self._rest = data[start:]

    def _emit_at_once(self, data: bytes) -> bool:
        """Emit whole lines all at once, if none of them takes a closer look; return whether that is so."""
        data = data.replace(b"\r\n", b"\n")
        if self._before != EIGHT_BIT or b"\r" in data:
            return False
        try:
            text = without_colours(data.decode())
        except UnicodeDecodeError:
            return False
        if self._redact(text) != text:
            return False
        # To delete bytes takes a tenth of the time that it takes to look for characters.
        is_plain = len(data.translate(None, _CONTROLS)) == len(data)
        lines = (text if is_plain else visible(text)).split("\n")[:-1]
        if len(max(lines, key=len)) > self._longest:
            return False
        self._emit(lines)
        return True

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

    def _finish(self) -> None:
        data, cut = bytes(self._line), self._cut
        encoding = self._before = self._encoding or EIGHT_BIT
        self._encoding = None
        self._line.clear()
        self._length, self._returned, self._cut = 0, False, False
        self._emit([self._text(data, encoding, cut)])

    def _text(self, data: bytes, encoding: str, cut: bool) -> str:
        """Return a line's bytes as the log may have them."""
        text = decode(data, cut) if encoding == EIGHT_BIT else data.decode(encoding, "replace")
        text = self._redact(without_colours(text.rstrip("\r"), cut=cut))
        if cut:  # the line may end within a secret, which then is not known as one
            text = text[: -self._margin or None]
        text = visible(text)
        return text[: self._longest - 1] + "…" if cut else shortened(text, self._longest)

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
