"""Real servers and workers, each test with a Prefect home of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.workspace import PROJECT, Workspace


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect home with an empty, migrated database: made once, since that takes seconds."""
    home = tmp_path_factory.mktemp("prefect")
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
        cwd=PROJECT,
        env=os.environ | {"PREFECT_HOME": str(home)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    return home


@pytest.fixture
def workspace(tmp_path: Path, prefect_home: Path) -> Workspace:
    shutil.copytree(prefect_home, tmp_path / "prefect")
    return Workspace(tmp_path)
