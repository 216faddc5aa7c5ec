"""The store, in SQLite's file and in a real PostgreSQL: what is put in comes out."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, event
from sqlalchemy.pool import Pool

from tasks.outcome import Outcome
from tasks.store.measurements import (
    AVAILABLE,
    OTHERS,
    OWN,
    BeatRecord,
    Bucket,
    GroupEvent,
    Probe,
    Reading,
    Sample,
    StepUsage,
    Transition,
)
from tasks.store.store import Store, StoreError
from tasks.store.tables import METADATA
from tasks.store.version import HEAD
from tests import postgresql
from tests.tasks.store.together import come_together

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LONG_AFTER = datetime(3000, 1, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

Place = Path | URL

# Hypothesis wants its bounds naive, and adds the zone.
_FIRST = datetime(1990, 1, 1)  # noqa: DTZ001
_LAST = datetime(2100, 1, 1)  # noqa: DTZ001
#: All examples share one store, which each empties first.
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is no store yet."""
    if request.param == "sqlite":
        return tmp_path / "new" / "rhythm.db"
    url: URL = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with Store(place) as store:
        yield store


def sample(at: datetime, value: float = 1.0, name: str = "cpu_percent") -> Sample:
    return Sample(at, name, value)


def transition(at: datetime, endpoint: str = "llm", after: str = "open") -> Transition:
    return Transition(endpoint, at, "closed", after, "3 failures in a row", 60.0)


@contextmanager
def past_our_code(place: Place) -> Iterator[Any]:
    """A connection of the driver's own, in which every statement is a transaction."""
    if isinstance(place, URL):
        opened: Any = postgresql.connect(place)
    else:
        opened = sqlite3.connect(place, isolation_level=None, timeout=0)
    with closing(opened):
        yield opened


def assert_empty(store: Store) -> None:
    assert store.samples("cpu_percent", LONG_AGO) == []
    assert store.sample_names() == []
    assert store.buckets(["cpu_percent"], LONG_AGO, HOUR) == []
    assert store.probes(None, LONG_AGO) == []
    assert store.probe_buckets(LONG_AGO, HOUR) == []
    assert store.transitions(None, LONG_AGO) == []
    assert store.last_transitions() == {}
    assert store.steps(LONG_AGO) == []
    assert store.decisions(LONG_AGO) == []
    assert store.readings(LONG_AGO) == []
    assert store.beats(LONG_AGO) == []


def add_one_of_all(store: Store, at: datetime) -> None:
    store.add_samples([sample(at)])
    store.add_probes([Probe("llm", at, True, 0.1)])
    store.add_transitions([transition(at)])
    store.add_steps([StepUsage(at, "a", "b", 1, Outcome.COMPLETED, 1.0, None, None)])
    store.add_decisions([GroupEvent(at, "a", "busy")])
    store.add_readings([Reading(at, 10.0)])
    store.add_beats([BeatRecord(at, 0.5)])


def test_a_new_store_holds_nothing(store: Store) -> None:
    assert_empty(store)
    assert store.prune(LONG_AFTER) == 0


def test_nothing_to_add_is_no_error(store: Store) -> None:
    store.add_samples([])
    store.add_probes([])
    store.add_transitions([])
    store.add_steps([])
    store.add_decisions([])
    store.add_readings([])
    store.add_beats([])


def test_a_store_is_opened_again_with_all_that_it_holds(place: Place) -> None:
    for value in (1.0, 2.0):
        with Store(place) as store:
            store.add_samples([sample(NOON + value * SECOND, value)])
    with Store(place) as store:
        assert [found.value for found in store.samples("cpu_percent", LONG_AGO)] == [1.0, 2.0]


def test_samples_come_back_oldest_first_and_only_those_of_their_name(store: Store) -> None:
    late, early = sample(NOON, 2.0), sample(NOON - HOUR, 1.0)
    store.add_samples([late, early, sample(NOON, 3.0, "memory_percent")])
    assert store.samples("cpu_percent", LONG_AGO) == [early, late]


def test_a_figure_of_readings_is_gathered_from_where_it_was_measured(store: Store) -> None:
    others = (10.0, 30.0, None, 50.0)
    store.add_readings(
        Reading(NOON + minute * timedelta(minutes=30), each, memory_available=2**33)
        for minute, each in enumerate(others)
    )

    assert store.reading_buckets(OTHERS, NOON, HOUR) == [
        Bucket(OTHERS, NOON, 2, 20.0, 10.0, 30.0),
        Bucket(OTHERS, NOON + HOUR, 1, 50.0, 50.0, 50.0),
    ]
    assert [each.mean for each in store.reading_buckets(AVAILABLE, NOON, DAY)] == [2.0**33]
    assert store.reading_buckets(OWN, NOON, DAY) == []


def test_since_leaves_out_what_is_older(store: Store) -> None:
    store.add_samples([sample(NOON - timedelta(microseconds=1)), sample(NOON, 7.0)])
    assert store.samples("cpu_percent", NOON) == [sample(NOON, 7.0)]


@shared
@given(st.sets(st.text(min_size=1, max_size=20)))
def test_every_name_is_reported_once(store: Store, names: set[str]) -> None:
    store.prune(LONG_AFTER)
    names = {name.replace("\0", "") for name in names}
    store.add_samples(sample(NOON + n * SECOND, name=name) for name in names for n in range(3))
    assert sorted(store.sample_names()) == sorted(names)


def test_names_with_characters_that_no_database_takes_are_kept_without_them(store: Store) -> None:
    """A disk's mount point on Linux may hold any bytes; so may what an endpoint answers."""
    store.add_samples([sample(NOON, name="disk_percent /mnt/\udcff")])
    store.add_probes([Probe("llm", NOON, False, None, "answered \0 \ud800")])
    (name,) = store.sample_names()
    assert name == "disk_percent /mnt/\\udcff"
    assert store.samples("disk_percent /mnt/\udcff", NOON) == [sample(NOON, name=name)]
    assert store.probes(None, NOON)[0].error == "answered \\0 \\ud800"


def test_probes_come_back_as_they_were(store: Store) -> None:
    up = Probe("llm", NOON, True, 0.022)
    down = Probe("gateway", NOON + SECOND, False, None, "answered 503 Service Unavailable")
    store.add_probes([down, up])
    assert store.probes("llm", LONG_AGO) == [up]
    assert store.probes(None, LONG_AGO) == [up, down]
    assert store.probes(None, NOON + SECOND) == [down]


def test_transitions_come_back_as_they_were(store: Store) -> None:
    opened = transition(NOON)
    tried = Transition("llm", NOON + SECOND, "open", "half_open", "tried again after 60 s")
    other = transition(NOON + 2 * SECOND, "gateway")
    store.add_transitions([other, tried, opened])
    assert store.transitions("llm", LONG_AGO) == [opened, tried]
    assert store.transitions(None, LONG_AGO) == [opened, tried, other]
    assert store.transitions("llm", NOON + SECOND) == [tried]


def test_transitions_of_one_timestamp_come_back_in_the_order_in_which_they_were_added(store: Store) -> None:
    states = ["half_open", "open", "closed", "half_open"]
    store.add_transitions(transition(NOON, after=state) for state in states)
    assert [found.after for found in store.transitions(None, LONG_AGO)] == states
    assert store.last_transitions()["llm"].after == states[-1]


@shared
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5))))
def test_the_last_transition_of_each_endpoint_is_the_latest(
    store: Store, rows: list[tuple[str, int]]
) -> None:
    store.prune(LONG_AFTER)
    added = [transition(NOON + at * SECOND, endpoint, str(n)) for n, (endpoint, at) in enumerate(rows)]
    store.add_transitions(added)
    by_age = sorted(added, key=lambda transition: transition.at)
    assert store.last_transitions() == {found.endpoint: found for found in by_age}


def test_steps_come_back_as_they_were(store: Store) -> None:
    measured = StepUsage(NOON, "daily", "backup", 2, Outcome.TIMED_OUT, 1.25, 0.5, 5 * 2**30)
    unknown = StepUsage(NOON + SECOND, "daily", "mail", 1, Outcome.COMPLETED, 0.1, None, None)
    store.add_steps([unknown, measured])
    assert store.steps(LONG_AGO) == [measured, unknown]
    assert store.steps(NOON + SECOND) == [unknown]


def test_the_last_attempts_at_thousands_of_steps_are_asked_for_at_once(store: Store) -> None:
    names = [("daily", f"step {number}") for number in range(5000)]
    first, last = (
        StepUsage(NOON + SECOND * number, *names[number], 1, Outcome.COMPLETED, 0.1, None, None)
        for number in (0, 4999)
    )
    elsewhere = StepUsage(NOON, "weekly", "step 0", 1, Outcome.COMPLETED, 0.1, None, None)
    store.add_steps([first, last, elsewhere])
    assert store.attempts(names, 10) == [first, last]
    assert store.attempts(names, 1) == [last]
    assert store.attempts([], 10) == []


def test_readings_come_back_as_they_were_and_those_of_beats_alone(store: Store) -> None:
    beat = Reading(NOON, 12.5, 3.25, 2**33, 1.0, 0.5, 0.0, 1234.0, of_beat=True)
    minute = Reading(NOON - SECOND)
    store.add_readings([beat, minute])
    assert store.readings(LONG_AGO) == [minute, beat]
    assert store.readings(LONG_AGO, of_beat=True) == [beat]
    assert store.readings(LONG_AGO, of_beat=False) == [minute]
    assert store.readings(NOON) == [beat]


def test_beats_come_back_as_they_were(store: Store) -> None:
    beats = [BeatRecord(NOON, 0.25), BeatRecord(NOON + SECOND, 12.5, '{"force": ["daily"]}')]
    store.add_beats(beats)
    assert store.beats(LONG_AGO) == beats
    assert store.beats(NOON + SECOND) == beats[1:]


def test_decisions_come_back_as_they_were(store: Store) -> None:
    ran = GroupEvent(NOON, "daily", "run", "due since 12:00", Outcome.FAILED, 1.5)
    waits = GroupEvent(NOON + SECOND, "weekly", "waits", "daily failed")
    idle = GroupEvent(NOON + SECOND, "monthly", "not_due", "ran at 11:00")
    store.add_decisions([ran, waits, idle])
    assert store.decisions(LONG_AGO) == [ran, waits, idle]
    assert store.decisions(NOON + SECOND) == [waits, idle]
    assert store.decisions(LONG_AGO, but=["not_due", "waits"]) == [ran]


@shared
@given(st.datetimes(timezones=st.timezones(), min_value=_FIRST, max_value=_LAST))
def test_a_time_of_any_zone_is_the_same_time_afterwards(store: Store, at: datetime) -> None:
    store.prune(LONG_AFTER)
    store.add_samples([sample(at)])
    (found,) = store.samples("cpu_percent", at)
    assert found.at.timestamp() == at.timestamp()
    assert found.at.tzinfo is UTC


#: Seconds since 2026-03-04, values.
points = st.lists(st.tuples(st.floats(0, 86_400), st.floats(-1e6, 1e6)), max_size=50)
widths = st.sampled_from([SECOND, timedelta(minutes=5), 7 * HOUR, DAY, 10_000 * DAY])


@shared
@given(points, widths)
@example([(0.0, 1.0), (0.999999, 2.0), (1.0, 3.0)], SECOND)
def test_buckets_are_what_plain_python_makes_of_the_samples(
    store: Store, points: list[tuple[float, float]], width: timedelta
) -> None:
    store.prune(LONG_AFTER)
    samples = [sample(NOON + at * SECOND, value, name) for at, value in points for name in ("cpu", "memory")]
    store.add_samples([*samples, *(sample(NOON + at * SECOND, name="swap") for at, _ in points)])
    since = NOON + 12 * HOUR

    found = store.buckets(["memory", "cpu", "missing"], since, width)

    kept = sorted((s for s in samples if s.at >= since), key=lambda s: (s.name, s.at))
    expected = [
        (name, start, [s.value for s in row])
        for (name, start), row in groupby(kept, lambda s: (s.name, _start(s.at, width)))
    ]
    assert [(b.name, b.at, b.count) for b in found] == [(n, at, len(v)) for n, at, v in expected]
    assert [(b.low, b.high) for b in found] == [(min(v), max(v)) for _, _, v in expected]
    assert [b.mean for b in found] == pytest.approx(
        [math.fsum(v) / len(v) for _, _, v in expected], rel=1e-9, abs=1e-6
    )


@shared
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["gateway", "llm"]),
            st.floats(0, 86_400),
            st.booleans(),
            st.none() | st.floats(0, 60),
        ),
        max_size=50,
    ),
    widths,
)
def test_probe_buckets_are_what_plain_python_makes_of_the_probes(
    store: Store, rows: list[tuple[str, float, bool, float | None]], width: timedelta
) -> None:
    store.prune(LONG_AFTER)
    probes = [Probe(name, NOON + at * SECOND, ok, latency) for name, at, ok, latency in rows]
    store.add_probes(probes)
    since = NOON + 12 * HOUR

    found = store.probe_buckets(since, width)

    kept = sorted((p for p in probes if p.at >= since), key=lambda p: (p.endpoint, p.at))
    expected = [
        (name, start, list(row))
        for (name, start), row in groupby(kept, lambda p: (p.endpoint, _start(p.at, width)))
    ]
    latencies = [[p.latency for p in row if p.ok and p.latency is not None] for _, _, row in expected]
    assert [(b.endpoint, b.at, b.asked, b.ok) for b in found] == [
        (name, at, len(row), sum(p.ok for p in row)) for name, at, row in expected
    ]
    assert [b.high for b in found] == [max(some, default=None) for some in latencies]
    assert [b.mean for b in found] == [
        pytest.approx(math.fsum(some) / len(some)) if some else None for some in latencies
    ]


def _start(at: datetime, width: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // width * width


def test_what_was_measured_elsewhere_is_kept_and_not_ours(store: Store, place: Place) -> None:
    add_one_of_all(store, NOON)
    with past_our_code(place) as connection:
        for table in METADATA.tables:
            connection.execute(f"UPDATE {table} SET host = 'other'")  # noqa: S608 - our own names
    assert_empty(store)
    assert store.prune(LONG_AFTER) == len(METADATA.tables)


def test_prune_deletes_what_is_older_and_says_how_much(store: Store) -> None:
    limit = NOON - 90 * DAY
    add_one_of_all(store, limit - timedelta(microseconds=1))
    add_one_of_all(store, limit)
    assert store.prune(limit) == 7
    assert store.prune(limit) == 0
    assert store.samples("cpu_percent", LONG_AGO) == [sample(limit)]
    assert [probe.at for probe in store.probes(None, LONG_AGO)] == [limit]
    assert [change.at for change in store.transitions(None, LONG_AGO)] == [limit]
    assert [step.at for step in store.steps(LONG_AGO)] == [limit]
    assert [decision.at for decision in store.decisions(LONG_AGO)] == [limit]
    assert [reading.at for reading in store.readings(LONG_AGO)] == [limit]
    assert [beat.at for beat in store.beats(LONG_AGO)] == [limit]


def test_others_may_write_while_much_is_pruned(store: Store, place: Place) -> None:
    store.add_samples(sample(NOON + n * SECOND) for n in range(12_000))
    left: list[int] = []

    def write(connection: object, record: object) -> None:
        """Does not wait: a connection that goes back to the pool has just ended its transaction."""
        with past_our_code(place) as other:
            left.append(other.execute("SELECT count(*) FROM samples WHERE host != 'other'").fetchone()[0])
            other.execute("INSERT INTO samples (host, at, name, value) VALUES ('other', 1e16, '', 1)")

    event.listen(Pool, "checkin", write)
    try:
        assert store.prune(NOON + DAY) == 12_000
    finally:
        event.remove(Pool, "checkin", write)
    assert sorted(set(left), reverse=True) == [12_000, 7_000, 2_000, 0]


def test_a_failed_addition_leaves_nothing_behind(store: Store) -> None:
    broken = Sample(NOON, None, 1.0)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"(?i)not.null"):
        store.add_samples([sample(NOON), broken])
    assert store.samples("cpu_percent", LONG_AGO) == []


def test_a_newer_store_is_left_alone(place: Place, store: Store) -> None:
    with past_our_code(place) as connection:
        connection.execute("UPDATE rhythm_version SET version_num = '99'")
    with pytest.raises(StoreError, match=r"newer Rhythm \(schema 99\).*Update Rhythm"), Store(place):
        pass


def test_prefect_may_keep_its_own_tables_in_the_same_database(place: Place) -> None:
    """Both are versioned by Alembic, which takes one name for that unless given another."""
    if isinstance(place, Path):
        place.parent.mkdir()
    with past_our_code(place) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('c8ff35f94028')")
    for _ in range(2):
        with Store(place) as store:
            store.add_samples([sample(NOON)])
    with past_our_code(place) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert found == ("c8ff35f94028",)


def test_processes_that_start_together_all_get_their_measurements_in(place: Place) -> None:
    """Each of them finds no tables, and one makes them."""
    assert come_together(place, processes=4, additions=10) == [0] * 4
    with Store(place) as store:
        assert len(store.samples("cpu_percent", LONG_AGO)) == 40
    with past_our_code(place) as connection:
        assert connection.execute("SELECT version_num FROM rhythm_version").fetchall() == [(HEAD,)]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a measurement"):
        sample(NOON, value)
    with pytest.raises(ValueError, match="not a measurement"):
        Reading(NOON, others=50.0, disk_pressure=value)


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 3, 4)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="no time zone"):
        sample(naive)
    with pytest.raises(ValueError, match="no time zone"):
        Probe("llm", naive, True, 0.1)
