"""What the past comes to, in words: a verdict, what needs attention first, and a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from tasks.builtin.analysis.digest import GroupDigest, groups_digest
from tasks.builtin.analysis.health import HealthVerdict, Level, Reason
from tasks.builtin.dashboard.data import Past
from tasks.builtin.endpoints.breaker import BreakerState
from tasks.builtin.incidents.record import clauses
from tasks.store.measurements import CPU, MEMORY, GroupEvent

#: An endpoint that answered less than this part of the requests needs attention, even if it is up again.
AVAILABLE = 0.99

_ORDER = (Level.CRITICAL, Level.WARNING)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is worth a large font: what it is, how much, and what it is measured against."""

    what: str
    value: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Essence:
    """The top of the page."""

    verdict: HealthVerdict
    groups: tuple[GroupDigest, ...]
    numbers: tuple[Number, ...]

    @property
    def attention(self) -> list[Reason]:
        """What to look at, the worst first."""
        return sorted(self.verdict.reasons, key=lambda reason: _ORDER.index(reason.level))

    @property
    def headline(self) -> str:
        """How much there is to look at."""
        count = len(self.verdict.reasons)
        if not count:
            return "Nothing needs attention"
        return "One thing needs attention" if count == 1 else f"{count} things need attention"

    @property
    def sentence(self) -> str:
        """The headline, and what comes first."""
        return f"{self.headline}: {self.attention[0].text}." if self.attention else f"{self.headline}."


def essence(past: Past) -> Essence:
    """Given the past, return its summary."""
    # A pause is somebody's wish, and nothing to look at.
    digests = groups_digest((event for event in past.events if event.decision != "paused"), past.groups)
    reasons = [*_of_groups(past, digests), *_of_endpoints(past), *_of_incidents(past), *_of_machine(past)]
    reasons += [
        Reason(Level.WARNING, each.sentence(past.window.end, past.window.zone)) for each in past.outgrowing
    ]
    return Essence(HealthVerdict(tuple(reasons)), digests, tuple(_numbers(past, digests)))


def span(past: Past) -> str:
    """Return how long the window is, in words: "24 hours"."""
    hours = past.window.minutes / 60
    return "hour" if hours == 1 else f"{hours:g} hours"


def availability(past: Past, endpoint: str | None = None) -> float | None:
    """Return the part (0 to 1) of probes that were answered, of one endpoint or all; None without any."""
    buckets = [
        bucket
        for name, buckets in past.probes.items()
        if endpoint is None or name == endpoint
        for bucket in buckets
    ]
    asked = sum(bucket.asked for bucket in buckets)
    return sum(bucket.ok for bucket in buckets) / asked if asked else None


def percent(part: float) -> str:
    """Return a part (0 to 1) in percent; no rounding makes it whole: 99.97 % is not 100 %."""
    tenths = int(part * 1000 + 1e-9)
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths / 10} %"


def _of_groups(past: Past, digests: tuple[GroupDigest, ...]) -> Iterator[Reason]:
    if not any(digest.runs for digest in digests):
        yield Reason(Level.WARNING, f"nothing ran in the last {span(past)}")
    latest = _latest_runs(past)
    for digest in digests:
        run = latest.get(digest.group)
        if run is not None and run.outcome is not None and run.outcome.is_failure:
            why = f": {fault}" if (fault := run.fault or past.failed_steps(run)) else ""
            when = past.window.clock(run.at)
            yield Reason(Level.CRITICAL, f"{digest.group} failed in its latest run, at {when}{why}")
        elif run is not None and run.has_warning:
            when = past.window.clock(run.at)
            yield Reason(Level.WARNING, f"{digest.group} warns in its latest run, at {when}: {run.fault}")
        elif digest.last_failure is not None:
            yield Reason(
                Level.WARNING,
                f"{digest.group} failed in {digest.failed} of {digest.runs} runs, "
                f"last at {past.window.clock(digest.last_failure)}",
            )
        if digest.waits and not digest.runs:
            held = f"{digest.group} did not run: waited {digest.waits}×, {digest.reason}"
            yield Reason(Level.WARNING, held)


def _of_endpoints(past: Past) -> Iterator[Reason]:
    for name, buckets in past.probes.items():
        breaker, part = past.breakers.get(name), availability(past, name)
        if breaker is not None and breaker.after == BreakerState.OPEN:
            yield Reason(Level.CRITICAL, f"{name} gets no traffic, its breaker is open: {breaker.reason}")
        elif not buckets[-1].ok:
            yield Reason(Level.CRITICAL, f"{name} was down when last asked")
        elif part is not None and part < AVAILABLE:
            asked = sum(bucket.asked for bucket in buckets)
            yield Reason(Level.WARNING, f"{name} answered only {percent(part)} of {asked} requests")


def _of_incidents(past: Past) -> Iterator[Reason]:
    for clause in clauses(past.incidents, past.window.zone):
        yield Reason(Level.WARNING, clause)


def _of_machine(past: Past) -> Iterator[Reason]:
    limits = past.settings.health
    for what, name, limit in (("CPU", CPU, limits.cpu), ("memory", MEMORY, limits.memory)):
        # The mean of a stretch: one high reading alone is what a computer is for.
        highest = max((bucket.mean for bucket in past.machine.get(name, ())), default=0.0)
        if limit.critical is not None and highest >= limit.critical:
            yield Reason(Level.CRITICAL, f"{what} reached {highest:.0f} %")
        elif highest >= limit.warning:
            yield Reason(Level.WARNING, f"{what} reached {highest:.0f} %")


def _numbers(past: Past, digests: tuple[GroupDigest, ...]) -> Iterator[Number]:
    runs, failed = sum(d.runs for d in digests), sum(d.failed for d in digests)
    groups = sum(bool(d.runs) for d in digests)
    yield Number("runs", f"{runs:,}", f"in {groups} {'group' if groups == 1 else 'groups'}")
    yield Number("failures", f"{failed:,}", f"{percent(failed / runs)} of runs" if runs else "")
    yield Number("waits", f"{sum(d.waits for d in digests):,}", "blocked or deferred")
    part = availability(past)
    asked = sum(bucket.asked for buckets in past.probes.values() for bucket in buckets)
    yield Number("availability", "–" if part is None else percent(part), f"of {asked:,} probes")
    for what, name in (("CPU", CPU), ("memory", MEMORY)):
        buckets = past.machine.get(name, ())
        mean = f"{fmean(b.mean for b in buckets):.0f} %" if buckets else "–"
        now = f"{buckets[-1].mean:.0f} % at last" if buckets else "not measured"
        yield Number(f"{what}, mean", mean, now)


def _latest_runs(past: Past) -> dict[str, GroupEvent]:
    """Return each group's latest run that ended."""
    return {event.group: event for event in past.events if event.outcome is not None}
