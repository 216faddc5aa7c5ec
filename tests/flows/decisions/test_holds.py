"""What is paused or left out does not run, nothing waits for it, and no other slot is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.cli.skip import next_slot
from flows.decisions.cadence import decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.holds import Holds, Pause
from flows.decisions.situation import Situation
from flows.decisions.slots import Slot, slot_at
from flows.decisions.timetable import timetable
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tests.flows.decisions.test_cadence_properties import STARTS, rhythms
from tests.flows.rhythms import Simulation, every_five_minutes, rhythm

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWO: dict[str, dict[str, Any]] = {"backup": {"every": "1h"}, "report": {"every": "1h", "after": ["backup"]}}


def decided(holds: Holds, **history: list[Run]) -> dict[str, Choice]:
    past = {"backup": [], "report": [], **history}
    return {choice.group: choice for choice in decide(Situation(rhythm(groups=TWO), past, NOON, holds=holds))}


@pytest.mark.parametrize(
    ("pause", "reason", "next_due"),
    [
        (Pause(), "by `rhythm pause`, until `rhythm resume`", None),
        (Pause(NOON + HOUR), "by `rhythm pause`, until 13:00", NOON + HOUR),
        (Pause(NOON + 24 * HOUR), "by `rhythm pause`, until Tue 03 Mar 12:00", NOON + 24 * HOUR),
    ],
)
def test_a_paused_group_says_who_paused_it_until_when_and_holds_nothing_up(
    pause: Pause, reason: str, next_due: datetime | None
) -> None:
    choices = decided(Holds(groups={"backup": pause}))

    assert choices["backup"].decision is Decision.PAUSED
    assert (choices["backup"].reason, choices["backup"].next_due) == (reason, next_due)
    assert choices["report"].outcome is Outcome.COMPLETED


def test_of_two_pauses_the_one_that_lasts_longest_counts_and_one_that_is_over_does_not() -> None:
    soon, late, for_ever = Pause(NOON + HOUR), Pause(NOON + 2 * HOUR), Pause()

    assert Holds(all=soon, groups={"backup": late}).pause_of("backup", NOON) == late
    assert Holds(all=for_ever, groups={"backup": late}).pause_of("backup", NOON) == for_ever
    assert Holds(all=soon).pause_of("report", NOON) == soon
    assert Holds(all=soon).pause_of("report", NOON + HOUR) is None


def test_a_slot_that_is_left_out_is_not_due_until_its_end_and_what_comes_after_the_group_runs() -> None:
    choices = decided(Holds(skips={"backup": Slot(NOON, NOON + HOUR)}))

    assert choices["backup"].decision is Decision.NOT_DUE
    assert choices["backup"].reason == "left out until 13:00 by `rhythm skip`"
    assert choices["backup"].next_due == NOON + HOUR
    assert choices["report"].outcome is Outcome.COMPLETED


def test_what_a_person_runs_all_the_same_runs_and_is_shown() -> None:
    settings, holds = rhythm(groups=TWO), Holds(all=Pause(), skips={"backup": Slot(NOON, NOON + HOUR)})

    forced = decide(Situation(settings, {}, NOON, force=["backup"], holds=holds))
    ran = decided(Holds(skips=holds.skips), backup=[Run(NOON, NOON, Outcome.COMPLETED)])

    assert [choice.outcome for choice in forced] == [Outcome.COMPLETED, None]
    assert ran["backup"].reason == "ran at 12:00"


def test_the_timetable_leaves_out_what_is_paused_until_it_is_not() -> None:
    holds = Holds(groups={"backup": Pause(NOON + 2 * HOUR)}, skips={"report": Slot(NOON, NOON + HOUR)})

    beats = timetable(rhythm(groups=TWO), NOON, NOON + 4 * HOUR, holds=holds)

    runs = [(beat.at.hour, each.group) for beat in beats for each in beat.choices if each.outcome]
    assert runs == [
        (13, "report"),
        (14, "backup"),
        (14, "report"),
        (15, "backup"),
        (15, "report"),
    ]


# No slot is lost but the one that a person has named.


def used(simulation: Simulation) -> dict[str, set[Slot]]:
    zone = simulation.settings.zone
    return {
        name: {slot_at(simulation.settings.groups[name], run, zone) for run in simulation.completed(name)}
        for name in simulation.runs
    }


def some_beats(start: datetime) -> list[datetime]:
    return every_five_minutes(start, start + timedelta(hours=5))


@settings(deadline=None, max_examples=25)
@given(rhythm=rhythms(), start=st.sampled_from(STARTS), count=st.integers(0, 50), data=st.data())
def test_a_skip_loses_the_one_slot_that_it_names(
    rhythm: Settings, start: datetime, count: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(list(rhythm.groups)))
    plain, skipped, holds = Simulation(rhythm), Simulation(rhythm), Holds()
    for number, now in enumerate(some_beats(start)):
        if number == count and rhythm.groups[name].enabled:
            holds = Holds(skips={name: next_slot(name, rhythm, skipped.runs, now)})
        plain.beat(now)
        skipped.beat(now, holds=holds)

    assert used(skipped) == {group: slots - {holds.skips.get(group)} for group, slots in used(plain).items()}


@settings(deadline=None, max_examples=25)
@given(
    rhythm=rhythms(),
    start=st.sampled_from(STARTS),
    begin=st.integers(0, 200),
    length=st.integers(1, 200),
    data=st.data(),
)
def test_a_pause_loses_no_slot_that_lasts_longer_and_keeps_nothing_else_from_running(
    rhythm: Settings, start: datetime, begin: int, length: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([None, *rhythm.groups]))
    since = start + timedelta(minutes=begin)
    until = since + timedelta(minutes=length)
    holds = Holds(all=Pause(until)) if name is None else Holds(groups={name: Pause(until)})
    simulation, beats = Simulation(rhythm), some_beats(start)
    for now in beats:
        simulation.beat(now, holds=holds if now >= since else Holds())

    for group, table in rhythm.groups.items():
        is_paused = name in (None, group)
        may_run = [beat for beat in beats if not (is_paused and since <= beat < until)]
        slots = {slot_at(table, beat, rhythm.zone) for beat in may_run if table.enabled}
        assert used(simulation)[group] == slots
        assert set(simulation.completed(group)) <= set(may_run)
