"""What all tests share: settings from a test's own file and from nothing else, and one Prefect server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tests.powershell import pwsh as pwsh
from tests.powershell import shell as shell
from tests.waiting import LIMIT
from tests.wine import is_wine

# Hypothesis' deadline would be a timing assertion; all else is as its own profile for CI, or for people.
hypothesis.settings.register_profile(
    "patient",
    parent=hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name()),
    deadline=None,
)
hypothesis.settings.load_profile("patient")

_LAST_WORDS = 5.0  # seconds; once the server has ended, Prefect's client would try for a minute

#: Writes a rhythm.toml, text or bytes, and reads it.
MakeSettings = Callable[[str | bytes], Settings]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say of each test what Wine lacks for it."""
    for item in items:
        if is_wine() and (marker := item.get_closest_marker("real_windows")):
            item.add_marker(pytest.mark.skip(reason=f"Wine: {marker.args[0]}"))


@pytest.fixture(scope="session", autouse=True)
def no_variables() -> Iterator[None]:
    """Take away what the shell that runs the tests says about some rhythm of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith("RHYTHM_"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let what tests start be interrupted: a shell has its background commands, and theirs, ignore SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    """Given the text of a rhythm.toml, write it into the test's folder and load it."""

    def make(text: str | bytes) -> Settings:
        path = tmp_path / "rhythm.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return config.load(path)

    return make


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect home with an empty, migrated database, to be copied: migrating takes seconds."""
    home = tmp_path_factory.mktemp("prefect")
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
        cwd=config.PROJECT,
        env=os.environ | {"PREFECT_HOME": str(home)},
        check=True,
        capture_output=True,
        timeout=5 * LIMIT,
    )
    return home


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, prefect_home: Path) -> Iterator[str]:
    """A server that flows in this process talk to. Tests keep apart by the names of their groups."""
    from prefect.context import refresh_global_settings_context  # which most tests do without

    from deployments.prefect_internals.drain import drain
    from tests.end_to_end.workspace import Workspace

    root = tmp_path_factory.mktemp("served")
    shutil.copytree(prefect_home, root / "prefect")
    workspace = Workspace(root)
    workspace.toml('[groups.none]\nevery = "1h"\nsteps = ["check_health"]\n')
    with workspace.served("deployments.server.api_server"), pytest.MonkeyPatch.context() as patch:
        for name, value in workspace.prefect_env.items():
            patch.setenv(name, value)
        patch.setenv("PREFECT_HOME", str(workspace.home))
        refresh_global_settings_context()
        yield workspace.api
        asyncio.run(drain(_LAST_WORDS))
    refresh_global_settings_context()
