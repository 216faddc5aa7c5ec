"""A rhythm with lanes, without Prefect: runs take their time, those of other lanes beside the beats."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.cadence import choose_alone, run_order
from flows.choice import Choice, Decision
from flows.group_runs import History, Run
from flows.situation import Situation
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

#: Given a group, return how long its next run takes, and how it ends.
Ends = Callable[[str], tuple[timedelta, Outcome]]


@dataclass(frozen=True)
class Began:
    """A run at its beginning: by which time it was decided, and what was known then."""

    group: str
    at: datetime
    decided_at: datetime
    known: History


class Lanes:
    """Beats that run `main`, and a worker that takes what they start in other lanes, `pickup` later."""

    def __init__(self, settings: Settings, ends: Ends, pickup: timedelta = timedelta(seconds=1)) -> None:
        self.settings, self._ends, self._pickup = settings, ends, pickup
        self.runs: dict[str, list[Run]] = {name: [] for name in settings.groups}
        self.began: list[Began] = []
        self.waiting: dict[str, list[str]] = {}
        """What began in its lane since a group could have run, for each that could."""
        self._asked: dict[str, Run] = {}
        self._events: list[tuple[datetime, str, str]] = []

    def until(self, now: datetime) -> datetime | None:
        """Let time pass up to `now`, or the first end of a run in another lane before, and return that."""
        while self._events and self._events[0][0] <= now:
            at, event, name = heapq.heappop(self._events)
            if event == "end":
                return at
            self._begin(name, at)
        return None

    def beat(self, now: datetime) -> datetime:
        """Beat once; return when that has ended."""
        past, done, time = self.known(now), dict[str, Choice](), now
        for choice in run_order(Situation(self.settings, past, now), earlier=done):
            name = choice.group
            if choice.lane == MAIN and choice.decision is Decision.RUN:
                took, outcome = self._ends(name)
                self.began.append(Began(name, time, now, self.known(time)))
                self.runs[name].append(Run(time, time + took, outcome))
                time += took
                choice = Choice(name, Decision.RUN, choice.reason, None, outcome=outcome)
            elif choice.decision is Decision.RUN:
                self._asked[name] = Run(time, has_begun=False)
                heapq.heappush(self._events, (time + self._pickup, "begin", name))
            else:
                alone = choose_alone(name, Situation(self.settings, past, now), earlier=done)
                if choice.lane != MAIN and alone.decision is Decision.RUN:
                    self.waiting.setdefault(name, [])
                else:
                    self.waiting.pop(name, None)
            done[name] = choice
        return time

    def known(self, now: datetime) -> dict[str, list[Run]]:
        """What a beat at `now` knows: which runs have ended by then, and which are under way."""
        known = {
            name: [
                run if run.ended and run.ended <= now else Run(run.started)
                for run in runs
                if run.started <= now
            ]
            for name, runs in self.runs.items()
        }
        for name, run in self._asked.items():
            known[name].append(run)
        return known

    def _begin(self, name: str, at: datetime) -> None:
        """Begin a run in its lane, unless it is not due any more."""
        del self._asked[name]
        known = self.known(at)
        if choose_alone(name, Situation(self.settings, known, at), earlier={}).decision is not Decision.RUN:
            return
        took, outcome = self._ends(name)
        self.began.append(Began(name, at, at, known))
        self.runs[name].append(Run(at, at + took, outcome))
        heapq.heappush(self._events, (at + took, "end", name))
        self.waiting.pop(name, None)
        for other in self.waiting.keys() & set(self.settings.in_lane(self.settings.groups[name].lane)):
            self.waiting[other].append(name)
            assert self.waiting[other].count(name) == 1, f"{other} is passed by for a second time by {name}"
