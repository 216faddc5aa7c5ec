"""Which code it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deployments.worker import code_version
from deployments.worker.prefect_yaml import VARIABLE
from tasks.settings.project import DEFAULTS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(code_version, "PROJECT", tmp_path)
    for name in (
        "prefect.yaml",
        "flows/rhythm.py",
        "tasks/step.py",
        "deployments/worker/pool.py",
        "README.md",
        "rhythm_entry.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


def version(project: Path) -> str:
    text = (project / "prefect.yaml").read_text(encoding="utf-8")
    (found,) = code_version.code_versions([text])
    return found


@pytest.mark.parametrize(
    "name", ["prefect.yaml", "rhythm_entry.py", "flows/rhythm.py", "tasks/step.py", "tasks/new/file.py"]
)
def test_what_deployments_are_made_of_changes_it(project: Path, name: str) -> None:
    before = version(project)

    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("something else", encoding="utf-8")

    assert version(project) != before


def test_nothing_else_changes_it(project: Path) -> None:
    before = version(project)

    (project / "README.md").write_text("something else", encoding="utf-8")
    (project / "flows" / "rhythm.pyc").write_bytes(b"compiled")

    assert version(project) == before


def test_another_folder_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version(project)

    moved = project.rename(project.with_name("moved"))
    monkeypatch.setattr(code_version, "PROJECT", moved)

    assert version(moved) != before


def test_another_folder_of_rhythm_toml_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version(project)

    monkeypatch.setenv("RHYTHM_CONFIG", str(project / "tasks" / "rhythm.toml"))

    assert version(project) != before


def test_another_prefect_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = version(project)

    monkeypatch.setattr(code_version, "prefect_version", "3.9.0")

    assert version(project) != before


def test_every_deployment_says_it() -> None:
    deployments = yaml.safe_load((DEFAULTS / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

    assert {one["version"] for one in deployments} == {f"{{{{ ${VARIABLE} }}}}"}
