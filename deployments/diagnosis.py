"""Whether the next beat will come, and why not: decided from what was read, without a clock or a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flows.decisions.slots import BEAT

#: Intervals without a beat after which something is wrong.
_OVERDUE = 1.5
#: What a time may be off by: Prefect rounds to seconds, and clocks are corrected all the time.
_SLACK = timedelta(seconds=5)
#: By how much a clock that is corrected moves less.
SET = timedelta(minutes=1)


class Repair(StrEnum):
    """What makes beats come again."""

    DEPLOY = "deployed again"
    """Make the pool and the deployments, with their schedule."""
    SCHEDULE = "scheduled"
    """Have the server schedule the beats of the coming hours now."""
    SCHEDULE_ANEW = "scheduled anew"
    """Replace the schedule: what the server has scheduled by the old one stands in the way."""
    BEAT = "asked for"
    """Ask for a beat."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of what makes beats come. Times are in UTC, by the clock of this machine."""

    at: datetime
    has_pool: bool = True
    is_deployed: bool = True
    paused: str = ""
    """What somebody has paused in Prefect, as a message names it: "its schedule"; "" if nothing is."""
    held: str = ""
    """How somebody has paused all groups by `rhythm pause`: beats come, and run nothing; "" if nobody has."""
    has_schedule: bool = True
    interval: timedelta | None = BEAT
    """How often the schedule beats; None if it is one of another kind (cron), which is the user's own."""
    next_beat: datetime | None = None
    """When the first scheduled beat is to begin; in the past, it is late."""
    has_worker: bool = True
    """Whether a worker was heard of lately."""
    is_under_way: bool = False
    """Whether a beat is running."""
    since_beat: timedelta | None = None
    """How long ago the last beat began, by a clock that nobody sets; None if that is not known."""
    clock_set: timedelta = timedelta()
    """By how much the clock was set meanwhile; negative: back."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why no beat comes: a clause about beats, what a person can do, and what repairs it, if anything may."""

    why: str
    remedy: str
    repair: Repair | None = None
    is_paused: bool = False
    """Whether somebody wants it so: that is shown, and never repaired."""

    def __str__(self) -> str:
        return f"{'beats are paused' if self.is_paused else 'no beat comes'}: {self.why}. {self.remedy}"

    def is_like(self, other: Diagnosis | None) -> bool:
        """Whether both are the same finding, however long it has lasted by now."""
        mine = (self.remedy, self.repair, self.is_paused)
        return other is not None and mine == (other.remedy, other.repair, other.is_paused)


def diagnose(facts: Facts) -> Diagnosis | None:
    """Return why the next beat will not come in time; None if it will.

    The causes are looked for in the order in which they rest on each other. When nothing is wrong, that all
    groups are paused is reported as well: beats come then, but run nothing.
    """
    if fault := _fault(facts):
        return fault
    if facts.held:
        return Diagnosis(facts.held, "`rhythm resume` ends that.", is_paused=True)
    return None


def _fault(facts: Facts) -> Diagnosis | None:
    up = "`rhythm up` repairs it by itself, within a minute; so does starting it again."
    if not facts.has_pool:
        return Diagnosis("the work pool is gone", up, Repair.DEPLOY)
    if not facts.is_deployed:
        return Diagnosis("the rhythm is not deployed", up, Repair.DEPLOY)
    if facts.paused:
        why = f"{facts.paused} is paused"
        return Diagnosis(why, "`rhythm resume` ends that, or Prefect's UI.", is_paused=True)
    if not facts.has_schedule:
        return Diagnosis("its deployment has no schedule", up, Repair.DEPLOY)
    if not facts.has_worker:
        return Diagnosis("no worker is online", "Start one with `rhythm up`.")
    if facts.next_beat is None:
        if facts.is_under_way:
            return None
        look = "Look into the server's log: its scheduler has scheduled nothing."
        return Diagnosis("none is scheduled", look, Repair.SCHEDULE)
    if facts.interval is None:
        return None
    if facts.next_beat - facts.at > facts.interval + _SLACK:
        return Diagnosis(_too_far(facts, facts.next_beat), up, Repair.SCHEDULE_ANEW)
    if not facts.is_under_way and (silence := _silence(facts, facts.next_beat, facts.interval)):
        return Diagnosis(silence, "Look into the log: rhythm.log in logs of outputs_dir.", Repair.BEAT)
    return None


def _too_far(facts: Facts, next_beat: datetime) -> str:
    """Return why the next beat lies too far ahead."""
    ahead = _minutes(next_beat - facts.at)
    if facts.clock_set < -SET:
        return f"the clock was set back by {_minutes(-facts.clock_set)}, and the next is {ahead} ahead"
    return f"the next is scheduled {ahead} ahead: the clock was set back since, or runs were moved"


def _silence(facts: Facts, next_beat: datetime, interval: timedelta) -> str:
    """Return since when no beat has begun, though all is there that makes it begin; "" if it is not long."""
    if facts.since_beat is not None:
        if facts.since_beat > _OVERDUE * interval:
            return f"none has begun for {_minutes(facts.since_beat)}, though a worker is online"
        return ""
    late = facts.at - next_beat
    return f"one is late by {_minutes(late)}, and no worker takes it" if late > interval / 2 else ""


def _minutes(time: timedelta) -> str:
    """Return a length of time as people say it."""
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
