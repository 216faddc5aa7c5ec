"""Which endpoint is used: closed before half-open, the policy before the roles, open ones never."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.builtin.endpoints.breaker import Breaker, BreakerState
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.builtin.endpoints.router import candidates, route
from tasks.settings.endpoints import EndpointSettings

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
STATES = {"c": BreakerState.CLOSED, "h": BreakerState.HALF_OPEN, "o": BreakerState.OPEN}


def endpoint(name: str, role: str | None = None) -> EndpointSettings:
    return EndpointSettings.model_validate({"name": name, "url": "http://127.0.0.1:1", "role": role})


def policy(primary: str | None, fallback: str | None) -> RoutingPolicy:
    return RoutingPolicy(at=NOON, changed_at=NOON, primary=primary, fallback=fallback, threshold_ms=1000)


@pytest.mark.parametrize(
    ("states", "policy", "used"),
    [
        ("ccc", None, "cloud"),
        ("occ", None, "local"),
        ("hcc", None, "local"),
        ("hoc", None, "cloud"),
        ("ooc", None, None),  # the third is there for something else
        ("ccc", policy("local", "cloud"), "local"),
        ("coc", policy("local", "cloud"), "cloud"),
        ("ccc", policy("gone", None), "cloud"),
        ("ccc", policy("queue", None), "cloud"),
    ],
)
def test_the_first_that_can_be_used_is(states: str, policy: RoutingPolicy | None, used: str | None) -> None:
    endpoints = [endpoint("local", "fallback"), endpoint("cloud", "primary"), endpoint("queue")]
    breakers = {
        name: Breaker(name, STATES[state])
        for name, state in zip(("cloud", "local", "queue"), states, strict=True)
    }
    found = route(endpoints, breakers, policy)
    assert (found.endpoint if found else None) == used


def test_without_roles_all_can_stand_in_for_each_other_in_their_order() -> None:
    assert [each.name for each in candidates([endpoint("b"), endpoint("a")])] == ["b", "a"]


def test_the_reason_names_who_was_passed_over() -> None:
    endpoints = [endpoint("cloud", "primary"), endpoint("local", "fallback")]
    breakers = {"cloud": Breaker("cloud", BreakerState.OPEN), "local": Breaker("local")}
    found = route(endpoints, breakers, None)
    assert found is not None
    assert found.reason == "its breaker is closed; cloud is open"


def test_nothing_to_choose_from_is_no_route() -> None:
    assert route([], {}, None) is None
