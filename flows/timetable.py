"""What would run when, if every beat came on time: the rhythm of rhythm.toml, simulated. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flows.cadence import Choice, Decision, Run, decide
from flows.holds import NONE, Holds
from flows.slots import BEAT, next_beat, slot_at
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SimulatedBeat:
    """One simulated beat and its choices, in dependency order."""

    at: datetime
    choices: list[Choice]


def timetable(
    settings: Settings,
    start: datetime,
    end: datetime,
    failing: Collection[str] = (),
    holds: Holds = NONE,
) -> Iterator[SimulatedBeat]:
    """Yield every beat in [start, end), as if all had gone well up to `start`.

    Groups in `failing` fail each time they run; all others complete. Runs take no time. One in another lane
    brings another beat at the same time. What is paused or left out, `holds`, does not run meanwhile.
    """

    def would_end(name: str) -> Outcome:
        return Outcome.FAILED if name in failing else Outcome.COMPLETED

    before = start - _INSTANT
    runs = {name: [Run(before, before, Outcome.COMPLETED)] for name in settings.groups}
    now = next_beat(before)
    while now < end:
        is_over = False
        while not is_over:
            choices = [
                _ended(choice, would_end)
                for choice in decide(settings, runs, now, would_end=would_end, holds=holds)
            ]
            for choice in choices:
                if choice.decision is Decision.RUN:
                    slot = slot_at(settings.groups[choice.group], now, settings.zone)
                    kept = [run for run in runs[choice.group] if run.started in slot]
                    runs[choice.group] = [*kept, Run(now, now, choice.outcome)]
            yield SimulatedBeat(now, choices)
            # The end of a run in another lane brings a beat.
            is_over = not any(choice.decision is Decision.RUN and choice.lane != MAIN for choice in choices)
        now += BEAT


def _ended(choice: Choice, would_end: Callable[[str], Outcome]) -> Choice:
    """Return a choice with the outcome that a run in another lane will have."""
    return replace(choice, outcome=would_end(choice.group)) if choice.is_started else choice
