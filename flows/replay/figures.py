"""What a replay comes to, for each group: how often it ran, was deferred, late or left out. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flows.decisions.choice import Decision
from flows.decisions.holds import NONE
from flows.decisions.slots import BEAT, Slot, slot_at
from flows.replay.recorded import Recorded
from flows.replay.replay import Replay, ReplayedRun
from tasks.outcome import Outcome

#: Above which use of the CPU by others ours counts as used at a bad time, in per cent.
BUSY = 70.0
_PIECE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Delay:
    """A slot that was late or lost: from its beginning until its run began, or it ended."""

    group: str
    start: datetime
    end: datetime
    is_lost: bool


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """A group in a replay.

    `late` are the slots whose first run began more than a beat after the slot; `deferred`, those in which it
    waited for a quieter beat; `lost`, those without a run, though beats came and nobody had paused it.
    `oldest` is the longest time from one completed run to the next, in seconds: None without two.
    `busy_cpu` are the CPU seconds that its runs used while others used more than 70 %: None if not known.
    `delays` has the late and lost slots themselves.
    """

    runs: int = 0
    failed: int = 0
    deferred: int = 0
    late: int = 0
    lost: int = 0
    oldest: float | None = None
    busy_cpu: float | None = None
    delays: tuple[Delay, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """It, as `rhythm replay --json` prints it."""
        return {
            "runs": self.runs,
            "failed": self.failed,
            "deferred": self.deferred,
            "late": self.late,
            "lost": self.lost,
            "oldest_seconds": None if self.oldest is None else round(self.oldest),
            "busy_cpu_seconds": None if self.busy_cpu is None else round(self.busy_cpu, 1),
        }


def figures(replayed: Replay) -> dict[str, GroupFigures]:
    """Return the figures of each group, in dependency order."""
    by_group: dict[str, list[ReplayedRun]] = {name: [] for name in replayed.settings.order}
    deferred: dict[str, set[Slot]] = {name: set() for name in replayed.settings.order}
    for each in replayed.runs:
        by_group[each.run.group].append(each)
    for beat in replayed.beats:
        for choice in beat.choices:
            if choice.decision is Decision.DEFERRED:
                deferred[choice.group].add(_slot(replayed, choice.group, beat.at))
    return {name: _of_group(replayed, name, runs, len(deferred[name])) for name, runs in by_group.items()}


def _delays(replayed: Replay, name: str, runs: list[ReplayedRun]) -> list[Delay]:
    """Return the slots of a group, whose `runs` these are, that were late or lost."""
    first: dict[Slot, datetime] = {}
    begun: set[Slot] = set()
    for each in runs:
        run = each.run
        begun |= {run.slot, _slot(replayed, name, run.began), _slot(replayed, name, run.ended)}
        if run.decided_at is not None:
            first.setdefault(run.slot, run.began)
    found = []
    for slot in _slots(replayed, name):
        if slot not in begun:
            found.append(Delay(name, slot.start, slot.end, is_lost=True))
        elif slot in first and first[slot] - slot.start > BEAT:
            found.append(Delay(name, slot.start, first[slot], is_lost=False))
    return found


def _of_group(replayed: Replay, name: str, runs: list[ReplayedRun], deferred: int) -> GroupFigures:
    completed = [each.run.began for each in runs if each.run.outcome is Outcome.COMPLETED]
    ages = [(later - earlier).total_seconds() for earlier, later in pairwise(completed)]
    known = [used for each in runs if (used := _busy_cpu(each, replayed.recorded)) is not None]
    found = _delays(replayed, name, runs)
    lost = sum(delay.is_lost for delay in found)
    return GroupFigures(
        runs=len(runs),
        failed=sum(each.run.outcome is not Outcome.COMPLETED for each in runs),
        deferred=deferred,
        late=len(found) - lost,
        lost=lost,
        oldest=max(ages, default=None),
        busy_cpu=sum(known) if known else None,
        delays=tuple(found),
    )


def _slots(replayed: Replay, name: str) -> Iterator[Slot]:
    """Yield the slots within the record in which the group was to run: beats came, and nothing kept it."""
    recorded, group = replayed.recorded, replayed.settings.groups[name]
    if not group.enabled:
        return
    zone = group.zone or replayed.settings.zone
    anchor = group.calendar.anchor(zone)
    slot = _slot(replayed, name, recorded.start)
    if slot.start < recorded.start:
        slot = _slot(replayed, name, slot.end)
    while slot.end <= recorded.end:
        is_before = anchor is not None and slot.start < anchor
        if not (is_before or group.calendar.closed(slot.start, zone) or _is_kept(recorded, name, slot)):
            times = recorded.scheduled
            if bisect_left(times, slot.start) < bisect_left(times, slot.end):
                yield slot
        slot = _slot(replayed, name, slot.end)


def _is_kept(recorded: Recorded, name: str, slot: Slot) -> bool:
    """Whether somebody had paused or left out the group at any time in the slot."""
    changes = recorded.holds
    index = bisect_right(changes, slot.start, key=lambda change: change[0])
    within = [(slot.start, changes[index - 1][1] if index else NONE)]
    within += [(at, holds) for at, holds in changes[index:] if at < slot.end]
    return any(holds.keeps(name, at) for at, holds in within)


def _slot(replayed: Replay, name: str, time: datetime) -> Slot:
    return slot_at(replayed.settings.groups[name], time.astimezone(UTC), replayed.settings.zone)


def _busy_cpu(each: ReplayedRun, recorded: Recorded) -> float | None:
    """Return the CPU seconds of a run while others were busy: the run uses as much in each of its minutes."""
    if each.like is None or each.like.cpu_seconds is None:
        return None
    run = each.run
    pieces = max(1, round(run.seconds / _PIECE.total_seconds()))
    length = timedelta(seconds=run.seconds) / pieces
    readings = [recorded.reading(run.began + length * (index + 0.5)) for index in range(pieces)]
    others = [reading.others for reading in readings if reading and reading.others is not None]
    if not others:
        return None
    return each.like.cpu_seconds * sum(use > BUSY for use in others) / len(others)
