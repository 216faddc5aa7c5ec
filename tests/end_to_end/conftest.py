"""Real servers and workers, each test with a Prefect home of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, prefect_home: Path) -> Workspace:
    shutil.copytree(prefect_home, tmp_path / "prefect")
    # A new schedule has its first runs within that, and not within half a minute.
    return Workspace(
        tmp_path, more={"PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "5"}
    )
