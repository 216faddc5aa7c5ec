"""What the tests of scripts share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployments.script_check.binder import Binder


@pytest.fixture(scope="session")
def binder(tmp_path_factory: pytest.TempPathFactory, pwsh: Path) -> Binder:
    return Binder(tmp_path_factory.mktemp("binder"), pwsh)
