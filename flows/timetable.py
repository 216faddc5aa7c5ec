"""What would run when, if every beat came on time: the rhythm of rhythm.toml, simulated. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.cadence import Choice, Decision, Run, decide
from flows.slots import BEAT, next_beat, slot_at
from tasks.outcome import Outcome
from tasks.settings import Settings

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Beat:
    """One simulated beat and its choices, in dependency order."""

    at: datetime
    choices: list[Choice]


def timetable(
    settings: Settings, start: datetime, end: datetime, failing: Collection[str] = ()
) -> Iterator[Beat]:
    """Yield every beat in [start, end), as if all had gone well up to `start`.

    Groups in `failing` fail each time they run; all others complete.
    """

    def would_end(name: str) -> Outcome:
        return Outcome.FAILED if name in failing else Outcome.COMPLETED

    before = start - _INSTANT
    runs = {name: [Run(before, before, Outcome.COMPLETED)] for name in settings.groups}
    now = next_beat(before)
    while now < end:
        choices = decide(settings, runs, now, would_end=would_end)
        for choice in choices:
            if choice.decision is Decision.RUN:
                slot = slot_at(settings.groups[choice.group], now, settings.zone)
                kept = [run for run in runs[choice.group] if run.started in slot]
                runs[choice.group] = [*kept, Run(now, now, choice.outcome)]
        yield Beat(now, choices)
        now += BEAT
