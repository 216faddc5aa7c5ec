"""What a PowerShell misreads of a script, because it is in another encoding than that expects."""

from __future__ import annotations

import codecs
import re

from deployments.script_check.fault import Fault

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def misread(data: bytes, version: int) -> Fault | None:
    """Given a script's bytes and PowerShell's major version, return what that misreads.

    Without a byte order mark, Windows PowerShell (5) reads the machine's code page, PowerShell 7 UTF-8
    (about_Character_Encoding).
    """
    first = _NOT_ASCII.search(data)
    if data.startswith(_MARKS) or first is None:
        return None
    wrong = _not_utf_8(data)
    if version < 6 and wrong is None:
        return Fault(
            "UTF-8 without a byte order mark, which Windows PowerShell reads as the machine's code page",
            "Save it as UTF-8 with BOM, or install PowerShell 7.",
            _line(data, first.start()),
        )
    if version >= 6 and wrong is not None:
        return Fault("is not UTF-8, as which PowerShell reads it", "Save it as UTF-8.", _line(data, wrong))
    return None


def _not_utf_8(data: bytes) -> int | None:
    """Return where the first byte is that is not UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1
