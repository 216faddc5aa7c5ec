"""A real PowerShell 7, on which a .ps1 step can be held against `pwsh -File`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.project import PROJECT
from tests.wine import is_wine

#: Beside the project there may be a packed one: `unpack FOLDER` prints the folder to be put on PATH.
_PACKED = PROJECT.parent / "shared" / "pwsh" / "unpack"


@pytest.fixture(scope="session")
def pwsh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of pwsh, from PATH or unpacked; skip the test if there is none, but fail it in CI.

    It has caches below HOME, so whoever runs it gives it one of its own.
    """
    if is_wine():
        pytest.skip("Wine: its powershell.exe does nothing, and says so with exit code 0")
    if found := shutil.which("pwsh"):
        return Path(found).parent
    if sys.platform == "linux" and _PACKED.exists():
        folder = tmp_path_factory.mktemp("powershell")
        unpacked = subprocess.run([_PACKED, folder], check=True, capture_output=True, text=True)  # noqa: S603
        return Path(unpacked.stdout.strip())
    missing = "NO POWERSHELL: there is no pwsh on PATH, so no .ps1 script was run"
    if sys.platform == "linux" and os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing)
    pytest.skip(missing)
