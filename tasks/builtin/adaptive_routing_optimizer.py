"""Chooses which endpoint has the traffic and which stands in, and writes it down for programs that route.

By availability, P95 and breaker of the last 24 hours; see `tasks.builtin.analysis.routing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.builtin.analysis.routing import Record, optimize, record
from tasks.builtin.contract import Context, Parser, Report, positive
from tasks.builtin.endpoints import policy as policies
from tasks.builtin.endpoints.breaker import Breaker
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.builtin.endpoints.probe import endpoints_of
from tasks.builtin.endpoints.router import candidates
from tasks.markdown import escaped, table
from tasks.outcome import StepFailedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import StoreError, store_of

_LONGEST_HOURS = 30 * 24.0


@dataclass(frozen=True, slots=True)
class RoutingReport:
    """The policy from now on, the one before (None: there was none), and what they rest on."""

    policy: RoutingPolicy
    before: RoutingPolicy | None
    records: tuple[Record, ...]

    @property
    def changes(self) -> list[str]:
        """What is different from before, each as a clause."""
        if self.before is None:
            return [f"primary is {self.policy.primary}, fallback {self.policy.fallback}"]
        pairs = [
            ("primary", self.before.primary, self.policy.primary),
            ("fallback", self.before.fallback, self.policy.fallback),
            ("threshold", f"{self.before.threshold_ms} ms", f"{self.policy.threshold_ms} ms"),
        ]
        return [f"{what} {old} → {new}" for what, old, new in pairs if old != new]

    @property
    def warnings(self) -> list[str]:
        """Endpoints that are getting slower, each as a clause."""
        return [
            f"{each.endpoint} is degrading: median {before * 1000:.0f} ms before, {after * 1000:.0f} ms now"
            for each in self.records
            for before, after in ([each.degrading] if each.degrading else [])
        ]

    @property
    def summary(self) -> str:
        """One line: who has the traffic, what changed, and why."""
        if not self.records:
            return "no endpoint to route to"
        policy = self.policy
        state = f"primary {policy.primary}, fallback {policy.fallback}, slow above {policy.threshold_ms} ms"
        changed = f"changed: {', '.join(self.changes)}" if self.changes else "nothing changed"
        return "; ".join([state, changed, *policy.reasons])

    def to_markdown(self) -> str:
        """The report as a section of its group's."""
        rows = [
            (
                each.endpoint,
                each.state.value,
                f"{each.availability:.1%} of {each.asked}",
                f"{each.p95 * 1000:.0f} ms" if each.latencies else "–",
            )
            for each in self.records
        ]
        endpoints = [table(("endpoint", "breaker", "available", "P95"), rows)] if rows else []
        warnings = [f"- {escaped(warning)}" for warning in self.warnings]
        return "\n\n".join(["## Routing", escaped(self.summary), *endpoints, *warnings])


def decide(settings: Settings, now: datetime, before: RoutingPolicy | None, *, hours: float) -> RoutingReport:
    """Work out the policy from the stored probes of the last `hours`. Nothing is written.

    Raises:
        StoreError: the probes cannot be read.
        StepFailedError: there is no endpoint in the settings, and PREFECT_API_URL is not an address.
    """
    with store_of(settings) as store:
        last = store.last_transitions()
        records = tuple(
            record(
                endpoint.name,
                Breaker.of(endpoint.name, last.get(endpoint.name)).at(now).state,
                store.probes(endpoint.name, now - timedelta(hours=hours)),
            )
            for endpoint in candidates(endpoints_of(settings))
        )
    return RoutingReport(optimize(records, before, settings.routing, now), before, records)


def main(argv: Sequence[str], context: Context) -> str:
    """Decide, write the policy, and report what changed and why."""
    parser = Parser("adaptive_routing_optimizer", "Chooses which endpoint has the traffic.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument("--dry-run", action="store_true", help="report what would change, and write nothing")
    options = parser.parse_args(argv)

    try:
        before = policies.read(context.settings.outputs_dir)
    except ValueError as error:
        context.log.warning("%s", error)
        before = None
    try:
        report = decide(context.settings, context.now(), before, hours=options.hours)
    except StoreError as error:
        raise StepFailedError(f"past latencies could not be read: {error}") from error
    for warning in report.warnings:
        context.log.warning("%s", warning)
    for reason in report.policy.reasons:
        context.log.info("%s", reason)
    context.publish(Report(report.to_markdown()))
    if options.dry_run:
        return f"dry run: {report.summary}"
    if report.records:
        _write(report, context)
    return report.summary


def _write(report: RoutingReport, context: Context) -> None:
    policies.write(context.settings.outputs_dir, report.policy)
    for change in report.changes:
        context.log.info("%s", change)
    if report.changes:
        context.emit(
            "rhythm.routing.changed",
            "routing",
            {
                "changes": report.changes,
                "reasons": list(report.policy.reasons),
                "primary": report.policy.primary,
                "fallback": report.policy.fallback,
                "threshold_ms": report.policy.threshold_ms,
            },
        )
