"""What is shipped: sdist and wheel, built and installed where no checkout is on any path, and used there."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.workspace import ORDER, PROJECT, Workspace
from tests.installation.wheel import Installed, install
from tests.waiting import eventually

pytestmark = pytest.mark.real_windows("its Python has neither venv nor pip")

TRAP = 'raise SystemExit(f"a trap: {__file__}")\n'
TRAPS = ("tasks.py", "flows/__init__.py", "deployments/__init__.py")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """What is shipped, installed where no checkout is on any path."""
    pytest.importorskip("setuptools", "77", reason="the build needs it; requirements-dev.txt has it")
    return install(tmp_path_factory.mktemp("installed"))


@dataclass
class User(Workspace):
    """A user of the wheel, in a folder of theirs in which much has the names of our packages."""

    installed: Installed = field(kw_only=True)

    def __post_init__(self) -> None:
        for name in (*TRAPS, "prefect.py", "yaml.py", *(f"lib/{name}" for name in TRAPS)):
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TRAP, encoding="utf-8")

    @property
    def folder(self) -> Path:
        return self.root

    @property
    def env(self) -> dict[str, str]:
        """The folder has the rhythm.toml, and no variable names it."""
        mine = super().env | {"PYTHONPATH": str(self.root / "lib")}
        return {name: value for name, value in mine.items() if name != "RHYTHM_CONFIG"}

    def command(self, *args: str) -> list[str]:
        return [self.installed.rhythm, *args]

    def prefect_command(self, *args: str) -> list[str]:
        # As its own script starts it: the current folder is not searched.
        return [str(self.installed.python), "-P", "-m", "prefect", *args]


def test_the_wheel_has_the_code_and_the_defaults_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())

    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "tasks",
        "flows",
        "deployments",
        "rhythm_entry.py",
    }
    files = {
        path.relative_to(PROJECT).as_posix()
        for package in ("tasks", "flows", "deployments")
        for path in (PROJECT / package).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".md")
    }
    assert files <= names


def test_all_of_it_works_in_any_folder(installed: Installed, tmp_path: Path, prefect_home: Path) -> None:
    root = tmp_path / "내 폴더 1"
    root.mkdir()
    user = User(root, installed=installed)
    shutil.copytree(prefect_home, user.home)

    assert json.loads(user.rhythm("init", "--json").stdout)["written"] == [
        "prefect.toml",
        "prefect.yaml",
        "rhythm.toml",
        "rhythm.schema.json",
        "scripts",
    ]
    assert json.loads(user.rhythm("check", "--json").stdout) == {"ok": True, "problems": [], "warnings": []}

    beat = user.beat()
    assert [(group["name"], group["outcome"]) for group in beat["groups"]] == [
        (name, "completed") for name in ORDER
    ]

    with user.up() as up:
        eventually(lambda: user.is_served() and len(user.runs("rhythm", "COMPLETED")) > 1, "a beat by it")
        # As a user does who has changed prefect.yaml. The worker takes what that deploys.
        deployed = user.prefect("--no-prompt", "deploy", "--all")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        (step,) = user.get("deployments/name/rhythm/rhythm")["pull_steps"]
        assert step == {"prefect.deployments.steps.set_working_directory": {"directory": str(root.resolve())}}
        forced = user.force("health_check")
        eventually(lambda: user.state(forced) == "COMPLETED", "a beat of that deployment")
        assert json.loads(user.rhythm("status", "--json").stdout)["worker"]["live"]
    assert "a trap" not in up.said

    service = user.rhythm("service", "install", "--dry-run")
    assert service.returncode == 0, service.stdout + service.stderr
    assert str(root / "rhythm.toml") in service.stdout
