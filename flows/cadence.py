"""Decides which groups a beat runs, and why the others not. Pure: no Prefect, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from flows.group_runs import PAST, History, Run, in_slot, in_words, last_of, next_attempt, under_way
from flows.holds import NONE, Holds
from flows.slots import Slot, next_beat, slot_at
from flows.timestamps import clock
from tasks.outcome import Outcome
from tasks.settings.duration import format_duration
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings


class Decision(StrEnum):
    """What a beat decides for a group."""

    RUN = "run"
    NOT_DUE = "not_due"
    WAITS = "waits"
    PAUSED = "paused"
    BUSY = "busy"

    @property
    def label(self) -> str:
        """The decision as people read it: "not due"."""
        return self.value.replace("_", " ")


#: What is decided for a group that is due: it runs, or something is in its way.
DUE = (Decision.RUN, Decision.WAITS, Decision.BUSY)


#: Since when there are groups whose first run is at their first time: what was due before is not made up. Of
#: one that is not in it, that does not matter.
Since = Mapping[str, datetime]
LONG_SINCE: Since = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided for one group, and why.

    `next_due` is when it may run next, in UTC: None for one that is paused without an end. `failing` shows
    whether the reason lies in a failure, its own or one further up; `cause` is what a wait comes down to.
    `outcome` is how it ended, once it has run; a group that was only started in another lane has none.
    """

    group: str
    decision: Decision
    reason: str
    next_due: datetime | None
    failing: bool = False
    outcome: Outcome | None = None
    cause: str = ""
    lane: str = MAIN

    @property
    def label(self) -> str:
        """The group as tables have it: with its lane, if that is not `main`."""
        return self.group if self.lane == MAIN else f"{self.group} ({self.lane})"

    @property
    def is_started(self) -> bool:
        """Whether the beat has started it in another lane, or would, and goes on without its outcome."""
        return self.decision is Decision.RUN and self.outcome is None and self.lane != MAIN


def choose(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    *,
    earlier: Mapping[str, Choice],
    force: Collection[str] = (),
    held_by: str | None = None,
    apart: bool = True,
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
) -> Choice:
    """Decide for the group `name` at the time `now`.

    `earlier` holds this beat's choices for the groups before it, with the outcomes of those that
    have run; `holds` what a person has paused or left out. `held_by` names what else is running in the lane
    `main`, if anything is. `apart`: groups of other lanes are only started; else they are run, one after the
    other, as those of `main` are.
    """
    choice = choose_alone(
        name, settings, history, now, earlier=earlier, force=force, holds=holds, since=since
    )
    if choice.decision is not Decision.RUN:
        return choice
    if choice.lane == MAIN:
        reason = held_by
    else:
        reason = lane_taken(name, settings, history, now, earlier, force, apart, holds, since)
    return (
        replace(choice, decision=Decision.BUSY, reason=reason, next_due=next_beat(now)) if reason else choice
    )


def choose_alone(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    *,
    earlier: Mapping[str, Choice],
    force: Collection[str] = (),
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
) -> Choice:
    """Decide for the group `name` as `choose` does, as if nothing else were running."""
    group = settings.groups[name]
    slot = slot_at(group, now, settings.zone)
    runs = in_slot(name, settings, history, now)

    def choice(
        decision: Decision, reason: str, next_due: datetime | None, failing: bool = False, cause: str = ""
    ) -> Choice:
        return Choice(name, decision, reason, next_due, failing, cause=cause, lane=group.lane)

    if running := under_way(name, history):
        state = "running" if running.has_begun else "waiting for a worker"
        return choice(
            Decision.BUSY, f"{state} since {clock(running.started, settings.zone, now)}", next_beat(now)
        )
    if name in force:
        return choice(Decision.RUN, "forced", slot.end)
    if not group.enabled:
        return choice(Decision.PAUSED, "enabled = false in rhythm.toml", None)
    if pause := holds.pause_of(name, now):
        return choice(Decision.PAUSED, pause.describe(now, settings.zone), pause.until)
    if done := next((run for run in runs if run.outcome is Outcome.COMPLETED), None):
        return choice(Decision.NOT_DUE, f"ran at {clock(done.started, settings.zone, now)}", slot.end)
    if skipped := holds.skip_of(name, now):
        until = clock(skipped.end, settings.zone, now)
        return choice(Decision.NOT_DUE, f"left out until {until} by `rhythm skip`", skipped.end)
    if len(runs) >= group.attempts:
        reason = f"given up after attempt {len(runs)}, which {in_words(runs[-1], settings, now)}"
        return choice(Decision.NOT_DUE, reason, slot.end, failing=True)
    if off := _off(name, settings, slot, runs, now, since):
        return choice(Decision.NOT_DUE, off.reason, off.until, failing=bool(runs))
    last = last_of(name, history)
    if last and group.lane != MAIN and (again := next_attempt(last, now)):
        reason = f"{in_words(last, settings, now)}, and is tried again at the next beat"
        return choice(Decision.WAITS, reason, again, failing=True)
    for dependency in group.after:
        if blocked := gate(dependency, settings, history, now, earlier, holds, since):
            return choice(
                Decision.WAITS, blocked.reason, next_beat(now), blocked.failing, cause=blocked.cause
            )
    # With a slot as short as a beat, or at its end, the next run is the first one of another slot.
    is_another = runs and next_beat(runs[-1].started) < slot.end
    attempt = f", attempt {len(runs) + 1} of {group.attempts}" if is_another else ""
    return choice(Decision.RUN, f"due since {clock(slot.start, settings.zone, now)}{attempt}", slot.end)


def run_order(
    settings: Settings,
    history: History,
    now: datetime,
    *,
    earlier: Mapping[str, Choice],
    force: Collection[str] = (),
    held_by: str | None = None,
    apart: bool = True,
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
    names: Sequence[str] | None = None,
) -> Iterator[Choice]:
    """Yield a choice for every group, each made only when it is asked for, and in dependency order.

    Or only for the groups `names`, which are in that order as well.

    Whoever runs the groups, or only imagines that, meanwhile puts each choice into `earlier`, with its
    outcome if the group has run: what comes after it is decided by that.

    What can be started in other lanes comes first, and has not to wait for `main`; of these, one that was
    busy for another's sake, which did not begin after all, may be chosen for a second time at the end. Unless
    they are `apart`, groups of other lanes, and those that come after one, are the last: they may take hours.
    """

    def chosen(name: str) -> Choice:
        return choose(
            name,
            settings,
            history,
            now,
            earlier=earlier,
            force=force,
            held_by=held_by,
            apart=apart,
            holds=holds,
            since=since,
        )

    order = settings.order if names is None else names
    if not apart:
        yield from map(chosen, _main_first(settings, order))
        return
    others = [name for name in order if settings.groups[name].lane != MAIN]
    yield from (choice for choice in map(chosen, others) if choice.decision is Decision.RUN)
    yield from (chosen(name) for name in order if name not in earlier)
    busy = [name for name in others if earlier[name].decision is Decision.BUSY]
    yield from (choice for choice in map(chosen, busy) if choice.decision is Decision.RUN)


def decide(
    settings: Settings,
    history: History,
    now: datetime,
    *,
    force: Collection[str] = (),
    held_by: str | None = None,
    apart: bool = True,
    holds: Holds = NONE,
    would_end: Callable[[str], Outcome] = lambda name: Outcome.COMPLETED,
    since: Since = LONG_SINCE,
    names: Sequence[str] | None = None,
) -> list[Choice]:
    """Decide for all groups, or for `names`, in dependency order, as if each would end as `would_end` says.

    How those would end that are only started in another lane is not imagined: the others do not wait for it.
    """
    imagined: dict[str, Choice] = {}
    order = settings.order if names is None else names
    for choice in run_order(
        settings,
        history,
        now,
        earlier=imagined,
        force=force,
        held_by=held_by,
        apart=apart,
        holds=holds,
        since=since,
        names=order,
    ):
        ran = choice.decision is Decision.RUN and not (apart and choice.is_started)
        imagined[choice.group] = replace(choice, outcome=would_end(choice.group)) if ran else choice
    return [imagined[name] for name in order]


def likely_outcome(runs: Sequence[Run]) -> Outcome:
    """Return how a group's next run is expected to end: as its last of this slot, else well.

    A group that has failed in its slot is not expected to complete, so its dependents wait.
    """
    ended = [(run.started, run.outcome) for run in runs if run.outcome]
    return max(ended)[1] if ended else Outcome.COMPLETED


def after_run(
    choice: Choice, run: Run, settings: Settings, history: History, now: datetime, *, holds: Holds = NONE
) -> Choice:
    """Given the choice that led to `run`, return it with the run's outcome and when it is next due."""
    name = choice.group
    known = {**history, name: [*history.get(name, ()), run]}
    again = choose(name, settings, known, now, earlier={}, holds=holds)
    is_known = again.decision in (Decision.NOT_DUE, Decision.PAUSED)
    next_due = again.next_due if is_known else next_beat(now)
    return replace(
        choice, outcome=run.outcome, next_due=next_due, failing=run.outcome is not Outcome.COMPLETED
    )


def _main_first(settings: Settings, order: Sequence[str]) -> list[str]:
    """Return groups in dependency order, those last that wait for another lane or are in one."""
    late: set[str] = set()
    for name in settings.order:
        group = settings.groups[name]
        if group.lane != MAIN or late.intersection(group.after):
            late.add(name)
    return sorted(order, key=late.__contains__)


def lane_taken(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
    force: Collection[str],
    apart: bool,
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
) -> str:
    """Return what keeps the group from its lane: another one that runs, or goes first; "" if nothing does.

    Of several that could, the one goes first that has not run for the longest: so none waits for more than
    one run of each other.
    """
    lane = settings.groups[name].lane
    others = [other for other in settings.in_lane(lane) if other != name]
    for other in others:
        if running := under_way(other, history):
            return f"{other} {in_words(running, settings, now)}, in the lane {lane}"
    if not apart:
        return ""
    for other in others:
        if other in earlier and earlier[other].is_started:
            return f"{other} has just been started in the lane {lane}"

    def rank(other: str) -> tuple[bool, datetime]:
        last = last_of(other, history)
        return other not in force, last.started if last else _NEVER

    def may_still_begin(other: str) -> bool:
        return other not in earlier or earlier[other].decision is Decision.BUSY

    rivals = [other for other in others if may_still_begin(other) and rank(other) < rank(name)]
    hoped = _hoped(settings, history, now, earlier, force, holds, since) if rivals else {}
    for other in rivals:
        rival = choose_alone(
            other, settings, history, now, earlier=hoped, force=force, holds=holds, since=since
        )
        if rival.decision is Decision.RUN:
            return f"{other} goes first in the lane {lane}"
    return ""


def _hoped(
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
    force: Collection[str],
    holds: Holds,
    since: Since,
) -> dict[str, Choice]:
    """Return this beat's choices as if all that it has still to run in `main` would complete.

    Else a group that comes after one of `main` would be passed by again and again, while that runs.
    """
    hoped = dict(earlier)
    for name in settings.order:
        if settings.groups[name].lane == MAIN and name not in hoped:
            choice = choose_alone(
                name, settings, history, now, earlier=hoped, force=force, holds=holds, since=since
            )
            runs = choice.decision is Decision.RUN
            hoped[name] = replace(choice, outcome=Outcome.COMPLETED) if runs else choice
    return hoped


def gate(
    dependency: str,
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
) -> Blocked | None:
    """Return why a group must wait for `dependency`; None if it need not.

    What counts is the dependency's latest slot: a completed run of yesterday opens nothing today.
    A paused dependency is not waited for, or its dependents would never run again; nor is one whose slot is
    left out, or that its calendar keeps from running in this slot.
    """
    choice = earlier.get(dependency)
    if choice and choice.outcome:
        if choice.outcome is Outcome.COMPLETED:
            return None
        return _blocked(f"{dependency} {PAST[choice.outcome]}", failing=True)
    is_kept = not settings.groups[dependency].enabled or holds.keeps(dependency, now)
    if is_kept and not (choice and choice.is_started):
        return None
    if choice and choice.is_started:
        return _blocked(f"{dependency} has just been started in the lane {choice.lane}", failing=False)
    if running := under_way(dependency, history):
        return _blocked(f"{dependency} {in_words(running, settings, now)}", failing=False)
    runs = in_slot(dependency, settings, history, now)
    if any(run.outcome is Outcome.COMPLETED for run in runs):
        return None
    if runs:
        return _blocked(f"{dependency} {in_words(runs[-1], settings, now)}", failing=True)
    slot = slot_at(settings.groups[dependency], now, settings.zone)
    if _off(dependency, settings, slot, runs, now, since):
        return None
    if choice and choice.cause:  # it waits itself: what for, not how many groups lie between
        return Blocked(f"{dependency} waits ({choice.cause})", choice.failing, choice.cause)
    if choice:
        return _blocked(f"{dependency} {_STANDS[choice.decision]} ({choice.reason})", choice.failing)
    return _blocked(f"{dependency} is due itself", failing=False)


class _Off(NamedTuple):
    """Why a group's calendar keeps it from running, and when it is next due."""

    reason: str
    until: datetime


def _off(
    name: str, settings: Settings, slot: Slot, runs: Sequence[Run], now: datetime, since: Since
) -> _Off | None:
    """Return why a group may not run now, though its slot is not used up; None if it may.

    Once a slot has begun with a run, further attempts are not late.
    """
    group = settings.groups[name]
    zone = group.zone or settings.zone
    anchor = group.calendar.anchor(zone)
    if anchor and now < anchor and group.first_run != "now":
        return _Off(f"first at {clock(anchor, settings.zone, now)}", anchor)
    if reason := group.calendar.closed(now, zone):
        return _Off(reason, slot.end)
    if runs:
        return None
    if name in since and slot.start < since[name]:
        return _Off(f"first at {clock(slot.end, settings.zone, now)}", slot.end)
    if group.latest is not None and now - slot.start > group.latest:
        late = f"more than {format_duration(group.latest)} ago"
        return _Off(f"missed {clock(slot.start, settings.zone, now)}, {late}", slot.end)
    return None


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
    Decision.PAUSED: "is paused",
    Decision.BUSY: "is busy",
}
