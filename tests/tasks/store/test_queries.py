"""No question reads a whole table: looked up in the databases' own plans for what is really asked."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, event

from tasks.store.measurements import OTHERS, BeatRecord, Reading, Transition
from tasks.store.store import Store
from tasks.store.tables import METADATA
from tests.bench.history import fill
from tests.postgresql import PostgreSQL, connect

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SINCE = NOON - HOUR

Ask = Callable[[Store], object]

#: What is asked, through which indexes it is answered, and whether their order is the answer's.
QUESTIONS: dict[str, tuple[Ask, set[str], bool]] = {
    "samples": (lambda store: store.samples("cpu", NOON), {"samples_name_at"}, True),
    "sample_names": (lambda store: store.sample_names(), {"samples_name_at"}, True),
    "buckets": (lambda store: store.buckets(["cpu", "memory"], SINCE, HOUR), {"samples_name_at"}, False),
    "all probes": (lambda store: store.probes(None, NOON), {"probes_at"}, True),
    "probes": (lambda store: store.probes("llm", NOON), {"probes_endpoint_at"}, True),
    "probe_buckets": (lambda store: store.probe_buckets(SINCE, HOUR), {"probes_at"}, False),
    "all transitions": (lambda store: store.transitions(None, NOON), {"breaker_transitions_at"}, True),
    "transitions": (lambda store: store.transitions("llm", NOON), {"breaker_transitions_endpoint_at"}, True),
    "last_transitions": (lambda store: store.last_transitions(), {"breaker_transitions_endpoint_at"}, True),
    "steps": (lambda store: store.steps(SINCE), {"step_usage_at"}, True),
    "decisions": (lambda store: store.decisions(SINCE, ["not_due"]), {"decisions_at"}, True),
    "beats": (lambda store: store.beats(SINCE), {"beats_at"}, True),
    "readings": (lambda store: store.readings(SINCE), {"readings_at"}, True),
    "reading_buckets": (lambda store: store.reading_buckets(OTHERS, SINCE, HOUR), {"readings_at"}, False),
    "readings of beats": (lambda store: store.readings(SINCE, of_beat=True), {"readings_at"}, True),
    "prune": (
        lambda store: store.prune(NOON - 80 * HOUR),
        {
            "samples_at",
            "probes_at",
            "breaker_transitions_at",
            "step_usage_at",
            "decisions_at",
            "readings_at",
            "beats_at",
        },
        True,
    ),
}


@contextmanager
def listening() -> Iterator[list[tuple[str, Any]]]:
    """Write down what is sent to any database meanwhile: statement and parameters."""
    heard: list[tuple[str, Any]] = []

    def listen(connection: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


def asked(store: Store, ask: Ask) -> list[tuple[str, Any]]:
    with listening() as heard:
        ask(store)
    return [(said, parameters) for said, parameters in heard if not said.startswith("BEGIN")]


@pytest.mark.parametrize(("ask", "indexes", "in_order"), QUESTIONS.values(), ids=QUESTIONS)
def test_sqlite_answers_through_an_index(tmp_path: Path, ask: Ask, indexes: set[str], in_order: bool) -> None:
    path = tmp_path / "rhythm.db"
    with Store(path) as store:
        statements = asked(store, ask)
        with closing(sqlite3.connect(path)) as connection:
            plan = [
                step
                for statement, parameters in statements
                for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
    searched = [step for step in plan if step.startswith("SEARCH") and " INDEX " in step]
    assert {step.split(" INDEX ")[1].split(" ")[0] for step in searched} == indexes
    assert not {f"SCAN {table}" for table in METADATA.tables} & set(plan)
    assert not [step for step in plan if "TEMP B-TREE" in step and in_order]


@pytest.fixture(scope="module")
def filled(postgresql: PostgreSQL) -> Iterator[URL]:
    """Two days of measurements with a nervous breaker, so that the planner has something to weigh."""
    url = postgresql.make_database()
    with Store(url) as store:
        fill(store, NOON, days=2, samples=20_000)
        store.add_transitions(
            Transition(f"llm {n % 3}", NOON - n * MINUTE, "closed", "open", "") for n in range(5_000)
        )
        store.add_beats(BeatRecord(NOON - 5 * n * MINUTE, 0.5) for n in range(5_000))
        store.add_readings(Reading(NOON - n * MINUTE, 10.0, of_beat=not n % 5) for n in range(5_000))
    with closing(connect(url)) as connection:
        connection.execute("ANALYZE")
    yield url
    postgresql.drop_database(url)


@pytest.mark.parametrize("ask", [ask for ask, *_ in QUESTIONS.values()], ids=QUESTIONS)
def test_postgresql_answers_through_an_index(filled: URL, ask: Ask) -> None:
    with Store(filled) as store:
        statements = asked(store, ask)
    with closing(connect(filled)) as connection:
        for quicker_for_a_few_pages in ("seqscan", "hashjoin", "mergejoin"):
            connection.execute(f"SET enable_{quicker_for_a_few_pages} = off".encode())
        plan = "\n".join(
            line
            for statement, parameters in statements
            for (line,) in connection.execute(f"EXPLAIN {statement}".encode(), parameters)
        )
    assert "Seq Scan" not in plan
    assert len(re.findall(r"Index (Only )?Scan", plan)) == plan.count("Index Cond") > 0, plan
