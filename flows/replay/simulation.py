"""Beats of a rhythm over a stretch of time, simulated: runs take their time, lanes run beside. Pure.

It decides by what beats decide by (`run_order`, `choose`, `pace`), and goes on as the worker does: a beat
that would begin while another one runs is skipped; one that outlasts its interval, and the end of each run
in another lane, bring an extra beat.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from flows.decisions.cadence import choose_alone, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import History, Run
from flows.decisions.holds import NONE, Holds
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.situation import Since, Situation
from flows.decisions.slots import Slot, next_beat, slot_at
from tasks.builtin.analysis.expected import LATEST_OF, Expected, expected_of
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store.durations import TELLING, Took

_INSTANT = timedelta(microseconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_HELD = "another beat or group is running on this machine"
_MANUALLY = "manually"


class Ending(NamedTuple):
    """How long a run takes, in seconds, and how it ends; `delay`: what passes until it begins, in seconds."""

    seconds: float
    outcome: Outcome = Outcome.COMPLETED
    delay: float = 0.0


#: Given a group and when its run may begin, return how that goes.
Takes = Callable[[str, datetime], Ending]
#: Given the time of a beat, and what the runs before lead to expect, return what the beat knows of the load.
#: It is only asked if a group that may be deferred is due.
LoadAt = Callable[[datetime, Mapping[str, Expected]], Load]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a simulation takes as given: how runs go, what beats know of the load, what people ask for.

    `beats`, in order, are when beats are to begin; None: every five minutes. `extra`: others that come
    as well. `pickup` is how long a worker takes to begin a run in another lane. `holds` are changes of what
    is paused or left out; `forced` has groups of the beats at these times, `manual` the groups that are run
    manually. In the beats of `held`, something else has `main`; one of `reached` is cancelled after these
    groups. `history` and `took` (each group's past runs, oldest first) are of the time before.
    """

    takes: Takes
    load: LoadAt | None = None
    beats: Sequence[datetime] | None = None
    extra: bool = True
    pickup: timedelta = timedelta(seconds=1)
    holds: Sequence[tuple[datetime, Holds]] = ()
    forced: Mapping[datetime, Collection[str]] = field(default_factory=dict)
    manual: Sequence[tuple[datetime, str]] = ()
    held: Collection[datetime] = ()
    reached: Mapping[datetime, Collection[str]] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    took: Mapping[str, Sequence[Took]] = field(default_factory=dict)
    since: Since = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """A run of a group. `decided_at` is the time of the beat that decided it; None if it was manual.

    `slot` is the one in which it was decided; `seconds` and `outcome` are how it will have ended.
    """

    group: str
    lane: str
    slot: Slot
    decided_at: datetime | None
    began: datetime
    seconds: float
    outcome: Outcome
    reason: str

    @property
    def ended(self) -> datetime:
        """When it ends."""
        return self.began + timedelta(seconds=self.seconds)

    @property
    def waited(self) -> timedelta:
        """How long after the beginning of its slot it began."""
        return self.began - self.slot.start


@dataclass(frozen=True, slots=True)
class SimulatedBeat:
    """A beat, and what was decided, one after the other, for those groups that might have been due.

    A beat without an end is skipped, as another one was still running.
    """

    at: datetime
    ended: datetime | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def is_skipped(self) -> bool:
        """Whether it did not take place."""
        return self.ended is None


class Simulation:
    """A rhythm in [start, end). Iterating lets time pass, and yields the beats that have anything to decide.

    `runs` has all runs that have begun so far, in that order, but for those that another lane holds.
    """

    def __init__(self, settings: Settings, start: datetime, end: datetime, given: Conditions) -> None:
        self.settings, self.runs = settings, list[SimulatedRun]()
        self._start, self._end, self._given = start, end, given
        self._order = settings.order
        self._paced = {name for name, group in settings.groups.items() if group.is_paced}
        # Never changed in place: a beat goes by what was known when it began.
        self._known = {name: tuple(given.history.get(name, ())) for name in self._order}
        self._took = {name: deque(given.took.get(name, ()), LATEST_OF) for name in self._order}
        self._expected: dict[str, Expected] = {}  # as far as it has been asked for since the last run
        # When each group is looked at again: until then, the same would be decided.
        self._again = dict.fromkeys(self._order, start)
        self._holds = NONE
        self._taken: set[str] = set()
        self._waiting: dict[str, deque[_Event]] = {lane: deque() for lane in settings.lanes}
        self._is_wanted = False
        self._events: list[tuple[datetime, int, _Event]] = []
        self._scheduled = 0
        for at, holds in given.holds:
            self._at(at, _Held(holds))
        for at, names in given.forced.items():
            self._at(at, _Forced(names))
        for at, name in given.manual:
            self._at(at, _Started(name, None, _MANUALLY))

    @property
    def history(self) -> History:
        """What is known of the groups' runs now, as far as it matters for decisions."""
        return dict(self._known)

    def __iter__(self) -> Iterator[SimulatedBeat]:
        """Yield the beats at which any group may be due, and those that are skipped.

        For a group that is not due nothing is decided anew before its next slot: a year has 105,120 beats.
        """
        time = self._start
        while True:
            planned = self._first(max(time, min(self._again.values(), default=_NEVER)))
            if self._events and self._events[0][0] <= min(planned or self._end, self._end):
                time = max(time, self._events[0][0])
                self._happen()
                if not self._is_wanted or time == planned or time >= self._end:
                    continue
            elif planned is None:
                return
            else:
                time = planned
            beat = self._beat(time)
            if beat.choices:
                yield beat
            began, time = time, beat.ended or time
            yield from self._skipped(began, time)
            if next_beat(began) <= time or self._is_wanted:
                self._at(time, _Wanted())
            time = max(time, began + _INSTANT)

    def _first(self, time: datetime) -> datetime | None:
        """Return the first beat that is to begin at a time or later."""
        beats = self._given.beats
        if beats is None:
            at = next_beat(time - _INSTANT) if time < self._end else time
        else:
            index = bisect_left(beats, time)
            at = beats[index] if index < len(beats) else self._end
        return at if at < self._end else None

    def _skipped(self, began: datetime, ended: datetime) -> Iterator[SimulatedBeat]:
        """Yield the beats that were to begin while one was running."""
        at = self._first(began + _INSTANT)
        while at is not None and at < ended:
            yield SimulatedBeat(at)
            at = self._first(at + _INSTANT)

    def _beat(self, at: datetime) -> SimulatedBeat:
        """Beat: run what is due in `main`, and ask for what is due in other lanes."""
        self._is_wanted = False
        reached = self._given.reached.get(at, self._order)
        names = [name for name in self._order if self._again.get(name, _NEVER) <= at and name in reached]
        is_taken = MAIN in self._taken
        self._taken.add(MAIN)
        done: dict[str, Choice] = {}
        time = at
        situation = self._situation(at, names, is_taken or at in self._given.held)
        for choice in run_order(lambda: situation, done, names):
            name = choice.group
            if choice.decision is Decision.RUN and choice.lane == MAIN:
                began, ending = self._begin(name, time, at, choice.reason)
                time = began + timedelta(seconds=ending.seconds)
                while self._events and self._events[0][0] < time:
                    self._happen()
                self._ended(name, time, ending)
                failing = ending.outcome is not Outcome.COMPLETED
                choice = replace(choice, outcome=ending.outcome, seconds=ending.seconds, failing=failing)
            elif choice.decision is Decision.RUN:
                self._add(name, Run(time, has_begun=False))
                started = _Started(name, at, choice.reason, name in self._given.forced.get(at, ()))
                self._at(time + self._given.pickup, started)
            done[name] = choice
            self._again[name] = _rests_until(choice, at)
        if not is_taken:
            self._give_back(MAIN, time)
        return SimulatedBeat(at, time, tuple(done.values()))

    def _situation(self, at: datetime, names: Collection[str], is_held: bool) -> Situation:
        load = UNKNOWN
        if self._given.load and not self._paced.isdisjoint(names):
            for name in self._took.keys() - self._expected.keys():
                if usual := expected_of(tuple(self._took[name])):
                    self._expected[name] = usual
            load = self._given.load(at, dict(self._expected))
        return Situation(
            self.settings,
            self.history,
            at,
            force=self._given.forced.get(at, ()),
            held_by=_HELD if is_held else None,
            holds=self._holds,
            since=self._given.since,
            load=load,
        )

    def _begin(
        self, name: str, at: datetime, decided_at: datetime | None, reason: str
    ) -> tuple[datetime, Ending]:
        """Begin a run that may begin at a time; return when it does, and how it will end."""
        ending = self._given.takes(name, at)
        began = at + timedelta(seconds=ending.delay)
        group = self.settings.groups[name]
        slot = slot_at(group, decided_at or began, self.settings.zone)
        how = (ending.seconds, ending.outcome, reason)
        self.runs.append(SimulatedRun(name, group.lane, slot, decided_at, began, *how))
        self._add(name, Run(began))
        return began, ending

    def _ended(self, name: str, at: datetime, ending: Ending) -> None:
        """Note that the group's run, which is under way, has ended."""
        running = next(run for run in self._known[name] if run.outcome is None)
        ended = replace(running, ended=at, outcome=ending.outcome)
        self._known[name] = tuple(ended if run is running else run for run in self._known[name])
        if ending.outcome in TELLING:
            self._took[name].append(Took(running.started, ending.seconds, ending.outcome))
            self._expected.pop(name, None)

    def _add(self, name: str, run: Run) -> None:
        """Note a run that begins. Of those before, only the last one and those of the slot matter."""
        start = slot_at(self.settings.groups[name], run.started, self.settings.zone).start
        known = self._known[name]
        kept = (old for old in known[:-1] if old.ended is None or old.ended >= start)
        self._known[name] = (*kept, *known[-1:], run)

    def _at(self, time: datetime, event: _Event) -> None:
        self._scheduled += 1
        heappush(self._events, (time, self._scheduled, event))

    def _happen(self) -> None:
        """Let the next event happen."""
        time, _, event = heappop(self._events)
        match event:
            case _Wanted():
                self._is_wanted = self._given.extra
            case _Held(holds):
                self._holds = holds
                self._again = dict.fromkeys(self._order, time)
            case _Forced(names):
                self._again |= dict.fromkeys(names, time)
            case _Started():
                self._start_in_lane(time, event)
            case _Ended(name, began, ending):
                lane = self.settings.groups[name].lane
                self._ended(name, time, ending)
                self._again[name] = time
                self._give_back(lane, time)
                self._is_wanted |= self._given.extra and (lane != MAIN or next_beat(began) <= time)

    def _start_in_lane(self, at: datetime, started: _Started) -> None:
        """Begin a run that was asked for, unless its lane is taken, or it is not due any more."""
        name = started.group
        lane = self.settings.groups[name].lane
        if lane in self._taken:
            self._waiting[lane].append(started)
            return
        if started.decided_at:
            asked = next(run for run in self._known[name] if not run.has_begun)
            self._known[name] = tuple(run for run in self._known[name] if run is not asked)
            situation = Situation(self.settings, self.history, at, holds=self._holds, since=self._given.since)
            if not started.is_forced and choose_alone(name, situation, {}).decision is not Decision.RUN:
                self._add(name, Run(at, at, Outcome.SKIPPED))
                self._is_wanted |= self._given.extra
                return
        self._taken.add(lane)
        began, ending = self._begin(name, at, started.decided_at, started.reason)
        self._at(began + timedelta(seconds=ending.seconds), _Ended(name, began, ending))

    def _give_back(self, lane: str, at: datetime) -> None:
        """Let the next one have the lane."""
        self._taken.discard(lane)
        if self._waiting[lane]:
            self._at(at, self._waiting[lane].popleft())


class _Wanted(NamedTuple):
    """An extra beat."""


class _Held(NamedTuple):
    """What is paused or left out has changed."""

    holds: Holds


class _Forced(NamedTuple):
    """Groups that the next beat is to run."""

    groups: Collection[str]


class _Started(NamedTuple):
    """A run that a worker takes: for a beat, or else a manual one."""

    group: str
    decided_at: datetime | None
    reason: str
    is_forced: bool = False


class _Ended(NamedTuple):
    """A run that ends beside the beats."""

    group: str
    began: datetime
    ending: Ending


_Event = _Wanted | _Held | _Forced | _Started | _Ended


def _rests_until(choice: Choice, now: datetime) -> datetime:
    """Return until when nothing else would be decided for the group."""
    rests = choice.decision in (Decision.NOT_DUE, Decision.PAUSED) or choice.outcome is Outcome.COMPLETED
    return (choice.next_due or _NEVER) if rests else now
