"""The short way into the store: what it writes is what the store reads, and it never makes things worse."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import PROJECT
from tasks.store import journal
from tasks.store.fault import StoreError
from tasks.store.measurements import BeatRecord, GroupEvent, Reading, Sample, StepUsage
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME
from tests.conftest import MakeSettings
from tests.waiting import LIMIT

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'
DECISIONS = [
    GroupEvent(NOON, "a", "run", "due since 12:00", Outcome.FAILED, 1.5),
    GroupEvent(NOON + timedelta(seconds=1), "b", "waits", "a failed"),
]
STEPS = [StepUsage(NOON, "a", "backup", 2, Outcome.TIMED_OUT, 1.25, 0.5, None)]
BEATS = [BeatRecord(NOON, 0.5, None)]
READINGS = [
    Reading(NOON, 12.5, 3.25, 2**33, 1.0, 0.5, 0.0, 1234.0, of_beat=True),
    Reading(NOON + timedelta(minutes=1)),
]


@pytest.mark.parametrize("times", [1, 2])
def test_what_it_writes_is_what_the_store_reads(make_settings: MakeSettings, times: int) -> None:
    settings = make_settings(TOML)
    for _ in range(times):  # the first makes the file, by way of the store
        journal.write(settings, DECISIONS, STEPS, READINGS, BEATS)
    with store_of(settings) as store:
        assert sorted(store.decisions(LONG_AGO), key=lambda event: event.at) == sorted(
            DECISIONS * times, key=lambda event: event.at
        )
        assert store.steps(LONG_AGO) == STEPS * times
        assert store.beats(LONG_AGO) == BEATS * times
        assert store.readings(LONG_AGO) == sorted(READINGS * times, key=lambda reading: reading.at)


def test_a_file_in_order_is_written_without_sqlalchemy(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings(TOML)
    journal.write(settings, DECISIONS, STEPS)
    code = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from tasks.settings.rhythm_toml import load\n"
        "from tasks.store.measurements import GroupEvent\n"
        "from tasks.store import journal\n"
        "journal.write(load(), [GroupEvent(datetime.now(UTC), 'c', 'busy')], [])\n"
        "sys.exit('sqlalchemy' in sys.modules)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "RHYTHM_CONFIG": str(tmp_path / "rhythm.toml")},
        capture_output=True,
        timeout=2 * LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    with store_of(settings) as store:
        assert [event.group for event in store.decisions(LONG_AGO)] == ["a", "b", "c"]


def test_a_newer_file_is_left_alone(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    with store_of(settings) as store:
        store.add_samples([Sample(NOON, "cpu_percent", 1.0)])
    path = settings.outputs_dir / FILE_NAME
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rhythm_version SET version_num = '99'")
    with pytest.raises(StoreError, match="newer Rhythm"):
        journal.write(settings, DECISIONS, STEPS)


def test_a_broken_file_is_reported_as_the_store_reports_it(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    settings.outputs_dir.mkdir()
    (settings.outputs_dir / FILE_NAME).write_bytes(b"this was never a database, " * 500)
    with pytest.raises(StoreError, match=r"not a database.*Move it away"):
        journal.write(settings, DECISIONS, STEPS)
