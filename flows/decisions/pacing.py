"""Whether a group that is due waits for a quieter beat: the load, and the length of a beat. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from flows.decisions.choice import Choice, Decision
from flows.decisions.due import rests
from flows.decisions.group_runs import under_way
from flows.decisions.situation import Situation
from flows.decisions.slots import BEAT, next_beat
from tasks.duration_text import about
from tasks.outcome import Outcome
from tasks.settings.groups import MAIN
from tasks.settings.pacing import PacingSettings
from tasks.store.measurements import Reading

#: Whether the machine is busy depends on so many beats' readings, at most.
REMEMBERED = 24
#: By how much a later beat must usually be quieter, in points of per cent, for a group to wait for it.
GAIN = 10.0
#: How much the load now says of that of later beats, beside the usual one: so much less for each of them.
FADES = 0.8
#: Of a group of a day or more, how long it waits at most unless `wait_at_most` says otherwise.
_OF_A_DAY = timedelta(hours=3)


class Wait(NamedTuple):
    """Why a group waits, and until when at most."""

    reason: str
    until: datetime


def pace(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> Wait | None:
    """Return why the group `name`, which is due, waits for a later beat; None if it is to run.

    `earlier` holds this beat's choices for the groups before it. Without a reading, and without known
    durations, nothing waits.
    """
    load = situation.load
    if not situation.settings.groups[name].is_paced or not (load.readings or load.durations):
        return None
    until = latest(name, situation)
    if next_beat(situation.now) > until:
        return None
    at_latest = f"{situation.clock(until)} at the latest"
    if reason := _busy(situation):
        return Wait(f"{reason}, or at {at_latest}", until)
    reason = _usually_quieter(situation, until) or _no_room(name, situation, earlier)
    return Wait(f"{reason}; runs at {at_latest}", until) if reason else None


def lateness(name: str, situation: Situation) -> str:
    """Return for what a group that runs now would wait if it could; "" if for nothing."""
    if not situation.settings.groups[name].is_paced or next_beat(situation.now) <= latest(name, situation):
        return ""
    reason = _busy(situation).partition(";")[0]
    return f"; can wait no longer, though {reason}" if reason else ""


def latest(name: str, situation: Situation) -> datetime:
    """Return up to when the group may wait in its slot: no longer than what comes after it may.

    That is half of its slot or `wait_at_most`, and one beat before its end at most. What comes after it and
    is due by then may wait for no longer than on its own; what never waits, for no beat at all.
    """
    return _latest(name, situation, {})


def _latest(name: str, situation: Situation, known: dict[tuple[str, datetime], datetime]) -> datetime:
    """Return `latest`, given what has been found for other groups and times."""
    key = name, situation.now
    if key not in known:
        found = _own_latest(name, situation)
        for other, group in situation.settings.groups.items():
            if name in group.after and (then := _when_due(other, situation, before=found)):
                by = _latest(other, then, known)
                found = min(found, by if group.is_paced else by - BEAT)
        known[key] = found
    return known[key]


def _own_latest(name: str, situation: Situation) -> datetime:
    """Return up to when the group may wait for its own sake; one that never waits, until its slot begins."""
    group, slot = situation.settings.groups[name], situation.slot(name)
    if not group.is_paced:
        return slot.start
    length = slot.end - slot.start
    half = length / 2
    wait = group.wait_at_most or (min(half, _OF_A_DAY) if length >= timedelta(days=1) else half)
    if group.latest is not None:
        wait = min(wait, group.latest)
    until = min(slot.start + wait, slot.end - BEAT)
    zone = group.zone or situation.settings.zone
    while until > slot.start and group.calendar.closed(until, zone):
        until -= BEAT
    return max(until, slot.start)


def _when_due(name: str, situation: Situation, before: datetime) -> Situation | None:
    """Return the situation at the first time from now on at which the group is due, if that is `before`."""
    while rest := rests(name, situation):
        if rest.until is None or rest.until >= before:
            return None
        situation = replace(situation, now=rest.until)
    return situation


def is_busy(readings: Sequence[Reading], pacing: PacingSettings) -> bool:
    """Return whether others use too much of the CPU: from above `busy_above` on until below `free_below`.

    In between, what was measured before counts, in the last 24 readings and two hours: a restart changes
    nothing, and nothing is kept for it.
    """
    for reading in reversed(readings[-REMEMBERED:]):
        if readings[-1].at - reading.at >= REMEMBERED * BEAT:
            break
        if reading.others is not None and not pacing.free < reading.others <= pacing.busy_above:
            return reading.others > pacing.busy_above
    return False


def _busy(situation: Situation) -> str:
    """Return what others use too much of; "" if they do not, or if that cannot be measured."""
    pacing, readings = situation.settings.pacing, situation.load.readings
    if not readings:
        return ""
    now = readings[-1]
    if now.memory_available is not None and now.memory_available < pacing.memory_below:
        left, least = (size / 2**20 for size in (now.memory_available, pacing.memory_below))
        return f"{left:.0f} MiB of memory are left; runs once {least:.0f} MiB are"
    if pacing.busy_above and now.others is not None and is_busy(readings, pacing):
        return f"others use {now.others:.0f} % of the CPU; runs below {pacing.free:g} %"
    return ""


def _usually_quieter(situation: Situation, until: datetime) -> str:
    """Return at which beat up to `until` it is usually quieter; "" if at none, or if it is calm now."""
    pacing, usual = situation.settings.pacing, situation.load.usual
    reading = situation.load.readings[-1].others if situation.load.readings else None
    if usual is None or reading is None or not pacing.busy_above:
        return ""
    usual_now = usual(situation.now)
    if usual_now is None or max(reading, usual_now) <= pacing.free:
        return ""
    here = _mixed(usual_now, reading, 0)
    beats = enumerate(_beats(next_beat(situation.now), until), start=1)
    forecast = ((_mixed(load, reading, ahead), at) for ahead, at in beats if (load := usual(at)) is not None)
    quietest, at = min(forecast, default=(here, until))
    if quietest + GAIN >= here:
        return ""
    return f"usually quieter at {situation.clock(at)} ({quietest:.0f} %, now {here:.0f} %)"


def _mixed(usual: float, reading: float, ahead: int) -> float:
    """Return the load that is expected so many beats ahead: the usual one, and a part of that of now."""
    part = FADES**ahead
    return (2 * usual + part * reading) / (2 + part)


def _beats(first: datetime, last: datetime) -> Iterator[datetime]:
    at = first
    while at <= last:
        yield at
        at += BEAT


def _no_room(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> str:
    """Return why the group does not fit into this beat; "" if it does."""
    settings = situation.settings
    needs, budget = situation.load.durations.get(name), settings.pacing.beat_at_most.total_seconds()
    if needs is None or settings.groups[name].lane != MAIN:
        return ""
    long = f"needs about {about(needs.at_most)}"
    if needs.at_most <= budget:
        left = budget - _taken(name, situation, earlier)
        return f"{long}, {about(max(left, 0.0))} are left of this beat" if needs.at_most > left else ""
    # It is longer than any beat, and makes the next one be skipped. So it follows what never waits.
    if first := next((other for other in earlier if _has_run(other, situation, earlier)), None):
        return f"{long}, more than a beat has, and {first} has just run"
    if soon := next(_due_next(situation), None):
        return f"{long}, and {soon} is due at {situation.clock(next_beat(situation.now))}"
    return ""


def _has_run(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> bool:
    """Whether a group that could have waited has run in this beat."""
    group = situation.settings.groups[name]
    return group.is_paced and group.lane == MAIN and bool(earlier[name].seconds)


def _due_next(situation: Situation) -> Iterator[str]:
    """Yield the groups of `main` that never wait, are not due in this beat, and are in the next one."""
    soon = next_beat(situation.now)
    for name, group in situation.settings.groups.items():
        rest = rests(name, situation) if group.lane == MAIN and not group.is_paced else None
        if rest and rest.until is not None and rest.until <= soon:
            yield name


def _taken(name: str, situation: Situation, earlier: Mapping[str, Choice]) -> float:
    """Return how many seconds of this beat are not to be had for the group `name`.

    What has run took them, or what is still to run and cannot wait will: also if it comes later.
    """
    gone = sum(choice.seconds or 0.0 for choice in earlier.values() if choice.lane == MAIN)
    durations = situation.load.durations
    if not durations:
        return gone
    return gone + sum(
        durations[other].at_most
        for other in _to_run(situation, earlier)
        if other != name and other in durations and not _may_wait(other, situation)
    )


def _to_run(situation: Situation, earlier: Mapping[str, Choice]) -> Iterator[str]:
    """Yield the groups of `main` that this beat has still to decide for, and that are due and not blocked."""
    settings, blocked = situation.settings, set[str]()
    for name in settings.order:
        if choice := earlier.get(name):
            if choice.outcome not in (None, Outcome.COMPLETED) or choice.decision in _BLOCKING:
                blocked.add(name)
        elif name in situation.force:
            if settings.groups[name].lane == MAIN:
                yield name
        elif blocked.intersection(settings.groups[name].after):
            blocked.add(name)
        elif (
            settings.groups[name].lane == MAIN
            and not rests(name, situation)
            and not under_way(name, situation.history)
        ):
            yield name


def _may_wait(name: str, situation: Situation) -> bool:
    """Whether the group may wait for the next beat."""
    if name in situation.force or not situation.settings.groups[name].is_paced:
        return False
    return next_beat(situation.now) <= latest(name, situation)


# What a beat decides for a group that keeps those that come after it from running.
_BLOCKING = (Decision.WAITS, Decision.DEFERRED, Decision.BUSY)
