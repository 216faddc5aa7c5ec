"""How long planned runs take, and what is in each other's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.decisions.collisions import PlannedRun, collisions, planned
from flows.decisions.timetable import timetable
from tasks.builtin.analysis.expected import Expected
from tasks.settings.rhythm_toml import Settings
from tests.flows.rhythms import rhythm

START = datetime(2026, 3, 2, tzinfo=UTC)
Groups = dict[str, dict[str, Any]]
HOURLY: dict[str, Any] = {"every": "1h"}


def runs(groups: Groups, seconds: dict[str, float], hours: float) -> list[PlannedRun]:
    durations = {name: Expected(each, 2 * each) for name, each in seconds.items()}
    beats = timetable(settings_of(groups), START, START + timedelta(hours=hours))
    return list(planned(beats, durations))


def settings_of(groups: Groups) -> Settings:
    return rhythm(groups=groups)


def sentences(groups: Groups, seconds: dict[str, float], hours: float) -> list[str]:
    found = collisions(runs(groups, seconds, hours), settings_of(groups))
    return [each.sentence(lambda at: f"{at:%H:%M}") for each in found]


def test_runs_of_a_beat_end_one_after_the_other_and_lanes_run_beside() -> None:
    groups: Groups = {"a": HOURLY, "b": {**HOURLY, "after": ["a"]}, "c": {**HOURLY, "lane": "long"}}

    found = {run.choice.group: run.ends for run in runs(groups, {"a": 60, "b": 30, "c": 600}, 1)}

    assert found == {
        "a": START + timedelta(seconds=60),
        "b": START + timedelta(seconds=90),
        "c": START + timedelta(seconds=600),
    }


def test_what_comes_after_a_group_that_never_ran_ends_nobody_knows_when() -> None:
    groups: Groups = {"a": HOURLY, "b": {**HOURLY, "after": ["a"]}}

    assert [run.ends for run in runs(groups, {"b": 30}, 1)] == [None, None]
    assert sentences(groups, {"b": 30}, 1) == []


@pytest.mark.parametrize(
    ("groups", "seconds", "said"),
    [
        ({"a": HOURLY, "b": HOURLY}, {"a": 140, "b": 140}, []),
        (
            {"a": HOURLY, "b": HOURLY},
            {"a": 140, "b": 141},
            [
                "a and b usually take 4 min 41 s together, and a beat has 4 min 40 s: at 00:00, 01:00 "
                "and 2 more times"
            ],
        ),
        (
            {"a": {"every": "2h"}},
            {"a": 400},
            ["a usually takes 6 min 40 s, and a beat has 4 min 40 s: at 00:00 and 02:00"],
        ),
        ({"a": {"every": "2h", "lane": "long"}}, {"a": 7200}, []),
        (
            {"a": {"every": "2h", "lane": "long"}},
            {"a": 7201},
            ["a usually takes 2 h 00 min, and has 2 h 00 min until its next run: at 00:00"],
        ),
        (
            {"a": {"every": "4h", "lane": "long"}, "b": {"every": "1h", "lane": "long"}},
            {"a": 5400, "b": 60},
            ["b waits in the lane long for a, which usually takes 1 h 30 min: at 00:00 and 01:00"],
        ),
    ],
)
def test_what_takes_too_long_together_is_said_once(
    groups: Groups, seconds: dict[str, float], said: list[str]
) -> None:
    assert sentences(groups, seconds, 4) == said


@pytest.mark.parametrize(
    ("names", "seconds", "said"),
    [
        ("abcd", 75.0, "a, b, c and d"),
        ("abcdef", 50.0, "a, b, c and 3 more"),
    ],
)
def test_of_many_groups_the_first_are_named(names: str, seconds: float, said: str) -> None:
    (sentence,) = sentences(dict.fromkeys(names, HOURLY), dict.fromkeys(names, seconds), 1)

    assert sentence == f"{said} usually take 5 min 00 s together, and a beat has 4 min 40 s: at 00:00"


@given(st.lists(st.floats(0.1, 1000), min_size=3, max_size=3))
def test_a_beat_is_too_long_exactly_if_what_it_runs_is_and_nothing_is_reported_twice(
    took: list[float],
) -> None:
    groups = dict.fromkeys("abc", HOURLY)
    planned_runs = runs(groups, dict(zip("abc", took, strict=True)), 3)

    found = collisions(planned_runs, settings_of(groups))

    assert len(found) == (1 if sum(took) > 280 else 0)
    times = [at for each in found for at in each.at]
    assert len(times) == len(set(times))
    assert all(run.ends and run.ends > run.at for run in planned_runs)
