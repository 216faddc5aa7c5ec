"""How a process ended, as people can look it up. Pure."""

from __future__ import annotations

import os
import signal

# Microsoft, [MS-ERREF] 2.3.1, and what .NET and Visual C++ raise; those that scripts die of.
_NTSTATUS = {
    0x40010004: "ended by a debugger or the system",
    0x80000003: "breakpoint",
    0xC0000005: "access violation",
    0xC0000017: "no memory",
    0xC000001D: "illegal instruction",
    0xC0000094: "integer division by zero",
    0xC00000FD: "stack overflow",
    0xC0000135: "a DLL was not found",
    0xC0000139: "a DLL lacks an entry point",
    0xC000013A: "ended by Ctrl-C, or by the system",
    0xC0000142: "a DLL failed to start",
    0xC0000374: "heap corruption",
    0xC0000409: "stack buffer overrun",
    0xC0000428: "a signature is not valid",
    0xC000070A: "thread pool handle",
    0xE0434352: ".NET exception",
    0xE06D7363: "C++ exception",
}
_BITS = 2**32
# Codes from here on are errors of the system; small negative ones are what programs return.
_SEVERE = 0xC0000000
_OTHERS = (0x40010004, 0x80000003)


def signed(code: int) -> int:
    """Return an exit code with its sign: Windows has 32 bits, and reports -1 as 4294967295."""
    return code - _BITS if _BITS // 2 <= code < _BITS else code


def describe(code: int, *, posix: bool = os.name == "posix") -> str:
    """Return a (signed) exit code as people read it, with its name if it has one.

    "exit code 3"; "exit code -1073741819 (0xC0000005 access violation)"; on POSIX "exit code -9 (SIGKILL)".
    """
    name = _signal(code) if posix else _status(code % _BITS)
    return f"exit code {code} ({name})" if name else f"exit code {code}"


def _status(code: int) -> str:
    if code in _OTHERS or _SEVERE <= code < _BITS - 0x10000:
        return f"0x{code:08X} {_NTSTATUS.get(code, '')}".rstrip()
    return ""


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return ""
