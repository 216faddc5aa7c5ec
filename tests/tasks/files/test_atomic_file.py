"""A file is there in whole, or as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tasks.files.atomic_file import write_text, write_users_text
from tests.permissions import mode
from tests.umask import umask

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows' files have access lists, not modes")


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


@posix_only
@pytest.mark.parametrize("before", [None, 0o644], ids=["new", "replaced"])
def test_it_is_private_whatever_the_umask(before: int | None, tmp_path: Path) -> None:
    path = tmp_path / "outputs" / "briefing.md"
    if before:
        path.parent.mkdir()
        path.touch()
        path.chmod(before)

    with umask(0o000):
        write_text(path, "new")

    assert mode(path) == 0o600


@posix_only
def test_a_users_own_file_has_the_mode_that_the_umask_gives_or_had(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rhythm.toml"
    with umask(0o022):
        write_users_text(path, "one")
        made = mode(path), mode(path.parent)
        path.chmod(0o600)
        write_users_text(path, "two")

    assert made == (0o644, 0o755)
    assert mode(path) == 0o600
    assert path.read_text(encoding="utf-8") == "two"
