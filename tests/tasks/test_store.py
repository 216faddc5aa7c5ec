"""The store: what is put in comes out, and what is wrong with the file is said."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.measurements import Probe, Sample
from tasks.store import Store, StoreError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# Hypothesis wants its bounds naive, and adds the zone.
_FIRST = datetime(1990, 1, 1)  # noqa: DTZ001
_LAST = datetime(2100, 1, 1)  # noqa: DTZ001


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "rhythm.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


def sample(at: datetime, value: float = 1.0, name: str = "cpu_percent") -> Sample:
    return Sample(at, name, value)


def test_the_first_run_makes_folder_and_file_and_finds_nothing(path: Path) -> None:
    with Store(path) as store:
        assert store.samples("cpu_percent", LONG_AGO) == []
        assert store.probes(None, LONG_AGO) == []
    assert path.is_file()


def test_samples_come_back_oldest_first_and_only_those_of_their_name(store: Store) -> None:
    late, early = sample(NOON, 2.0), sample(NOON - timedelta(hours=1), 1.0)
    store.add_samples([late, early, sample(NOON, 3.0, "memory_percent")])
    assert store.samples("cpu_percent", LONG_AGO) == [early, late]


def test_since_leaves_out_what_is_older(store: Store) -> None:
    store.add_samples([sample(NOON - timedelta(microseconds=1)), sample(NOON, 7.0)])
    assert store.samples("cpu_percent", NOON) == [sample(NOON, 7.0)]


def test_probes_come_back_as_they_were(store: Store) -> None:
    up = Probe("llm", NOON, True, 0.022)
    down = Probe("gateway", NOON, False, None, "answered 503 Service Unavailable")
    store.add_probes([up, down])
    assert store.probes("llm", LONG_AGO) == [up]
    assert set(store.probes(None, LONG_AGO)) == {up, down}


@given(st.datetimes(timezones=st.timezones(), min_value=_FIRST, max_value=_LAST))
def test_a_time_of_any_zone_is_the_same_moment_afterwards(at: datetime) -> None:
    with Store(Path(":memory:")) as store:
        store.add_samples([sample(at)])
        (found,) = store.samples("cpu_percent", at)
    assert found.at.timestamp() == at.timestamp()
    assert found.at.tzinfo is UTC


def test_what_was_measured_elsewhere_is_kept_and_not_ours(store: Store, path: Path) -> None:
    store.add_samples([sample(NOON)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE samples SET host = host || '-other'")
    assert store.samples("cpu_percent", LONG_AGO) == []


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        sample(datetime(2026, 3, 4))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="no time zone"):
        Probe("llm", datetime(2026, 3, 4), True, 0.1)  # noqa: DTZ001


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no measurement"):
        sample(NOON, value)


def test_prune_deletes_what_is_older_and_says_how_much(store: Store) -> None:
    store.add_samples([sample(NOON - timedelta(days=91)), sample(NOON)])
    store.add_probes([Probe("llm", NOON - timedelta(days=91), True, 0.1), Probe("llm", NOON, True, 0.1)])
    assert store.prune(NOON - timedelta(days=90)) == 2
    assert store.prune(NOON - timedelta(days=90)) == 0
    assert len(store.samples("cpu_percent", LONG_AGO)) == len(store.probes("llm", LONG_AGO)) == 1


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (
            "SELECT value FROM samples WHERE name = 'x' AND at >= 'y' AND host = 'z' ORDER BY at",
            "samples_name_at",
        ),
        ("SELECT ok FROM probes WHERE at >= 'y' AND host = 'z' ORDER BY at", "probes_at"),
        ("SELECT ok FROM probes WHERE at >= 'y' AND endpoint = 'x' ORDER BY at", "probes_endpoint_at"),
        ("DELETE FROM samples WHERE at < 'y'", "samples_at"),
        ("DELETE FROM probes WHERE at < 'y'", "probes_at"),
    ],
)
def test_nothing_reads_a_whole_table(store: Store, path: Path, question: str, index: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}"))
    assert f"INDEX {index}" in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_nothing_to_add_is_no_error(store: Store) -> None:
    store.add_samples([])
    store.add_probes([])


def test_a_corrupt_file_is_named_with_what_to_do(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was never a database, " * 500)
    with pytest.raises(StoreError, match=r"not a database.*Move it away") as caught, Store(path):
        pass
    assert str(path) in str(caught.value)


def test_a_file_that_was_damaged_in_the_middle_is_named(store: Store, path: Path) -> None:
    store.add_samples([sample(NOON + timedelta(seconds=n)) for n in range(2000)])
    store.__exit__(None, None, None)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x7f" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"malformed.*damaged"), Store(path) as damaged:
        damaged.samples("cpu_percent", LONG_AGO)


def test_a_locked_file_is_named_with_what_to_do(path: Path, store: Store) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            Store(path, busy_seconds=0.01) as waiting,
            pytest.raises(StoreError, match=r"locked.*Another program holds it"),
        ):
            waiting.add_samples([sample(NOON)])
    store.add_samples([sample(NOON)])


def test_reading_does_not_wait_for_a_writer(path: Path, store: Store) -> None:
    store.add_samples([sample(NOON)])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Store(path, busy_seconds=0.01) as reading:
            assert reading.samples("cpu_percent", LONG_AGO) == [sample(NOON)]


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with (
        pytest.raises(StoreError, match=r"cannot be made.*outputs_dir"),
        Store(tmp_path / "file" / "rhythm.db"),
    ):
        pass


def test_a_file_that_is_a_folder_is_named_with_what_to_do(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="unable to open"), Store(path):
        pass


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0,
    reason="Windows' folders know no such mode, and root may write anywhere",
)
def test_a_folder_that_may_not_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match=r"unable to open.*writable"), Store(tmp_path / "rhythm.db"):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_a_newer_file_is_left_alone(path: Path, store: Store) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rhythm_version SET version_num = '99'")
    with pytest.raises(StoreError, match=r"newer Rhythm \(schema 99\).*Update Rhythm"), Store(path):
        pass


def test_a_failed_addition_leaves_nothing_behind(store: Store) -> None:
    broken = Sample(NOON, None, 1.0)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="NOT NULL"):
        store.add_samples([sample(NOON), broken])
    assert store.samples("cpu_percent", LONG_AGO) == []


def test_processes_that_start_together_all_get_their_measurements_in(path: Path) -> None:
    spawn = get_context("spawn")
    together = spawn.Barrier(4)
    writers = [spawn.Process(target=_write_when_all_are_ready, args=(path, together)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    with Store(path) as store:
        assert len(store.samples("cpu_percent", LONG_AGO)) == 40


def _write_when_all_are_ready(path: Path, together: Barrier) -> None:
    together.wait()
    with Store(path) as store:
        for _ in range(10):
            store.add_samples([sample(NOON)])
