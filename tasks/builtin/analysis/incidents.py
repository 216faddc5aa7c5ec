"""What went wrong with an endpoint, and from when to when: troubles close together are one incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tasks.builtin.analysis.spikes import ENOUGH, QUIET, Detector
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
    threshold decided.
    """

    probe: Probe
    expected: float | None = None

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
    """Given incidents in order, return those worth an alert: with spikes, and after `QUIET` without trouble.

    `until` is the time of the last trouble that has been reported. A later look at the same past may find
    that an incident began later than first thought; it is no news then either.
    """
    fresh = []
    for incident in found:
        if incident.spikes and (until is None or incident.start - until >= QUIET):
            fresh.append(incident)
        until = max(until or incident.end, incident.end)
    return fresh


def _spikes(probes: Sequence[Probe], zone: ZoneInfo, fixed: float | None) -> Iterator[Trouble]:
    detector = Detector(least=LEAST_EXCESS, least_part=LEAST_PART)
    for probe in probes:
        if not probe.ok or probe.latency is None:
            continue
        if fixed is not None:
            if probe.latency > fixed:
                yield Trouble(probe)
            continue
        verdict = detector.judge(probe.at.astimezone(zone), probe.latency)
        if verdict.is_spike and probe.latency > verdict.expected:
            yield Trouble(probe, verdict.expected)


def _failures(probes: Sequence[Probe]) -> Iterator[Trouble]:
    for ok, row in groupby(probes, key=lambda probe: probe.ok):
        failed = [] if ok else list(row)
        if len({probe.at for probe in failed}) >= FAILURES:
            yield from map(Trouble, failed)
