"""The circuit breaker: when it opens, is tried again, and closes; and that pieces make the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.endpoints.breaker import Breaker, BreakerState, follow
from tasks.settings.builtins import BreakerSettings
from tasks.store.measurements import Probe, Transition

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DEFAULTS = BreakerSettings()

#: Answers (up or down), each so many seconds after the one before; the clock may be set back a little.
histories = st.lists(st.tuples(st.booleans(), st.integers(-5, 2000)), max_size=60)


def probes(history: list[tuple[bool, int]]) -> list[Probe]:
    found, at = [], NOON
    for ok, seconds in history:
        at += timedelta(seconds=seconds)
        found.append(Probe("llm", at, ok, 0.1 if ok else None, "" if ok else "answered 503"))
    return found


def states(answers: str, every: int = 10) -> list[str]:
    """What the breaker goes through with these answers (+ up, - down), `every` seconds apart."""
    asked = probes([(answer == "+", every) for answer in answers])
    _, transitions = follow(Breaker("llm"), asked, asked[-1].at, DEFAULTS)
    return [transition.after for transition in transitions]


@pytest.mark.parametrize(
    ("answers", "every", "expected"),
    [
        ("++++", 10, []),
        ("--+--+--", 10, []),
        ("---", 10, ["open"]),
        ("---+++", 10, ["open"]),  # within its reset nothing counts
        ("---+", 60, ["open", "half_open"]),
        ("---++", 60, ["open", "half_open", "closed"]),
        ("---+-", 60, ["open", "half_open", "open"]),
        ("----", 60, ["open", "half_open", "open"]),
        ("---++---", 600, ["open", "half_open", "closed", "open"]),
    ],
)
def test_it_goes_through_its_states(answers: str, every: int, expected: list[str]) -> None:
    assert states(answers, every) == expected


def test_every_failed_trial_doubles_the_reset_up_to_the_cap_and_closing_forgets_it() -> None:
    asked = probes([(False, 1)] * 3 + [(False, 1000)] * 6 + [(True, 1000)] * 2 + [(False, 1)] * 3)
    _, transitions = follow(Breaker("llm"), asked, asked[-1].at, DEFAULTS)
    resets = [transition.reset for transition in transitions if transition.after == "open"]
    assert resets == [60, 120, 240, 480, 900, 900, 900, 60]


def test_time_alone_makes_it_half_open() -> None:
    asked = probes([(False, 10)] * 3)
    breaker, transitions = follow(Breaker("llm"), asked, NOON + timedelta(seconds=90), DEFAULTS)
    assert breaker.state is BreakerState.HALF_OPEN
    assert transitions[-1] == Transition(
        "llm", NOON + timedelta(seconds=90), "open", "half_open", "its reset has passed", 60
    )


def test_each_transition_says_why() -> None:
    asked = probes([(False, 60)] * 4 + [(True, 120)] * 2)
    _, transitions = follow(Breaker("llm"), asked, asked[-1].at, DEFAULTS)
    assert [transition.reason for transition in transitions] == [
        "3 failures in a row, last: answered 503",
        "its reset has passed",
        "failed its trial: answered 503",
        "its reset has passed",
        "2 good answers in a row",
    ]


@given(histories, st.integers(0, 60))
def test_a_history_in_pieces_gives_the_same_as_at_once(history: list[tuple[bool, int]], cut: int) -> None:
    """What survives a restart is the latest transition, and the probes since."""
    asked = probes(history)
    end = asked[-1].at if asked else NOON
    whole, all_at_once = follow(Breaker("llm"), asked, end, DEFAULTS)
    middle = asked[cut - 1].at if 0 < cut <= len(asked) else NOON
    part, first = follow(Breaker("llm"), asked[:cut], middle, DEFAULTS)
    rest, second = follow(part, asked[cut:], end, DEFAULTS)
    assert [t.after for t in first + second] == [t.after for t in all_at_once]
    assert rest.state is whole.state


@given(histories)
def test_it_never_opens_without_failures_and_its_reset_stays_in_bounds(
    history: list[tuple[bool, int]],
) -> None:
    breaker = Breaker("llm")
    in_a_row = 0
    for probe in probes(history):
        before = breaker.at(probe.at)
        breaker = breaker.after(probe, DEFAULTS)
        in_a_row = 0 if probe.ok else in_a_row + 1
        if before.state is BreakerState.CLOSED and breaker.state is BreakerState.OPEN:
            assert in_a_row >= DEFAULTS.failures
        if before.state is not BreakerState.CLOSED and breaker.state is BreakerState.CLOSED:
            assert probe.ok
        if breaker.state is BreakerState.OPEN:
            assert breaker.reset is not None
            assert DEFAULTS.reset <= breaker.reset <= DEFAULTS.reset_cap


@given(histories)
def test_it_is_rebuilt_from_its_latest_transition(history: list[tuple[bool, int]]) -> None:
    asked = probes(history)
    end = asked[-1].at if asked else NOON
    breaker, transitions = follow(Breaker("llm"), asked, end, DEFAULTS)
    rebuilt = Breaker.of("llm", transitions[-1] if transitions else None)
    assert (rebuilt.state, rebuilt.since, rebuilt.reset) == (breaker.state, breaker.since, breaker.reset)


def test_only_an_open_one_has_an_end() -> None:
    with pytest.raises(ValueError, match="closed"):
        _ = Breaker("llm").until


def test_a_reset_above_the_cap_is_not_made_shorter_by_a_failed_trial() -> None:
    settings = BreakerSettings.model_validate({"reset": "10m", "reset_cap": "5m"})
    asked = probes([(False, 1)] * 3 + [(False, 1000)] * 2)

    _, transitions = follow(Breaker("llm"), asked, asked[-1].at, settings)

    assert [transition.reset for transition in transitions if transition.after == "open"] == [600, 600, 600]
