"""What went wrong with an endpoint, and from when to when: troubles close together are one incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.deviations import ENOUGH
from tasks.builtin.analysis.news import REST, News
from tasks.builtin.analysis.spikes import Detector
from tasks.store.measurements import Probe

#: A spike is at least this far above what was expected, in seconds: below it is what a scheduler costs
#: (Windows' clock ticks every 15.6 ms), …
LEAST_EXCESS = 0.020
#: … and at least this part of the usual: less is nothing that anybody would notice.
LEAST_PART = 0.5
#: Troubles at most this far apart are one incident; several times as long as probes usually are apart.
GAP = timedelta(hours=1)
#: So many failures in a row, at different moments, are trouble; fewer are bad luck. A breaker thinks so too.
FAILURES = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """A probe that was too slow, or one of a row of failures.

    `expected` is the latency that was to be expected, in seconds; None with a failure, or if a fixed
    threshold decided. `is_news` is true for a spike that is worth an alert.
    """

    probe: Probe
    expected: float | None = None
    is_news: bool = False

    @property
    def latency(self) -> float:
        """The latency of a spike, in seconds; 0 for a failure, whatever it took."""
        return (self.probe.latency or 0.0) if self.probe.ok else 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Troubles of one endpoint that lie close together, oldest first."""

    endpoint: str
    troubles: tuple[Trouble, ...]

    @property
    def start(self) -> datetime:
        """When the first trouble was seen."""
        return self.troubles[0].probe.at

    @property
    def end(self) -> datetime:
        """When the last trouble was seen."""
        return self.troubles[-1].probe.at

    @property
    def spikes(self) -> int:
        """How many answers came too late."""
        return sum(trouble.probe.ok for trouble in self.troubles)

    @property
    def failures(self) -> int:
        """How many answers did not come at all."""
        return len(self.troubles) - self.spikes

    @property
    def alert(self) -> datetime | None:
        """When it was worth an alert for the first time; None if it never was."""
        return next((trouble.probe.at for trouble in self.troubles if trouble.is_news), None)

    @property
    def worst(self) -> Trouble:
        """The slowest answer; a failure if there was none."""
        return max(self.troubles, key=lambda trouble: trouble.latency)


def has_enough(probes: Sequence[Probe]) -> bool:
    """Return whether there are enough answers for the later ones to be judged."""
    return sum(probe.ok and probe.latency is not None for probe in probes) > ENOUGH


def troubles(probes: Sequence[Probe], zone: ZoneInfo, fixed: float | None = None) -> list[Trouble]:
    """Given the probes of one endpoint, oldest first, return its spikes and rows of failures, in order.

    Answers above `fixed` (seconds) are spikes if it is given; else those that the detector finds, for
    which hours of the day are those of `zone`.
    """
    found = [*_spikes(probes, zone, fixed), *_failures(probes)]
    return sorted(found, key=lambda trouble: trouble.probe.at)


def incidents(found: Sequence[Trouble]) -> list[Incident]:
    """Given the troubles of one endpoint in order, return its incidents."""
    rows: list[list[Trouble]] = []
    for trouble in found:
        if rows and trouble.probe.at - rows[-1][-1].probe.at <= GAP:
            rows[-1].append(trouble)
        else:
            rows.append([trouble])
    return [Incident(row[0].probe.endpoint, tuple(row)) for row in rows]


def news(found: Iterable[Incident], until: datetime | None) -> list[Incident]:
    """Given incidents in order, return those to alert of: worth it, and none within `REST` before.

    `until` is the time of the last alert. A later look at the same past may find that an incident began
    later than first thought; it is no news then either.
    """
    fresh = []
    for incident in found:
        if incident.alert and (until is None or incident.alert - until >= REST):
            fresh.append(incident)
            until = incident.alert
    return fresh


def _spikes(probes: Sequence[Probe], zone: ZoneInfo, fixed: float | None) -> Iterator[Trouble]:
    detector, chosen = Detector(least=LEAST_EXCESS, least_part=LEAST_PART), News()
    for probe in probes:
        if not probe.ok or probe.latency is None:
            continue
        if fixed is not None:
            if probe.latency > fixed:
                yield Trouble(probe, is_news=chosen.is_news(probe.at, probe.latency))
            continue
        verdict = detector.judge(probe.at.astimezone(zone), probe.latency)
        # A mean of hours stays too high for a while: what is as fast as ever then is no trouble.
        if verdict.is_spike and probe.latency - verdict.expected >= LEAST_EXCESS:
            yield Trouble(probe, verdict.expected, chosen.is_news(probe.at, verdict.strength))


def _failures(probes: Sequence[Probe]) -> Iterator[Trouble]:
    for ok, row in groupby(probes, key=lambda probe: probe.ok):
        failed = [] if ok else list(row)
        if len({probe.at for probe in failed}) >= FAILURES:
            yield from map(Trouble, failed)
