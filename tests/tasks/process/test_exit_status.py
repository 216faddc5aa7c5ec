"""Exit codes as people can look them up."""

from __future__ import annotations

import sys

import pytest

from tasks.process.exit_status import describe, signed


@pytest.mark.parametrize(
    ("code", "expected"), [(0, 0), (3, 3), (4294967295, -1), (0xC0000005, -1073741819), (-9, -9)]
)
def test_codes_have_a_sign(code: int, expected: int) -> None:
    assert signed(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, "exit code 1"),
        (-1, "exit code -1"),
        (259, "exit code 259"),
        (-1073741819, "exit code -1073741819 (0xC0000005 access violation)"),
        (-1073741510, "exit code -1073741510 (0xC000013A ended by Ctrl-C, or by the system)"),
        (-532462766, "exit code -532462766 (0xE0434352 .NET exception)"),
        (-1073741600, "exit code -1073741600 (0xC00000E0)"),
        (-2147483645, "exit code -2147483645 (0x80000003 breakpoint)"),
    ],
)
def test_windows_own_codes_are_reported_in_hex_with_their_names(code: int, expected: str) -> None:
    assert describe(code, posix=False) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("code", "expected"), [(2, "exit code 2"), (-9, "exit code -9 (SIGKILL)"), (-99, "exit code -99")]
)
def test_signals_have_names(code: int, expected: str) -> None:
    assert describe(code, posix=True) == expected
