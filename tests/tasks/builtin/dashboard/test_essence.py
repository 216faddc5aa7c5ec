"""What stands at the top: the verdict, what comes first, and the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.analysis.episodes import Episode, Trouble
from tasks.builtin.analysis.incidents import Incident
from tasks.builtin.analysis.series import DURATION, FIGURES, Subject
from tasks.builtin.dashboard.essence import essence, percent
from tasks.builtin.incidents import record
from tasks.outcome import Outcome
from tasks.store.measurements import CPU, MEMORY, GroupEvent, Probe, Sample, StepUsage, Transition
from tasks.store.store import Store
from tests.tasks.builtin.dashboard.conftest import NOW, MakePast


def ran(minutes_ago: int, outcome: Outcome = Outcome.COMPLETED, group: str = "health_check") -> GroupEvent:
    return GroupEvent(NOW - timedelta(minutes=minutes_ago), group, "run", "due", outcome, 2.0)


def well(store: Store) -> None:
    store.add_decisions([ran(20), ran(10)])
    store.add_probes([Probe("llm", NOW - timedelta(minutes=30), True, 0.02)])
    store.add_samples([Sample(NOW - timedelta(minutes=10), name, 40) for name in (CPU, MEMORY)])


def failing_now(store: Store) -> None:
    store.add_decisions([ran(20), ran(10, Outcome.FAILED)])
    at = NOW - timedelta(minutes=10)
    store.add_steps([StepUsage(at, "health_check", "check_health", 1, Outcome.TIMED_OUT, 2.0, None, None)])


def failing_for_a_reason(store: Store) -> None:
    store.add_decisions([replace(ran(10, Outcome.FAILED), fault="copy: exit code 3: no such host")])


def warns(store: Store) -> None:
    store.add_decisions([ran(20), replace(ran(10), fault="copy: exit code 24: vanished")])


def failed_before(store: Store) -> None:
    store.add_decisions([ran(20, Outcome.TIMED_OUT), ran(10)])


def held_back(store: Store) -> None:
    reason = "health_check failed at 15:00"
    store.add_decisions([ran(10), GroupEvent(NOW - timedelta(minutes=9), "daily_routine", "waits", reason)])


def down(store: Store) -> None:
    well(store)
    store.add_probes([Probe("llm", NOW - timedelta(seconds=1), False, None, "refused")])


def gaps(store: Store) -> None:
    well(store)
    store.add_probes([Probe("llm", NOW - timedelta(hours=2), False, None, "refused")])


def breaker_open(store: Store) -> None:
    well(store)
    at = NOW - timedelta(days=3)
    store.add_transitions([Transition("llm", at, "closed", "open", "3 failures in a row", 60)])


def memory_full(store: Store) -> None:
    well(store)
    store.add_samples([Sample(NOW - timedelta(hours=1), MEMORY, 99)])


def cpu_busy(store: Store) -> None:
    well(store)
    store.add_samples([Sample(NOW - timedelta(hours=1), CPU, 100)])


@pytest.mark.parametrize(
    ("write", "level", "said"),
    [
        (lambda store: None, "warning", ["nothing ran in the last 24 hours"]),
        (well, "ok", []),
        (
            failing_now,
            "critical",
            ["health_check failed in its latest run, at 15:20: check_health timed out"],
        ),
        (
            failing_for_a_reason,
            "critical",
            ["health_check failed in its latest run, at 15:20: copy: exit code 3: no such host"],
        ),
        (
            warns,
            "warning",
            ["health_check warns in its latest run, at 15:20: copy: exit code 24: vanished"],
        ),
        (failed_before, "warning", ["health_check failed in 1 of 2 runs, last at 15:10"]),
        (
            held_back,
            "warning",
            ["daily_routine did not run: waited 1×, health_check failed"],
        ),
        (down, "critical", ["llm was down when last asked"]),
        (gaps, "warning", ["llm answered only 50 % of 2 requests"]),
        (breaker_open, "critical", ["llm gets no traffic, its breaker is open: 3 failures in a row"]),
        (memory_full, "critical", ["memory reached 99 %"]),
        (cpu_busy, "warning", ["CPU reached 100 %"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_verdict_is_as_bad_as_what_is_worst(
    make_past: MakePast, write: Callable[[Store], None], level: str, said: list[str]
) -> None:
    top = essence(make_past(write))

    assert (top.verdict.level, [reason.text for reason in top.attention]) == (level, said)


def test_an_incident_is_one_thing_that_needs_attention(make_past: MakePast, tmp_path: Path) -> None:
    at = NOW - timedelta(hours=1)
    trouble = Trouble(at, at, 250, 40, is_news=True)
    backup = Subject("nightly / backup.ps1", "step/nightly/backup.ps1", DURATION)
    moved = tuple(Episode(of, (trouble,)) for of in (backup, FIGURES[CPU]))
    record.write(tmp_path, [Incident(moved)], NOW)

    (reason,) = essence(make_past(well)).attention

    assert reason.level == "warning"
    assert reason.text.startswith("03-04 14:30: nightly / backup.ps1 took 4 min 10 s, usually 40 s; then the")


def test_the_worst_comes_first(make_past: MakePast) -> None:
    def write(store: Store) -> None:
        failed_before(store)
        store.add_samples([Sample(NOW - timedelta(hours=1), MEMORY, 99)])

    top = essence(make_past(write))

    assert [reason.level for reason in top.attention] == ["critical", "warning"]
    assert top.sentence == "2 things need attention: memory reached 99 %."


def test_the_numbers_say_how_much_went_on(make_past: MakePast) -> None:
    numbers = {
        number.what: (number.value, number.beside) for number in essence(make_past(failing_now)).numbers
    }

    assert numbers["runs"] == ("2", "in 1 group")
    assert numbers["failures"] == ("1", "50 % of runs")
    assert numbers["availability"] == ("–", "of 0 probes")
    assert numbers["CPU, mean"] == ("–", "not measured")


@pytest.mark.parametrize(
    ("part", "said"), [(0, "0 %"), (0.5, "50 %"), (0.9997, "99.9 %"), (0.999, "99.9 %"), (1, "100 %")]
)
def test_no_rounding_makes_a_failure_disappear(part: float, said: str) -> None:
    assert percent(part) == said
