"""Keeps a circuit breaker for each endpoint, and reports which one to use now.

Without options every endpoint that is not left alone is probed. `--status-only` probes nothing, and
goes by the probes that other steps have stored. `--route` does so too, changes nothing, and its one
line is the name of the endpoint to use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tasks.builtin.contract import Context, Parser, Report
from tasks.builtin.endpoints import policy as policies
from tasks.builtin.endpoints.breaker import Breaker, BreakerState, follow
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.builtin.endpoints.probe import ask_at_once, endpoints_of
from tasks.builtin.endpoints.router import Route, route
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import Probe, Transition
from tasks.store.store import Store, StoreError, store_of

#: How far back probes are looked at, for the rate of failures and for a breaker that never changed.
LOOK_BACK = timedelta(hours=24)

_EVENTS = {BreakerState.OPEN: "opened", BreakerState.HALF_OPEN: "half_open", BreakerState.CLOSED: "closed"}


@dataclass(frozen=True, slots=True)
class RouterReport:
    """All breakers as they are `at` that time, by endpoint, and what has changed since last time.

    `failures` is the part of each endpoint's probes of the last day that failed, None without any.
    """

    at: datetime
    breakers: Mapping[str, Breaker]
    failures: Mapping[str, float | None]
    probes: tuple[Probe, ...]
    transitions: tuple[Transition, ...]
    route: Route | None

    @property
    def summary(self) -> str:
        """One line: the states, and which endpoint to use."""
        if not self.breakers:
            return "no endpoint to route to"
        states = ", ".join(f"{name} {breaker.state}" for name, breaker in self.breakers.items())
        use = f"use {self.route.endpoint} ({self.route.reason})" if self.route else "none can be used"
        return f"{states}; {use}"

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        rows = [
            (name, breaker.state.value, _since(breaker, self.at), _rate(self.failures[name]))
            for name, breaker in self.breakers.items()
        ]
        rows_or_none = [table(("endpoint", "breaker", "since", "failures in 24 h"), rows)] if rows else []
        return "\n\n".join(["## Circuit breakers", *rows_or_none, escaped(self.summary)])


def look(settings: Settings, now: datetime, store: Store | None, *, probing: bool) -> RouterReport:
    """Bring every breaker up to date with the stored probes, and with new ones if `probing`.

    Without a store it goes by the new probes alone. Nothing is written.

    Raises:
        StoreError: the store cannot be read.
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is not an address.
    """
    endpoints = endpoints_of(settings)
    last = store.last_transitions() if store else {}
    known = _known(store, now)
    breakers: dict[str, Breaker] = {}
    transitions: list[Transition] = []
    for endpoint in endpoints:
        before = Breaker.of(endpoint.name, last.get(endpoint.name))
        since = [
            probe for probe in known.get(endpoint.name, []) if not before.since or probe.at > before.since
        ]
        breakers[endpoint.name], changes = follow(before, since, now, settings.breaker)
        transitions += changes
    fresh = ask_at_once(_worth_asking(endpoints, breakers), now) if probing else ()
    for probe in fresh:
        breakers[probe.endpoint], changes = follow(breakers[probe.endpoint], [probe], now, settings.breaker)
        transitions += changes
        known.setdefault(probe.endpoint, []).append(probe)
    failures = {name: _failures(known.get(name, [])) for name in breakers}
    return RouterReport(now, breakers, failures, fresh, tuple(transitions), None)


def main(argv: Sequence[str], context: Context) -> str:
    """Look, store what is new, emit it as events, and report."""
    parser = Parser("circuit_breaker_router", "Keeps a circuit breaker for each endpoint.")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--status-only", action="store_true", help="probe nothing, go by what is stored")
    how.add_argument("--route", action="store_true", help="print only which endpoint to use now")
    options = parser.parse_args(argv)

    probing = not (options.status_only or options.route)
    report = _look_and_keep(context, probing=probing, keeping=not options.route)
    if options.route:
        return _name_of(report)
    for transition in report.transitions:
        level = context.log.info if transition.after == BreakerState.CLOSED else context.log.warning
        level("%s is %s: %s", transition.endpoint, transition.after, transition.reason)
        context.emit(
            f"rhythm.breaker.{_EVENTS[BreakerState(transition.after)]}",
            f"endpoint/{transition.endpoint}",
            {"before": transition.before, "reason": transition.reason, "reset_seconds": transition.reset},
        )
    for name, breaker in report.breakers.items():
        context.log.info("%s: %s %s", name, breaker.state, _since(breaker, report.at))
    context.publish(Report(report.to_markdown()))
    return report.summary


def _look_and_keep(context: Context, *, probing: bool, keeping: bool) -> RouterReport:
    """Look, with the store if it can be had, keep what is new in it, and choose the route."""
    settings, now = context.settings, context.now()
    report = None
    try:
        with store_of(settings) as store:
            report = look(settings, now, store, probing=probing)
            if keeping:
                store.add_probes(report.probes)
                store.add_transitions(report.transitions)
    except StoreError as error:
        context.log.warning("the breakers are not remembered: %s", error)
        report = report or look(settings, now, None, probing=probing)
    chosen = route(endpoints_of(settings), report.breakers, _policy(context))
    return replace(report, route=chosen)


def _name_of(report: RouterReport) -> str:
    if report.route:
        return report.route.endpoint
    if not report.breakers:
        raise StepFailedError("no endpoint to route to: name some as [[endpoints]] in rhythm.toml")
    states = ", ".join(f"{name} {_since(breaker, report.at)}" for name, breaker in report.breakers.items())
    raise StepFailedError(f"no endpoint can be used: {states}")


def _policy(context: Context) -> RoutingPolicy | None:
    try:
        return policies.read(context.settings.outputs_dir)
    except ValueError as error:
        context.log.warning("%s", error)
        return None


def _worth_asking(
    endpoints: Sequence[EndpointSettings], breakers: Mapping[str, Breaker]
) -> list[EndpointSettings]:
    return [endpoint for endpoint in endpoints if breakers[endpoint.name].state is not BreakerState.OPEN]


def _known(store: Store | None, now: datetime) -> dict[str, list[Probe]]:
    """Return the stored probes of the last day, by endpoint, oldest first."""
    known: dict[str, list[Probe]] = {}
    for probe in store.probes(None, now - LOOK_BACK) if store else ():
        known.setdefault(probe.endpoint, []).append(probe)
    return known


def _failures(probes: Sequence[Probe]) -> float | None:
    return sum(not probe.ok for probe in probes) / len(probes) if probes else None


def _since(breaker: Breaker, now: datetime) -> str:
    if breaker.since is None:
        return ""
    since = f"since {breaker.since.astimezone(now.tzinfo):%m-%d %H:%M:%S}"
    if breaker.state is not BreakerState.OPEN:
        return since
    return f"{since}, left alone until {breaker.until.astimezone(now.tzinfo):%H:%M:%S}"


def _rate(part: float | None) -> str:
    return "no probes" if part is None else f"{part:.1%}"
