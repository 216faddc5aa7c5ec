"""Which latencies stand out from the others of their endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from zoneinfo import ZoneInfo

from tasks.measurements import Probe

#: With fewer successful probes than this a median and a spread say little.
ENOUGH = 30
#: Deviations above the median that make a spike. For data that scatter evenly the convention is 3.5
#: (Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993). Latencies have a long upper tail: of
#: healthy log-normal ones (sigma 0.5) 3.5 would flag 2.3 %, several a day, and 6 flags 0.3 %.
DEVIATIONS = 6.0
#: Makes the median absolute deviation an estimate of the standard deviation (of normal data).
CONSISTENT = 1.4826
#: A spike is at least this far above the median, in seconds: below it is what a scheduler costs
#: (Windows' clock ticks every 15.6 ms), …
LEAST_EXCESS = 0.020
#: … and at least this part of the median: less is nothing that anybody would notice.
LEAST_PART = 0.5


@dataclass(frozen=True, slots=True)
class EndpointSpikes:
    """The spikes among the successful probes of one endpoint. Seconds throughout.

    `median` and `threshold` are None if there were too few probes to tell; then there are no spikes.
    `by_hour` counts the spikes by hour of the day (0 to 23).
    """

    endpoint: str
    count: int
    median: float | None
    threshold: float | None
    spikes: tuple[Probe, ...]
    by_hour: dict[int, int]

    @property
    def worst(self) -> Probe | None:
        """The spike with the longest latency."""
        return max(self.spikes, key=_latency, default=None)


def threshold_of(latencies: Sequence[float]) -> float:
    """Given latencies in seconds, return above which one is a spike; robust against the spikes themselves.

    It is median + 6 × 1.4826 × MAD (the median absolute deviation from the median), and never closer to
    the median than `LEAST_EXCESS` and `LEAST_PART` allow, so that a constant series has no spikes.
    """
    middle = median(latencies)
    deviation = median(abs(latency - middle) for latency in latencies)
    return middle + max(DEVIATIONS * CONSISTENT * deviation, LEAST_EXCESS, LEAST_PART * middle)


def spikes(
    endpoint: str, probes: Sequence[Probe], zone: ZoneInfo, fixed: float | None = None
) -> EndpointSpikes:
    """Given the probes of one endpoint, return those whose latency is above the threshold.

    The threshold is `fixed` (seconds) if given, whatever the number of probes; else that of
    `threshold_of`, if there are `ENOUGH` successful probes. Hours are those of `zone`.
    """
    answered = [probe for probe in probes if probe.ok and probe.latency is not None]
    latencies = [_latency(probe) for probe in answered]
    if not latencies or (fixed is None and len(latencies) < ENOUGH):
        return EndpointSpikes(endpoint, len(latencies), None, None, (), {})
    threshold = threshold_of(latencies) if fixed is None else fixed
    found = tuple(probe for probe in answered if _latency(probe) > threshold)
    by_hour = Counter(probe.at.astimezone(zone).hour for probe in found)
    return EndpointSpikes(
        endpoint, len(latencies), median(latencies), threshold, found, dict(sorted(by_hour.items()))
    )


def _latency(probe: Probe) -> float:
    return probe.latency or 0.0
