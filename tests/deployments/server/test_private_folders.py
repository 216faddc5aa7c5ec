"""Other accounts of this machine see nothing of a rhythm, and cannot hold its locks."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.cli import check
from deployments.server import instance_lock, log_file, private_folders
from flows.lock import beat_lock
from tasks.files import private_tree, report_file
from tasks.process import orphans
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import PROJECT, Settings
from tasks.store.store import store_of
from tests.conftest import MakeSettings
from tests.deployments.command_line import VALID, CommandLine
from tests.permissions import intrude, mode, open_to_others
from tests.umask import umask

if sys.platform == "win32":
    pytest.skip("Windows has access lists: tests/windows/test_access_list.py", allow_module_level=True)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as another account")


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A rhythm in a folder that all accounts can get to: pytest's own folders are private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "rhythm.toml")
        path.write_text(VALID, encoding="utf-8")
        yield config.load(path)


def left_open(settings: Settings) -> Path:
    """Leave outputs_dir as an older version did; return it."""
    folder = settings.outputs_dir
    (folder / "logs").mkdir(parents=True)
    for name in ("beat.lock", "rhythm.db", "logs/rhythm.log"):
        (folder / name).write_text("secret", encoding="utf-8")
        (folder / name).chmod(0o644)
    for path in (folder, folder / "logs"):
        path.chmod(0o755)
    return folder


@as_root
@pytest.mark.parametrize("mask", [0o000, 0o022], ids=oct)
async def test_another_account_can_neither_list_nor_read_nor_lock(mask: int, settings: Settings) -> None:
    outputs = settings.outputs_dir
    with umask(mask):
        check.ready(settings)
        async with beat_lock(outputs) as held:
            with (
                instance_lock.acquired(outputs) as taken,
                instance_lock.announced(outputs, "http://127.0.0.1:1/api"),
                orphans.running(outputs, "backup", "mark", print),
                store_of(settings),
                log_file.opened(outputs / "logs" / "rhythm.log"),
            ):
                report_file.write(outputs / "briefings" / "today.md", "# Today\n")
                assert {
                    "beat.lock",
                    "instance.lock",
                    "up.json",
                    "mark.json",
                    "rhythm.db-wal",
                    "rhythm.log",
                } < {path.name for path in outputs.rglob("*")}
                assert intrude(outputs) == []
                assert open_to_others(outputs) == {}
    assert held
    assert taken


@as_root
def test_another_account_is_shut_out_of_what_an_older_version_left(settings: Settings) -> None:
    outputs = left_open(settings)
    before = intrude(outputs)

    check.ready(settings)

    assert {"listed outputs", "read rhythm.log", "locked beat.lock"} <= set(before)
    assert intrude(outputs) == []


@as_root
async def test_another_account_cannot_hold_the_locks_in_a_folder_for_all(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o1777)
        async with beat_lock(Path(folder)) as held:
            assert held
        with instance_lock.acquired(Path(folder)) as taken:
            assert taken

        assert intrude(Path(folder)) == [f"listed {Path(folder).name}"]


def test_what_was_left_open_is_repaired_and_said_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = left_open(settings)

    check.ready(settings)
    first = capsys.readouterr()
    check.ready(settings)

    assert first.err == (
        f"warning: made 3 files and 2 folders below {outputs} private: "
        "other accounts of this machine could read them\n"
    )
    assert open_to_others(outputs) == {}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("key", ["outputs_dir = '.'", "outputs_dir = 'scripts'", "outputs_dir = 'link'"])
def test_a_folder_that_is_more_than_outputs_is_left_as_it_is(
    key: str, make_settings: MakeSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scripts" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "scripts" / "deep")
    settings = make_settings(key + VALID)
    settings.outputs_dir.chmod(0o755)
    (settings.outputs_dir / "mine.txt").touch(0o644)

    with umask(0o000):
        check.ready(settings)
        report_file.write(settings.outputs_dir / "briefings" / "today.md", "# Today\n")

    assert mode(settings.outputs_dir / "mine.txt") == 0o644
    assert settings.outputs_dir.stat().st_mode & 0o777 == 0o755
    assert open_to_others(settings.outputs_dir / "briefings") == {}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("folder", [Path.home(), PROJECT, PROJECT.parent, Path("/")])
def test_the_home_and_the_project_are_never_touched(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched: list[Path] = []
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    monkeypatch.setattr(private_tree, "repair", lambda folder, deep: touched.append(folder))

    assert private_folders.repair(folder) == ""
    assert touched == []


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_such_a_folder_is_a_warning_with_what_to_do(command: str, rhythm: CommandLine) -> None:
    rhythm.write("outputs_dir = '.'" + VALID)

    said = rhythm(command, "--json", PREFECT_SERVER_API_PORT="1")

    assert said.json["warnings"] == [
        {
            "where": f"{rhythm.config}:1: outputs_dir",
            "problem": f"{rhythm.folder} holds {rhythm.folder}, so its permissions are left as they are",
            "remedy": "Name a folder of its own, which Rhythm keeps from other accounts of this machine.",
        }
    ]


def test_a_folder_that_cannot_be_repaired_is_said_and_holds_up_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = left_open(settings)
    monkeypatch.setattr(os, "fchmod", lambda opened, mode: None)

    check.ready(settings)

    assert capsys.readouterr().err == (
        f"warning: {outputs} cannot be made private (its file system keeps no permissions): other accounts "
        "of this machine may read what is in it. Name another folder if they must not.\n"
    )
