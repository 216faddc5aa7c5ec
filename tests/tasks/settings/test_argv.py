"""How a command's words are split: as sh does, but for the backslashes of Windows' paths."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tasks.settings.argv import split_argv
from tests.waiting import LIMIT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"a.sh -Target D:\data\new", ["a.sh", "-Target", r"D:\data\new"]),
        (r"reports\weekly.ps1 -Days 7", [r"reports\weekly.ps1", "-Days", "7"]),
        (r".\a.ps1 ..\b", [r".\a.ps1", r"..\b"]),
        (r"C:\$Recycle.Bin\x.ps1 D:\.cache", [r"C:\$Recycle.Bin\x.ps1", r"D:\.cache"]),
        (r"a.ps1 \\nas\share\new", ["a.ps1", r"\\nas\share\new"]),
        (r'a.ps1 "\\nas\My Share\new"', ["a.ps1", r"\\nas\My Share\new"]),
        (r'a.ps1 "D:\My Files\new"', ["a.ps1", r"D:\My Files\new"]),
        (r"a.ps1 'D:\My Files\' x", ["a.ps1", "D:\\My Files\\", "x"]),
        (r"a.ps1 -To:D:\new --out=D:\new", ["a.ps1", r"-To:D:\new", r"--out=D:\new"]),
        (r"a.ps1 '\\nas\share'\new", ["a.ps1", r"\\nas\share\new"]),
        # As a shell wants it, and as it was always split.
        (r"a.ps1 D:\\data\\new", ["a.ps1", r"D:\data\new"]),
        (r"a.ps1 \\\\nas\\share", ["a.ps1", r"\\nas\share"]),
        (r"a.sh My\ File \$HOME \* a\\b \"q\"", ["a.sh", "My File", "$HOME", "*", r"a\b", '"q"']),
        (r'a.sh "a\"b" "\$x" "a\\b"', ["a.sh", 'a"b', r"\$x", r"a\b"]),
        (r"a.sh foo\.bar", ["a.sh", "foo.bar"]),
        ("a.sh 'it''s' \"x\"y ''", ["a.sh", "its", "xy", ""]),
        ("", []),
    ],
)
def test_words_are_split_as_people_mean_them(text: str, words: list[str]) -> None:
    assert split_argv(text) == tuple(words)


@pytest.mark.parametrize(
    "text",
    [
        r"a.ps1 D:\data\ -Days 7",
        r"a.ps1 D:\My\ Files\x",
        r'a.ps1 "D:\My Files\" x',
        r'a.ps1 "D:\a\" "E:\b\"',
        r"a.ps1 \\nas\\share",
        r"a.ps1 \\nas",
        "a.ps1 D:\\",
        "a.ps1 'x",
    ],
)
def test_what_could_be_meant_either_way_is_an_error_with_a_remedy(text: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        split_argv(text)
    assert "list of words" in str((caught.value.context or {})["remedy"])


@given(st.text("abC:\\/ .'\"$-", max_size=20))
def test_no_backslash_vanishes_silently_from_a_path_of_windows(text: str) -> None:
    try:
        words = split_argv(text)
    except PydanticCustomError:
        return
    for raw, word in zip(text.split(), words, strict=False):
        if not set(text) & set("'\"") and raw[1:3] == ":\\" and raw[0].isalpha() and "\\\\" not in raw:
            assert word == raw


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
@given(st.text("ab /=-.'\"", max_size=20))
def test_without_backslashes_words_are_those_of_sh(text: str) -> None:
    try:
        words = split_argv(text)
    except PydanticCustomError:
        return
    line = f'printf "%s\\0" {text}'
    shown = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=LIMIT, check=True)  # noqa: S603, S607
    assert [*words] == shlex.split(text)
    assert shown.stdout == ("".join(f"{word}\0" for word in words) or "\0")


@given(st.lists(st.text(min_size=1, max_size=8).filter(lambda word: "\0" not in word), max_size=4))
def test_what_is_quoted_for_sh_comes_back(words: list[str]) -> None:
    assert split_argv(shlex.join(words)) == tuple(words)
