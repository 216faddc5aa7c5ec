"""What a PowerShell misreads of a script's text."""

from __future__ import annotations

import codecs

import pytest

from deployments.script_check.text import misread

KOREAN = "'a'\n'한글'\n"


@pytest.mark.parametrize(
    ("data", "version", "problem"),
    [
        (KOREAN.encode(), 5, "UTF-8 without a byte order mark"),
        (KOREAN.encode("cp949"), 7, "is not UTF-8"),
        ("'a'\n'\u00e9'".encode("cp1252"), 7, "is not UTF-8"),
    ],
)
def test_text_that_is_misread_is_named_with_its_line(data: bytes, version: int, problem: str) -> None:
    fault = misread(data, version)

    assert fault is not None
    assert fault.text.startswith(problem)
    assert (fault.line, fault.fatal) == (2, False)


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (KOREAN.encode(), 7),
        (KOREAN.encode("cp949"), 5),
        *((codecs.BOM_UTF8 + KOREAN.encode(), version) for version in (5, 7)),
        *((codecs.BOM_UTF16_LE + KOREAN.encode("utf-16-le"), version) for version in (5, 7)),
        *((b"'plain'\r\n", version) for version in (5, 7)),
        *((b"", version) for version in (5, 7)),
    ],
)
def test_text_that_is_read_well_has_no_fault(data: bytes, version: int) -> None:
    assert misread(data, version) is None
