"""Old tables become new ones with all that they hold, or stay as they were."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from tasks import store
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.database import connect, file_url
from tasks.store.measurements import Probe, Sample
from tasks.store.store import Store, StoreError
from tasks.store.tables import METADATA
from tasks.store.version import HEAD, TABLE
from tests.tasks.store.together import come_together
from tests.waiting import LIMIT, eventually

LONG_AGO = datetime(1960, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOST = "this-machine"

#: What Rhythm made of a new file before its tables were versioned by Alembic.
_VERSION_1 = """
CREATE TABLE samples (id INTEGER NOT NULL, host VARCHAR NOT NULL, at DATETIME NOT NULL,
                      name VARCHAR NOT NULL, value FLOAT NOT NULL, PRIMARY KEY (id));
CREATE INDEX samples_name_at ON samples (name, at);
CREATE INDEX samples_at ON samples (at);
CREATE TABLE probes (id INTEGER NOT NULL, host VARCHAR NOT NULL, at DATETIME NOT NULL,
                     endpoint VARCHAR NOT NULL, ok BOOLEAN NOT NULL, latency FLOAT,
                     error VARCHAR NOT NULL, PRIMARY KEY (id));
CREATE INDEX probes_at ON probes (at);
CREATE INDEX probes_endpoint_at ON probes (endpoint, at);
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
"""
#: How that wrote a time, and how others may have: without a fraction, or with a shorter one.
TIMES = {
    "2026-03-04 12:00:00.000000": NOON,
    "2026-03-04 12:00:00.000001": NOON + timedelta(microseconds=1),
    "2026-03-04 12:00:00.123456": NOON + timedelta(microseconds=123_456),
    "2026-03-04 12:00:00.999999": NOON + timedelta(microseconds=999_999),  # and not of the next second
    "2026-03-04 12:00:00": NOON,
    "2026-03-04T12:00:00.5": NOON + timedelta(microseconds=500_000),
    "2024-02-29 23:59:59.999500": datetime(2024, 2, 29, 23, 59, 59, 999_500, tzinfo=UTC),
    "1969-12-31 23:59:59.900000": datetime(1969, 12, 31, 23, 59, 59, 900_000, tzinfo=UTC),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of version 1."""
    path = tmp_path / "rhythm.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_VERSION_1)
        for number, text in enumerate(TIMES):
            add = "INSERT INTO samples (host, at, name, value) VALUES (?, ?, 'cpu_percent', ?)"
            connection.execute(add, (HOST, text, number / 3))
            add = "INSERT INTO probes (host, at, endpoint, ok, latency, error) VALUES (?, ?, 'llm', ?, ?, ?)"
            connection.execute(add, (HOST, text, True, number / 7, ""))
            connection.execute(add, ("other", text, False, None, "answered 503"))
    return path


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]


def assert_migrated(path: Path) -> None:
    with Store(path, host=HOST) as store:
        kept = sorted(enumerate(TIMES.values()), key=lambda row: row[1])
        samples = store.samples("cpu_percent", LONG_AGO)
        assert sorted(samples, key=lambda s: (s.at, s.value)) == [
            Sample(at, "cpu_percent", number / 3) for number, at in kept
        ]
        assert store.probes(None, LONG_AGO) == [Probe("llm", at, True, number / 7) for number, at in kept]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM probes WHERE host = 'other'").fetchone() == (8,)
        assert connection.execute("SELECT max(id) FROM probes").fetchone() == (16,)


def test_a_file_of_version_1_keeps_all_that_it_holds(path: Path) -> None:
    assert_migrated(path)


def test_an_older_rhythm_then_leaves_the_file_alone(path: Path) -> None:
    """It looks at SQLite's own version number, and takes 1 for its own."""
    with Store(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() > (1,)


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE probes SET at = 'yesterday' WHERE id = 7")
    before = content(path)
    with pytest.raises(StoreError, match=r"NOT NULL .* probes\.at"), Store(path):
        pass
    assert content(path) == before


def test_a_migration_that_is_killed_leaves_the_file_as_it_was(path: Path, tmp_path: Path) -> None:
    before = content(path)
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from sqlalchemy import Engine, event\n"
        "from tasks.store.store import Store\n"
        "def wait_in_the_middle(connection, cursor, statement, *rest):\n"
        "    if 'DROP TABLE probes_1' in statement:\n"
        "        Path(sys.argv[2]).touch()\n"
        "        time.sleep(600)\n"
        "event.listen(Engine, 'after_cursor_execute', wait_in_the_middle)\n"
        "Store(Path(sys.argv[1])).__enter__()\n"
    )
    reached = tmp_path / "reached"
    process = subprocess.Popen([sys.executable, "-c", code, path, reached], cwd=PROJECT)  # noqa: S603 - our own
    try:
        eventually(reached.exists, "the middle of the migration")
    finally:
        process.kill()
        process.wait()
    assert content(path) == before
    assert_migrated(path)


def test_two_that_come_at_once_migrate_once(path: Path) -> None:
    assert come_together(path, processes=2, additions=0) == [0, 0]
    assert_migrated(path)


@pytest.fixture(params=["new sqlite", "old sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """A database that has been migrated, from different beginnings."""
    if request.param == "postgresql":
        url: URL = request.getfixturevalue("postgresql_url")
    else:
        new = request.param == "new sqlite"
        url = file_url(tmp_path / "new.db" if new else request.getfixturevalue("path"))
    with Store(url):
        pass
    return url


def test_the_migrations_make_the_tables_that_the_store_uses(url: URL) -> None:
    engine = connect(url, 10.0).execution_options(begin="DEFERRED")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_newest_migration_is_the_version_that_the_store_asks_for() -> None:
    folder = Path(str(store.__file__)).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_migration_leaves_the_log_as_it_is_and_says_nothing_of_itself(tmp_path: Path) -> None:
    code = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from tasks.store.store import Store\n"
        "logging.basicConfig(stream=sys.stdout, level=logging.INFO, format='%(name)s: %(message)s')\n"
        "log = logging.getLogger('rhythm.step')\n"
        "with Store(Path(sys.argv[1])):\n"
        "    log.info('as before')\n"
    )
    assert run(code, tmp_path / "rhythm.db") == "rhythm.step: as before"


def test_what_only_a_migration_needs_is_not_loaded_without_one(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.db"
    with Store(path):
        pass
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tasks.store.store import Store\n"
        "with Store(Path(sys.argv[1])) as store:\n"
        "    store.add_samples([])\n"
        "    store.sample_names()\n"
        "print({'alembic', 'sqlalchemy.orm', 'psycopg'} & set(sys.modules))\n"
    )
    assert run(code, path) == "set()"


def run(code: str, path: Path) -> str:
    """Run it in a fresh process; return what it prints."""
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code, path],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=2 * LIMIT,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()
