"""Why no beat comes, from what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.diagnosis import Facts, Repair, diagnose
from flows.decisions.slots import BEAT

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

#: All is well: the next beat comes in two minutes, the last one began three ago.
WELL = Facts(NOON, next_beat=NOON + 2 * MINUTE, since_beat=3 * MINUTE)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"next_beat": NOON + BEAT},
        {"next_beat": NOON + BEAT + 4 * SECOND},
        {"next_beat": NOON - SECOND},
        {"since_beat": 1.5 * BEAT},
        {"since_beat": None},
        {"since_beat": None, "next_beat": NOON - BEAT / 2},
        {"since_beat": 7 * BEAT, "is_under_way": True},
        {"next_beat": None, "is_under_way": True},
        {"clock_set": -2 * HOUR},
        {"clock_set": 2 * HOUR, "next_beat": NOON - MINUTE},
        {"interval": None, "next_beat": NOON + 20 * HOUR, "since_beat": 2 * HOUR},
    ],
)
def test_when_the_next_beat_comes_nothing_is_wrong(facts: dict[str, Any]) -> None:
    assert diagnose(replace(WELL, **facts)) is None


@pytest.mark.parametrize(
    ("facts", "why", "repair"),
    [
        ({"has_pool": False}, "the work pool is gone", Repair.DEPLOY),
        ({"is_deployed": False}, "the rhythm is not deployed", Repair.DEPLOY),
        ({"has_schedule": False}, "its deployment has no schedule", Repair.DEPLOY),
        ({"has_worker": False}, "no worker is online", None),
        ({"next_beat": None}, "none is scheduled", Repair.SCHEDULE),
        ({"next_beat": None, "interval": None}, "none is scheduled", Repair.SCHEDULE),
        (
            {"next_beat": NOON + 2 * HOUR + MINUTE, "clock_set": -2 * HOUR},
            "the clock was set back by 2 h 00 min, and the next is 2 h 01 min ahead",
            Repair.SCHEDULE_ANEW,
        ),
        (
            {"next_beat": NOON + 8 * MINUTE},
            "the next is scheduled 8 min ahead: the clock was set back since, or runs were moved",
            Repair.SCHEDULE_ANEW,
        ),
        (
            {"since_beat": 1.5 * BEAT + SECOND},
            "none has begun for 7 min, though a worker is online",
            Repair.BEAT,
        ),
        (
            {"since_beat": 15 * SECOND + SECOND, "interval": 10 * SECOND, "next_beat": NOON},
            "none has begun for 16 s, though a worker is online",
            Repair.BEAT,
        ),
        (
            {"since_beat": None, "next_beat": NOON - 4 * MINUTE},
            "one is late by 4 min, and no worker takes it",
            Repair.BEAT,
        ),
    ],
)
def test_when_it_does_not_come_the_cause_is_named_and_what_repairs_it(
    facts: dict[str, Any], why: str, repair: Repair | None
) -> None:
    found = diagnose(replace(WELL, **facts))

    assert found is not None
    assert (found.why, found.repair, found.is_paused) == (why, repair, False)
    assert found.remedy.endswith(".")


@given(
    st.builds(
        Facts,
        at=st.just(NOON),
        paused=st.sampled_from(["its deployment", "its schedule", "the work pool"]),
        has_schedule=st.booleans(),
        has_worker=st.booleans(),
        next_beat=st.none() | st.timedeltas(-HOUR, 9 * HOUR).map(NOON.__add__),
        since_beat=st.none() | st.timedeltas(timedelta(), 9 * HOUR),
        is_under_way=st.booleans(),
        clock_set=st.timedeltas(-9 * HOUR, 9 * HOUR),
    )
)
def test_what_somebody_has_paused_is_never_repaired(facts: Facts) -> None:
    found = diagnose(facts)

    assert found is not None
    assert found.is_paused
    assert found.repair is None
    assert found.why == f"{facts.paused} is paused"


def test_that_all_groups_are_paused_is_reported_once_nothing_is_wrong() -> None:
    held = replace(WELL, held="by `rhythm pause`, until 14:00")

    found = diagnose(held)

    assert found is not None
    assert (str(found), found.is_paused) == (
        "beats are paused: by `rhythm pause`, until 14:00. `rhythm resume` ends that.",
        True,
    )
    no_worker = diagnose(replace(held, has_worker=False))
    assert no_worker is not None
    assert no_worker.why == "no worker is online"


@given(st.timedeltas(timedelta(), 9 * HOUR), st.timedeltas(-HOUR, 9 * HOUR), st.timedeltas(-9 * HOUR, HOUR))
def test_whatever_the_clock_did_a_silence_of_one_and_a_half_intervals_is_repaired(
    silence: timedelta, ahead: timedelta, clock_set: timedelta
) -> None:
    found = diagnose(replace(WELL, since_beat=silence, next_beat=NOON + ahead, clock_set=clock_set))

    if silence > 1.5 * BEAT:
        assert found is not None
        assert found.repair is not None
