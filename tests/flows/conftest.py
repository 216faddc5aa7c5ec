"""What the tests of flows share: processes, and one real Prefect server for all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.context import refresh_global_settings_context

from tests.end_to_end.workspace import Workspace
from tests.family import family as family


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Iterator[str]:
    """A server that flows in this process talk to. Tests keep apart by the names of their groups."""
    root = tmp_path_factory.mktemp("served")
    shutil.copytree(prefect_home, root / "prefect")
    workspace = Workspace(root)
    workspace.toml('[groups.none]\nevery = "1h"\nsteps = ["check_health"]\n')
    with workspace.served(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", workspace.api)
        patch.setenv("PREFECT_HOME", str(workspace.home))
        refresh_global_settings_context()
        yield workspace.api
    refresh_global_settings_context()
