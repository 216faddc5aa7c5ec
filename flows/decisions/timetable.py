"""What would run when, if every beat came on time: the rhythm of rhythm.toml, simulated. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from flows.decisions.cadence import decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.holds import NONE, Holds
from flows.decisions.situation import Situation
from flows.decisions.slots import next_beat, slot_at
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

_INSTANT = timedelta(microseconds=1)
_RESTS = (Decision.NOT_DUE, Decision.PAUSED)


@dataclass(frozen=True, slots=True)
class SimulatedBeat:
    """One simulated beat and its choices, in dependency order: of the groups for which something changes."""

    at: datetime
    choices: list[Choice]


def timetable(
    settings: Settings,
    start: datetime,
    end: datetime,
    failing: Collection[str] = (),
    holds: Holds = NONE,
    new: Collection[str] = (),
) -> Iterator[SimulatedBeat]:
    """Yield the beats in [start, end) at which any group is due, as if all had gone well up to `start`.

    Groups in `new` have never run: they are due in the first beat, in whatever slot that is.
    Groups in `failing` fail each time they run; all others complete. Runs take no time. One in another lane
    brings another beat at the same time. What is paused or left out, `holds`, does not run meanwhile.

    For a group that is not due nothing is decided anew before its next slot: a year has 105,120 beats.
    """

    def would_end(name: str) -> Outcome:
        return Outcome.FAILED if name in failing else Outcome.COMPLETED

    before = start - _INSTANT
    order = settings.order
    runs = {name: [] if name in new else [Run(before, before, Outcome.COMPLETED)] for name in order}
    due = [(start, rank) for rank in range(len(order))]
    while due and (now := _beat_at(max(due[0][0], start))) < end:
        ranks = set()
        while due and due[0][0] <= now:
            ranks.add(heappop(due)[1])
        names = [order[rank] for rank in sorted(ranks)]
        choices: list[Choice] = []
        is_over = not names
        while not is_over:
            situation = Situation(settings, runs, now, holds=holds)
            choices = [
                _ended(choice, would_end) for choice in decide(situation, would_end=would_end, names=names)
            ]
            for choice in choices:
                if choice.decision is Decision.RUN:
                    slot = slot_at(settings.groups[choice.group], now, settings.zone)
                    kept = [run for run in runs[choice.group] if run.started in slot]
                    runs[choice.group] = [*kept, Run(now, now, choice.outcome)]
            if any(choice.decision not in _RESTS for choice in choices):
                yield SimulatedBeat(now, choices)
            # The end of a run in another lane brings a beat.
            is_over = not any(choice.decision is Decision.RUN and choice.lane != MAIN for choice in choices)
        for rank, choice in zip(sorted(ranks), choices, strict=True):
            if until := _rests_until(choice, now):
                heappush(due, (until, rank))


def _beat_at(time: datetime) -> datetime:
    """Return the first beat that is not before a time."""
    return next_beat(time - _INSTANT)


def _rests_until(choice: Choice, now: datetime) -> datetime | None:
    """Return until when the same would be decided again; None if that is for ever."""
    is_done = choice.decision is Decision.NOT_DUE or choice.outcome is Outcome.COMPLETED
    return choice.next_due if is_done or choice.decision is Decision.PAUSED else next_beat(now)


def _ended(choice: Choice, would_end: Callable[[str], Outcome]) -> Choice:
    """Return a choice with the outcome that a run in another lane will have."""
    return replace(choice, outcome=would_end(choice.group)) if choice.is_started else choice
