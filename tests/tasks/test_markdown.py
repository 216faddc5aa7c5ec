"""Any text survives a Markdown table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.markdown import escaped, table


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("health_check", "health_check"),
        ("check_", r"check\_"),
        ("_private_", r"\_private\_"),
        ("a|b", r"a\|b"),
        ("C:\\temp", r"C:\\temp"),
        ("*bold* `code` [link] <b>", r"\*bold\* \`code\` \[link\] \<b\>"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_text_reads_as_it_is(text: str, markdown: str) -> None:
    assert escaped(text) == markdown


@given(st.text())
def test_a_cell_stays_one_cell(text: str) -> None:
    row = table(["what"], [[text]]).splitlines()
    assert len(row) == 3
    inside = row[2].removeprefix("| ").removesuffix(" |").replace("\\\\", "").replace("\\|", "")
    assert "|" not in inside
