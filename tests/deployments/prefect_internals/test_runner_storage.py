"""The folder of a worker's runner, which Prefect would make where all accounts have their temporary files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from prefect.runner import Runner
from prefect.settings import PREFECT_HOME, temporary_settings

from deployments.prefect_internals import runner_storage
from deployments.prefect_internals.runner_storage import in_prefects_home
from tests.deployments.prefect_internals.conftest import changed


def folder_of(runner: Runner) -> Path:
    """Return where it keeps its files."""
    return runner._tmp_dir


async def test_a_runner_has_its_folder_in_prefects_home_and_later_files_are_where_they_were(
    tmp_path: Path,
) -> None:
    before = tempfile.gettempdir()
    with temporary_settings({PREFECT_HOME: tmp_path}), in_prefects_home():
        runner = Runner()

    assert folder_of(runner).parent == tmp_path / "runner_storage"
    assert folder_of(runner).parent.is_dir()
    assert tempfile.gettempdir() == before


async def test_where_prefect_has_changed_it_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_storage, "RUNNER_STORAGE", changed(runner_storage.RUNNER_STORAGE))

    with temporary_settings({PREFECT_HOME: tmp_path}), in_prefects_home():
        runner = Runner()

    assert folder_of(runner).parent == Path(tempfile.gettempdir()) / "runner_storage"
