"""What beats read of the load: at little cost, and the same by way of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from tasks.settings.rhythm_toml import PROJECT, Settings
from tasks.store import readings
from tasks.store.measurements import Reading
from tasks.store.store import store_of
from tests.conftest import MakeSettings
from tests.waiting import LIMIT

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOML = '[groups.a]\nevery = "10m"\nsteps = ["check_health"]\n'


@pytest.fixture(params=["file", "store"])
def settings(
    request: pytest.FixtureRequest, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings whose store is read as it lies there, or in another database."""
    if request.param == "store":
        url: URL = request.getfixturevalue("postgresql_url")
        monkeypatch.setenv("RHYTHM_DATABASE_URL", url.render_as_string(hide_password=False))
    return make_settings(TOML)


def test_the_last_readings_of_beats_come_oldest_first(settings: Settings) -> None:
    beats = [
        Reading(NOON + n * 5 * MINUTE, float(n), 1.5, 2**33, 1.0, None, 0.5, 7.0, of_beat=True)
        for n in range(4)
    ]
    with store_of(settings) as store:
        store.add_readings([*beats, Reading(NOON + 6 * MINUTE, 99.0)])
    assert readings.of_beats(settings, NOON, NOON + HOUR, most=3) == beats[1:]
    assert readings.of_beats(settings, NOON + 15 * MINUTE, NOON + HOUR, most=3) == beats[3:]
    assert readings.of_beats(settings, NOON, NOON + 15 * MINUTE, most=3) == beats[:3]


def test_means_are_those_of_five_minutes(settings: Settings) -> None:
    with store_of(settings) as store:
        store.add_readings(
            [
                Reading(NOON - MINUTE, 77.0),
                Reading(NOON, 10.0, of_beat=True),
                Reading(NOON + MINUTE, 30.0),
                Reading(NOON + 2 * MINUTE),
                Reading(NOON + 11 * MINUTE, 50.0),
                Reading(NOON + 15 * MINUTE),
            ]
        )
    assert readings.means(settings, NOON, NOON + HOUR) == [
        Reading(NOON, 20.0),
        Reading(NOON + 10 * MINUTE, 50.0),
    ]
    assert readings.means(settings, NOON, NOON + 11 * MINUTE) == [Reading(NOON, 20.0)]


def test_without_a_file_there_is_nothing_and_none_is_made(make_settings: MakeSettings) -> None:
    settings = make_settings(TOML)
    assert readings.of_beats(settings, NOON, NOON + HOUR, most=3) == []
    assert readings.means(settings, NOON, NOON + HOUR) == []
    assert not settings.outputs_dir.exists()


def test_a_file_in_order_is_read_without_sqlalchemy(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings(TOML)
    with store_of(settings) as store:
        store.add_readings([Reading(NOON, 10.0, of_beat=True)])
    code = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from tasks.settings.rhythm_toml import load\n"
        "from tasks.store import readings\n"
        "all_time = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)\n"
        "assert readings.of_beats(load(), *all_time, 24) and readings.means(load(), *all_time)\n"
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
