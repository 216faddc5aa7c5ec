"""Registrations that run the same thing become one job. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from deployments.adopt import paths
from deployments.adopt.job import Difference, Job
from deployments.adopt.schedules.frequency import in_words


@dataclass(slots=True)
class Merged:
    """The jobs that are left, and each that went into another one, with that one's name."""

    jobs: list[Job] = field(default_factory=list)
    twins: list[tuple[Job, str]] = field(default_factory=list)


def merge(jobs: Iterable[Job]) -> Merged:
    """Return the jobs with those made one that run the same script with the same arguments.

    The first is kept, with the triggers of all. Disabled jobs are left as they are: what ran was
    the other one.
    """
    merged = Merged()
    places: dict[tuple[str, ...], int] = {}
    for job in jobs:
        key = _key(job)
        if not key or not job.enabled or key not in places:
            if key and job.enabled:
                places[key] = len(merged.jobs)
            merged.jobs.append(job)
            continue
        first = merged.jobs[places[key]]
        merged.jobs[places[key]] = _one(first, job)
        merged.twins.append((job, first.name))
    return merged


def _key(job: Job) -> tuple[str, ...]:
    """Return what two jobs have in common that run the same thing; nothing if that is not known."""
    if job.script is None and not job.through:
        return ()
    script = paths.same(job.script) if job.script else ""
    return (*(paths.same(word) for word in job.through), script, *job.args)


def _one(first: Job, other: Job) -> Job:
    triggers = (*first.triggers, *(trigger for trigger in other.triggers if trigger not in first.triggers))
    difference = Difference(
        f"it was registered twice: also as {other.name} ({other.source}), {in_words(other.triggers)}",
        "It runs once; take both of the old tasks out of service.",
    )
    return replace(first, triggers=triggers, differences=(*first.differences, difference))
