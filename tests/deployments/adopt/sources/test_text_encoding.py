"""Files in the encodings that Windows' tools really write, whatever they declare."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.sources.text_encoding import decode

TEXT = '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task>상태 점검 ✓</Task>\r\n'


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with BOM", "utf-16-le with BOM", "utf-16-be with BOM", "utf-16-le", "utf-16-be"],
)
def test_the_bytes_determine_the_encoding_and_not_the_declaration(data: bytes) -> None:
    assert decode(data) == TEXT


def test_text_in_the_korean_code_page_is_read() -> None:
    assert decode("# 작업을 등록합니다".encode("cp949")) == "# 작업을 등록합니다"


def test_bytes_that_are_in_no_encoding_at_all_lose_letters_and_not_the_file() -> None:
    assert decode(b"Register \x81\x8d\xff task").startswith("Register ")


@pytest.mark.parametrize(
    "data", [b"MZ\x90\x00\x03\x00\x00", b"\x7fELF\x02\x01\x01" + bytes(9), b"PK\x03\x04\0abc"]
)
def test_a_program_is_no_text(data: bytes) -> None:
    with pytest.raises(ValueError, match="is not text"):
        decode(data)


def test_an_empty_file_is_an_empty_text() -> None:
    assert decode(b"") == ""


@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_none(data: bytes) -> None:
    try:
        assert isinstance(decode(data), str)
    except ValueError as error:
        assert str(error) == "is not text"  # noqa: PT017 - it may be raised, or not


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")
