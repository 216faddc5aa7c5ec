"""Where the output of a step is: names that every file system takes, and that tell steps apart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.step_output.places import Attempt, attempts, folder, safe

_FORBIDDEN = set('<>:"/\\|?*.~') | {chr(code) for code in range(32)}
names = st.text(max_size=100)


@given(name=names)
@example("../../etc")
@example("..")
@example("")
@example("CON")
@example("com1")
@example("a" * 100)
@example("건" * 100)
@example("\ud800")
def test_a_name_is_one_folder_that_every_file_system_takes(name: str) -> None:
    found = safe(name)

    assert found
    assert len(found.encode()) < 200
    assert not _FORBIDDEN & set(found.removesuffix(found[found.rfind("~") :]) if "~" in found else found)
    assert found.casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


@given(one=names, other=names)
@example("Backup", "backup")
@example("a b", "a_b")
@example("é", "e\u0301")
def test_two_names_have_two_folders_though_case_is_ignored(one: str, other: str) -> None:
    assert (safe(one).casefold() == safe(other).casefold()) == (one == other)


@pytest.mark.parametrize("name", ["generate_visual_dashboard", "backup-2", "x"])
def test_a_plain_name_is_its_own_folder(name: str) -> None:
    assert safe(name) == name


def test_attempts_are_found_in_the_order_of_time(tmp_path: Path) -> None:
    place = folder(tmp_path, "group", "Step")
    place.mkdir(parents=True)
    at = datetime(2026, 11, 29, 12, 0, 0, 123456, UTC)
    first = Attempt(at, "group", "Step", "", 1)
    second = Attempt(at.replace(hour=13), "group", "Step", "0b1e", 2)
    names = (f"{second.stem}.log", f"{first.stem}.log.gz", f"{first.stem}.log", f"{first.stem}2.log.gz.tmp")
    for name in (*names, "notes.log"):
        (place / name).touch()

    assert attempts(tmp_path, "group", "Step") == [first, second]
    assert attempts(tmp_path, "group", "other") == []
