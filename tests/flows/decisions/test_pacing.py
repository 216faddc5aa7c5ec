"""When a group that is due waits for a quieter beat, for how long, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.decisions.cadence import choose, decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.holds import Holds, Pause
from flows.decisions.load import Load, Usual
from flows.decisions.pacing import Wait, is_busy, latest, pace
from flows.decisions.situation import Situation
from flows.decisions.slots import BEAT
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tasks.settings.pacing import PacingSettings
from tasks.store.measurements import Reading
from tests.flows.rhythms import rhythm

GIB = 2**30
LOW: dict[str, dict[str, Any]] = {"low": {"every": "60m", "priority": "low"}}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{clock}+00:00")


def readings(*others: float | None, now: str = "12:00", memory: int | None = None) -> list[Reading]:
    """One a beat, the last one now."""
    last = at(now)
    return [
        Reading(last - BEAT * (len(others) - 1 - index), value, memory_available=memory)
        for index, value in enumerate(others)
    ]


def situation(
    now: str = "12:00",
    groups: Mapping[str, dict[str, Any]] = LOW,
    *others: float | None,
    ran: Mapping[str, str] | None = None,
    usual: Usual | None = None,
    needs: Mapping[str, float] | None = None,
    pacing: Mapping[str, object] | None = None,
    memory: int | None = None,
    **options: Any,
) -> Situation:
    settings = rhythm(groups=dict(groups))
    if pacing:
        settings = settings.model_copy(update={"pacing": PacingSettings.model_validate(pacing)})
    load = Load(
        readings(*others, now=now, memory=memory),
        usual,
        {name: Expected(seconds, seconds) for name, seconds in (needs or {}).items()},
    )
    history = {name: [Run(at(when), at(when), Outcome.COMPLETED)] for name, when in (ran or {}).items()}
    return Situation(settings, history, at(now), load=load, **options)


def paced(given: Situation, name: str = "low") -> Wait | None:
    return pace(name, given, {})


def has_run(name: str, seconds: float) -> dict[str, Choice]:
    return {name: Choice(name, Decision.RUN, "due", None, outcome=Outcome.COMPLETED, seconds=seconds)}


# The load.


def test_while_others_use_much_of_the_cpu_it_waits_and_says_for_what_and_how_long() -> None:
    wait = paced(situation("12:00", LOW, 83.4))

    assert wait == Wait("others use 83 % of the CPU; runs below 60 %, or at 12:30 at the latest", at("12:30"))


@pytest.mark.parametrize(
    ("others", "waits"),
    [
        ([70.1], True),
        ([70.0], False),
        ([5.0], False),
        ([None], False),
        ([], False),
        ([90.0, 61.0], True),
        ([90.0, 60.0], False),
        ([90.0, 60.0, 69.0], False),
        ([90.0, None, 65.0], True),
        ([90.0, None], False),
        ([65.0] * 30, False),
        ([90.0, *[65.0] * 22], True),
        ([90.0, *[65.0] * 24], False),
    ],
)
def test_it_is_busy_from_above_one_threshold_on_until_below_the_other(
    others: Sequence[float | None], waits: bool
) -> None:
    assert (paced(situation("12:00", LOW, *others)) is not None) is waits


def test_what_was_measured_before_the_machine_slept_does_not_count() -> None:
    before, now = Reading(at("01:00"), 95.0), Reading(at("12:00"), 65.0)

    assert is_busy([before], PacingSettings())
    assert not is_busy([before, now], PacingSettings())


def test_little_memory_is_a_reason_to_wait_as_well() -> None:
    wait = paced(situation("12:00", LOW, 5.0, memory=300 * 2**20))

    assert wait is not None
    assert wait.reason == "300 MiB of memory are left; runs once 500 MiB are, or at 12:30 at the latest"
    assert paced(situation("12:00", LOW, 5.0, memory=GIB)) is None
    assert paced(situation("12:00", LOW, 5.0, memory=None)) is None


@pytest.mark.parametrize(
    "keys", [{"priority": "critical"}, {"priority": "normal"}, {}], ids=["critical", "normal", "none"]
)
def test_a_group_that_is_critical_or_has_not_asked_for_it_never_waits(keys: dict[str, Any]) -> None:
    groups = {"low": {"every": "60m", **keys}}

    given = situation("12:00", groups, 100.0, memory=1, needs={"low": 9000, "other": 1})
    assert pace("low", given, has_run("other", 9000)) is None


def test_with_busy_above_0_the_cpu_is_no_reason_to_wait() -> None:
    given = situation("12:00", LOW, 99.0, usual=lambda time: 99.0, pacing={"busy_above": 0})
    assert paced(given) is None


# What is usual.


def by_the_clock(**loads: float) -> Usual:
    """So much at each of these times, and 80 at others: `by_the_clock(at_1220=35)`."""
    return lambda time: loads.get(f"at_{time:%H%M}", 80.0)


def test_it_waits_for_a_beat_that_is_usually_quieter() -> None:
    wait = paced(situation("12:00", LOW, 65.0, usual=by_the_clock(at_1220=20.0)))

    assert wait is not None
    assert wait.reason == "usually quieter at 12:20 (28 %, now 75 %); runs at 12:30 at the latest"


def quiet(time: datetime) -> float:
    return 30.0


@pytest.mark.parametrize(
    ("reading", "usual"),
    [
        pytest.param(60.0, quiet, id="it is calm, and usually so"),
        pytest.param(65.0, lambda time: 65.0, id="it is always so"),
        pytest.param(65.0, by_the_clock(at_1235=5.0), id="that is later than it may wait"),
        pytest.param(65.0, lambda time: None, id="nothing is known"),
        pytest.param(65.0, lambda time: 80.0 if time == at("12:00") else None, id="of later, nothing is"),
        pytest.param(None, by_the_clock(at_1220=5.0), id="it cannot be measured"),
    ],
)
def test_it_does_not_wait_for_what_is_usual_if(reading: float | None, usual: Usual) -> None:
    assert paced(situation("12:00", LOW, reading, usual=usual)) is None


def test_a_load_that_is_calm_just_now_does_not_count_for_more_than_what_is_usual() -> None:
    assert paced(situation("12:00", LOW, 5.0, usual=by_the_clock(at_1220=20.0))) is not None


# The length of a beat.


def test_what_would_make_the_beat_too_long_waits_for_the_next_one() -> None:
    wait = pace("low", situation("12:00", LOW, needs={"low": 150}), has_run("other", 240))

    assert wait is not None
    assert wait.reason == "needs about 2 min 30 s, 40 s are left of this beat; runs at 12:30 at the latest"


@pytest.mark.parametrize(
    ("lane", "needs", "gone"),
    [
        pytest.param("main", 40, 240, id="it fits"),
        pytest.param("main", 500, 0, id="nothing else has run"),
        pytest.param("main", None, 240, id="how long it takes is not known"),
        pytest.param("long", 500, 240, id="it is in another lane"),
    ],
)
def test_the_length_of_the_beat_is_no_reason_to_wait_if(lane: str, needs: float | None, gone: float) -> None:
    groups = {"other": {"every": "10m"}, "low": {"every": "60m", "priority": "low", "lane": lane}}
    given = situation("12:00", groups, needs={"low": needs} if needs else {})

    assert pace("low", given, has_run("other", gone)) is None


ORDER: dict[str, dict[str, Any]] = {
    "first": {"every": "60m", "priority": "low"},
    "second": {"every": "60m", "wait_at_most": "10m"},
    "check": {"every": "10m", "priority": "critical"},
}


def test_room_is_left_for_a_group_that_comes_later_and_cannot_wait_any_longer() -> None:
    needs = {"first": 150.0, "second": 200.0, "check": 10.0}
    early, last = (
        {choice.group: choice for choice in decide(situation(now, ORDER, needs=needs))}
        for now in ("12:00", "12:10")
    )

    assert early["first"].decision is Decision.RUN
    assert early["second"].decision is Decision.DEFERRED
    assert last["first"].decision is Decision.DEFERRED
    assert last["second"].decision is Decision.RUN
    assert last["check"].decision is Decision.RUN


def test_no_room_is_left_for_a_group_that_is_blocked() -> None:
    groups = {**ORDER, "second": {"every": "60m", "after": ["source"]}, "source": {"every": "60m"}}
    failed = Choice("source", Decision.RUN, "due", None, failing=True, outcome=Outcome.FAILED, seconds=5)
    given = situation("12:00", groups, needs={"first": 150, "second": 200})

    assert pace("first", given, {"source": failed}) is None


LONG: dict[str, dict[str, Any]] = {
    "check": {"every": "10m", "priority": "critical"},
    "daily": {"at": "03:00", "wait_at_most": "3h"},
}


def test_what_is_longer_than_a_beat_begins_after_what_never_waits_has_run() -> None:
    needs = {"check": 15.0, "daily": 400.0}
    just_after = situation("03:10", LONG, needs=needs)
    between = situation("03:05", LONG, needs=needs, ran={"check": "03:00"})

    assert pace("daily", just_after, has_run("check", 15)) is None
    wait = pace("daily", between, {})
    assert wait is not None
    assert wait.reason == "needs about 6 min 40 s, and check is due at 03:10; runs at 06:00 at the latest"


def test_what_is_longer_than_a_beat_does_not_follow_what_could_have_waited() -> None:
    groups = {**LONG, "low": {"every": "60m", "priority": "low"}}
    wait = pace("daily", situation("03:10", groups, needs={"daily": 400}), has_run("low", 90))

    assert wait is not None
    assert wait.reason.startswith("needs about 6 min 40 s, more than a beat has, and low has just run;")


# Until when.


@pytest.mark.parametrize(
    ("keys", "now", "until"),
    [
        ({"every": "60m", "priority": "low"}, "12:00", "12:30"),
        ({"every": "60m", "wait_at_most": "10m"}, "12:00", "12:10"),
        ({"every": "60m", "wait_at_most": "3h"}, "12:00", "12:55"),
        ({"every": "1d", "priority": "low"}, "12:00", "03:00"),
        ({"at": "09:00", "priority": "low"}, "12:00", "12:00"),
        ({"at": "09:00", "wait_at_most": "30m"}, "12:00", "09:30"),
        ({"every": "5m", "priority": "low"}, "12:00", "12:00"),
        ({"every": "7m", "priority": "low"}, "12:00", "11:56"),
        ({"every": "60m"}, "12:20", "12:00"),
        ({"at": "12:00", "wait_at_most": "3h", "catch_up": False}, "12:00", "12:15"),
        ({"at": "12:00", "wait_at_most": "3h", "catch_up": "1h"}, "12:00", "13:00"),
        ({"every": "1h", "between": ["08:00", "13:00"], "priority": "low"}, "12:00", "12:55"),
        ({"at": "22:30", "wait_at_most": "3h", "except": ["2026-03-03"]}, "23:00", "23:55"),
    ],
)
def test_a_group_waits_for_half_of_its_slot_or_as_long_as_it_may(
    keys: dict[str, Any], now: str, until: str
) -> None:
    assert latest("low", situation(now, {"low": keys})) == at(until)


@pytest.mark.parametrize(
    ("now", "waits"), [("12:00", True), ("12:25", True), ("12:29", True), ("12:30", False)]
)
def test_it_runs_in_the_last_beat_that_is_not_too_late_whatever_the_load_is(now: str, waits: bool) -> None:
    given = situation(now, LOW, 99.0, memory=1, needs={"low": 500})

    assert (pace("low", given, has_run("other", 270)) is not None) is waits


CHAIN: dict[str, dict[str, Any]] = {
    "source": {"every": "2h", "wait_at_most": "60m"},
    "middle": {"every": "60m", "wait_at_most": "20m", "after": ["source"]},
    "last": {"every": "30m", "wait_at_most": "10m", "after": ["middle"]},
}


@pytest.mark.parametrize(
    ("ran", "until"),
    [
        pytest.param({}, "12:10", id="all that comes after it is due"),
        pytest.param({"last": "12:00"}, "12:20", id="only the next one is"),
        pytest.param({"middle": "12:00"}, "13:00", id="the next one is done until 13:00"),
        pytest.param({"middle": "12:00", "last": "12:00"}, "13:00", id="all are done"),
    ],
)
def test_it_waits_no_longer_than_what_comes_after_it_may(ran: dict[str, str], until: str) -> None:
    assert latest("source", situation("12:00", CHAIN, ran=ran)) == at(until)


def test_what_comes_due_before_it_would_run_has_a_say_as_well() -> None:
    groups: dict[str, dict[str, Any]] = {
        "source": {"every": "2h", "wait_at_most": "60m"},
        "paced": {"every": "20m", "wait_at_most": "5m", "after": ["source"]},
    }

    assert latest("source", situation("12:00", groups, ran={"paced": "12:00"})) == at("12:25")
    groups["paced"]["enabled"] = False
    assert latest("source", situation("12:00", groups, ran={"paced": "12:00"})) == at("13:00")


def test_a_critical_group_that_is_due_after_it_is_not_kept_waiting() -> None:
    groups = {**LOW, "check": {"every": "10m", "priority": "critical", "after": ["low"]}}

    assert paced(situation("12:00", groups, 99.0)) is None
    assert paced(situation("12:01", groups, 99.0, ran={"check": "12:00"})) is not None
    assert paced(situation("12:05", groups, 99.0, ran={"check": "12:00"})) is None, "check is due at 12:10"


def test_a_paused_group_has_no_say() -> None:
    groups = {**LOW, "check": {"every": "10m", "after": ["low"]}}
    holds = Holds(groups={"check": Pause(at("12:20"))})

    assert latest("low", situation("12:00", groups, holds=holds)) == at("12:15")
    assert latest("low", situation("12:00", groups, holds=Holds(groups={"check": Pause()}))) == at("12:30")


# What becomes of it.


def test_what_comes_after_a_deferred_group_waits_and_does_not_fail() -> None:
    groups = {"source": {**LOW["low"]}, "after": {"every": "60m", "priority": "low", "after": ["source"]}}
    source, after = decide(situation("12:00", groups, 83.0))

    assert (source.decision, source.next_due, source.failing) == (Decision.DEFERRED, at("12:05"), False)
    assert after.decision is Decision.WAITS
    assert after.reason == f"source is deferred ({source.reason})"
    assert not after.failing


def test_a_forced_group_does_not_wait() -> None:
    given = situation("12:00", LOW, 99.0, force=["low"])

    assert choose("low", given, {}).decision is Decision.RUN


def test_a_failed_attempt_waits_as_the_first_one_did() -> None:
    failed = {"low": [Run(at("12:00"), at("12:01"), Outcome.FAILED)]}

    def second(now: str) -> Choice:
        given = situation(now, LOW, 99.0)
        return choose("low", Situation(given.settings, failed, given.now, load=given.load), {})

    assert second("12:05").decision is Decision.DEFERRED
    assert second("12:30").reason == (
        "due since 12:00, attempt 2 of 3; can wait no longer, though others use 99 % of the CPU"
    )


@pytest.mark.parametrize(
    ("groups", "others", "reason"),
    [
        (LOW, 99.0, "due since 12:00; can wait no longer, though others use 99 % of the CPU"),
        (LOW, 9.0, "due since 12:00"),
        ({"low": {"every": "60m"}}, 99.0, "due since 12:00"),
    ],
    ids=["at the latest", "calm", "never waits"],
)
def test_what_runs_though_the_machine_is_busy_says_so(
    groups: dict[str, dict[str, Any]], others: float, reason: str
) -> None:
    assert choose("low", situation("12:30", groups, others), {}).reason == reason


def test_a_deferred_group_does_not_keep_its_lane_from_another() -> None:
    groups: dict[str, dict[str, Any]] = {
        "low": {"every": "60m", "priority": "low", "lane": "long"},
        "urgent": {"every": "60m", "lane": "long"},
    }
    decisions = {choice.group: choice.decision for choice in decide(situation("12:00", groups, 99.0))}

    assert decisions == {"low": Decision.DEFERRED, "urgent": Decision.RUN}


def test_many_groups_that_come_after_each_other_are_decided_fast() -> None:
    names = [f"group_{number}" for number in range(30)]
    groups = {
        name: {"every": f"{60 + 5 * index}m", "priority": "low", "after": names[:index]}
        for index, name in enumerate(names)
    }
    given = situation("12:00", groups, 99.0, ran=dict.fromkeys(names[1::2], "12:00"))

    assert latest("group_0", given) > given.now - timedelta(days=1)
