"""What pacing is held to, on loads made here and on those of real machines."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.bench.pacing import (
    CRITICAL,
    FOLDER,
    Compared,
    Trace,
    can_gain,
    compared,
    high,
    lost_by_others,
    smaller,
    traces,
)
from tests.flows.traces import A_DAY, Machine, fixed, paced, replayed

DAYS = 10 * A_DAY


def at_full_hours(dice: random.Random) -> Trace:
    """Others' jobs begin at full hours, as cron's do."""
    return [90.0 if beat % 12 == 0 else dice.uniform(10, 30) for beat in range(DAYS)]


def in_bursts(dice: random.Random) -> Trace:
    """One beat in eight is busy, at random."""
    return [95.0 if dice.random() < 0.125 else dice.uniform(20, 40) for _ in range(DAYS)]


def by_day(dice: random.Random) -> Trace:
    """Somebody works with it from 08:00 to 18:00: an hour in two is busy then."""
    hours = [8 <= beat // 12 % 24 < 18 and dice.random() < 0.5 for beat in range(0, DAYS, 12)]
    return [85.0 if hours[beat // 12] else dice.uniform(5, 25) for beat in range(DAYS)]


def check(pairs: list[Compared], beats: float) -> None:
    """No more work while others are busy, no more slots lost, and such a part of the beats skipped."""
    for pair in pairs:
        assert pair.worse <= 0.5, pair.name
        assert lost_by_others(pair.after) <= lost_by_others(pair.before), pair.name
    before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
    assert sum(result.lost[CRITICAL] for result in after) <= sum(result.lost[CRITICAL] for result in before)
    assert sum(result.skipped for result in after) <= sum(result.skipped for result in before) * beats


@pytest.mark.parametrize("make", [at_full_hours, in_bursts, by_day])
def test_less_work_is_done_while_others_are_busy(make: Callable[[random.Random], Trace]) -> None:
    trace = make(random.Random(7))
    pairs = compared({make.__name__: trace})

    check(pairs, beats=1 / 2)
    assert pairs[0].after.high <= 0.9 * pairs[0].before.high


def test_on_a_machine_that_is_always_calm_only_the_length_of_a_beat_counts() -> None:
    dice = random.Random(7)
    calm = [dice.uniform(0, 20) for _ in range(DAYS)]
    check(compared({"calm": calm}), beats=1 / 3)

    settings = paced()
    roomy = settings.model_copy(
        update={
            "pacing": settings.pacing.model_copy(update={"beat_at_most": 100 * settings.pacing.beat_at_most})
        }
    )
    runs = [
        [(run.group, run.began, run.reason) for run in replayed(each, Machine(calm, error=5)).runs]
        for each in (roomy, fixed())
    ]
    assert runs[0] == runs[1]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the traces of real machines are not here")
def test_on_real_machines_a_tenth_less_work_is_done_while_others_are_busy() -> None:
    found = {name: trace[:DAYS] for name, trace in list(traces(FOLDER).items())[100::6]}
    gaining = {name: trace for name, trace in smaller(found).items() if can_gain(trace)}
    pairs = compared(dict(list(gaining.items())[:4]))

    check(pairs, beats=1 / 3)
    assert high([pair.after for pair in pairs]) <= 0.9 * high([pair.before for pair in pairs])
