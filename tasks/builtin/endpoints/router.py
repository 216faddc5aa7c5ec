"""Which endpoint to use now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.builtin.endpoints.breaker import Breaker, BreakerState
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.settings.endpoints import EndpointSettings


@dataclass(frozen=True, slots=True)
class Route:
    """The endpoint to use, and why that one."""

    endpoint: str
    reason: str


def candidates(endpoints: Sequence[EndpointSettings]) -> list[EndpointSettings]:
    """Return the endpoints that can stand in for each other, the preferred first.

    Those with a role, primary before fallback; if none has one, all, in rhythm.toml's order.
    """
    rank = {"primary": 0, "fallback": 1}
    with_role = [endpoint for endpoint in endpoints if endpoint.role]
    return sorted(with_role, key=lambda each: rank[each.role or ""]) or list(endpoints)


def route(
    endpoints: Sequence[EndpointSettings], breakers: Mapping[str, Breaker], policy: RoutingPolicy | None
) -> Route | None:
    """Return the endpoint to use: the first whose breaker is closed, else the first that may be tried.

    The policy's choice goes before the roles of rhythm.toml. None if all breakers are open.
    """
    names = [endpoint.name for endpoint in candidates(endpoints)]
    chosen = [name for name in (policy.primary, policy.fallback) if name in names] if policy else []
    preferred = [*chosen, *(name for name in names if name not in chosen)]
    for state, reason in (
        (BreakerState.CLOSED, "its breaker is closed"),
        (BreakerState.HALF_OPEN, "it is being tried"),
    ):
        for name in preferred:
            if name and breakers[name].state is state:
                return Route(name, _reason(name, preferred, breakers, reason))
    return None


def _reason(name: str, preferred: Sequence[str | None], breakers: Mapping[str, Breaker], reason: str) -> str:
    passed = [each for each in preferred[: preferred.index(name)] if each]
    skipped = ", ".join(f"{each} is {breakers[each].state}" for each in passed)
    return f"{reason}; {skipped}" if skipped else reason
