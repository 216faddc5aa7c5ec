"""What of a step's string only a shell would read."""

from __future__ import annotations

import pytest

from deployments.script_check.shell_words import faults


@pytest.mark.parametrize(
    ("text", "suffix", "words"),
    [
        ("a.sh > out.txt", ".sh", [">"]),
        ("a.sh >out.txt 2>&1", ".sh", [">out.txt", "2>&1"]),
        ("a.sh >> x < y &> z", ".sh", [">>", "<", "&>"]),
        ("a.sh | tee x", ".sh", ["|"]),
        ("a.sh && b.sh || c.sh; d &", ".sh", ["&&", "||", "c.sh;", "&"]),
        ("a.sh ~ ~/x ~user a~b", ".sh", ["~", "~/x"]),
        (
            'a.sh $HOME ${X}/y "$Z" $(date) `date` %TEMP%',
            ".sh",
            ["$HOME", "${X}/y", '"$Z"', "$(date)", "`date`", "%TEMP%"],
        ),
        ("a.sh *.log a?c [ab].txt", ".sh", ["*.log", "a?c", "[ab].txt"]),
        # What is quoted is meant.
        ("a.sh '>' \"|\" '*' '~' '$HOME' \"*.log\" \\$HOME \\*", ".sh", []),
        # What no shell reads either, or what the script's own program does.
        ("a.sh -x --long=y 100% a@b http://x/?a=1&b=2 a-b {a,b} -5", ".sh", []),
        ("a.ps1 -Force:$true -Path *.log $false", ".ps1", []),
        ("a.ps1 $env:TEMP", ".ps1", ["$env:TEMP"]),
        ("a.bat *.log > x", ".bat", [">"]),
    ],
)
def test_each_word_that_a_shell_would_read_is_named(text: str, suffix: str, words: list[str]) -> None:
    assert [fault.text.partition("' ")[0].removeprefix("'") for fault in faults(text, suffix)] == words


def test_none_of_it_can_only_fail() -> None:
    assert not any(fault.fatal for fault in faults("a.sh > x | y *.z ~ $A", ".sh"))
