"""The command line that a batch file is started with."""

from __future__ import annotations

import pytest

from tasks.process import batch_file


def test_every_word_is_quoted_and_percent_signs_name_nothing() -> None:
    line = batch_file.line(
        ["C:\\my scripts\\a.bat", "", "a&b", "two words", "50%", "%PATH%", "^!|<>()", "C:\\x\\"]
    )

    assert line == (
        '"C:\\my scripts\\a.bat" "" "a&b" "two words" "50%%cd:~,%" "%%cd:~,%PATH%%cd:~,%" "^!|<>()" "C:\\x\\"'
    )


@pytest.mark.parametrize("word", ['a "quote"', "two\nlines", "a\rreturn", "a\0null"])
def test_what_cmd_cannot_be_given_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="a batch file cannot be given"):
        batch_file.line(["a.bat", word])
