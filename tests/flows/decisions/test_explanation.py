"""Why a group runs or not: it never disagrees with what a beat decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.decisions.cadence import decide
from flows.decisions.choice import Decision
from flows.decisions.explanation import Explanation, explain
from flows.decisions.group_runs import Run
from flows.decisions.load import Load
from flows.decisions.situation import Situation
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tests.flows.rhythms import rhythm

NOON = datetime(2026, 3, 2, 12, 3, tzinfo=UTC)
LABELS = {decision.label for decision in Decision}
OUTCOMES = st.sampled_from([*Outcome, Outcome.COMPLETED, Outcome.FAILED, None])


@st.composite
def rhythms(draw: Callable[..., Any]) -> Settings:
    names = [f"group_{letter}" for letter in "abcde"[: draw(st.integers(1, 5))]]
    groups: dict[str, dict[str, Any]] = {}
    for index, name in enumerate(names):
        after = draw(st.lists(st.sampled_from(names[:index]), unique=True, max_size=3)) if index else []
        groups[name] = {
            **draw(st.sampled_from([{"every": "5m"}, {"every": "10m"}, {"every": "7d"}, {"at": "03:00"}])),
            "after": after,
            "enabled": draw(st.integers(0, 5)) > 0,
            "attempts": draw(st.integers(1, 3)),
            "lane": draw(st.sampled_from(["main", "main", "long", "other"])),
            **draw(
                st.sampled_from([{}, {"wait_at_most": "2m"}, {"wait_at_most": "6d"}, {"priority": "low"}])
            ),
        }
    return rhythm("UTC", groups)


@st.composite
def runs(draw: Callable[..., Any]) -> list[Run]:
    found = []
    for ago in draw(st.lists(st.floats(0, 3600), max_size=4)):
        started = NOON - timedelta(seconds=ago)
        outcome = draw(OUTCOMES)
        ended = started + timedelta(seconds=min(ago, draw(st.floats(0, 900)))) if outcome else None
        found.append(Run(started, ended, outcome, has_begun=draw(st.booleans()) or outcome is not None))
    return found


@st.composite
def loads(draw: Callable[..., Any], rhythm: Settings) -> Load:
    others = draw(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=3))
    readings = [Reading(NOON - timedelta(minutes=5 * ago), each) for ago, each in enumerate(others)]
    takes = st.floats(0, 400).map(lambda seconds: Expected(seconds, 1.5 * seconds))
    durations = draw(st.dictionaries(st.sampled_from(sorted(rhythm.groups)), takes))
    return Load(readings[::-1], draw(st.sampled_from([None, lambda at: 50.0 + at.minute])), durations)


@settings(max_examples=300)
@given(rhythm=rhythms(), data=st.data())
def test_an_explanation_has_the_decision_of_a_beat_and_what_keeps_a_group_exactly_if_it_does_not_run(
    rhythm: Settings, data: st.DataObject
) -> None:
    past = {name: data.draw(runs()) for name in rhythm.groups}
    ends = {name: data.draw(st.sampled_from([Outcome.COMPLETED, Outcome.FAILED])) for name in rhythm.groups}
    would_end = ends.__getitem__

    situation = Situation(rhythm, past, NOON, load=data.draw(loads(rhythm)))

    choices = {choice.group: choice for choice in decide(situation, would_end=would_end)}

    for name, choice in choices.items():
        found = explain(name, situation, would_end=would_end)
        assert found.choice == replace(choice, outcome=None, seconds=None)
        keeping = [fact for fact in found.facts if fact.keeps]
        assert bool(keeping) == (choice.decision is not Decision.RUN)
        assert all(fact.found for fact in found.facts)
        assert not LABELS & {fact.about for fact in found.facts}, "what keeps it is not explained"
        if choice.decision is Decision.WAITS and choice.reason in {fact.found for fact in found.facts}:
            assert choice.reason in {fact.found for fact in keeping}


def test_each_dependency_is_looked_at_by_itself() -> None:
    at = NOON - timedelta(minutes=1)
    groups: dict[str, dict[str, Any]] = {
        "done": {"every": "1h"},
        "failed": {"every": "1h"},
        "off": {"every": "1h", "enabled": False},
        "due": {"every": "1h"},
        "last": {"every": "1h", "after": ["done", "failed", "off", "due"], "attempts": 3},
    }
    past = {
        "done": [Run(at, at, Outcome.COMPLETED)],
        "failed": [Run(at, at, Outcome.FAILED)],
        "last": [Run(at, at + timedelta(seconds=2), Outcome.FAILED)],
    }

    found = explain(
        "last",
        Situation(rhythm(groups=groups), past, NOON),
        would_end=lambda name: Outcome.FAILED if name == "failed" else Outcome.COMPLETED,
    )

    assert [(fact.about, fact.found, fact.keeps) for fact in found.facts] == [
        ("calendar", "every hour", False),
        ("slot", "since 12:00, until 13:00", False),
        ("run in it", "failed at 12:02 after 2.0 s", False),
        ("attempts", "2 of 3 left", False),
        ("after done", "completed at 12:02 after 0.0 s", False),
        ("after failed", "failed failed", True),
        ("after off", "is paused, and not waited for", False),
        ("after due", "runs first, in the same beat", False),
        ("lane", "main: the beat's own", False),
    ]
    assert (found.choice.decision, found.choice.reason) == (Decision.WAITS, "failed failed")


def test_of_a_deferred_group_the_load_and_its_latest_time_are_shown() -> None:
    groups = {"polite": {"every": "1h", "wait_at_most": "30m"}, "never": {"every": "1h"}}
    load = Load([Reading(NOON - timedelta(minutes=1), 83.4, 4.0)])
    situation = Situation(rhythm(groups=groups), {}, NOON, load=load)

    found = explain("polite", situation)

    assert found.choice.decision is Decision.DEFERRED
    assert [(fact.about, fact.found, fact.keeps) for fact in found.facts][-3:] == [
        (
            "load",
            "others used 83 % of the CPU, Rhythm 4 % at 12:02; busy above 70 %, until below 60 %",
            False,
        ),
        ("pacing", "others use 83 % of the CPU; runs below 60 %, or at 12:30 at the latest", True),
        ("latest", "may be deferred until 12:30", False),
    ]
    assert "load" not in {fact.about for fact in explain("never", situation).facts}
    unknown = explain("polite", replace(situation, load=Load()))
    assert ("load", "not known: nothing was read of late") in {(f.about, f.found) for f in unknown.facts}


def test_a_group_that_is_not_there_is_not_explained() -> None:
    with pytest.raises(KeyError):
        explain("nobody", Situation(rhythm(), {}, NOON))


def test_what_a_group_usually_takes_is_among_the_facts_and_beside_a_run_that_is_late() -> None:
    settings_of_one = rhythm(groups={"a": {"every": "1h"}})
    load = Load(durations={"a": Expected(40.0, 70.0, 12)})
    running = Run(NOON - timedelta(seconds=90))

    idle = explain("a", Situation(settings_of_one, {"a": []}, NOON, load=load))
    late = explain("a", Situation(settings_of_one, {"a": [running]}, NOON, load=load))
    unknown = explain("a", Situation(settings_of_one, {"a": []}, NOON))

    assert ("takes", "usually 40 s, 1 min 10 s at most (12 runs)") in facts(idle)
    assert ("under way", "running since 12:01, usually 40 s, 1 min 10 s at most") in facts(late)
    assert "takes" not in dict(facts(unknown))


def facts(found: Explanation) -> list[tuple[str, str]]:
    return [(fact.about, fact.found) for fact in found.facts]
