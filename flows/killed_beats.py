"""Beats that were killed wrote down nothing of themselves: whoever finds them does, as replays need them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import anyio.to_thread
from prefect.client.schemas.objects import FlowRun

from flows.beat_note import BeatNote, read_note
from flows.decisions.choice import Decision
from flows.decisions.holds import NONE, Holds
from flows.memory.history import plain
from flows.memory.whose import BEAT, run_version
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store import journal
from tasks.store.fault import StoreError
from tasks.store.measurements import BeatRecord, GroupEvent

#: How far back the beat before is looked for: by it is known what was paused.
_BEFORE = timedelta(days=1)


async def write_down(settings: Settings, crashed: Iterable[FlowRun], warn: Callable[[str], object]) -> None:
    """Write down those beats among runs that have crashed. If that fails, it is a warning."""
    version = run_version(settings.name, BEAT)
    for run in crashed:
        if run.flow_version != version or run.start_time is None:
            continue
        # One that is taken up early decides at the time that it was scheduled for.
        began = plain(max(run.start_time, run.expected_start_time or run.start_time))
        try:
            await anyio.to_thread.run_sync(_write_down, settings, began)
        except StoreError as error:
            warn(f"a beat that was killed is not written down: {error}")


def _write_down(settings: Settings, began: datetime) -> None:
    """Write down the beat that began then, unless it has done so itself, or others came since."""
    from tasks.store.store import store_of  # which imports what reads databases

    with store_of(settings) as store:
        beats = store.beats(began - _BEFORE)
        events = store.decisions(began)
    if beats and beats[-1].at >= began:
        return
    holds = NONE
    if beats:
        try:
            holds = read_note(beats[-1].note).holds
        except ValueError:  # somebody else's; a replay leaves it out as well
            holds = NONE
    in_main = [each for each in events if each.group in settings.in_lane(MAIN)]
    journal.write(settings, beats=[killed_beat(began, in_main, holds)])


def killed_beat(began: datetime, events: Sequence[GroupEvent], holds: Holds) -> BeatRecord:
    """Return what is known of a beat by the runs of `main` that have ended since it began, oldest first.

    It came no further than to these, and lasted until the last one of them had ended. Pure.
    """
    ran = [each for each in events if each.decision == Decision.RUN and each.reason != "manually"]
    ended = max((each.at + timedelta(seconds=each.seconds or 0.0) for each in ran), default=began)
    forced = tuple(each.group for each in ran if each.reason == "forced")
    note = BeatNote(forced, holds=holds, reached=tuple(each.group for each in ran))
    return BeatRecord(began, (ended - began).total_seconds(), note.text())
