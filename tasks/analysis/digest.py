"""What many events, probes and samples come to: one line a group, a service, a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from tasks.measurements import GroupEvent, Probe, Sample
from tasks.outcome import Outcome

_RUN = "run"
_NOT_DUE = "not_due"  # no event: nothing was to be done


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """What happened to one group.

    `waits` counts the times a beat held it back, for whatever reason; `reason` is the most common one.
    The seconds are those of runs that ended, None if there are none.
    """

    group: str
    runs: int
    completed: int
    failed: int
    waits: int
    reason: str
    mean_seconds: float | None
    longest_seconds: float | None
    last_failure: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceDigest:
    """How one endpoint answered; `availability` is 0 to 1, `mean_latency` in seconds, None without any."""

    endpoint: str
    asked: int
    availability: float
    mean_latency: float | None
    latest: Probe


@dataclass(frozen=True, slots=True)
class FigureDigest:
    """Mean, highest and latest value of one figure of the machine, in percent."""

    what: str
    mean: float
    highest: float
    latest: float


def groups_digest(events: Iterable[GroupEvent], groups: Sequence[str]) -> tuple[GroupDigest, ...]:
    """Given events, return one digest for each of `groups`, then for any others that had events."""
    happened: dict[str, list[GroupEvent]] = {group: [] for group in groups}
    for event in events:
        happened.setdefault(event.group, []).append(event)
    return tuple(_group_digest(group, found) for group, found in happened.items())


def services_digest(probes: Iterable[Probe]) -> tuple[ServiceDigest, ...]:
    """Given probes, oldest first, return one digest an endpoint, by name."""
    by_endpoint: dict[str, list[Probe]] = {}
    for probe in probes:
        by_endpoint.setdefault(probe.endpoint, []).append(probe)
    return tuple(_service_digest(name, found) for name, found in sorted(by_endpoint.items()))


def figure_digest(what: str, samples: Sequence[Sample]) -> FigureDigest | None:
    """Given the samples of one name, oldest first, return their digest; None if there are none."""
    values = [sample.value for sample in samples]
    return FigureDigest(what, fmean(values), max(values), values[-1]) if values else None


def _group_digest(group: str, events: Sequence[GroupEvent]) -> GroupDigest:
    runs = [event for event in events if event.decision == _RUN]
    failures = [run.at for run in runs if run.outcome is not None and run.outcome.is_failure]
    waits = [event for event in events if event.decision not in (_RUN, _NOT_DUE)]
    reasons = Counter(event.reason or event.decision for event in waits).most_common(1)
    seconds = [run.seconds for run in runs if run.seconds is not None]
    return GroupDigest(
        group=group,
        runs=len(runs),
        completed=sum(run.outcome is Outcome.COMPLETED for run in runs),
        failed=len(failures),
        waits=len(waits),
        reason=reasons[0][0] if reasons else "",
        mean_seconds=fmean(seconds) if seconds else None,
        longest_seconds=max(seconds, default=None),
        last_failure=max(failures, default=None),
    )


def _service_digest(endpoint: str, probes: Sequence[Probe]) -> ServiceDigest:
    latencies = [probe.latency for probe in probes if probe.ok and probe.latency is not None]
    return ServiceDigest(
        endpoint=endpoint,
        asked=len(probes),
        availability=sum(probe.ok for probe in probes) / len(probes),
        mean_latency=fmean(latencies) if latencies else None,
        latest=probes[-1],
    )
