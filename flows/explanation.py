"""Why a beat would run a group, or would not: what is looked at for that, each by itself. Pure.

The decision is the one of `cadence`, from the same inputs; what is listed beside it never replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flows.cadence import LONG_SINCE, Choice, Decision, Since, gate, lane_taken, run_order
from flows.group_runs import History, Run, in_slot, last_of, next_attempt, under_way
from flows.holds import NONE, Holds
from flows.slots import slot_at
from flows.timestamps import clock, duration
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is looked at: what, what was found, and whether it keeps the group from running."""

    about: str
    found: str
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is decided for a group, and all that it rests on."""

    choice: Choice
    facts: tuple[Fact, ...]


def explain(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    *,
    holds: Holds = NONE,
    since: Since = LONG_SINCE,
    would_end: Callable[[str], Outcome] = lambda name: Outcome.COMPLETED,
) -> Explanation:
    """Return what a beat would decide for the group `name` now, and why.

    As in `cadence.decide`, each run before it is taken to end as `would_end` says.
    """
    earlier: dict[str, Choice] = {}
    choice, before = None, {}
    for each in run_order(settings, history, now, earlier=earlier, holds=holds, since=since):
        if each.group == name:
            choice, before = each, dict(earlier)
        ends = each.decision is Decision.RUN and not each.is_started
        earlier[each.group] = replace(each, outcome=would_end(each.group)) if ends else each
    if choice is None:
        raise KeyError(name)
    facts = tuple(_facts(name, settings, history, now, before, holds, since))
    if choice.decision is not Decision.RUN and not any(fact.keeps for fact in facts):
        # What cadence looks at and this list does not have is at least called by its reason.
        facts = (*facts, Fact(choice.decision.label, choice.reason, keeps=True))
    return Explanation(choice, facts)


def _facts(
    name: str,
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
    holds: Holds,
    since: Since,
) -> Iterator[Fact]:
    group, zone = settings.groups[name], settings.zone
    slot = slot_at(group, now, zone)
    yield Fact("calendar", group.when)
    yield Fact("slot", f"since {clock(slot.start, zone, now)}, until {clock(slot.end, zone, now)}")
    if not group.enabled:
        yield Fact("enabled", "no: enabled = false in rhythm.toml", keeps=True)
    if pause := holds.pause_of(name, now):
        yield Fact("paused", pause.describe(now, zone), keeps=True)
    if running := under_way(name, history):
        state = "running" if running.has_begun else "waiting for a worker"
        yield Fact("under way", f"{state} since {clock(running.started, zone, now)}", keeps=True)
    runs = in_slot(name, settings, history, now)
    is_done = any(run.outcome is Outcome.COMPLETED for run in runs)
    for run in runs:
        yield Fact("run in it", _described(run, settings, now), keeps=run.outcome is Outcome.COMPLETED)
    if not runs:
        yield Fact("runs in it", "none that counts")
    if not is_done and (skipped := holds.skip_of(name, now)):
        yield Fact("skip", f"left out until {clock(skipped.end, zone, now)} by `rhythm skip`", keeps=True)
    if not is_done:
        left = group.attempts - len(runs)
        yield Fact("attempts", f"{max(left, 0)} of {group.attempts} left", keeps=left <= 0)
    last = last_of(name, history)
    if last and group.lane != MAIN and (again := next_attempt(last, now)):
        found = f"{_described(last, settings, now)}; tried again at {clock(again, zone, now)}"
        yield Fact("last run", found, keeps=True)
    for dependency in group.after:
        blocked = gate(dependency, settings, history, now, earlier, holds, since)
        found = blocked.reason if blocked else _passed(dependency, settings, history, now, earlier, holds)
        yield Fact(f"after {dependency}", found, keeps=blocked is not None)
    if group.lane == MAIN:
        yield Fact("lane", "main: the beat's own")
    else:
        taken = lane_taken(name, settings, history, now, earlier, (), apart=True, holds=holds, since=since)
        yield Fact("lane", taken or f"{group.lane}: free", keeps=bool(taken))


def _described(run: Run, settings: Settings, now: datetime) -> str:
    took = "" if run.seconds is None else f" after {duration(run.seconds)}"
    return f"{run.outcome} at {clock(run.started, settings.zone, now)}{took}"


def _passed(
    dependency: str,
    settings: Settings,
    history: History,
    now: datetime,
    earlier: Mapping[str, Choice],
    holds: Holds,
) -> str:
    """Return why a dependency is not waited for."""
    choice = earlier.get(dependency)
    if choice and choice.outcome is Outcome.COMPLETED:
        return "runs first, in the same beat"
    if not settings.groups[dependency].enabled or holds.pause_of(dependency, now):
        return "is paused, and not waited for"
    runs = in_slot(dependency, settings, history, now)
    done = next((run for run in runs if run.outcome is Outcome.COMPLETED), None)
    return _described(done, settings, now) if done else "is not waited for"
