"""Lines for people are folded at words, and what is to be copied stays whole."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deployments.cli.folding import folded, width_of

WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)
LINES = st.tuples(st.integers(0, 6), st.lists(WORDS, max_size=20)).map(
    lambda line: " " * line[0] + " ".join(line[1])
)


@given(text=st.lists(LINES, max_size=4).map("\n".join), width=st.integers(20, 120))
def test_no_line_is_wider_unless_it_is_one_word_and_no_word_is_broken(text: str, width: int) -> None:
    lines = folded(text, width).split("\n")

    assert [word for line in lines for word in line.split()] == text.split()
    assert not [line for line in lines if cell_len(line) > width and len(line.split()) > 1]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("error: short", 80, "error: short"),
        ("error: a.toml: is wrong. Fix it.", 20, "error: a.toml: is\n  wrong. Fix it."),
        ("  indented words go on", 14, "  indented\n    words go\n    on"),
        ("at /a/very/long/path/to/something", 12, "at\n  /a/very/long/path/to/something"),
        ("점검 보고서 작성", 10, "점검\n  보고서\n  작성"),
        ("any words, however long they are", None, "any words, however long they are"),
    ],
)
def test_later_lines_are_indented_below_the_first(text: str, width: int | None, expected: str) -> None:
    assert folded(text, width) == expected


def test_what_is_no_terminal_has_no_width() -> None:
    closed = io.StringIO()
    closed.close()

    assert width_of(io.StringIO()) is None
    assert width_of(closed) is None
