"""What many events, probes and samples come to: one line a group, a service, a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median

from tasks.builtin.analysis.causes import cause
from tasks.builtin.analysis.percentiles import percentile
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, Probe, Sample, StepUsage, Transition

_RUN = "run"
_OPEN, _CLOSED = "open", "closed"
_NOT_DUE = "not_due"  # no event: nothing was to be done


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """What happened to one group; a run that is not over does not count.

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
    last_fault: str = ""
    """What went wrong in the last run that failed, or if none did, that warns."""
    warned: int = 0


@dataclass(frozen=True, slots=True)
class ServiceDigest:
    """How one endpoint answered; `availability` is 0 to 1, latencies in seconds, None without any.

    `breaker` is the state of its circuit breaker now, `opened` how often that has opened.
    """

    endpoint: str
    asked: int
    availability: float
    mean_latency: float | None
    p95: float | None
    latest: Probe
    breaker: str
    opened: int


@dataclass(frozen=True, slots=True)
class StepDigest:
    """What one step of a group cost: seconds, CPU seconds in all, and bytes of memory at the most.

    `retries` counts the attempts after the first; `usual_seconds` is the median of the days before, None
    without any.
    """

    group: str
    step: str
    runs: int
    failed: int
    retries: int
    mean_seconds: float
    longest_seconds: float
    cpu_seconds: float
    peak_memory: int
    usual_seconds: float | None


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


def services_digest(
    probes: Iterable[Probe], transitions: Sequence[Transition] = (), last: Mapping[str, Transition] = {}
) -> tuple[ServiceDigest, ...]:
    """Given probes, oldest first, return one digest an endpoint, by name.

    `transitions` are those of the same hours, `last` the latest of each endpoint ever.
    """
    by_endpoint: dict[str, list[Probe]] = {}
    for probe in probes:
        by_endpoint.setdefault(probe.endpoint, []).append(probe)
    opened = Counter(each.endpoint for each in transitions if each.after == _OPEN)
    return tuple(
        _service_digest(name, found, last[name].after if name in last else _CLOSED, opened[name])
        for name, found in sorted(by_endpoint.items())
    )


def steps_digest(steps: Iterable[StepUsage], since: datetime) -> tuple[StepDigest, ...]:
    """Given what steps cost, return one digest for each that ran from `since` on, longest in all first.

    What is older shows what is usual.
    """
    now: dict[tuple[str, str], list[StepUsage]] = {}
    before: dict[tuple[str, str], list[float]] = {}
    for step in steps:
        if step.outcome is Outcome.SKIPPED:
            continue
        if step.at >= since:
            now.setdefault((step.group, step.step), []).append(step)
        else:
            before.setdefault((step.group, step.step), []).append(step.seconds)
    digests = [_step_digest(found, before.get(key, [])) for key, found in now.items()]
    return tuple(sorted(digests, key=lambda each: each.runs * each.mean_seconds, reverse=True))


def figure_digest(what: str, samples: Sequence[Sample]) -> FigureDigest | None:
    """Given the samples of one name, oldest first, return their digest; None if there are none."""
    values = [sample.value for sample in samples]
    return FigureDigest(what, fmean(values), max(values), values[-1]) if values else None


def _group_digest(group: str, events: Sequence[GroupEvent]) -> GroupDigest:
    runs = [event for event in events if event.decision == _RUN and event.outcome is not None]
    failures = [run.at for run in runs if run.outcome and run.outcome.is_failure]
    faults = [run.fault for run in runs if run.outcome and run.outcome.is_failure]
    warnings = [run.fault for run in runs if run.has_warning]
    waits = [event for event in events if event.decision not in (_RUN, _NOT_DUE)]
    reasons = Counter(cause(event.reason) or event.decision for event in waits).most_common(1)
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
        last_fault=next(reversed([*warnings, *faults]), ""),
        warned=len(warnings),
    )


def _step_digest(steps: Sequence[StepUsage], before: Sequence[float]) -> StepDigest:
    seconds = [step.seconds for step in steps]
    return StepDigest(
        group=steps[0].group,
        step=steps[0].step,
        runs=len(steps),
        failed=sum(step.outcome.is_failure for step in steps),
        retries=sum(step.attempt > 1 for step in steps),
        mean_seconds=fmean(seconds),
        longest_seconds=max(seconds),
        cpu_seconds=sum(step.cpu_seconds or 0.0 for step in steps),
        peak_memory=max(step.peak_memory or 0 for step in steps),
        usual_seconds=median(before) if before else None,
    )


def _service_digest(endpoint: str, probes: Sequence[Probe], breaker: str, opened: int) -> ServiceDigest:
    latencies = [probe.latency for probe in probes if probe.ok and probe.latency is not None]
    return ServiceDigest(
        endpoint=endpoint,
        asked=len(probes),
        availability=sum(probe.ok for probe in probes) / len(probes),
        mean_latency=fmean(latencies) if latencies else None,
        p95=percentile(latencies, 0.95) if latencies else None,
        latest=probes[-1],
        breaker=breaker,
        opened=opened,
    )
