"""The runs of groups: which of them count for a slot, and how they read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.decisions.slots import next_beat, slot_at
from flows.decisions.timestamps import clock
from tasks.outcome import Outcome, labelled
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

#: How outcomes read in a sentence about a group.
PAST = {
    Outcome.COMPLETED: "completed",
    Outcome.FAILED: "failed",
    Outcome.TIMED_OUT: "timed out",
    Outcome.SKIPPED: "was skipped",
    Outcome.CRASHED: "crashed",
    Outcome.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A group's run, as Prefect remembers it. `outcome` and `ended` are None while it runs.

    One that has not begun is started in another lane, and waits there to be taken; `started` is since when.
    """

    started: datetime
    ended: datetime | None = None
    outcome: Outcome | None = None
    has_begun: bool = True
    fault: str = ""
    """Which of its steps failed or warn, and why."""

    @property
    def label(self) -> str:
        """How it ended, as tables have it: "completed (warning)"; "running" while it runs."""
        if self.outcome is None:
            return "running"
        return labelled(self.outcome, self.outcome is Outcome.COMPLETED and bool(self.fault))

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.ended - self.started).total_seconds() if self.ended else None


#: Every group's known runs, in any order. It must hold all runs of the current slot, or at least
#: as many failed ones as the group has `attempts`; of a group in another lane than `main` also its last run,
#: and those that are under way, whenever they began.
History = Mapping[str, Sequence[Run]]


def in_slot(name: str, settings: Settings, history: History, now: datetime) -> list[Run]:
    """Return the ended runs that count for the slot that `now` lies in, oldest first.

    A skipped one does not: nothing ran. One that completes in another lane counts for the slot in which it
    ends as well: it would begin anew at once, for ever, and what comes after it would never run.
    """
    group = settings.groups[name]
    slot = slot_at(group, now, settings.zone)

    def counts(run: Run) -> bool:
        outlasted = run.outcome is Outcome.COMPLETED and group.lane != MAIN
        return run.started in slot or (outlasted and run.ended is not None and run.ended in slot)

    runs = (run for run in history.get(name, ()) if run.outcome not in (None, Outcome.SKIPPED))
    return sorted(filter(counts, runs), key=lambda run: run.started)


def under_way(name: str, history: History) -> Run | None:
    """Return the group's run that has not ended, if there is one."""
    return next((run for run in history.get(name, ()) if run.outcome is None), None)


def last_of(name: str, history: History) -> Run | None:
    """Return the group's run that began last, if there is one."""
    return max(history.get(name, ()), key=lambda run: run.started, default=None)


def next_attempt(last: Run, now: datetime) -> datetime | None:
    """Return when a group in another lane may be tried again after its last run; None if it may be now.

    What ends there brings a beat at once: a failing group would use up its attempts in no time.
    """
    if last.ended is None or last.outcome is Outcome.COMPLETED:
        return None
    again = next_beat(last.ended)
    return again if last.ended <= now < again else None  # not if the clock was set back since


def in_words(run: Run, settings: Settings, now: datetime) -> str:
    """Return how a run reads in a sentence about its group."""
    under_way = "is still running, begun" if run.has_begun else "waits for a worker, asked for"
    return f"{PAST[run.outcome] if run.outcome else under_way} at {clock(run.started, settings.zone, now)}"
