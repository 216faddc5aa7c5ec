"""A circuit breaker for each endpoint: who fails again and again is left alone for a while.

Closed, all is well. After `failures` failed probes in a row it opens, and the endpoint gets no
traffic. After its reset it is half-open: the next probes are trials. `successes` good ones in a row
close it; a bad one opens it again, for twice as long, up to `reset_cap`. (Nygard, Release It!, 2007.)

Beats are minutes apart, and every probe is recorded: so an open breaker whose reset has
passed turns half-open at the next question, and a probe that comes before that is no trial.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tasks.settings.builtins import BreakerSettings
from tasks.store.measurements import Probe, Transition


class BreakerState(StrEnum):
    """What a breaker is."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One endpoint's breaker, and all that it remembers.

    `since` is when it came into its state (None: ever since). `reset` is how long it stays open, or was
    open before it was tried again; None while it is closed. `streak` counts the probes in a row that may
    change the state: failures while closed, successes while half-open.
    """

    endpoint: str
    state: BreakerState = BreakerState.CLOSED
    since: datetime | None = None
    reset: timedelta | None = None
    streak: int = 0

    @classmethod
    def of(cls, endpoint: str, last: Transition | None) -> Breaker:
        """Return the breaker as its latest transition left it."""
        if last is None:
            return cls(endpoint)
        state = BreakerState(last.after)
        return cls(
            endpoint, state, last.at, None if state is BreakerState.CLOSED else timedelta(seconds=last.reset)
        )

    def at(self, now: datetime) -> Breaker:
        """Return it as it is `now`: an open one whose reset has passed is half-open."""
        if self.state is BreakerState.OPEN and now >= self.until:
            return replace(self, state=BreakerState.HALF_OPEN, since=self.until, streak=0)
        return self

    @property
    def until(self) -> datetime:
        """When an open breaker is tried again.

        Raises:
            ValueError: it is not open.
        """
        if self.state is not BreakerState.OPEN or self.since is None or self.reset is None:
            raise ValueError(f"the breaker of {self.endpoint} is {self.state}")
        return self.since + self.reset

    def after(self, probe: Probe, settings: BreakerSettings) -> Breaker:
        """Return it as it is after a probe."""
        breaker = self.at(probe.at)
        match breaker.state:
            case BreakerState.CLOSED:
                failed = 0 if probe.ok else breaker.streak + 1
                if failed < settings.failures:
                    return replace(breaker, streak=failed)
                return replace(
                    breaker, state=BreakerState.OPEN, since=probe.at, reset=settings.reset, streak=0
                )
            case BreakerState.HALF_OPEN if not probe.ok:
                longer = min(2 * (breaker.reset or settings.reset), settings.reset_cap)
                longer = max(longer, settings.reset)
                return replace(breaker, state=BreakerState.OPEN, since=probe.at, reset=longer, streak=0)
            case BreakerState.HALF_OPEN if breaker.streak + 1 < settings.successes:
                return replace(breaker, streak=breaker.streak + 1)
            case BreakerState.HALF_OPEN:
                return Breaker(breaker.endpoint, BreakerState.CLOSED, probe.at)
            case _:
                return breaker  # open: nobody was to ask, and the answer changes nothing

    def transition_from(self, before: Breaker, reason: str) -> Transition:
        """Return the transition that made it what it is."""
        reset = self.reset.total_seconds() if self.reset else 0.0
        assert self.since is not None  # noqa: S101 - a breaker that has changed knows when
        return Transition(self.endpoint, self.since, before.state, self.state, reason, reset)


def follow(
    breaker: Breaker, probes: Iterable[Probe], now: datetime, settings: BreakerSettings
) -> tuple[Breaker, list[Transition]]:
    """Given an endpoint's breaker and its probes since, oldest first, return it as it is `now`.

    And every transition on the way, none twice: going on from where this ends gives the rest.
    """
    transitions: list[Transition] = []

    def note(before: Breaker, after: Breaker, reason: str) -> Breaker:
        if after.state is not before.state:
            transitions.append(after.transition_from(before, reason))
        return after

    for probe in probes:
        tried = note(breaker, breaker.at(probe.at), "its reset has passed")
        breaker = note(tried, tried.after(probe, settings), _reason(tried, probe, settings))
    return note(breaker, breaker.at(now), "its reset has passed"), transitions


def _reason(before: Breaker, probe: Probe, settings: BreakerSettings) -> str:
    if probe.ok:
        return f"{settings.successes} good answers in a row"
    if before.state is BreakerState.HALF_OPEN:
        return f"failed its trial: {probe.error}"
    return f"{settings.failures} failures in a row, last: {probe.error}"
