"""A file is there in whole, or as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.atomic_file import write_text


def test_text_is_written_as_utf_8_with_line_feeds(tmp_path: Path) -> None:
    path = tmp_path / "new" / "briefing.md"
    write_text(path, "리듬\n")
    assert path.read_bytes() == "리듬\n".encode()


def test_what_was_there_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "briefing.md"
    write_text(path, "long and old")
    write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "briefing.md"
    path.mkdir()
    (path / "inside").touch()
    with pytest.raises(OSError, match="briefing"):
        write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]
