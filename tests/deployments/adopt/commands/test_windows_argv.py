"""Command lines are split as Windows programs split them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.adopt.commands.windows_argv import split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("   ", []),
        ("a b\tc", ["a", "b", "c"]),
        (r'"C:\Program Files\x.exe" -a', [r"C:\Program Files\x.exe", "-a"]),
        (r"C:\x\y.py --out C:\z", [r"C:\x\y.py", "--out", r"C:\z"]),
        (r'a "b \"quoted\" c"', ["a", 'b "quoted" c']),
        (r'"C:\folder\\" next', ["C:\\folder\\", "next"]),
        (r'a\\b "c\\d"', [r"a\\b", r"c\\d"]),
        ('"" x', ["", "x"]),
        ('"say ""hi"""', ['say "hi"']),
        ('"never closed', ["never closed"]),
        ('pre"mid dle"post', ["premid dlepost"]),
    ],
)
def test_a_line_has_the_words_that_windows_sees(line: str, words: list[str]) -> None:
    assert split(line) == words


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0\r\n", codec="utf-8"), max_size=8),
        max_size=5,
    )
)
def test_what_python_joins_for_windows_is_split_into_the_same_words(words: list[str]) -> None:
    assert split(subprocess.list2cmdline(words)) == words


@given(st.text(max_size=200))
def test_any_text_has_words(line: str) -> None:
    assert all(isinstance(word, str) for word in split(line))
