"""What comes after what within a group, and how its run ends. Pure: no Prefect, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.decisions.slots import slot_at
from tasks.outcome import Outcome, StepResult
from tasks.settings.calendar.calendar import Calendar
from tasks.settings.calendar.days import Days
from tasks.settings.calendar.period import Period
from tasks.settings.groups import GroupSettings

#: What is reported of a step that its own calendar leaves out.
NOT_TODAY = "not today"


@dataclass(frozen=True, slots=True)
class GroupRun:
    """How a group's run ended: its steps in order, the ones that were not reached included."""

    outcome: Outcome
    seconds: float
    steps: tuple[StepResult, ...]
    message: str = ""
    has_warning: bool = False
    """Whether it is completed, and a step warns of something."""

    @property
    def fault(self) -> str:
        """Which steps failed or warn, and why; empty if all is well."""
        return self.message if self.outcome.is_failure or self.has_warning else ""


def not_run(
    group: GroupSettings,
    results: Sequence[StepResult],
    only: Collection[str] = (),
    not_today: Collection[str] = (),
) -> StepResult | None:
    """Return the result of the next step if it may not run, given those of all before it; else None.

    It may not after a cancelled step, nor after a failed one where `on_failure` is "stop"; nor if it is none
    of the steps that `only` has, if that has any, or one of those that are `not_today`.
    """
    step = group.steps[len(results)]
    if only and step.name not in only:
        return StepResult(step.name, Outcome.SKIPPED, 0.0, "not part of this run")
    stopping = (
        result
        for result in _failures(group, results)
        if result.outcome is Outcome.CANCELLED or group.on_failure == "stop"
    )
    if (last := next(stopping, None)) is None:
        return StepResult(step.name, Outcome.SKIPPED, 0.0, NOT_TODAY) if step.name in not_today else None
    return StepResult(step.name, Outcome.SKIPPED, 0.0, f"not run: {last.name} {last.outcome}")


def not_today(group: GroupSettings, now: datetime, zone: ZoneInfo, completed: datetime | None) -> set[str]:
    """Return the names of the steps that their own calendar leaves out of a run at `now`.

    `completed` is when the group's last completed run of an earlier slot began; None if there is none. A step
    with `every` is due as long as its own slot is newer than that: what a failure or a gap kept from running
    is made up. `zone` is for a group without its own.
    """
    zone = group.zone or zone
    start = slot_at(group, now, zone).start

    def is_due(days: Days | None, every: Period | None) -> bool:
        if days and not days.includes(start.astimezone(zone).date()):
            return False
        if every is None or completed is None:
            return True
        return completed < Calendar(every, start=group.start).slot_at(start, zone).start

    return {step.name for step in group.steps if not is_due(step.days, step.every)}


def concluded(group: GroupSettings, results: Sequence[StepResult], seconds: float) -> GroupRun:
    """Return how a run of `seconds` ended, given the results of all its steps.

    If there was nothing to run for any of those of today, the group was skipped, and its slot is not used up;
    if none is of today, it completes. The message has the reasons of the steps that failed; if none did, of
    those that warn; else of all that were part of the run.
    """
    failures = list(_failures(group, results))
    outcome = Outcome.COMPLETED
    due = [result for result in results if result.message != NOT_TODAY]
    if due and all(result.did_nothing for result in due):
        outcome = Outcome.SKIPPED
    if failures:
        outcome = Outcome.CANCELLED if failures[-1].outcome is Outcome.CANCELLED else Outcome.FAILED
    warned = [result for result in results if result.has_warning]
    reported = failures or warned or [result for result in results if result.was_reached] or results
    message = "; ".join(f"{result.name}: {result.reason or result.outcome}" for result in reported)
    has_warning = outcome is Outcome.COMPLETED and bool(warned)
    return GroupRun(outcome, seconds, tuple(results), message, has_warning)


def _failures(group: GroupSettings, results: Sequence[StepResult]) -> Iterator[StepResult]:
    """Yield the results that count against the group: an optional step counts only if it was cancelled."""
    for step, result in zip(group.steps, results, strict=False):
        is_cancelled = result.outcome is Outcome.CANCELLED
        if is_cancelled or (result.outcome.is_failure and not step.optional):
            yield result
