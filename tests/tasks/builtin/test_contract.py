"""What built-in steps take as arguments, and what they say to anything else."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from tasks.builtin.contract import positive, whole


def test_numbers_in_range_are_read() -> None:
    assert whole(0, 5)("0") == 0
    assert whole(0, 5)("5") == 5
    assert positive(24)("0.5") == 0.5
    assert positive(24)("24") == 24


@pytest.mark.parametrize("text", ["", "-1", "6", "1.5", "many", "²"])
def test_a_number_that_is_not_whole_or_in_range_is_named(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="not a whole number from 0 to 5"):
        whole(0, 5)(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "25", "nan", "inf", "many"])
def test_a_number_that_is_not_positive_or_too_large_is_named(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="not a number above 0, up to 24"):
        positive(24)(text)
