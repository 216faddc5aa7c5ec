"""Which code it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deployments import code_version
from deployments.code_version import VARIABLE
from tasks.settings import PROJECT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(code_version, "PROJECT", tmp_path)
    for name in ("prefect.yaml", "flows/rhythm.py", "tasks/step.py", "deployments/pool.py", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["prefect.yaml", "flows/rhythm.py", "tasks/step.py", "tasks/new/file.py"])
def test_what_deployments_are_made_of_changes_it(project: Path, name: str) -> None:
    before = code_version.code_version()

    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("something else", encoding="utf-8")

    assert code_version.code_version() != before


def test_nothing_else_changes_it(project: Path) -> None:
    before = code_version.code_version()

    (project / "README.md").write_text("something else", encoding="utf-8")
    (project / "flows" / "rhythm.pyc").write_bytes(b"compiled")

    assert code_version.code_version() == before


def test_another_folder_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version.code_version()

    moved = project.rename(project.with_name("moved"))
    monkeypatch.setattr(code_version, "PROJECT", moved)

    assert code_version.code_version() != before


def test_another_prefect_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_version.code_version()

    monkeypatch.setattr(code_version, "prefect_version", "3.9.0")

    assert code_version.code_version() != before


def test_every_deployment_says_it() -> None:
    deployments = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

    assert {one["version"] for one in deployments} == {f"{{{{ ${VARIABLE} }}}}"}
