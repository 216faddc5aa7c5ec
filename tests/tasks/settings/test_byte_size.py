"""Sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from tasks.settings.byte_size import LARGEST, ByteSize, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1B", 1),
        ("1kB", 1000),
        ("1.5MB", 1_500_000),
        ("2GiB", 2**31),
        ("500 MB", 500_000_000),
        (" 1KiB ", 1024),
        ("1024TiB", 2**50),
    ],
)
def test_a_number_and_a_unit_are_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("value", ["", "1", 5, "-1MB", "1 mb", "2G", "2gib", "1TB x", "1GiB 5MiB", None, []])
def test_everything_else_is_refused_with_a_remedy(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a size") as caught:
        parse_size(value)
    assert "'2GiB'" in (caught.value.context or {})["remedy"]


@pytest.mark.parametrize("text", ["0B", "0.1B", "1025TiB", "9" * 400 + "GB"])
def test_a_size_that_nothing_has_is_out_of_range(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="is out of range"):
        parse_size(text)


@given(st.integers(1, LARGEST))
def test_a_size_is_written_as_it_is_read(size: int) -> None:
    adapter = TypeAdapter(ByteSize)
    written = adapter.dump_python(size, mode="json")

    assert written == format_size(size)
    assert adapter.validate_python(written) == pytest.approx(size, rel=1e-5, abs=1)
