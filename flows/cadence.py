"""Decides which groups a beat runs, and why the others not. Pure: no Prefect, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from flows.slots import next_beat, slot_at
from tasks.outcome import Outcome
from tasks.settings import Settings


class Decision(StrEnum):
    """What a beat decides for a group."""

    RUN = "run"
    NOT_DUE = "not_due"
    WAITS = "waits"
    PAUSED = "paused"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Run:
    """A group's run, as Prefect remembers it. `outcome` and `ended` are None while it runs."""

    started: datetime
    ended: datetime | None = None
    outcome: Outcome | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.ended - self.started).total_seconds() if self.ended else None


#: Every group's known runs, in any order. It must hold all runs of the current slot, or at least
#: as many failed ones as the group has `attempts`.
History = Mapping[str, Sequence[Run]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided for one group, and why.

    `next_due` is when it may run next, in UTC: None for a paused group. `failing` tells whether
    the reason lies in a failure, its own or one further up; `cause` is what a wait comes down to.
    `outcome` is how it ended, once it has run.
    """

    group: str
    decision: Decision
    reason: str
    next_due: datetime | None
    failing: bool = False
    outcome: Outcome | None = None
    cause: str = ""


def choose(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    *,
    earlier: Mapping[str, Choice],
    forced: bool = False,
    held_by: str | None = None,
) -> Choice:
    """Decide for the group `name` at the moment `now`.

    `earlier` holds this beat's choices for the groups before it, with the outcomes of those that
    have run. `held_by` says what else is running on this machine, if anything is.
    """
    group = settings.groups[name]
    slot = slot_at(group, now, settings.zone)
    runs = _in_slot(name, settings, history, now)

    def choice(decision: Decision, reason: str, next_due: datetime | None, failing: bool = False) -> Choice:
        return Choice(name, decision, reason, next_due, failing)

    def run(reason: str) -> Choice:
        if held_by:
            return choice(Decision.BUSY, held_by, next_beat(now))
        return choice(Decision.RUN, reason, slot.end)

    if running := next((run for run in runs if run.outcome is None), None):
        return choice(Decision.BUSY, f"running since {_clock(running, settings)}", next_beat(now))
    if forced:
        return run("forced")
    if not group.enabled:
        return choice(Decision.PAUSED, "enabled = false in rhythm.toml", None)
    if done := next((run for run in runs if run.outcome is Outcome.COMPLETED), None):
        return choice(Decision.NOT_DUE, f"ran at {_clock(done, settings)}", slot.end)
    if len(runs) >= group.attempts:
        reason = f"given up after attempt {len(runs)}, which {_ended(runs[-1], settings)}"
        return choice(Decision.NOT_DUE, reason, slot.end, failing=True)
    for dependency in group.after:
        if blocked := _gate(dependency, settings, history, now, earlier):
            waits = choice(Decision.WAITS, blocked.reason, next_beat(now), blocked.failing)
            return replace(waits, cause=blocked.cause)
    attempt = f", attempt {len(runs) + 1} of {group.attempts}" if runs else ""
    return run(f"due since {slot.start.astimezone(settings.zone):%H:%M}{attempt}")


def decide(
    settings: Settings,
    history: History,
    now: datetime,
    *,
    force: Collection[str] = (),
    held_by: str | None = None,
    would_end: Callable[[str], Outcome] = lambda name: Outcome.COMPLETED,
) -> list[Choice]:
    """Decide for all groups, in dependency order, as if each run would end as `would_end` says."""
    imagined: dict[str, Choice] = {}
    for name in settings.order:
        choice = choose(name, settings, history, now, earlier=imagined, forced=name in force, held_by=held_by)
        ran = choice.decision is Decision.RUN
        imagined[name] = replace(choice, outcome=would_end(name)) if ran else choice
    return list(imagined.values())


def after_run(choice: Choice, run: Run, settings: Settings, history: History, now: datetime) -> Choice:
    """Given the choice that led to `run`, return it with the run's outcome and when it is next due."""
    name = choice.group
    known = {**history, name: [*history.get(name, ()), run]}
    again = choose(name, settings, known, now, earlier={})
    next_due = again.next_due if again.decision is Decision.NOT_DUE else next_beat(now)
    return replace(
        choice, outcome=run.outcome, next_due=next_due, failing=run.outcome is not Outcome.COMPLETED
    )


def _gate(
    dependency: str,
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
) -> _Blocked | None:
    """Return why a group must wait for `dependency`; None if it need not.

    What counts is the dependency's latest slot: a completed run of yesterday opens nothing today.
    A paused dependency is not waited for, or its dependents would never run again.
    """
    choice = earlier.get(dependency)
    if choice and choice.outcome:
        if choice.outcome is Outcome.COMPLETED:
            return None
        return _blocked(f"{dependency} {_PAST[choice.outcome]}", failing=True)
    runs = _in_slot(dependency, settings, history, now)
    if not settings.groups[dependency].enabled or any(run.outcome is Outcome.COMPLETED for run in runs):
        return None
    if runs:
        return _blocked(f"{dependency} {_ended(runs[-1], settings)}", failing=runs[-1].outcome is not None)
    if choice and choice.cause:  # it waits itself: what for, not how many groups lie between
        return _Blocked(f"{dependency} waits ({choice.cause})", choice.failing, choice.cause)
    if choice:
        return _blocked(f"{dependency} {_STANDS[choice.decision]} ({choice.reason})", choice.failing)
    return _blocked(f"{dependency} is due itself", failing=False)


class _Blocked(NamedTuple):
    """Why a group must wait, whether for a failure, and what it comes down to."""

    reason: str
    failing: bool
    cause: str


def _blocked(reason: str, failing: bool) -> _Blocked:
    return _Blocked(reason, failing, cause=reason)


def _in_slot(name: str, settings: Settings, history: History, now: datetime) -> list[Run]:
    """Return the group's runs of the slot that `now` lies in, oldest first."""
    slot = slot_at(settings.groups[name], now, settings.zone)
    runs = (run for run in history.get(name, ()) if run.started in slot)
    return sorted(runs, key=lambda run: run.started)


def _clock(run: Run, settings: Settings) -> str:
    return f"{run.started.astimezone(settings.zone):%H:%M}"


def _ended(run: Run, settings: Settings) -> str:
    past = _PAST[run.outcome] if run.outcome else "is still running, begun"
    return f"{past} at {_clock(run, settings)}"


# How outcomes and decisions read in a sentence about a group.
_PAST = {
    Outcome.COMPLETED: "completed",
    Outcome.FAILED: "failed",
    Outcome.TIMED_OUT: "timed out",
    Outcome.SKIPPED: "was skipped",
    Outcome.CRASHED: "crashed",
    Outcome.CANCELLED: "was cancelled",
}
_STANDS = {
    Decision.RUN: "is about to run",
    Decision.NOT_DUE: "is not due",
    Decision.WAITS: "waits",
    Decision.PAUSED: "is paused",
    Decision.BUSY: "is busy",
}
