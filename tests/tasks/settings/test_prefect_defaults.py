"""Prefect's settings for folders that have none of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tasks.process.own_variables import BEFORE
from tasks.settings import prefect_defaults
from tasks.settings.project import DEFAULTS
from tests.waiting import LIMIT

QUERY, ANALYTICS = "PREFECT_WORKER_QUERY_SECONDS", "PREFECT_SERVER_ANALYTICS_ENABLED"

#: Where the checkout's rhythm.toml says that its schema is; init writes it beside the file.
_SCHEMA = "docs/reference/rhythm.schema.json"

# What Prefect makes of them. It looks into the current folder when it is imported.
READ = """
import json, sys
from prefect.settings import get_current_settings
from tests.waiting import LIMIT
print(json.dumps(get_current_settings().to_environment_variables(exclude_unset=True), sort_keys=True))
"""


@pytest.mark.parametrize("name", ["rhythm.toml", "prefect.yaml", "prefect.toml"])
def test_the_checkout_is_what_init_makes_of_a_folder(name: str, pytestconfig: pytest.Config) -> None:
    checkout, made = (
        (folder / name).read_text(encoding="utf-8") for folder in (pytestconfig.rootpath, DEFAULTS)
    )

    assert checkout.replace(_SCHEMA, "./rhythm.schema.json") == made


def test_a_beat_that_comes_too_early_is_cancelled_and_history_is_kept_for_90_days() -> None:
    beat, *groups = yaml.safe_load((DEFAULTS / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

    assert beat["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert [one["interval"] for one in beat["schedules"]] == [300]
    assert not any("schedules" in group for group in groups)
    assert prefect_defaults.shipped()["PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD"] == "P90D"


def test_prefect_reads_the_variables_as_it_reads_the_file(tmp_path: Path) -> None:
    with_file, without = tmp_path / "with", tmp_path / "without"
    with_file.mkdir()
    without.mkdir()
    shutil.copy(DEFAULTS / "prefect.toml", with_file)
    variables: dict[str, str] = {}
    prefect_defaults.apply(variables, without)

    from_file = read(with_file, {})

    assert read(without, variables) == from_file
    assert all(name in from_file for name in variables if name != BEFORE)


def test_what_the_environment_has_stays(tmp_path: Path) -> None:
    environ = {QUERY: "7", "OTHER": "x"}

    prefect_defaults.apply(environ, tmp_path)

    assert (environ[QUERY], environ["OTHER"], environ[ANALYTICS]) == ("7", "x", "false")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prefect.toml", "worker.query_seconds = 5"),
        ("prefect.toml", "[worker]\nquery_seconds = 5"),
        ("pyproject.toml", "[tool.prefect]\nworker.query_seconds = 5"),
        (".env", f"A=1\n{QUERY}=5"),
        (".env", f"export {QUERY.lower()} = 5"),
    ],
)
def test_what_a_file_of_the_folder_has_is_left_to_it(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    environ: dict[str, str] = {}

    prefect_defaults.apply(environ, tmp_path)

    assert QUERY not in environ
    assert environ[ANALYTICS] == "false"


def test_what_was_applied_for_another_folder_gives_way_to_this_ones_file(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    prefect_defaults.apply(environ, tmp_path)
    (tmp_path / "prefect.toml").write_text("server.analytics_enabled = true", encoding="utf-8")

    prefect_defaults.apply(environ, tmp_path)

    assert ANALYTICS not in environ
    assert environ[QUERY] == "2"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prefect.toml", "not toml"),
        ("pyproject.toml", "not toml"),
        ("pyproject.toml", "[tool]"),
        ("pyproject.toml", "tool = 1"),
        (".env", "\0"),
    ],
)
def test_a_file_that_says_nothing_of_it_is_no_obstacle(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    environ: dict[str, str] = {}

    prefect_defaults.apply(environ, tmp_path)

    del environ[BEFORE]
    assert environ == prefect_defaults.shipped()


def read(folder: Path, variables: dict[str, str]) -> str:
    """What Prefect's settings are in a folder, as JSON."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-P", "-c", READ],
        cwd=folder,
        env={**env, "PREFECT_HOME": str(folder / "home"), **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=2 * LIMIT,
        check=True,
    )
    return done.stdout.replace(str(folder).replace("\\", "\\\\"), "FOLDER")
