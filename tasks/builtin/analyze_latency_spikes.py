"""Finds the answers that took far longer than their endpoint's usual ones, and when they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tasks.analysis.spikes import ENOUGH, EndpointSpikes, spikes
from tasks.arguments import positive
from tasks.builtin.contract import Context, Parser
from tasks.outcome import StepFailedError
from tasks.settings import Settings
from tasks.store import StoreError, store_of

_LONGEST_HOURS = 90 * 24  # as long as measurements are kept
_LONGEST_THRESHOLD = 3_600_000.0  # ms


@dataclass(frozen=True, slots=True)
class SpikesReport:
    """The spikes of each endpoint that was asked in the last `hours`, by name."""

    hours: float
    endpoints: tuple[EndpointSpikes, ...]

    @property
    def summary(self) -> str:
        """One line: how many spikes where, or why nothing can be said."""
        if not self.endpoints:
            return f"no endpoint was asked in the last {self.hours:g} h"
        told = [each for each in self.endpoints if each.threshold is not None]
        if not told:
            return f"too little data: no endpoint has {ENOUGH} answers in the last {self.hours:g} h"
        found = [f"{each.endpoint} {len(each.spikes)}" for each in told if each.spikes]
        spiky = (
            f"{sum(len(each.spikes) for each in told)} spikes ({', '.join(found)})" if found else "no spikes"
        )
        few = len(self.endpoints) - len(told)
        rest = f"; too little data for {few} more" if few else ""
        return f"{spiky} in the last {self.hours:g} h at {len(told)} endpoints{rest}"


def analyze(
    settings: Settings, now: datetime, *, hours: float, threshold: float | None = None
) -> SpikesReport:
    """Look for spikes in the stored probes of the last `hours`; `threshold` is in seconds.

    Raises:
        StoreError: the probes cannot be read.
    """
    with store_of(settings) as store:
        probes = store.probes(None, now.astimezone(UTC) - timedelta(hours=hours))
    names = sorted({probe.endpoint for probe in probes})
    return SpikesReport(
        hours,
        tuple(
            spikes(name, [probe for probe in probes if probe.endpoint == name], settings.zone, threshold)
            for name in names
        ),
    )


def main(argv: Sequence[str], context: Context) -> str:
    """Analyze and tell. Spikes are warnings: they are over when they are found."""
    parser = Parser("analyze_latency_spikes", "Finds answers that took far longer than usual.")
    parser.add_argument("--hours", type=positive(_LONGEST_HOURS), default=24.0, help="how far back (24)")
    parser.add_argument(
        "--threshold",
        type=positive(_LONGEST_THRESHOLD),
        metavar="MS",
        help="what is a spike, in milliseconds, instead of far above the median",
    )
    options = parser.parse_args(argv)
    threshold = None if options.threshold is None else options.threshold / 1000

    try:
        report = analyze(context.settings, context.now(), hours=options.hours, threshold=threshold)
    except StoreError as error:
        raise StepFailedError(f"past latencies could not be read: {error}") from error
    for each in report.endpoints:
        (context.log.warning if each.spikes else context.log.info)(
            "%s", describe(each, context.settings.zone)
        )
    return report.summary


def describe(found: EndpointSpikes, zone: ZoneInfo) -> str:
    """Return one line about an endpoint: how many spikes, the worst, and the hours they fall into."""
    if found.median is None or found.threshold is None:
        return f"{found.endpoint}: too little data ({found.count} answers, {ENOUGH} are needed)"
    usual = f"of {found.count} answers (median {_ms(found.median)}, threshold {_ms(found.threshold)})"
    if found.worst is None or found.worst.latency is None:
        return f"{found.endpoint}: no spikes {usual}"
    hours = ", ".join(f"{hour:02}h {count}" for hour, count in found.by_hour.items())
    worst = f"worst {_ms(found.worst.latency)} on {found.worst.at.astimezone(zone):%Y-%m-%d at %H:%M}"
    return f"{found.endpoint}: {len(found.spikes)} spikes {usual}, {worst}; by hour: {hours}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
