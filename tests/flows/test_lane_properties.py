"""What holds for every rhythm with lanes, however long its runs take, how they end, and when beats come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.group_runs import Run
from flows.slots import slot_at
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tests.flows.lanes import Lanes
from tests.flows.rhythms import rhythm
from tests.flows.test_cadence_properties import STARTS, ZONES, often


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
took = st.one_of(short, short, st.floats(240, 5 * 3600)).map(lambda seconds: timedelta(seconds=seconds))
outcomes = st.sampled_from([Outcome.COMPLETED] * 4 + [Outcome.FAILED, Outcome.SKIPPED, Outcome.CANCELLED])
gaps = st.lists(
    st.one_of(*[st.floats(1, 400)] * 4, st.floats(400, 86400)).map(lambda gap: timedelta(seconds=gap)),
    min_size=1,
    max_size=40,
)


def simulated(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject, ends: Any = outcomes
) -> Lanes:
    """Beat after each gap, and as soon as a run in another lane has ended and no beat is under way."""
    lanes = Lanes(
        rhythm,
        lambda name: (data.draw(took), data.draw(ends)),
        pickup=data.draw(st.floats(0, 30).map(lambda seconds: timedelta(seconds=seconds))),
    )
    now = lanes.beat(start)
    for gap in gaps:
        scheduled = now + gap
        extra = 0
        while (ended := lanes.until(scheduled)) and extra < 10:
            extra += 1
            now = lanes.beat(max(now, ended))
            scheduled = max(scheduled, now)
        now = lanes.beat(scheduled)
    return lanes


worlds = given(rhythm=rhythms(), start=st.sampled_from(STARTS), gaps=gaps, data=st.data())


@settings(max_examples=60)
@worlds
def test_a_slot_never_has_two_completed_runs_nor_more_failed_ones_than_its_attempts(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = simulated(rhythm, start, gaps, data)

    for name, group in rhythm.groups.items():
        counted = [run for run in lanes.runs[name] if run.outcome is not Outcome.SKIPPED]
        completed = Counter(
            slot_at(group, run.started, rhythm.zone) for run in counted if run.outcome is Outcome.COMPLETED
        )
        tried = Counter(slot_at(group, run.started, rhythm.zone) for run in counted)
        assert max(completed.values(), default=0) <= 1
        if group.lane != MAIN:  # a beat's own runs begin later than it decides, maybe in the next slot
            assert max(tried.values(), default=0) <= group.attempts


@settings(max_examples=60)
@worlds
def test_no_two_groups_of_a_lane_ever_run_at_once(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = simulated(rhythm, start, gaps, data)

    for lane in rhythm.lanes:
        runs = [run for name in rhythm.in_lane(lane) for run in lanes.runs[name]]
        runs.sort(key=lambda run: run.started)
        for one, other in pairwise(runs):
            assert one.ended is not None
            assert one.ended <= other.started


@settings(max_examples=60)
@worlds
def test_a_group_never_begins_before_what_it_comes_after_in_whatever_lane_has_completed(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    lanes = simulated(rhythm, start, gaps, data)

    for began in lanes.began:
        for dependency in rhythm.groups[began.group].after:
            group = rhythm.groups[dependency]
            if not group.enabled:
                continue
            assert all(run.outcome for run in began.known[dependency]), "a dependent waits while it runs"
            slot = slot_at(group, began.decided_at, rhythm.zone)

            def opens(
                run: Run, slot: Any = slot, lane: str = group.lane, at: datetime = began.decided_at
            ) -> bool:
                ended_in_it = lane != MAIN and run.ended is not None and run.ended in slot
                in_this_beat = lane == MAIN and run.started >= at
                return run.outcome is Outcome.COMPLETED and (
                    run.started in slot or ended_in_it or in_this_beat
                )

            assert any(map(opens, began.known[dependency]))


@settings(max_examples=60)
@worlds
def test_while_a_group_waits_for_its_lane_no_other_one_of_it_begins_twice(
    rhythm: Settings, start: datetime, gaps: list[timedelta], data: st.DataObject
) -> None:
    simulated(rhythm, start, gaps, data)  # asserts that at each beginning
