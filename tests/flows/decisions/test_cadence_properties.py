"""What holds for every rhythm, whatever its groups, the gaps between its beats and how its runs end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.decisions.choice import Decision
from flows.decisions.slots import slot_at
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tests.flows.calendars import calendars
from tests.flows.rhythms import Simulation, rhythm

ZONES = ("UTC", "Europe/Athens", "Australia/Lord_Howe", "Asia/Kolkata")
# Days around the clock changes of these zones, and an ordinary one.
STARTS = [
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 10, 3, 10, tzinfo=UTC),
    datetime(2026, 6, 10, tzinfo=UTC),
]
EVERY = ["1m", "5m", "7m", "10m", "30m", "45m", "60m", "2h", "1d"]
often = st.one_of(
    st.fixed_dictionaries({"every": st.sampled_from(EVERY)}),
    st.fixed_dictionaries({"at": st.sampled_from(["00:00", "03:00", "03:30", "23:59"])}),
)


@st.composite
def rhythms(draw: Callable[..., Any], cadences: st.SearchStrategy[dict[str, Any]] = often) -> Settings:
    """Up to six groups, each after some of those before it: so never in a circle."""
    names = [f"group_{letter}" for letter in "abcdef"[: draw(st.integers(1, 6))]]
    groups: dict[str, dict[str, Any]] = {}
    for index, name in enumerate(names):
        after = draw(st.lists(st.sampled_from(names[:index]), unique=True, max_size=3)) if index else []
        groups[name] = {
            **draw(cadences),
            "after": after,
            "enabled": draw(st.integers(0, 4)) > 0,
            "attempts": draw(st.integers(1, 4)),
        }
    shuffled = draw(st.permutations(list(groups.items())))
    return rhythm(draw(st.sampled_from(ZONES)), dict(shuffled))


short = st.floats(1, 600)
long = st.floats(600, 3 * 86400)
gaps = st.lists(st.one_of(short, short, short, long).map(lambda gap: timedelta(seconds=gap)), max_size=40)
# Some gaps go back: a clock that is set.
jumps = st.lists(
    st.one_of(short, short, long, st.floats(-300, -1)).map(lambda gap: timedelta(seconds=gap)), max_size=40
)
outcomes = st.sampled_from([Outcome.COMPLETED, Outcome.COMPLETED, Outcome.FAILED, Outcome.TIMED_OUT])


@settings(deadline=None, max_examples=120)
@given(rhythm=rhythms(calendars), start=st.sampled_from(STARTS), gaps=jumps, data=st.data())
def test_a_slot_never_has_two_completed_runs_nor_more_than_its_attempts(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        simulation.beat(now, lambda name: data.draw(outcomes))
        now += gap

    for name, group in rhythm.groups.items():
        completed = Counter(slot_at(group, run, rhythm.zone) for run in simulation.completed(name))
        tried = Counter(slot_at(group, run.started, rhythm.zone) for run in simulation.runs[name])
        assert max(completed.values(), default=0) <= 1
        assert max(tried.values(), default=0) <= group.attempts


@settings(deadline=None, max_examples=120)
@given(rhythm=rhythms(), start=st.sampled_from(STARTS), gaps=jumps, data=st.data())
def test_a_group_never_runs_before_what_it_comes_after_has_completed_in_its_own_slot(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        choices = simulation.beat(now, lambda name: data.draw(outcomes))
        ran = [name for name in choices if choices[name].decision is Decision.RUN]
        for name in ran:
            for dependency in rhythm.groups[name].after:
                group = rhythm.groups[dependency]
                slot = slot_at(group, now, rhythm.zone)
                assert not group.enabled or any(run in slot for run in simulation.completed(dependency))
                assert list(choices).index(dependency) < list(choices).index(name)
        now += gap


@settings(deadline=None, max_examples=100)
@given(rhythm=rhythms(), start=st.sampled_from(STARTS), gaps=gaps)
def test_when_all_goes_well_every_beat_runs_each_due_group_exactly_once(
    rhythm: Settings, start: datetime, gaps: list[timedelta]
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        before = {name: list(runs) for name, runs in simulation.runs.items()}
        simulation.beat(now)
        for name, group in rhythm.groups.items():
            slot = slot_at(group, now, rhythm.zone)
            due = group.enabled and not any(run.started in slot for run in before[name])
            assert len(simulation.runs[name]) - len(before[name]) == int(due), name
        again = simulation.beat(now)
        assert not any(choice.decision is Decision.RUN for choice in again.values())
        now += gap


@settings(deadline=None, max_examples=60)
@given(
    rhythm=rhythms(),
    start=st.sampled_from(STARTS),
    gaps=st.lists(st.floats(1, 300), min_size=30, max_size=60),
)
def test_when_all_goes_well_and_beats_come_nothing_starves(
    rhythm: Settings, start: datetime, gaps: list[float]
) -> None:
    simulation, now = Simulation(rhythm), start
    beats = []
    for gap in gaps:
        simulation.beat(now)
        beats.append(now)
        now += timedelta(seconds=gap)

    for name, group in rhythm.groups.items():
        slots = {slot_at(group, beat, rhythm.zone) for beat in beats if group.enabled}
        used = {slot_at(group, run, rhythm.zone) for run in simulation.completed(name)}
        assert slots == used, name


@settings(deadline=None, max_examples=100)
@given(rhythm=rhythms(), start=st.sampled_from(STARTS), gaps=gaps, data=st.data())
def test_after_the_worst_of_days_one_good_beat_in_new_slots_catches_up(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        simulation.beat(now, lambda name: data.draw(outcomes))
        now += gap

    later = now + timedelta(days=3)
    choices = simulation.beat(later)
    enabled = {name for name, group in rhythm.groups.items() if group.enabled}
    assert {name for name in choices if choices[name].outcome is Outcome.COMPLETED} == enabled


@settings(deadline=None, max_examples=100)
@given(rhythm=rhythms(calendars), start=st.sampled_from(STARTS), gaps=jumps, data=st.data())
def test_every_choice_has_a_reason_and_says_truly_when_it_may_run_next(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        for name, choice in simulation.beat(now, lambda name: data.draw(outcomes)).items():
            assert choice.reason
            if choice.decision is Decision.PAUSED:
                assert choice.next_due is None
                assert not rhythm.groups[name].enabled
            else:
                assert choice.next_due is not None
                assert choice.next_due > now
        now += gap


@settings(deadline=None, max_examples=100)
@given(rhythm=rhythms(calendars), start=st.sampled_from(STARTS), gaps=gaps, data=st.data())
def test_no_group_runs_before_its_first_time_nor_when_its_calendar_is_closed(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulation, now = Simulation(rhythm), start
    for gap in gaps:
        for name, choice in simulation.beat(now, lambda name: data.draw(outcomes)).items():
            group = rhythm.groups[name]
            if choice.decision is Decision.RUN:
                anchor = group.calendar.anchor(rhythm.zone)
                assert not group.calendar.closed(now, rhythm.zone)
                assert anchor is None or anchor <= now
        now += gap
