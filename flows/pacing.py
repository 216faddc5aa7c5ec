"""Whether a group that is due waits for a quieter beat: the load, and the length of a beat. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flows.choice import Choice
from flows.due import rests
from flows.situation import Situation
from flows.slots import BEAT, next_beat
from flows.timestamps import duration
from tasks.settings.byte_size import format_size
from tasks.settings.groups import MAIN
from tasks.settings.pacing import PacingSettings
from tasks.store.measurements import Reading

#: How many beats' readings whether the machine is busy depends on, at most.
REMEMBERED = 24
#: Of a group of a day or more, how long it waits at most unless `wait_at_most` says otherwise.
_OF_A_DAY = timedelta(hours=3)


class Wait(NamedTuple):
    """Why a group waits, and until when at most."""

    reason: str
    until: datetime


def pace(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Wait | None:
    """Return why the group `name`, which is due, waits for a later beat; None if it is to run.

    `earlier` holds this beat's choices for the groups before it.
    """
    group = situation.settings.groups[name]
    if not group.is_paced:
        return None
    until = latest(name, situation)
    if next_beat(situation.now) > until:
        return None
    reason = _busy(situation) or _no_room(name, situation, earlier)
    return Wait(f"{reason}, or at {situation.clock(until)} at the latest", until) if reason else None


def latest(name: str, situation: Situation) -> datetime:
    """Return up to when the group may wait in its slot: no longer than what is due after it may."""
    group, slot = situation.settings.groups[name], situation.slot(name)
    own = slot.start
    if group.is_paced:
        length = slot.end - slot.start
        half = length / 2
        wait = group.wait_at_most or (min(half, _OF_A_DAY) if length >= timedelta(days=1) else half)
        own = max(min(slot.start + wait, slot.end - BEAT), slot.start)
    others = situation.settings.groups.items()
    dependents = [
        other for other, settings in others if name in settings.after and rests(other, situation) is None
    ]
    return min([own, *(latest(other, situation) for other in dependents)])


def is_busy(readings: Sequence[Reading], pacing: PacingSettings) -> bool:
    """Return whether others use too much of the CPU: from above `busy_above` on until below `free_below`.

    It is a fold over the last readings: a restart changes nothing, and nothing is kept for it.
    """
    busy = False
    for reading in readings[-REMEMBERED:]:
        if reading.others is not None:
            busy = reading.others > (pacing.free if busy else pacing.busy_above)
    return busy


def _busy(situation: Situation) -> str:
    """Return what others use too much of; "" if they do not, or if that cannot be measured."""
    pacing, readings = situation.settings.pacing, situation.load.readings
    if not readings:
        return ""
    now = readings[-1]
    if now.memory_available is not None and now.memory_available < pacing.memory_below:
        left, least = format_size(now.memory_available), format_size(pacing.memory_below)
        return f"{left} of memory are left; runs once {least} are"
    if pacing.busy_above and now.others is not None and is_busy(readings, pacing):
        return f"others use {now.others:.0f} % of the CPU; runs below {pacing.free:g} %"
    return ""


def _no_room(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> str:
    """Return that what is left of the beat is too short for the group; "" if it is not."""
    needs = situation.load.durations.get(name)
    if needs is None or situation.settings.groups[name].lane != MAIN:
        return ""
    gone = sum(choice.seconds or 0.0 for choice in earlier.values() if choice.lane == MAIN)
    left = situation.settings.pacing.beat_at_most.total_seconds() - gone
    if not gone or needs.at_most <= left:
        return ""
    return f"needs about {duration(needs.at_most)}, {duration(max(left, 0.0))} are left of this beat"
