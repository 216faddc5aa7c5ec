"""What an older version left open to other accounts is repaired, and nothing else is touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tasks.files import private_tree
from tasks.files.repaired import Repaired
from tests.permissions import mode, open_to_others

if sys.platform == "win32":
    pytest.skip("Windows has access lists: tests/windows/test_access_list.py", allow_module_level=True)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another account")
NOBODY = 65534


def made(path: Path, mode: int, text: str | None = None) -> Path:
    """Make a file with a text, or a folder without one, that has this mode whatever the umask."""
    path.mkdir() if text is None else path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """What an older version has left: three folders and two files, open to all."""
    folder = made(tmp_path / "outputs", 0o755)
    made(folder / "rhythm.db", 0o644, "measurements")
    made(folder / "logs", 0o755)
    made(folder / "logs" / "old", 0o777)
    made(folder / "logs" / "old" / "rhythm.log", 0o666, "secrets")
    return folder


def test_all_that_others_could_read_is_repaired_and_counted_once(outputs: Path) -> None:
    repaired = private_tree.repair(outputs)

    assert repaired == Repaired(files=2, folders=3)
    assert open_to_others(outputs) == {}
    assert not private_tree.repair(outputs)


def test_a_file_that_is_open_in_folders_that_are_not_is_repaired(outputs: Path) -> None:
    private_tree.repair(outputs)
    log = outputs / "logs" / "old" / "rhythm.log"
    log.chmod(0o644)

    assert private_tree.repair(outputs) == Repaired(files=1)
    assert mode(log) == 0o600


def test_only_the_folder_and_its_own_files_are_repaired_if_it_is_not_deep(outputs: Path) -> None:
    assert private_tree.repair(outputs, deep=False) == Repaired(files=1, folders=1)
    assert mode(outputs / "logs") == 0o755


def test_what_the_account_itself_may_do_stays(outputs: Path) -> None:
    script = made(outputs / "backup.sh", 0o755, "#!/bin/sh")
    frozen = made(outputs / "frozen", 0o444, "")

    private_tree.repair(outputs)

    assert (mode(script), mode(frozen)) == (0o700, 0o400)


def test_links_and_what_has_another_name_elsewhere_are_left_alone(outputs: Path, tmp_path: Path) -> None:
    linked = made(tmp_path / "linked", 0o644, "the user's")
    folder = made(tmp_path / "folder", 0o755)
    within = made(folder / "within", 0o644, "the user's")
    twice = made(tmp_path / "twice", 0o644, "the user's")
    (outputs / "to_file").symlink_to(linked)
    (outputs / "to_folder").symlink_to(folder)
    (outputs / "to_nothing").symlink_to(tmp_path / "nothing")
    (outputs / "twice").hardlink_to(twice)

    assert private_tree.repair(outputs) == Repaired(files=2, folders=3)
    assert [oct(mode(path)) for path in (linked, folder, within, twice)] == [
        "0o644",
        "0o755",
        "0o644",
        "0o644",
    ]


@as_root
def test_what_belongs_to_another_account_is_left_alone(outputs: Path) -> None:
    theirs = made(outputs / "theirs", 0o755)
    within = made(theirs / "within", 0o644, "")
    beside = made(outputs / "beside", 0o644, "")
    for path in (theirs, beside):
        os.chown(path, NOBODY, NOBODY)

    assert private_tree.repair(outputs) == Repaired(files=2, folders=3)
    assert [oct(mode(path)) for path in (theirs, within, beside)] == ["0o755", "0o644", "0o644"]


def test_a_link_in_the_place_of_the_folder_is_not_followed(outputs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(outputs)

    with pytest.raises(OSError, match="link"):
        private_tree.repair(tmp_path / "link")
    assert mode(outputs) == 0o755


def test_a_file_system_that_keeps_no_modes_is_named(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ignored(opened: int, mode: int) -> None:
        """As a network drive, or Windows' own drives in its Linux, may do."""

    monkeypatch.setattr(os, "fchmod", ignored)

    with pytest.raises(OSError, match="keeps no permissions"):
        private_tree.repair(outputs)


# Whose folder it is


@pytest.fixture
def homes(tmp_path: Path) -> list[Path]:
    """Folders of other things: `home`, and a project with a link to it."""
    home = made(tmp_path / "home", 0o755)
    made(home / "project", 0o755)
    made(home / "project" / "outputs", 0o755)
    (tmp_path / "link").symlink_to(home / "project")
    return [home, tmp_path / "link"]


@pytest.mark.parametrize("name", ["/", ".", "home", "home/project", "home/project/outputs/../..", "link/.."])
def test_what_holds_other_things_is_more_than_rhythms(name: str, homes: list[Path], tmp_path: Path) -> None:
    assert private_tree.shared(tmp_path / name, homes).startswith("holds /")


@pytest.mark.parametrize("name", ["home/project/outputs", "link/outputs", "home/project/new/outputs"])
def test_a_folder_of_its_own_is_rhythms(name: str, homes: list[Path], tmp_path: Path) -> None:
    assert private_tree.shared(tmp_path / name, homes) == ""


def test_a_link_is_not_a_folder_of_its_own(outputs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(outputs)

    assert private_tree.shared(tmp_path / "link", []) == "is a symbolic link"


def test_a_folder_for_all_is_not_rhythms(tmp_path: Path) -> None:
    sticky = made(tmp_path / "tmp", 0o1777)

    assert "sticky" in private_tree.shared(sticky, [])
    assert private_tree.shared(made(sticky / "rhythm", 0o755), []) == ""


@as_root
def test_a_folder_of_another_account_is_not_rhythms(outputs: Path) -> None:
    os.chown(outputs, NOBODY, NOBODY)

    assert private_tree.shared(outputs, []) == "belongs to another account"


@pytest.mark.parametrize(
    ("repaired", "said"),
    [
        (Repaired(12, 3), "12 files and 3 folders"),
        (Repaired(1, 0), "1 file and 0 folders"),
        (Repaired(0, 1), "0 files and 1 folder"),
    ],
)
def test_it_is_counted_in_words(repaired: Repaired, said: str) -> None:
    assert str(repaired) == said
