"""Nothing of ours is found through the current folder, or PYTHONPATH; what others name is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

import rhythm_entry
from tasks.settings.project import DEFAULTS, module_argv
from tests.waiting import LIMIT

TRAP = 'raise SystemExit(f"a trap: {__file__}")\n'
NAMES = ("tasks.py", "flows/__init__.py", "deployments/__init__.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder, with files that have the names of our packages."""
    folder = tmp_path / "내 폴더"
    for name in (*NAMES, "prefect.py", "yaml.py", *(f"lib/{name}" for name in NAMES)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TRAP, encoding="utf-8")
    return folder


def run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own Python
        argv,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "lib"), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=2 * LIMIT,
        check=False,
    )


def test_a_module_is_run_with_its_arguments_whatever_the_folder_and_pythonpath_have(folder: Path) -> None:
    done = run(module_argv("deployments.cli.main", "init", "--json"), folder)

    assert done.returncode == 0, done.stderr
    assert '"written"' in done.stdout


def test_prefects_own_command_is_run_so_as_well(folder: Path) -> None:
    done = run(module_argv("prefect", "--version"), folder)

    assert (done.returncode, done.stderr) == (0, "")


def test_prefects_command_has_the_settings_that_the_folder_does_not_have(folder: Path) -> None:
    (folder / "prefect.toml").write_text("worker.prefetch_seconds = 3", encoding="utf-8")

    done = run(module_argv("prefect", "config", "view"), folder)

    assert "PREFECT_WORKER_QUERY_SECONDS='2'" in done.stdout, done.stderr
    assert "PREFECT_WORKER_PREFETCH_SECONDS='3'" in done.stdout


def test_a_flow_is_loaded_as_prefect_does_from_a_folder_with_traps(
    folder: Path, pytestconfig: pytest.Config
) -> None:
    load = (
        f"import sys; sys.path.append({str(pytestconfig.rootpath)!r})\n"
        "from prefect.flows import load_flow_from_entrypoint\n"
        "print(load_flow_from_entrypoint('rhythm_entry.health_check').name)"
    )

    done = run([sys.executable, "-P", "-c", load], folder)

    assert (done.returncode, done.stdout) == (0, "health-check\n"), done.stderr


def test_every_entrypoint_of_prefect_yaml_is_a_flow_here() -> None:
    deployments = yaml.safe_load((DEFAULTS / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    names = [one["entrypoint"].removeprefix("rhythm_entry.") for one in deployments]

    assert {*names, "RhythmWorker"} == set(rhythm_entry.FOR_PREFECT)
    assert all(isinstance(getattr(rhythm_entry, name), Flow) for name in names)


@pytest.mark.parametrize("name", ["sys", "runpy", "annotations", "import_module", "flows", "cadence"])
def test_a_group_is_found_by_any_name_that_it_may_have(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    text = f'[groups.{name}]\nevery = "1h"\nsteps = ["check_health"]\n'
    (tmp_path / "rhythm.toml").write_text(text, encoding="utf-8")

    assert load_flow_from_entrypoint(f"rhythm_entry.{name}").name == name.replace("_", "-")


def test_another_name_is_not_found() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'cadence'"):
        _ = rhythm_entry.cadence


def test_a_process_that_has_imported_others_of_the_name_names_which(folder: Path) -> None:
    (folder / "tasks.py").write_text("", encoding="utf-8")
    root = Path(rhythm_entry.__file__).parent
    code = f"import sys, tasks; sys.path.append({str(root)!r}); import rhythm_entry"

    done = run([sys.executable, "-c", code], folder)

    assert done.returncode == 1
    assert f"ImportError: this process has imported {folder / 'tasks.py'} as tasks" in done.stderr
