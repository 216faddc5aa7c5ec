"""Real servers and workers, each test with a Prefect home of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, prefect_home: Path) -> Workspace:
    shutil.copytree(prefect_home, tmp_path / "prefect")
    return Workspace(tmp_path)
