"""`rhythm init`: a folder that a rhythm runs from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployments.cli import init
from tasks.problem import ConfigError
from tasks.settings.project import DEFAULTS
from tests.deployments.command_line import CommandLine

FILES = ["prefect.toml", "prefect.yaml", "rhythm.schema.json", "rhythm.toml", "scripts"]


def test_it_writes_all_that_a_rhythm_needs_and_says_what_comes_next(rhythm: CommandLine) -> None:
    said = rhythm("init")

    assert said.code == 0, said.err
    assert sorted(path.name for path in rhythm.folder.iterdir()) == FILES
    for name in FILES:
        assert f"written: {rhythm.folder / name}" in said.out
    assert "3. rhythm up" in said.out
    assert rhythm("check").code == 0


def test_json_has_what_was_written_and_what_was_not(rhythm: CommandLine) -> None:
    rhythm.write("# mine")

    said = rhythm("init", "--json").json

    assert said["folder"] == str(rhythm.folder)
    assert said["written"] == ["prefect.toml", "prefect.yaml", "scripts"]
    assert said["kept"] == {"rhythm.toml": "it is there already"}
    assert said["next"][-1] == "rhythm up"
    assert rhythm.config.read_text(encoding="utf-8") == "# mine"


def test_done_again_it_touches_nothing(tmp_path: Path) -> None:
    init.init(tmp_path)
    for path in tmp_path.glob("*.*"):
        path.write_text("mine", encoding="utf-8")

    again = init.init(tmp_path)

    assert again.written == ()
    assert sorted(again.kept) == FILES
    assert {path.read_text(encoding="utf-8") for path in tmp_path.glob("*.*")} == {"mine"}


def test_prefect_yaml_has_the_groups_of_the_rhythm_toml_that_is_there(rhythm: CommandLine) -> None:
    rhythm.write('[groups.backup]\nevery = "1h"\nsteps = ["check_health"]\n')
    file = rhythm.folder / "prefect.yaml"

    assert "prefect.yaml" in rhythm("init", "--json").json["written"]
    text = file.read_text(encoding="utf-8")
    assert ("rhythm_entry.backup" in text, "rhythm_entry.health_check" in text) == (True, False)

    rhythm.write('[groups.report]\nevery = "1h"\nsteps = ["check_health"]\n')
    file.write_text(text + "# mine\n", encoding="utf-8")
    said = rhythm("init")
    assert f"changed: {file} (added report; removed backup)" in said.out
    assert file.read_text(encoding="utf-8").replace("report", "backup") == text + "# mine\n"
    assert rhythm("init", "--json").json["changed"] == {}


def test_a_prefect_yaml_without_rhythm_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text("deployments: []", encoding="utf-8")

    assert "`rhythm up` deploys them by its own" in init.init(tmp_path).kept["prefect.yaml"]


@pytest.mark.parametrize(
    ("text", "written"),
    [("[tool.prefect]\nworker.query_seconds = 5", False), ("[tool.ruff]", True), ("not toml", True)],
)
def test_prefects_settings_in_pyproject_are_not_overruled_by_a_file(
    text: str, written: bool, tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    done = init.init(tmp_path)

    assert ("prefect.toml" in done.written, (tmp_path / "prefect.toml").exists()) == (written, written)


def test_a_folder_that_cannot_be_written_into_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(ConfigError) as error:
        init._write(tmp_path / "rhythm.toml", (DEFAULTS / "rhythm.toml").name)

    assert str(error.value).startswith(f"{tmp_path / 'rhythm.toml'}: cannot be written (Permission denied).")
