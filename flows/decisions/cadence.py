"""Decides which groups a beat runs, and why the others not. Pure: no Prefect, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from flows.decisions.choice import Choice, Decision
from flows.decisions.due import off, rests
from flows.decisions.group_runs import PAST, Run, in_words, last_of, next_attempt, under_way
from flows.decisions.pacing import lateness, pace
from flows.decisions.situation import Situation
from flows.decisions.slots import next_beat
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings


def choose(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Choice:
    """Decide for the group `name`.

    `earlier` holds this beat's choices for the groups before it, with the outcomes of those that have run.
    """
    choice = choose_alone(name, situation, earlier)
    if choice.decision is not Decision.RUN:
        return choice
    reason = situation.held_by if choice.lane == MAIN else lane_taken(name, situation, earlier)
    if not reason:
        return choice
    return replace(choice, decision=Decision.BUSY, reason=reason, next_due=next_beat(situation.now))


def choose_alone(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Choice:
    """Decide for the group `name` as `choose` does, as if nothing else were running."""
    settings, now, clock = situation.settings, situation.now, situation.clock
    group = settings.groups[name]
    slot = situation.slot(name)
    runs = situation.runs(name)

    def choice(
        decision: Decision, reason: str, next_due: datetime | None, failing: bool = False, cause: str = ""
    ) -> Choice:
        return Choice(name, decision, reason, next_due, failing, cause=cause, lane=group.lane)

    if running := under_way(name, situation.history):
        state = "running" if running.has_begun else "waiting for a worker"
        return choice(Decision.BUSY, f"{state} since {clock(running.started)}", next_beat(now))
    if name in situation.force:
        return choice(Decision.RUN, "forced", slot.end)
    if rest := rests(name, situation):
        return choice(rest.decision, rest.reason, rest.until, rest.failing)
    last = last_of(name, situation.history)
    if last and group.lane != MAIN and (again := next_attempt(last, now)):
        reason = f"{in_words(last, settings, now)}, and is tried again at the next beat"
        return choice(Decision.WAITS, reason, again, failing=True)
    for dependency in group.after:
        if blocked := gate(dependency, situation, earlier):
            return choice(
                Decision.WAITS, blocked.reason, next_beat(now), blocked.failing, cause=blocked.cause
            )
    if wait := pace(name, situation, earlier):
        return choice(Decision.DEFERRED, wait.reason, next_beat(now))
    # With a slot as short as a beat, or at its end, the next run is the first one of another slot.
    is_another = runs and next_beat(runs[-1].started) < slot.end
    attempt = f", attempt {len(runs) + 1} of {group.attempts}" if is_another else ""
    reason = f"due since {clock(slot.start)}{attempt}{lateness(name, situation)}"
    return choice(Decision.RUN, reason, slot.end)


def run_order(
    current: Callable[[], Situation], earlier: Mapping[str, Choice], names: Sequence[str] | None = None
) -> Iterator[Choice]:
    """Yield a choice for every group, each made only when it is asked for, and in dependency order.

    Or only for the groups `names`, which are in that order as well.

    Whoever runs the groups, or only imagines that, meanwhile puts each choice into `earlier`, with its
    outcome if the group has run: what comes after it is decided by that. Each choice is made by the situation
    that is `current` then: a beat learns what the load is when the first choice that rests on it is next.

    What can be started in other lanes comes first, and has not to wait for `main`; of these, one that was
    busy for another's sake, which did not begin after all, may be chosen for a second time at the end. Unless
    they are `apart`, groups of other lanes, and those that come after one, are the last: they may take hours.
    """

    def chosen(name: str) -> Choice:
        return choose(name, current(), earlier)

    situation = current()
    settings = situation.settings
    order = settings.order if names is None else names
    if not situation.apart:
        yield from map(chosen, _main_first(settings, order))
        return
    others = [name for name in order if settings.groups[name].lane != MAIN]
    yield from (choice for choice in map(chosen, others) if choice.decision is Decision.RUN)
    yield from (chosen(name) for name in order if name not in earlier)
    busy = [name for name in others if earlier[name].decision is Decision.BUSY]
    yield from (choice for choice in map(chosen, busy) if choice.decision is Decision.RUN)


def decide(
    situation: Situation,
    *,
    would_end: Callable[[str], Outcome] = lambda name: Outcome.COMPLETED,
    names: Sequence[str] | None = None,
) -> list[Choice]:
    """Decide for all groups, or for `names`, in dependency order, as if each would end as `would_end` says.

    How those would end that are only started in another lane is not imagined: the others do not wait for it.
    """
    imagined: dict[str, Choice] = {}
    order = situation.settings.order if names is None else names
    for choice in run_order(lambda: situation, imagined, order):
        ran = choice.decision is Decision.RUN and not (situation.apart and choice.is_started)
        imagined[choice.group] = as_if_run(choice, situation, would_end) if ran else choice
    return [imagined[name] for name in order]


def as_if_run(choice: Choice, situation: Situation, would_end: Callable[[str], Outcome]) -> Choice:
    """Return the choice of a group as if it had run, for as long as it is expected to."""
    expected = situation.load.durations.get(choice.group)
    return replace(choice, outcome=would_end(choice.group), seconds=expected.seconds if expected else None)


def likely_outcome(runs: Sequence[Run]) -> Outcome:
    """Return how a group's next run is expected to end: as its last of this slot, else well.

    A group that has failed in its slot is not expected to complete, so its dependents wait.
    """
    ended = [(run.started, run.outcome) for run in runs if run.outcome]
    return max(ended)[1] if ended else Outcome.COMPLETED


def after_run(choice: Choice, run: Run, situation: Situation) -> Choice:
    """Given the choice that led to `run`, return it with the run's outcome and when it is next due.

    The situation is the one at the run's end, without the run.
    """
    name = choice.group
    again = choose(name, situation.with_run(name, run), earlier={})
    is_known = again.decision in (Decision.NOT_DUE, Decision.PAUSED)
    next_due = again.next_due if is_known else next_beat(situation.now)
    return replace(
        choice,
        outcome=run.outcome,
        next_due=next_due,
        failing=run.outcome is not Outcome.COMPLETED,
        seconds=run.seconds,
    )


def _main_first(settings: Settings, order: Sequence[str]) -> list[str]:
    """Return groups in dependency order, those last that wait for another lane or are in one."""
    late: set[str] = set()
    for name in settings.order:
        group = settings.groups[name]
        if group.lane != MAIN or late.intersection(group.after):
            late.add(name)
    return sorted(order, key=late.__contains__)


def lane_taken(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> str:
    """Return what keeps the group from its lane: another one that runs, or goes first; "" if nothing does.

    Of several that could, the one goes first that has not run for the longest: so none waits for more than
    one run of each other.
    """
    settings, history = situation.settings, situation.history
    lane = settings.groups[name].lane
    others = [other for other in settings.in_lane(lane) if other != name]
    for other in others:
        if running := under_way(other, history):
            return f"{other} {in_words(running, settings, situation.now)}, in the lane {lane}"
    if not situation.apart:
        return ""
    for other in others:
        if other in earlier and earlier[other].is_started:
            return f"{other} has just been started in the lane {lane}"

    def rank(other: str) -> tuple[bool, datetime]:
        last = last_of(other, history)
        return other not in situation.force, last.started if last else _NEVER

    def may_still_begin(other: str) -> bool:
        return other not in earlier or earlier[other].decision is Decision.BUSY

    rivals = [other for other in others if may_still_begin(other) and rank(other) < rank(name)]
    hoped = _hoped(situation, earlier) if rivals else {}
    for other in rivals:
        if choose_alone(other, situation, hoped).decision is Decision.RUN:
            return f"{other} goes first in the lane {lane}"
    return ""


def _hoped(situation: Situation, earlier: Mapping[str, Choice]) -> dict[str, Choice]:
    """Return this beat's choices as if all that it has still to run in `main` would complete.

    Else a group that comes after one of `main` would be passed by again and again, while that runs.
    """
    hoped = dict(earlier)
    for name in situation.settings.order:
        if situation.settings.groups[name].lane == MAIN and name not in hoped:
            choice = choose_alone(name, situation, hoped)
            runs = choice.decision is Decision.RUN
            hoped[name] = replace(choice, outcome=Outcome.COMPLETED) if runs else choice
    return hoped


def gate(dependency: str, situation: Situation, earlier: Mapping[str, Choice]) -> Blocked | None:
    """Return why a group must wait for `dependency`; None if it need not.

    What counts is the dependency's latest slot: a completed run of yesterday opens nothing today.
    A paused dependency is not waited for, or its dependents would never run again; nor is one whose slot is
    left out, or that its calendar keeps from running in this slot.
    """
    settings, now = situation.settings, situation.now
    choice = earlier.get(dependency)
    if choice and choice.outcome:
        if choice.outcome is Outcome.COMPLETED:
            return None
        return _blocked(f"{dependency} {PAST[choice.outcome]}", failing=True)
    is_kept = not settings.groups[dependency].enabled or situation.holds.keeps(dependency, now)
    if is_kept and not (choice and choice.is_started):
        return None
    if choice and choice.is_started:
        return _blocked(f"{dependency} has just been started in the lane {choice.lane}", failing=False)
    if running := under_way(dependency, situation.history):
        return _blocked(f"{dependency} {in_words(running, settings, now)}", failing=False)
    runs = situation.runs(dependency)
    if any(run.outcome is Outcome.COMPLETED for run in runs):
        return None
    if runs:
        return _blocked(f"{dependency} {in_words(runs[-1], settings, now)}", failing=True)
    if off(dependency, situation):
        return None
    if choice and choice.cause:  # it waits itself: what for, not how many groups lie between
        return Blocked(f"{dependency} waits ({choice.cause})", choice.failing, choice.cause)
    if choice:
        return _blocked(f"{dependency} {_STANDS[choice.decision]} ({choice.reason})", choice.failing)
    return _blocked(f"{dependency} is due itself", failing=False)


class Blocked(NamedTuple):
    """Why a group must wait, whether for a failure, and what it comes down to."""

    reason: str
    failing: bool
    cause: str


def _blocked(reason: str, failing: bool) -> Blocked:
    return Blocked(reason, failing, cause=reason)


#: Of a group that has never run.
_NEVER = datetime.min.replace(tzinfo=UTC)
# How decisions read in a sentence about a group.
_STANDS = {
    Decision.RUN: "is about to run",
    Decision.NOT_DUE: "is not due",
    Decision.WAITS: "waits",
    Decision.DEFERRED: "is deferred",
    Decision.PAUSED: "is paused",
    Decision.BUSY: "is busy",
}
