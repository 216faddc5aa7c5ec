"""How long past runs took: read the short way, and the same as the store has it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import PROJECT, Settings
from tasks.store import durations, quick_read
from tasks.store.durations import Took
from tasks.store.fault import StoreError
from tasks.store.measurements import GroupEvent, StepUsage
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME
from tests.conftest import MakeSettings
from tests.waiting import LIMIT

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'
DECISIONS = [
    GroupEvent(NOON + 3 * MINUTE, "a", "run", "due", Outcome.COMPLETED, 3.0),
    GroupEvent(NOON, "a", "run", "due", Outcome.COMPLETED, 1.5),
    GroupEvent(NOON + MINUTE, "a", "run", "due", Outcome.FAILED, 0.1),
    GroupEvent(NOON + 2 * MINUTE, "a", "run", "due", Outcome.CANCELLED, 9.0),
    GroupEvent(NOON, "b", "waits", "a failed"),
    GroupEvent(NOON, "c", "run", "started in another lane"),
]
STEPS = [
    StepUsage(NOON, "a", "backup", 1, Outcome.TIMED_OUT, 60.0, 0.5, None),
    StepUsage(NOON + MINUTE, "a", "backup", 2, Outcome.COMPLETED, 40.0, 0.5, None),
    StepUsage(NOON, "a", "absent", 1, Outcome.SKIPPED, 0.1, None, None),
]
GROUPS = {
    "a": [Took(NOON, 1.5), Took(NOON + MINUTE, 0.1, Outcome.FAILED), Took(NOON + 3 * MINUTE, 3.0)],
}
OF_STEPS = {("a", "backup"): [Took(NOON, 60.0, Outcome.TIMED_OUT), Took(NOON + MINUTE, 40.0)]}


@pytest.fixture
def kept(make_settings: MakeSettings) -> Settings:
    """Settings whose store has these runs, and one of another machine."""
    settings = make_settings(TOML)
    with store_of(settings) as store:
        store.add_decisions(DECISIONS)
        store.add_steps(STEPS)
    with closing(sqlite3.connect(settings.outputs_dir / FILE_NAME)) as file, file:
        file.execute(
            "INSERT INTO decisions (host, at, group_name, decision, reason, outcome, seconds) "
            "SELECT 'another', at, group_name, decision, reason, outcome, 77 FROM decisions"
        )
    return settings


def test_runs_that_say_how_long_it_takes_are_read_oldest_first(kept: Settings) -> None:
    assert durations.of_groups(kept, LONG_AGO) == GROUPS
    assert durations.of_steps(kept, LONG_AGO) == OF_STEPS
    assert durations.of_groups(kept, NOON + MINUTE) == {"a": GROUPS["a"][1:]}
    assert durations.of_groups(kept, LONG_AGO, most=1) == {"a": GROUPS["a"][-1:]}
    assert durations.of_steps(kept, LONG_AGO, most=1) == {("a", "backup"): OF_STEPS["a", "backup"][-1:]}


def test_a_file_that_is_not_in_order_is_left_to_the_store(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_read, "HEAD", "of another version")

    assert durations.of_groups(kept, LONG_AGO) == GROUPS
    assert durations.of_steps(kept, LONG_AGO) == OF_STEPS


def test_without_a_store_nothing_is_known_and_nothing_is_made(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)

    assert durations.of_groups(settings, LONG_AGO) == {}
    assert durations.of_steps(settings, LONG_AGO) == {}
    assert not settings.outputs_dir.exists() or not list(settings.outputs_dir.iterdir())


def test_a_file_that_is_no_database_is_a_fault(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    settings.outputs_dir.mkdir(parents=True, exist_ok=True)
    (settings.outputs_dir / FILE_NAME).write_text("no database at all, but some text of a person" * 50)

    with pytest.raises(StoreError):
        durations.of_groups(settings, LONG_AGO)


def test_a_file_in_order_is_read_without_sqlalchemy(kept: Settings) -> None:
    code = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from tasks.settings.rhythm_toml import load\n"
        "from tasks.store import durations\n"
        "settings = load(Path(sys.argv[1]))\n"
        "print(durations.of_groups(settings.model_copy(update={'outputs_dir': Path(sys.argv[2])}),"
        " datetime(2000, 1, 1, tzinfo=UTC)))\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    toml = kept.outputs_dir / "rhythm.toml"
    toml.write_text(TOML, encoding="utf-8")
    ran = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(toml), str(kept.outputs_dir)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "seconds=1.5" in ran.stdout
