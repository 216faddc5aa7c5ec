"""What is advised, written into a rhythm.toml that somebody has written themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments import advised_file
from flows.advice.changes import OptionalStep, RemoveStep, SetKey
from tasks.problem import ConfigError

TEXT = """\
# Mine.
[groups.copy]  # at night
at = "03:00"  # when nobody works
steps = [
  "copy.ps1 -To 'D:'",  # all of it
  { run = "old.py", timeout = "5m" },  # since spring
]

# Checks.
[groups.check]
every = "10m"
steps = ["check_health"]
"""


def test_a_value_changes_and_its_comment_stays() -> None:
    made = advised_file.with_changes(TEXT, [SetKey("copy", "at", "01:30")])

    assert made == TEXT.replace('"03:00"', '"01:30"')


def test_a_new_key_stands_right_below_the_head_of_its_group() -> None:
    made = advised_file.with_changes(TEXT, [SetKey("copy", "lane", "long")])

    head = "[groups.copy]  # at night\n"
    assert made == TEXT.replace(head, head + 'lane = "long"\n')


def test_lines_end_as_they_did() -> None:
    text = TEXT.replace("\n", "\r\n")

    made = advised_file.with_changes(text, [SetKey("check", "lane", "long")])

    assert made.count("\r\n") == made.count("\n") == text.count("\n") + 1


def test_a_step_becomes_optional_with_all_else_that_it_has() -> None:
    made = advised_file.with_changes(TEXT, [OptionalStep("copy", 1, "old"), OptionalStep("copy", 0, "copy")])

    assert '{ run = "old.py", timeout = "5m", optional = true },  # since spring' in made
    assert "{ run = \"copy.ps1 -To 'D:'\", optional = true },  # all of it" in made


def test_a_step_goes() -> None:
    made = advised_file.with_changes(TEXT, [RemoveStep("copy", 1, "old")])

    assert "old.py" not in made
    assert "# all of it" in made


@pytest.mark.parametrize(
    "text",
    [
        'groups.copy.every = "1d"\ngroups.copy.steps = ["a"]\n',
        'groups = { copy = { every = "1d", steps = ["a"] } }\n',
        '[groups]\ncopy = { every = "1d", steps = ["a"] }\n',
    ],
)
def test_groups_that_are_written_otherwise_are_changed_as_well(text: str) -> None:
    made = advised_file.with_changes(text, [SetKey("copy", "lane", "long")])

    assert 'lane = "long"' in made


def test_the_file_is_replaced_if_what_was_made_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.toml"
    path.write_text(TEXT, encoding="utf-8")

    advised_file.write(path, advised_file.with_changes(TEXT, [SetKey("copy", "at", "01:30")]))

    assert '"01:30"' in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_stays_as_it_is_if_what_was_made_is_not_valid(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.toml"
    path.write_text(TEXT, encoding="utf-8")

    with pytest.raises(ConfigError):
        advised_file.write(path, TEXT.replace("03:00", "25:00"))

    assert path.read_text(encoding="utf-8") == TEXT
    assert list(tmp_path.iterdir()) == [path]


def test_what_differs_is_shown_as_a_diff(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.toml"

    shown = advised_file.difference(path, TEXT, TEXT.replace('"10m"', '"20m"'))

    assert '-every = "10m"\n+every = "20m"' in shown
