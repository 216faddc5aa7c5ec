"""Advice about steps that never succeed, or never do anything. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from flows.advice.changes import OptionalStep, RemoveStep
from flows.advice.evidence import Advice, Evidence
from flows.replay.recorded import Recorded, RecordedRun
from tasks.outcome import Outcome

#: How often a step has ended so, on so many days, before anything is said of it.
_LEAST, _DAYS = 7, 7
_SLACK = timedelta(seconds=1)


def steps(evidence: Evidence) -> Iterator[Advice]:
    """Yield advice about the steps of which no attempt succeeded. They stay if their group has no other."""
    recorded = evidence.recorded
    ended: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    days: dict[tuple[str, str], set[int]] = defaultdict(set)
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for usage in recorded.usages:
        if usage.at >= recorded.start:
            ended[usage.group, usage.step][usage.outcome] += 1
            days[usage.group, usage.step].add(usage.at.toordinal())
            seconds[usage.group, usage.step] += usage.seconds
    for name, group in evidence.settings.groups.items():
        for place, step in enumerate(group.steps):
            found = ended[name, step.name]
            count = found.total()
            if count < _LEAST or len(days[name, step.name]) < _DAYS or found[Outcome.COMPLETED]:
                continue
            is_idle = found[Outcome.SKIPPED] == count
            if (is_idle or step.optional) and len(group.steps) > 1:
                how = "were skipped: it does nothing" if is_idle else "failed, and nothing waits for it"
                removed = (RemoveStep(name, place, step.name),)
                figures = (("minutes that it took", f"{seconds[name, step.name] / 60:,.0f}", "0"),)
                what = f"take out the step {step.name}" + ("" if is_idle else ", or repair it")
                yield Advice("step", name, what, f"all {count:,} attempts {how}", removed, figures)
            elif not step.optional and not found[Outcome.SKIPPED]:
                yield from _optional(evidence, name, place, step.name, count)


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
