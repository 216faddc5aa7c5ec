"""What holds for pacing whatever the rhythm, the load and how long runs take: by simulated beats."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.decisions.cadence import choose, decide, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.due import rests
from flows.decisions.group_runs import Run
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.pacing import is_busy, latest
from flows.decisions.situation import Situation
from flows.decisions.slots import BEAT, next_beat
from flows.readings import concerns_lanes, depends_on_load, rests_on_load
from flows.replay.simulation import Conditions, Ending, Simulation
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tasks.settings.pacing import PacingSettings
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Reading
from tests.flows.calendars import calendars
from tests.flows.decisions.test_cadence_properties import STARTS, often, rhythms
from tests.flows.rhythms import every_five_minutes
from tests.flows.traces import A_DAY, Machine, fixed, paced, replayed, slots_of

GIB = 2**30
pacing = st.sampled_from(
    [
        {},
        {"priority": "critical"},
        {"priority": "low"},
        {"priority": "low"},
        {"wait_at_most": "10m"},
        {"wait_at_most": "25m"},
        {"wait_at_most": "2h"},
    ]
)


def with_pacing(cadences: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Settings]:
    """Rhythms of groups that are critical, never wait, or wait for different times."""
    return rhythms(st.builds(lambda cadence, keys: {**cadence, **keys}, cadences, pacing))


paced_rhythms = with_pacing(st.one_of(often, often, calendars))
loads = st.lists(st.one_of(st.none(), st.floats(0, 100), st.sampled_from([59.0, 65.0, 71.0])), min_size=1)
memory = st.sampled_from([None, GIB, GIB, 2**20])
SHORT = 9.0  # seconds: six groups begin within a minute, and so in the slots in which they are decided


def load_at(others: Sequence[float | None], memory: int | None, start: datetime) -> Callable[..., Load]:
    """What is read at each beat, over and over again; what is usual is what was at that time of the hour."""

    def usual(time: datetime) -> float | None:
        return others[(time - start) // BEAT % 12 % len(others)]

    def load(at: datetime, durations: Mapping[str, Expected]) -> Load:
        last = (at - start) // BEAT
        readings = [
            Reading(start + index * BEAT, others[index % len(others)], memory_available=memory)
            for index in range(max(last - 30, 0), last + 1)
        ]
        return Load(readings, usual, durations)

    return load


def unpaced(rhythm: Settings) -> Settings:
    """The same groups, none of which ever waits."""
    groups = {
        name: group.model_copy(update={"priority": "normal", "wait_at_most": None})
        for name, group in rhythm.groups.items()
    }
    return rhythm.model_copy(update={"groups": groups})


def simulated(rhythm: Settings, start: datetime, hours: int, load: Any, seconds: float = SHORT) -> Simulation:
    given = Conditions(lambda name, began: Ending(seconds), load=load)
    return Simulation(rhythm, start, start + timedelta(hours=hours), given)


worlds = given(
    rhythm=paced_rhythms,
    start=st.sampled_from(STARTS),
    others=loads,
    memory=memory,
    seconds=st.sampled_from([1.0, SHORT]),
)


@settings(deadline=None, max_examples=60)
@worlds
def test_only_a_group_that_may_wait_is_deferred_and_never_in_its_last_beat(
    rhythm: Settings, start: datetime, others: list[float | None], memory: int | None, seconds: float
) -> None:
    for beat in simulated(rhythm, start, 14, load_at(others, memory, start), seconds):
        for choice in beat.choices:
            if choice.decision is Decision.DEFERRED:
                group = rhythm.groups[choice.group]
                assert group.is_paced
                assert group.priority != "critical"
                slot = Situation(rhythm, {}, beat.at).slot(choice.group)
                assert next_beat(beat.at) <= slot.end - BEAT


@settings(deadline=None, max_examples=60)
@worlds
def test_whatever_the_load_is_the_same_slots_are_used_as_if_nothing_ever_waited(
    rhythm: Settings, start: datetime, others: list[float | None], memory: int | None, seconds: float
) -> None:
    waiting = simulated(rhythm, start, 14, load_at(others, memory, start), seconds)
    always = simulated(unpaced(rhythm), start, 14, None, seconds)
    assert not any(beat.is_skipped for beat in [*waiting, *always])

    end = start + timedelta(hours=14)
    for name in rhythm.groups:
        used, due = (
            {slot.start for slot in slots_of(name, rhythm, each.runs) if slot.end <= end}
            for each in (waiting, always)
        )
        assert used == due, name
        assert len(used) == sum(slot.end <= end for slot in slots_of(name, rhythm, waiting.runs)), "twice"


@settings(deadline=None, max_examples=60)
@given(
    rhythm=with_pacing(often),
    start=st.sampled_from(STARTS),
    others=loads,
    memory=memory,
    seconds=st.sampled_from([1.0, SHORT]),
)
def test_a_group_never_runs_before_what_it_comes_after_has_run_in_its_own_slot(
    rhythm: Settings, start: datetime, others: list[float | None], memory: int | None, seconds: float
) -> None:
    simulation = simulated(rhythm, start, 14, load_at(others, memory, start), seconds)
    assert all(not beat.is_skipped for beat in simulation)
    ran: dict[str, datetime] = {}
    for run in simulation.runs:
        decided = run.decided_at or run.began
        for dependency in rhythm.groups[run.group].after:
            if rhythm.groups[dependency].enabled:
                assert ran[dependency] in Situation(rhythm, {}, decided).slot(dependency)
        ran[run.group] = decided  # slots of a minute may end before a run of the same beat begins


@settings(deadline=None, max_examples=150)
@given(rhythm=paced_rhythms, start=st.sampled_from(STARTS), data=st.data())
def test_nothing_may_wait_longer_than_what_comes_after_it_and_is_due(
    rhythm: Settings, start: datetime, data: st.DataObject
) -> None:
    now = start + timedelta(minutes=data.draw(st.integers(0, 600)))
    done = data.draw(st.sets(st.sampled_from(list(rhythm.groups))))
    history = {name: [Run(now, now, Outcome.COMPLETED)] for name in done}
    situation = Situation(rhythm, history, now)

    for name, group in rhythm.groups.items():
        until, slot = latest(name, situation), situation.slot(name)
        assert until <= max(slot.start, slot.end - BEAT)
        for dependency in group.after:
            if rests(name, situation) is None and rests(dependency, situation) is None:
                assert latest(dependency, situation) <= until


@settings(deadline=None, max_examples=60)
@given(
    rhythm=paced_rhythms,
    start=st.sampled_from(STARTS),
    others=st.lists(st.floats(0, 60), min_size=1, max_size=24),
    data=st.data(),
)
def test_on_a_calm_machine_every_decision_is_to_the_letter_what_it_is_without_pacing(
    rhythm: Settings, start: datetime, others: list[float], data: st.DataObject
) -> None:
    load = load_at(others, GIB, start)
    durations = {name: Expected(SHORT, SHORT) for name in rhythm.groups}
    for at in every_five_minutes(start, start + timedelta(hours=2)):
        done = data.draw(st.sets(st.sampled_from(list(rhythm.groups))))
        history = {name: [Run(at, at, Outcome.COMPLETED)] for name in done}
        calm = Situation(rhythm, history, at, load=load(at, durations))
        without = Situation(unpaced(rhythm), history, at, load=Load(durations=durations))
        assert decide(calm) == decide(without)


lanes = st.sampled_from([{}, {}, {"lane": "long"}, {"lane": "other"}])


@settings(deadline=None, max_examples=100)
@given(
    rhythm=with_pacing(st.builds(lambda cadence, lane: {**cadence, **lane}, often, lanes)),
    start=st.sampled_from(STARTS),
    apart=st.booleans(),
    failing=st.integers(0, 63),
    seconds=st.sampled_from([1.0, 300.0]),
)
def test_a_beat_that_learns_the_load_late_decides_as_one_that_knew_it_from_the_start(
    rhythm: Settings, start: datetime, apart: bool, failing: int, seconds: float
) -> None:
    before = Situation(rhythm, {}, start, apart=apart)
    durations = {name: Expected(SHORT, 200.0) for name in rhythm.groups}
    knowing = replace(before, load=Load([Reading(start, 90.0)], durations=durations))

    def decided(learns_at_once: bool) -> list[Choice]:
        known, done = [knowing if learns_at_once else before], dict[str, Choice]()
        for choice in run_order(lambda: known[-1], done):
            if known == [before] and rests_on_load(choice, before):
                known.append(knowing)
                choice = choose(choice.group, knowing, done)
            if choice.decision is Decision.RUN and not (apart and choice.is_started):
                fails = failing >> len(done) & 1
                outcome = Outcome.FAILED if fails else Outcome.COMPLETED
                choice = replace(choice, outcome=outcome, seconds=seconds)
            done[choice.group] = choice
        return list(done.values())

    assert decided(learns_at_once=concerns_lanes(before)) == decided(learns_at_once=depends_on_load(before))


@settings(deadline=None, max_examples=100)
@given(rhythm=paced_rhythms, start=st.sampled_from(STARTS), done=st.integers(0, 63))
def test_what_is_not_known_defers_nothing(rhythm: Settings, start: datetime, done: int) -> None:
    history = {
        name: [Run(start, start, Outcome.COMPLETED)]
        for index, name in enumerate(rhythm.groups)
        if done >> index & 1
    }
    nothing_measured = Load([Reading(start)], lambda time: None)
    for load in (UNKNOWN, nothing_measured):
        choices = decide(Situation(rhythm, history, start, load=load))
        assert all(choice.decision is not Decision.DEFERRED for choice in choices)


@pytest.mark.parametrize("level", [0.0, 59.0, 61.0, 70.0, 71.0, 85.0, 100.0])
def test_under_a_constant_load_one_day_is_as_the_other(level: float) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    simulation = simulated(paced(), start, 72, load_at([level], GIB, start), seconds=10)
    assert list(simulation)

    days: dict[int, list[tuple[str, str]]] = {}
    for run in simulation.runs:
        days.setdefault(run.began.day, []).append((run.group, f"{run.began:%H:%M:%S}"))
    assert days[3] == days[4]


@settings(deadline=None, max_examples=60)
@worlds
def test_the_same_is_decided_twice(
    rhythm: Settings, start: datetime, others: list[float | None], memory: int | None, seconds: float
) -> None:
    first, again = (
        list(simulated(rhythm, start, 6, load_at(others, memory, start), seconds)) for _ in range(2)
    )
    assert first == again


def switches(others: Sequence[float], kept: int = 24) -> int:
    """How often a machine becomes busy or free, as each beat finds it by what is `kept`."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    readings = [Reading(start + index * BEAT, value) for index, value in enumerate(others)]
    states = [is_busy(readings[max(end - kept, 0) : end], PacingSettings()) for end in range(len(others) + 1)]
    return sum(before != after for before, after in pairwise(states))


@given(st.lists(st.floats(0, 100), max_size=24))
def test_it_switches_no_more_often_than_readings_cross_both_thresholds(others: list[float]) -> None:
    clear = [value > 70 for value in others if value > 70 or value <= 60]
    assert switches(others) <= sum(before != after for before, after in pairwise([False, *clear]))


@given(st.lists(st.floats(0, 100), max_size=300))
def test_it_becomes_busy_no_more_often_than_readings_rise_above_the_threshold(others: list[float]) -> None:
    rises = sum(before <= 70 < after for before, after in pairwise([0.0, *others]))
    assert switches(others) <= 2 * rises


# Loads that are meant to break it, on a machine with the five groups.


def adversarial(seed: int) -> Iterator[tuple[str, list[float]]]:
    dice = random.Random(seed)
    beats = range(4 * A_DAY)
    yield "always 100", [100.0 for _ in beats]
    yield "0 and 100 by turns", [100.0 * (beat % 2) for beat in beats]
    yield "100 and 0 by turns", [100.0 * (beat % 2 == 0) for beat in beats]
    yield "random", [dice.uniform(0, 100) for _ in beats]
    yield "at the threshold", [70 + dice.uniform(-1, 1) for _ in beats]
    yield "busy days", [95.0 if 96 <= beat % A_DAY < 216 else 5.0 for beat in beats]
    yield "busy nights", [5.0 if 96 <= beat % A_DAY < 216 else 95.0 for beat in beats]
    yield "busy full hours", [90.0 if beat % 12 == 0 else 20.0 for beat in beats]
    blocks: list[float] = []
    while len(blocks) < len(beats):
        blocks += [dice.choice([5.0, 50.0, 71.0, 99.0])] * dice.randint(1, 40)
    yield "random blocks", blocks[: len(beats)]


LOADS = [label for label, _ in adversarial(0)]
#: At 100 per cent, work takes up to ten times as long: it does not fit, whether it waits or not.
TOO_MUCH = ("always 100", "busy nights")


@pytest.mark.parametrize("label", LOADS)
def test_no_more_slots_are_lost_than_if_nothing_ever_waited(label: str) -> None:
    """Where the work does not fit, a slot more of one group is chance, but not of all together."""
    before, now = Counter[str](), Counter[str]()
    for seed in range(3):
        others = dict(adversarial(seed))[label]
        for counts, rhythm in ((before, fixed()), (now, paced())):
            result = replayed(rhythm, Machine(others, seed=seed))
            counts.update({name: lost for name, lost in result.lost.items() if label not in TOO_MUCH})
            counts.update({"all": result.lost.total(), "critical": result.lost["health_check"]})

    assert now <= before
