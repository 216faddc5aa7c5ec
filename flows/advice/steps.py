"""Advice about steps that never succeed, or never do anything. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from flows.advice.changes import OptionalStep, RemoveStep, SetKey
from flows.advice.evidence import Advice, Evidence
from flows.replay.recorded import Recorded, RecordedRun
from tasks.outcome import Outcome
from tasks.settings.steps import StepSettings

#: How often a step has ended so, on so many days, before anything is said of it.
_LEAST, _DAYS = 7, 7
_SLACK = timedelta(seconds=1)


def steps(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice about the steps of which no attempt succeeded. They stay if their group has no other.

    A group of which no step ever succeeds is one to pause: what comes after it does not wait for it then.
    """
    recorded = evidence.recorded
    ended: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    days: dict[tuple[str, str], set[int]] = defaultdict(set)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for usage in recorded.usages:
        if usage.at >= recorded.start:
            ended[usage.group, usage.step][usage.outcome] += 1
            days[usage.group, usage.step].add(usage.at.toordinal())
            seconds[usage.group, usage.step] += usage.seconds

    def never_succeeds(name: str, step: StepSettings) -> bool:
        found = ended[name, step.name]
        has_enough = found.total() >= _LEAST and len(days[name, step.name]) >= _DAYS
        return has_enough and not found[Outcome.COMPLETED]

    def fails(name: str, step: StepSettings) -> bool:
        return not step.optional and not ended[name, step.name][Outcome.SKIPPED]

    for name, group in evidence.settings.groups.items():
        if not group.enabled:
            continue
        if all(never_succeeds(name, s) for s in group.steps) and any(fails(name, s) for s in group.steps):
            yield from _paused(evidence, name)
            continue
        for place, step in enumerate(group.steps):
            found = ended[name, step.name]
            count = found.total()
            if not never_succeeds(name, step):
                continue
            is_idle = found[Outcome.SKIPPED] == count
            if (is_idle or step.optional) and len(group.steps) > 1:
                how = "were skipped: it does nothing" if is_idle else "failed, and nothing waits for it"
                removed = (RemoveStep(name, place, step.name),)
                figures = (("minutes that it took", f"{seconds[name, step.name] / 60:,.0f}", "0"),)
                what = f"take out the step {step.name}" + ("" if is_idle else ", or repair it")
                yield Advice("step", name, what, f"all {count:,} attempts {how}", removed, figures)
            elif fails(name, step):
                yield from _optional(evidence, name, place, step.name, count)


def _paused(evidence: Evidence, name: str) -> Iterator[Advice]:
    """Yield the advice to pause a group of which no step ever succeeds."""
    changes = (SetKey(name, "enabled", False),)
    now, then = evidence.now, evidence.under(changes)
    if then is None or then.failed >= now.failed:
        return
    figures = (
        ("failed runs", f"{now.failed:,}", f"{then.failed:,}"),
        ("others' slots late or lost", f"{now.late(name):,}", f"{then.late(name):,}"),
    )
    yield Advice("group", name, "pause it, or repair its steps", "no step ever succeeded", changes, figures)


def _optional(evidence: Evidence, name: str, place: int, step: str, count: int) -> Iterator[Advice]:
    """Yield the advice to let a group complete though this step fails, if that is what fails it."""
    changes = (OptionalStep(name, place, step),)
    recorded = _completing(evidence.recorded, name, step)
    now, then = evidence.now, evidence.under(changes, recorded)
    if then is None or then.failed >= now.failed:
        return
    figures = (
        ("failed runs", f"{now.failed:,}", f"{then.failed:,}"),
        ("slots late or lost", f"{now.late():,}", f"{then.late():,}"),
    )
    why = f"none of {count:,} attempts at {step} succeeded, and each failed the group"
    yield Advice(
        "step", name, f"make the step {step} optional, or repair it", why, changes, figures, recorded
    )


def _completing(recorded: Recorded, group: str, step: str) -> Recorded:
    """Return the record as if the group's runs had completed in which nothing else failed than this step."""
    others = [
        usage.at
        for usage in recorded.usages
        if usage.group == group and usage.step != step and usage.outcome.is_failure
    ]

    def is_well(run: RecordedRun) -> bool:
        return bisect_left(others, run.began - _SLACK) == bisect_right(others, run.ended)

    runs = [
        replace(run, outcome=Outcome.COMPLETED)
        if run.group == group and run.outcome is Outcome.FAILED and is_well(run)
        else run
        for run in recorded.runs
    ]
    return replace(recorded, runs=runs)
