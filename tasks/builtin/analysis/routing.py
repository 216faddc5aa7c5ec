"""Which endpoint should have the traffic: by how it answered over the last hours, without flapping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from tasks.builtin.analysis.percentiles import percentile
from tasks.builtin.analysis.robust import spread
from tasks.builtin.endpoints.breaker import BreakerState
from tasks.builtin.endpoints.policy import RoutingPolicy
from tasks.settings.builtins import RoutingSettings
from tasks.store.measurements import Probe

#: Of fewer answers a P95 means nothing.
ENOUGH = 20
#: The latency above which an answer is slow lies this many deviations above the median, …
DEVIATIONS = 6.0
#: … within these bounds, in milliseconds, and moves only by more than this part of itself.
LEAST_MS, MOST_MS, MOVES_BY = 500, 10_000, 0.2
#: An endpoint is degrading when the median of its second half is this many times that of its first, …
DEGRADED = 1.5
#: … and that many seconds above it.
DEGRADED_BY = 0.02


@dataclass(frozen=True, slots=True)
class Record:
    """How one endpoint answered. `latencies` (seconds) are those of the answers that were right."""

    endpoint: str
    state: BreakerState
    asked: int
    latencies: tuple[float, ...]

    @property
    def availability(self) -> float:
        """The part of the requests that were answered, 0 to 1; 0 without any."""
        return len(self.latencies) / self.asked if self.asked else 0.0

    @property
    def p95(self) -> float:
        """The latency that 95 % stay below; infinite without any."""
        return percentile(self.latencies, 0.95) if self.latencies else float("inf")

    @property
    def is_known(self) -> bool:
        """Whether it was asked often enough to be judged."""
        return self.asked >= ENOUGH

    @property
    def degrading(self) -> tuple[float, float] | None:
        """The medians of its first and second half, if the second is clearly slower."""
        half = len(self.latencies) // 2
        if half < ENOUGH:
            return None
        before, after = median(self.latencies[:half]), median(self.latencies[half:])
        return (before, after) if after > max(before * DEGRADED, before + DEGRADED_BY) else None

    def fault(self, settings: RoutingSettings) -> str:
        """Return why it should have no traffic; empty if it may."""
        if self.state is BreakerState.OPEN:
            return f"the breaker of {self.endpoint} is open"
        if self.is_known and self.availability < settings.availability:
            return f"{self.endpoint} answered only {self.availability:.0%} of {self.asked} requests"
        return ""


def record(endpoint: str, state: BreakerState, probes: Iterable[Probe]) -> Record:
    """Given an endpoint's probes, oldest first, return its record."""
    found = list(probes)
    latencies = tuple(probe.latency for probe in found if probe.ok and probe.latency is not None)
    return Record(endpoint, state, len(found), latencies)


def optimize(
    records: Sequence[Record], current: RoutingPolicy | None, settings: RoutingSettings, now: datetime
) -> RoutingPolicy:
    """Given a record for each endpoint, the preferred first, return the policy from `now` on.

    The primary changes at once when it may have no traffic and another may; else only for one whose
    P95 is better by the part `better_by`, and not within `hold` of the last change. `reasons` say why
    it changed, or why it did not although something is wrong.
    """
    by_name = {each.endpoint: each for each in records}
    if not records:
        return RoutingPolicy(at=now, changed_at=now, primary=None, fallback=None, threshold_ms=LEAST_MS)
    held = current.primary if current and current.primary in by_name else records[0].endpoint
    assert held is not None  # noqa: S101 - it is one of the records
    primary, reasons = _primary(by_name[held], records, current, settings, now)
    changed = current is None or current.primary != primary
    return RoutingPolicy(
        at=now,
        changed_at=now if changed or current is None else current.changed_at,
        primary=primary,
        fallback=_fallback(primary, records, current, settings),
        threshold_ms=_threshold(by_name[primary], current if not changed else None),
        reasons=tuple(reasons),
    )


def _primary(
    held: Record,
    records: Sequence[Record],
    current: RoutingPolicy | None,
    settings: RoutingSettings,
    now: datetime,
) -> tuple[str, list[str]]:
    usable = [each for each in records if not each.fault(settings)]
    known = [each for each in usable if each.is_known]
    if fault := held.fault(settings):
        # Better one that is hardly known than one that is known to fail.
        if others := known or usable:
            best = min(others, key=lambda each: each.p95)
            return best.endpoint, [f"{fault}: {best.endpoint} takes over"]
        return held.endpoint, [f"{fault}, and so it is with all others: nothing changes"]
    if not held.is_known or not known:
        return held.endpoint, [f"too little is known of {held.endpoint} ({held.asked} answers)"]
    best = min(known, key=lambda each: each.p95)
    if best.p95 >= held.p95 * (1 - settings.better_by):
        return held.endpoint, []
    faster = (
        f"P95 of {best.endpoint} is {best.p95 * 1000:.0f} ms, of {held.endpoint} {held.p95 * 1000:.0f} ms"
    )
    if current and now - current.changed_at < settings.hold:
        return held.endpoint, [f"{faster}, but the last change was at {current.changed_at:%H:%M}"]
    return best.endpoint, [f"{faster}: {best.endpoint} takes over"]


def _fallback(
    primary: str, records: Sequence[Record], current: RoutingPolicy | None, settings: RoutingSettings
) -> str | None:
    """Keep who stands in, unless it may have no traffic and another may."""
    others = [each for each in records if each.endpoint != primary]
    usable = [each for each in others if not each.fault(settings)]
    kept = [each for each in usable if current and each.endpoint == current.fallback]
    preferred = [*kept, *sorted(usable, key=lambda each: each.p95), *others]
    return preferred[0].endpoint if preferred else None


def _threshold(primary: Record, current: RoutingPolicy | None) -> int:
    """Return the latency, in milliseconds, above which an answer of the primary is slow."""
    if not primary.is_known or not primary.latencies:
        return current.threshold_ms if current else LEAST_MS
    middle, scatter = spread(primary.latencies)
    found = round(1000 * (middle + DEVIATIONS * scatter))
    found = min(max(found, LEAST_MS), MOST_MS)
    if current and abs(found - current.threshold_ms) <= MOVES_BY * current.threshold_ms:
        return current.threshold_ms
    return found
