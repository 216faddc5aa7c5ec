"""Whether a group is due at all: its slot, what has run in it, its calendar, and what people paused. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flows.decisions.choice import Decision
from flows.decisions.group_runs import in_words
from flows.decisions.situation import Situation
from tasks.outcome import Outcome
from tasks.settings.duration import format_duration


class Rest(NamedTuple):
    """Why a group is not to run, and until when (UTC); None: until somebody changes that."""

    decision: Decision
    reason: str
    until: datetime | None
    failing: bool = False


class Off(NamedTuple):
    """Why a group's calendar keeps it from running, and when it is next due."""

    reason: str
    until: datetime


def rests(name: str, situation: Situation) -> Rest | None:
    """Return why the group `name` is not due, or paused; None if it is due."""
    settings, now, clock = situation.settings, situation.now, situation.clock
    group, slot, runs = settings.groups[name], situation.slot(name), situation.runs(name)
    if not group.enabled:
        return Rest(Decision.PAUSED, "enabled = false in rhythm.toml", None)
    if pause := situation.holds.pause_of(name, now):
        return Rest(Decision.PAUSED, pause.describe(now, settings.zone), pause.until)
    if done := next((run for run in runs if run.outcome is Outcome.COMPLETED), None):
        return Rest(Decision.NOT_DUE, f"ran at {clock(done.started)}", slot.end)
    if skipped := situation.holds.skip_of(name, now):
        reason = f"left out until {clock(skipped.end)} by `rhythm skip`"
        return Rest(Decision.NOT_DUE, reason, skipped.end)
    if len(runs) >= group.attempts:
        reason = f"given up after attempt {len(runs)}, which {in_words(runs[-1], settings, now)}"
        return Rest(Decision.NOT_DUE, reason, slot.end, failing=True)
    if kept := off(name, situation):
        return Rest(Decision.NOT_DUE, kept.reason, kept.until, failing=bool(runs))
    return None


def off(name: str, situation: Situation) -> Off | None:
    """Return why a group may not run now, though its slot is not used up; None if it may.

    Once a slot has begun with a run, further attempts are not late.
    """
    group, now, clock = situation.settings.groups[name], situation.now, situation.clock
    slot = situation.slot(name)
    zone = group.zone or situation.settings.zone
    anchor = group.calendar.anchor(zone)
    if anchor and now < anchor and group.first_run != "now":
        return Off(f"first at {clock(anchor)}", anchor)
    if reason := group.calendar.closed(now, zone):
        return Off(reason, slot.end)
    if situation.runs(name):
        return None
    if name in situation.since and slot.start < situation.since[name]:
        return Off(f"first at {clock(slot.end)}", slot.end)
    if group.latest is not None and now - slot.start > group.latest:
        late = f"more than {format_duration(group.latest)} ago"
        return Off(f"missed {clock(slot.start)}, {late}", slot.end)
    return None
