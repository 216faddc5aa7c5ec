"""What holds for every rhythm with lanes, however long its runs take, how they end, and when beats come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.decisions.choice import Decision
from flows.decisions.group_runs import History, Run
from flows.decisions.slots import slot_at
from flows.replay.simulation import Conditions, Ending, SimulatedRun, Simulation
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tests.flows.decisions.test_cadence_properties import STARTS, ZONES, often
from tests.flows.rhythms import rhythm


@st.composite
def rhythms(draw: Callable[..., Any]) -> Settings:
    """Up to seven groups in up to three lanes, each after some of those before it."""
    names = [f"group_{letter}" for letter in "abcdefg"[: draw(st.integers(2, 7))]]
    groups: dict[str, dict[str, Any]] = {}
    for index, name in enumerate(names):
        after = draw(st.lists(st.sampled_from(names[:index]), unique=True, max_size=2)) if index else []
        groups[name] = {
            **draw(often),
            "after": after,
            "lane": draw(st.sampled_from([MAIN, "long", "other"])),
            "enabled": draw(st.integers(0, 5)) > 0,
            "attempts": draw(st.integers(1, 3)),
        }
    return rhythm(draw(st.sampled_from(ZONES)), dict(draw(st.permutations(list(groups.items())))))


short = st.floats(0.5, 240)
took = st.one_of(short, short, st.floats(240, 5 * 3600))
outcomes = st.sampled_from([Outcome.COMPLETED] * 4 + [Outcome.FAILED, Outcome.SKIPPED, Outcome.CANCELLED])
gaps = st.lists(
    st.one_of(*[st.floats(1, 400)] * 4, st.floats(400, 86400)).map(lambda gap: timedelta(seconds=gap)),
    min_size=1,
    max_size=40,
)


class Lanes:
    """A rhythm with lanes that has been simulated, and what was known as each run began."""

    def __init__(self, rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject) -> None:
        beats = [start, *(start + gap for gap in accumulate(gaps))]
        pickup = data.draw(st.floats(0, 30).map(lambda seconds: timedelta(seconds=seconds)))
        self.known: list[History] = []

        def takes(name: str, began: datetime) -> Ending:
            self.known.append(self._simulation.history)
            return Ending(data.draw(took), data.draw(outcomes))

        given = Conditions(takes, beats=beats, pickup=pickup)
        self._simulation = Simulation(rhythm, start, beats[-1] + timedelta(days=1), given)
        self.beats = list(self._simulation)
        self.runs = self._simulation.runs

    def of(self, group: str) -> list[SimulatedRun]:
        return [run for run in self.runs if run.group == group]


worlds = given(rhythm=rhythms(), start=st.sampled_from(STARTS), gaps=gaps, data=st.data())


@settings(max_examples=60)
@worlds
def test_a_slot_never_has_two_completed_runs_nor_more_failed_ones_than_its_attempts(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = Lanes(rhythm, start, gaps, data)

    for name, group in rhythm.groups.items():
        counted = [run for run in lanes.of(name) if run.outcome is not Outcome.SKIPPED]
        completed = Counter(
            slot_at(group, run.began, rhythm.zone) for run in counted if run.outcome is Outcome.COMPLETED
        )
        tried = Counter(slot_at(group, run.began, rhythm.zone) for run in counted)
        assert max(completed.values(), default=0) <= 1
        if group.lane != MAIN:  # a beat's own runs begin later than it decides, maybe in the next slot
            assert max(tried.values(), default=0) <= group.attempts


@settings(max_examples=60)
@worlds
def test_no_two_groups_of_a_lane_ever_run_at_once(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = Lanes(rhythm, start, gaps, data)

    for lane in rhythm.lanes:
        runs = sorted((run for run in lanes.runs if run.lane == lane), key=lambda run: run.began)
        for one, other in pairwise(runs):
            assert one.ended <= other.began


@settings(max_examples=60)
@worlds
def test_a_group_never_begins_before_what_it_comes_after_in_whatever_lane_has_completed(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = Lanes(rhythm, start, gaps, data)

    for began, known in zip(lanes.runs, lanes.known, strict=True):
        decided_at = began.decided_at if began.lane == MAIN and began.decided_at else began.began
        for dependency in rhythm.groups[began.group].after:
            group = rhythm.groups[dependency]
            if not group.enabled:
                continue
            assert all(run.outcome for run in known[dependency]), "a dependent waits while it runs"
            slot = slot_at(group, decided_at, rhythm.zone)

            def opens(run: Run, slot: Any = slot, lane: str = group.lane, at: datetime = decided_at) -> bool:
                ended_in_it = lane != MAIN and run.ended is not None and run.ended in slot
                in_this_beat = lane == MAIN and run.started >= at
                return run.outcome is Outcome.COMPLETED and (
                    run.started in slot or ended_in_it or in_this_beat
                )

            assert any(map(opens, known[dependency]))


@settings(max_examples=60)
@worlds
def test_while_a_group_waits_for_its_lane_no_other_one_of_it_begins_twice(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = Lanes(rhythm, start, gaps, data)

    waiting: dict[str, datetime] = {}
    for beat in lanes.beats:
        for choice in beat.choices:
            if choice.lane == MAIN:
                continue
            for_another = choice.decision is Decision.BUSY and " since " not in choice.reason
            since = waiting.get(choice.group)
            if since:
                begun = Counter(
                    run.group for run in lanes.runs if run.lane == choice.lane and since < run.began < beat.at
                )
                assert max(begun.values(), default=0) <= 1, f"{choice.group} is passed by again and again"
            if not for_another:
                waiting.pop(choice.group, None)
            elif since is None:
                waiting[choice.group] = beat.at
