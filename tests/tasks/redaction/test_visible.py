"""No control character of a program reaches a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.redaction.visible import visible, without_colours


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain 건강 🫀 ünï\ttab\nline", "plain 건강 🫀 ünï\ttab\nline"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b[2J\x1b[H", "␛[2J␛[H"),
        ("\0\b\r\x7f", "␀␈␍␡"),
        ("one\r\ntwo", "one\ntwo"),
        ("\x80\x9b2J\x9d0;t\x9c", "\\x80\\x9b2J\\x9d0;t\\x9c"),
        ("\xa0\xad", "\xa0\xad"),
    ],
)
def test_control_characters_are_shown_as_text(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize("start", ["\x1b[", "\x9b"])
@pytest.mark.parametrize("parameters", ["", "0", "1;31", "38;2;255;0;0", "38:5:196"])
def test_colours_are_stripped_whole(start: str, parameters: str) -> None:
    assert visible(f"a{start}{parameters}mb{start}mc") == "abc"


def test_a_colour_that_is_not_ended_is_no_colour() -> None:
    assert visible("a\x1b[31") == "a␛[31"


@pytest.mark.parametrize("tail", ["\x1b", "\x1b[", "\x1b[3", "\x1b[38;5;1", "\x9b", "\x9b3"])
def test_a_text_may_be_cut_within_a_colour(tail: str) -> None:
    assert without_colours(f"a\x1b[1mb{tail}", cut=True) == "ab"
    assert without_colours(f"a\x1b[1mb{tail}") == f"ab{tail}"


@given(st.text(st.characters(max_codepoint=0x2FF)))
def test_nothing_but_tabs_and_newlines_is_left_of_all_controls(text: str) -> None:
    shown = visible(text)

    assert not [each for each in shown if each not in "\t\n" and (each < " " or "\x7f" <= each <= "\x9f")]
    assert visible(shown) == shown
