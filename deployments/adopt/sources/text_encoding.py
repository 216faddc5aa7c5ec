"""From bytes to text, whatever the old tools have written, and whatever they declare it to be."""

from __future__ import annotations

import codecs
import locale

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4000  # bytes that are looked at to recognise UTF-16
#: Code pages of those who wrote in none of Unicode's: Korean, and Western European, which takes all bytes.
_OF_MANY_BYTES = ("cp932", "cp936", "cp949", "cp950", "euc-jp", "euc-kr", "gbk", "big5")
_LAST = ("cp949", "cp1252")


def decode(data: bytes) -> str:
    """Given a file's bytes, return its text without a byte order mark.

    It goes by the bytes: Windows' tools declare UTF-16 in files that are UTF-8, and write UTF-16
    without saying so. What is not Unicode is taken for the machine's code page if that is of
    many bytes, for Korean, and at last for Western European, which takes nearly all bytes.

    Raises:
        ValueError: it is not text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if utf_16 := _utf_16(data):
        return data.decode(utf_16, "replace")
    if b"\0" in data:
        raise ValueError("is not text")
    own = locale.getencoding()
    for encoding in ("utf-8", *([own] if own.lower() in _OF_MANY_BYTES else []), *_LAST):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace")


def _utf_16(data: bytes) -> str | None:
    """Return which UTF-16 the bytes are in, going by where their zeros stand; None if in none.

    Every second byte of what is mostly Latin is zero, and in a text none of the others is.
    """
    sample = data[:_SAMPLE]
    even, odd = sample[0::2], sample[1::2]
    if len(sample) < 4 or not (even.count(0) or odd.count(0)):
        return None
    if odd.count(0) > 0.4 * len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and not odd.count(0):
        return "utf-16-be"
    return None
