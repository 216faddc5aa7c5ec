"""How often the schedule was replanned, why and when, and what to change.

A replan is a beat's decision against running a group that was due (waits, deferred, busy), a run that
failed and had to be tried again, a step's second attempt, and a step that was skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from tasks.builtin.analysis.causes import cause
from tasks.builtin.analysis.sequences import Repeated, sequences
from tasks.outcome import Outcome
from tasks.store.measurements import GroupEvent, StepUsage

_RUN = "run"
#: Nothing was to be decided.
_QUIET = ("not_due", "paused")
#: Rates are reported from so many beats on in which a group was due.
ENOUGH = 10
#: A group that was blocked in this part of the beats in which it was due is worth a change, …
OFTEN = 0.1
#: … and an hour of the day in which that is so this often, in at least so many beats.
OFTEN_IN_HOUR, LEAST_IN_HOUR = 0.25, 4
#: A step that is retried or skipped in this part of its runs is worth one as well.
OFTEN_STEP = 0.1


@dataclass(frozen=True, slots=True)
class GroupReplans:
    """What happened to one group in the beats in which it was due.

    `held` counts the beats that held it back, by decision and cause; `failed` the runs that failed.
    `by_hour` has the beats blocked by hour of the day, with those in which it was due.
    """

    group: str
    due: int
    ran: int
    failed: int
    held: Counter[tuple[str, str]]
    by_hour: dict[int, tuple[int, int]]

    @property
    def rate(self) -> float:
        """The part of the beats in which it was due that held it back, 0 to 1."""
        return self.held.total() / self.due if self.due else 0.0

    @property
    def decisions(self) -> Counter[str]:
        """How many beats held it back, by decision."""
        counts: Counter[str] = Counter()
        for (decision, _), count in self.held.items():
            counts[decision] += count
        return counts

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """Why, with the counts, most common first."""
        counts: Counter[str] = Counter()
        for (_, why), count in self.held.items():
            counts[why] += count
        return tuple(counts.most_common())


@dataclass(frozen=True, slots=True)
class StepReplans:
    """How often one step ran (first attempts), was tried again, and was skipped."""

    group: str
    step: str
    runs: int
    retries: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Replans:
    """All of it: groups and steps in order of their names, sequences the most frequent first."""

    groups: tuple[GroupReplans, ...]
    steps: tuple[StepReplans, ...]
    sequences: tuple[Repeated, ...]

    @property
    def due(self) -> int:
        """Decisions in all about groups that were due."""
        return sum(group.due for group in self.groups)

    @property
    def held(self) -> int:
        """Decisions in all against running one that was due."""
        return sum(group.held.total() for group in self.groups)

    @property
    def recommendations(self) -> list[str]:
        """What to change, the most frequent first, each with its numbers."""
        groups = sorted(self.groups, key=lambda group: group.held.total(), reverse=True)
        return [
            *(clause for group in groups for clause in _of_group(group)),
            *(clause for step in self.steps for clause in _of_step(step)),
        ]


def analyze(decisions: Iterable[GroupEvent], steps: Iterable[StepUsage], zone: tzinfo) -> Replans:
    """Given what beats decided and what steps cost, oldest first, return the replans; hours are of `zone`."""
    due = [event for event in decisions if event.decision not in _QUIET]
    by_group: dict[str, list[GroupEvent]] = {}
    for event in due:
        by_group.setdefault(event.group, []).append(event)
    by_step: dict[tuple[str, str], list[StepUsage]] = {}
    for step in steps:
        by_step.setdefault((step.group, step.step), []).append(step)
    return Replans(
        tuple(_group(group, events, zone) for group, events in sorted(by_group.items())),
        tuple(_step(group, step, found) for (group, step), found in sorted(by_step.items())),
        sequences(due),
    )


def _group(group: str, events: Sequence[GroupEvent], zone: tzinfo) -> GroupReplans:
    held = [event for event in events if event.decision != _RUN]
    by_hour: dict[int, tuple[int, int]] = {}
    for event in events:
        hour = event.at.astimezone(zone).hour
        so_far, due = by_hour.get(hour, (0, 0))
        by_hour[hour] = so_far + (event.decision != _RUN), due + 1
    runs = [event for event in events if event.decision == _RUN]
    return GroupReplans(
        group=group,
        due=len(events),
        ran=len(runs),
        failed=sum(bool(run.outcome and run.outcome.is_failure) for run in runs),
        held=Counter((event.decision, cause(event.reason) or event.decision) for event in held),
        by_hour=dict(sorted(by_hour.items())),
    )


def _step(group: str, step: str, found: Sequence[StepUsage]) -> StepReplans:
    skipped = sum(each.outcome is Outcome.SKIPPED for each in found)
    retries = sum(each.attempt > 1 for each in found)
    return StepReplans(group, step, len(found) - retries, retries, skipped)


# How a decision reads in a sentence about a group.
_STANDS = {"busy": "is busy", "deferred": "is deferred"}


def _of_group(group: GroupReplans) -> list[str]:
    clauses = []
    if group.due >= ENOUGH and group.rate >= OFTEN:
        decision, times = group.decisions.most_common(1)[0]
        of_decision = Counter({why: count for (what, why), count in group.held.items() if what == decision})
        why, count = of_decision.most_common(1)[0]
        clauses.append(
            f"{group.group} {_STANDS.get(decision, decision)} in {times / group.due:.0%} of the {group.due} "
            f"beats in which it was due, {count} times because {why}: {_remedy(decision, why)}"
        )
    for hour, (held, due) in group.by_hour.items():
        rate = held / due
        if held >= LEAST_IN_HOUR and rate >= max(OFTEN_IN_HOUR, 2 * group.rate):
            clauses.append(
                f"{group.group} is blocked in {rate:.0%} of the beats from {hour:02}:00 to {hour:02}:59 "
                f"({held} of {due}), {group.rate:.0%} over the whole day: look at what else runs then, or "
                "let it run at another time"
            )
    if group.ran >= ENOUGH and group.failed / group.ran >= OFTEN:
        clauses.append(
            f"{group.group} fails in {group.failed / group.ran:.0%} of {group.ran} runs and is tried again: "
            "give the step that fails retries of its own, or make it optional"
        )
    return clauses


def _remedy(decision: str, why: str) -> str:
    if decision == "busy":
        return "something holds the lock for longer than a beat; shorten it, or give its steps timeouts"
    if decision == "deferred" and why.endswith(("of the beat is left", "goes first")):
        return "its beats are full; give what takes long a lane of its own"
    if decision == "deferred":
        return "the machine is busy when it is due; give it another time"
    if why.endswith("is due itself"):
        return (
            "let both be due at the same times, or take that group out of `after` if it need not come before"
        )
    return "fix that group first, or take it out of `after` if it need not come before"


def _of_step(step: StepReplans) -> list[str]:
    if step.runs < ENOUGH:
        return []
    where = f"{step.group} / {step.step}"
    clauses = []
    if step.retries / step.runs >= OFTEN_STEP:
        clauses.append(
            f"{where} needs another attempt in {step.retries / step.runs:.0%} of {step.runs} runs: "
            "find out why the first one fails, or wait longer between them (retry_delay)"
        )
    if step.skipped / step.runs >= OFTEN_STEP:
        clauses.append(
            f"{where} is skipped in {step.skipped / step.runs:.0%} of {step.runs} runs: "
            "put its script where rhythm.toml says it is, or take it out"
        )
    return clauses
