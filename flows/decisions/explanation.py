"""Why a beat would run a group, or would not: what is looked at for that, each by itself. Pure.

The decision is the one of `cadence`, from the same inputs; what is listed beside it never replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flows.decisions.cadence import as_if_run, gate, lane_taken, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.due import rests
from flows.decisions.durations import compared
from flows.decisions.group_runs import Run, last_of, next_attempt, under_way
from flows.decisions.pacing import latest, pace
from flows.decisions.situation import Situation
from flows.decisions.slots import next_beat
from tasks.duration_text import duration
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN


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
    situation: Situation,
    *,
    would_end: Callable[[str], Outcome] = lambda name: Outcome.COMPLETED,
) -> Explanation:
    """Return what a beat would decide for the group `name` now, and why.

    As in `cadence.decide`, each run before it is taken to end as `would_end` says.
    """
    earlier: dict[str, Choice] = {}
    choice, before = None, {}
    for each in run_order(lambda: situation, earlier):
        if each.group == name:
            choice, before = each, dict(earlier)
        ends = each.decision is Decision.RUN and not each.is_started
        earlier[each.group] = as_if_run(each, situation, would_end) if ends else each
    if choice is None:
        raise KeyError(name)
    facts = tuple(_facts(name, situation, before))
    if choice.decision is not Decision.RUN and not any(fact.keeps for fact in facts):
        # What cadence looks at and this list does not have is at least called by its reason.
        facts = (*facts, Fact(choice.decision.label, choice.reason, keeps=True))
    return Explanation(choice, facts)


def _facts(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Iterator[Fact]:
    settings, now, holds, clock = situation.settings, situation.now, situation.holds, situation.clock
    group = settings.groups[name]
    slot = situation.slot(name)
    yield Fact("calendar", group.when)
    yield Fact("slot", f"since {clock(slot.start)}, until {clock(slot.end)}")
    if not group.enabled:
        yield Fact("enabled", "no: enabled = false in rhythm.toml", keeps=True)
    if pause := holds.pause_of(name, now):
        yield Fact("paused", pause.describe(now, settings.zone), keeps=True)
    needs = situation.load.durations.get(name)
    if running := under_way(name, situation.history):
        state = "running" if running.has_begun else "waiting for a worker"
        usual = compared(running, needs, now)
        found = ", ".join(filter(None, [f"{state} since {clock(running.started)}", usual]))
        yield Fact("under way", found, keeps=True)
    elif needs:
        yield Fact("takes", f"{needs.sentence} ({needs.runs} run{'s' * (needs.runs > 1)})")
    runs = situation.runs(name)
    is_done = any(run.outcome is Outcome.COMPLETED for run in runs)
    for run in runs:
        yield Fact("run in it", _described(run, situation), keeps=run.outcome is Outcome.COMPLETED)
    if not runs:
        yield Fact("runs in it", "none that counts")
    if not is_done and (skipped := holds.skip_of(name, now)):
        yield Fact("skip", f"left out until {clock(skipped.end)} by `rhythm skip`", keeps=True)
    if not is_done:
        left = group.attempts - len(runs)
        yield Fact("attempts", f"{max(left, 0)} of {group.attempts} left", keeps=left <= 0)
    last = last_of(name, situation.history)
    if last and group.lane != MAIN and (again := next_attempt(last, now)):
        found = f"{_described(last, situation)}; tried again at {clock(again)}"
        yield Fact("last run", found, keeps=True)
    for dependency in group.after:
        blocked = gate(dependency, situation, earlier)
        found = blocked.reason if blocked else _passed(dependency, situation, earlier)
        yield Fact(f"after {dependency}", found, keeps=blocked is not None)
    if group.lane == MAIN:
        yield Fact("lane", "main: the beat's own")
    else:
        taken = lane_taken(name, situation, earlier)
        yield Fact("lane", taken or f"{group.lane}: free", keeps=bool(taken))
    if group.is_paced and not rests(name, situation) and name not in situation.force:
        yield from _pacing(name, situation, earlier)


def _pacing(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Iterator[Fact]:
    """Yield what a group that is due may be deferred for, and until when."""
    yield Fact("load", _load(situation))
    wait = pace(name, situation, earlier)
    if wait:
        yield Fact("pacing", wait.reason, keeps=True)
    until = latest(name, situation)
    waits = f"may be deferred until {situation.clock(until)}"
    yield Fact("latest", waits if next_beat(situation.now) <= until else "is deferred no longer")


def _load(situation: Situation) -> str:
    """Return what was read last, and from when on it is too much."""
    reading = situation.load.readings[-1] if situation.load.readings else None
    if reading is None or reading.others is None:
        return "not known: nothing was read of late"
    pacing = situation.settings.pacing
    until = f", until below {pacing.free:g} %" if pacing.free < pacing.busy_above else ""
    limits = f"busy above {pacing.busy_above:g} %{until}"
    own = "" if reading.own is None else f", Rhythm {reading.own:.0f} %"
    found = f"others used {reading.others:.0f} % of the CPU{own} at {situation.clock(reading.at)}"
    return f"{found}; {limits if pacing.busy_above else 'no group waits for that'}"


def _described(run: Run, situation: Situation) -> str:
    took = "" if run.seconds is None else f" after {duration(run.seconds)}"
    return f"{run.outcome} at {situation.clock(run.started)}{took}"


def _passed(dependency: str, situation: Situation, earlier: Mapping[str, Choice]) -> str:
    """Return why a dependency is not waited for."""
    choice = earlier.get(dependency)
    if choice and choice.outcome is Outcome.COMPLETED:
        return "runs first, in the same beat"
    if not situation.settings.groups[dependency].enabled or situation.holds.pause_of(
        dependency, situation.now
    ):
        return "is paused, and not waited for"
    runs = situation.runs(dependency)
    done = next((run for run in runs if run.outcome is Outcome.COMPLETED), None)
    return _described(done, situation) if done else "is not waited for"
