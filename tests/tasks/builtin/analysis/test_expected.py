"""How long a group or step is expected to take."""

from __future__ import annotations

import importlib.util
import math
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import fmean, median
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.expected import Expected, expectations, expected, expected_of
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import PROJECT
from tasks.store.durations import Took

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
STUDY = PROJECT.parent / "shared" / "pacing" / "durations.py"
SECONDS = st.floats(0.001, 1e6)


def took(*seconds: float, outcome: Outcome = Outcome.COMPLETED) -> list[Took]:
    return [Took(NOON, each, outcome) for each in seconds]


@pytest.mark.parametrize(
    ("seconds", "usual", "at_most"),
    [
        ([40.0], 40.0, 40.0),
        ([10.0, 20.0, 30.0], 20.0, 30.0),
        ([100.0] * 10 + [40.0] * 7, 40.0, 100.0),  # only the last 7 are usual
        ([40.0] * 49 + [900.0], 40.0, 40.0),  # one of 50 raises no bound
        ([40.0] * 44 + [900.0] * 6, 900.0, 900.0),
        ([900.0] * 20 + [40.0] * 50, 40.0, 40.0),  # what is older than 50 runs is forgotten
    ],
)
def test_the_median_of_7_is_usual_and_the_quantile_of_50_is_the_bound(
    seconds: list[float], usual: float, at_most: float
) -> None:
    assert expected(seconds) == Expected(usual, at_most, min(len(seconds), 50))


def test_of_nothing_nothing_is_expected() -> None:
    assert expected([]) is None
    assert expected_of([]) is None
    assert expected_of(took(600.0, outcome=Outcome.TIMED_OUT)) is None
    assert expectations({"a": took(4.0), "b": []}) == {"a": Expected(4.0, 4.0, 1)}


def test_a_quick_failure_says_nothing_and_a_timeout_raises_the_bound() -> None:
    runs = took(*[40.0] * 20)
    assert expected_of([*runs, *took(*[0.1] * 20, outcome=Outcome.FAILED)]) == Expected(40.0, 40.0, 20)
    assert expected_of([*runs, *took(*[600.0] * 5, outcome=Outcome.TIMED_OUT)]) == Expected(40.0, 600.0, 20)


@given(st.lists(SECONDS, min_size=1, max_size=120))
def test_the_bound_covers_nine_of_ten_and_is_never_below_what_is_usual(seconds: list[float]) -> None:
    found = expected(seconds)

    assert found is not None
    last = seconds[-50:]
    assert min(last) <= found.seconds <= found.at_most <= max(last)
    assert sum(each <= found.at_most for each in last) >= 0.9 * len(last)


@given(st.lists(st.tuples(SECONDS, st.sampled_from(Outcome)), max_size=80))
def test_what_did_not_complete_never_lowers_anything(runs: list[tuple[float, Outcome]]) -> None:
    all_runs = [Took(NOON, *run) for run in runs]
    completed = [run for run in all_runs if run.is_completed]
    found, without = expected_of(all_runs), expected_of(completed)

    assert (found is None) == (without is None)
    if found and without and len(all_runs) <= 50:
        assert found.seconds == without.seconds
        assert found.at_most >= without.at_most


def test_it_forecasts_as_well_as_the_study_on_made_durations() -> None:
    """The bound covers nine of ten log-normal durations to come; the usual is nearer than the last one."""
    draw = Random(7)
    series = [60 * draw.lognormvariate(0, 0.3) for _ in range(1500)]
    forecasts = [(expected(series[max(0, at - 300) : at]), series[at]) for at in range(30, len(series))]

    covered = fmean(real <= found.at_most for found, real in forecasts if found)
    error = fmean(abs(found.seconds - real) for found, real in forecasts if found)
    of_the_last = fmean(abs(series[at - 1] - series[at]) for at in range(30, len(series)))
    assert 0.86 < covered < 0.92
    assert error < 0.85 * of_the_last


@pytest.mark.skipif(not STUDY.exists(), reason="the study of durations is not here")
def test_it_is_what_the_study_has_measured() -> None:
    study, draw = _module(STUDY), Random(1)
    for length in (1, 2, 7, 30, 50, 300):
        seconds = [draw.lognormvariate(0, 1) for _ in range(length)]
        found = expected(seconds)
        assert found is not None
        assert found.seconds == study.POINT["median of 7"](seconds)
        bound = study.BOUND["quantile of 50"](seconds)
        assert math.isclose(found.at_most, max(bound, median(seconds[-7:])))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("study_of_durations", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
