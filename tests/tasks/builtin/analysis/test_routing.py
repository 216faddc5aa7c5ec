"""The routing policy: who has the traffic, and that it does not flap."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.builtin.analysis.routing import ENOUGH, LEAST_MS, MOST_MS, Record, optimize, record
from tasks.builtin.endpoints.breaker import BreakerState
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.settings.builtins import RoutingSettings
from tasks.store.measurements import Probe

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DEFAULTS = RoutingSettings()


def made(
    name: str,
    latency: float = 0.2,
    asked: int = 100,
    ok: int | None = None,
    state: BreakerState = BreakerState.CLOSED,
) -> Record:
    return Record(name, state, asked, (latency,) * (asked if ok is None else ok))


def held(primary: str, fallback: str | None = None, ago: float = 24, threshold: int = 500) -> RoutingPolicy:
    changed = NOON - timedelta(hours=ago)
    return RoutingPolicy(
        at=changed, changed_at=changed, primary=primary, fallback=fallback, threshold_ms=threshold
    )


@pytest.mark.parametrize(
    ("records", "current", "primary", "fallback"),
    [
        ([made("a"), made("b")], None, "a", "b"),
        ([made("a"), made("b")], held("b"), "b", "a"),
        ([made("a"), made("b", 0.15)], held("a"), "b", "a"),  # better by a quarter
        ([made("a"), made("b", 0.17)], held("a"), "a", "b"),  # only by 15 %
        ([made("a"), made("b", 0.02)], held("a", ago=0.5), "a", "b"),  # changed half an hour ago
        ([made("a", ok=80), made("b")], held("a", ago=0.1), "b", "a"),  # not available: at once
        ([made("a", state=BreakerState.OPEN), made("b")], held("a", ago=0.1), "b", "a"),
        ([made("a", state=BreakerState.HALF_OPEN), made("b")], held("a"), "a", "b"),
        ([made("a", ok=0), made("b", asked=3)], held("a"), "b", "a"),  # hardly known, but not failing
        ([made("a", ok=80), made("b", ok=10)], held("a"), "a", "b"),  # no better one
        ([made("a", asked=5), made("b", 0.01)], held("a"), "a", "b"),  # too little data: as it is
        ([made("a"), made("b", 0.01, asked=5)], held("a"), "a", "b"),
        ([made("a"), made("b"), made("c", 0.19)], held("a", "b"), "a", "b"),  # who stands in stays
        ([made("a"), made("b", ok=10), made("c")], held("a", "b"), "a", "c"),
        ([made("a"), made("b")], held("gone"), "a", "b"),
        ([made("a")], held("a"), "a", None),
        ([], None, None, None),
    ],
)
def test_who_has_the_traffic_and_who_stands_in(
    records: list[Record], current: RoutingPolicy | None, primary: str | None, fallback: str | None
) -> None:
    found = optimize(records, current, DEFAULTS, NOON)
    assert (found.primary, found.fallback) == (primary, fallback)


def test_a_change_says_why_and_when() -> None:
    found = optimize([made("a", ok=62), made("b")], held("a"), DEFAULTS, NOON)
    assert found.reasons == ("a answered only 62% of 100 requests: b takes over",)
    assert found.changed_at == NOON


def test_no_change_keeps_the_time_of_the_last_one() -> None:
    found = optimize([made("a"), made("b")], held("a"), DEFAULTS, NOON)
    assert found.changed_at == NOON - timedelta(hours=24)
    assert found.at == NOON


@given(st.integers(0, 10**6))
def test_noise_around_equal_latencies_never_changes_the_primary_twice_within_the_hold(seed: int) -> None:
    dice = random.Random(seed)
    policy = None
    changes: list[datetime] = []
    for step in range(48):
        now = NOON + timedelta(minutes=30 * step)
        records = [
            Record(name, BreakerState.CLOSED, 40, tuple(dice.lognormvariate(-1.6, 0.8) for _ in range(40)))
            for name in "abc"
        ]
        after = optimize(records, policy, DEFAULTS, now)
        if policy and after.primary != policy.primary:
            changes.append(now)
        policy = after
    gaps = [later - earlier for earlier, later in pairwise(changes)]
    assert all(gap >= DEFAULTS.hold for gap in gaps)


@given(st.lists(st.floats(0.001, 100), min_size=ENOUGH, max_size=60))
def test_the_threshold_stays_within_its_bounds(latencies: list[float]) -> None:
    found = optimize(
        [Record("a", BreakerState.CLOSED, len(latencies), tuple(latencies))], None, DEFAULTS, NOON
    )
    assert LEAST_MS <= found.threshold_ms <= MOST_MS


def test_the_threshold_moves_only_when_it_is_worth_it() -> None:
    slow = [made("a", 2.2)]
    assert optimize(slow, held("a", threshold=2000), DEFAULTS, NOON).threshold_ms == 2000
    assert optimize(slow, held("a", threshold=1000), DEFAULTS, NOON).threshold_ms == 2200


def test_one_that_gets_slower_is_degrading() -> None:
    probes = [Probe("a", NOON, True, 0.1 if index < 50 else 0.3) for index in range(100)]
    assert record("a", BreakerState.CLOSED, probes).degrading == (0.1, 0.3)
    assert record("a", BreakerState.CLOSED, probes[:50]).degrading is None
    assert record("a", BreakerState.CLOSED, probes[45:55]).degrading is None  # too few
