"""What a beat measures of the machine, and what its decisions know of the load."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import anyio
import anyio.to_thread

from flows import cancellation, expectations
from flows.decisions.cadence import decide
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import under_way
from flows.decisions.load import UNKNOWN, Load
from flows.decisions.pacing import REMEMBERED
from flows.decisions.situation import Situation
from flows.decisions.usual import usual_load
from flows.recorder import Log
from tasks.readings import meter
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings
from tasks.store import readings
from tasks.store.fault import StoreError
from tasks.store.measurements import Reading

#: How far back readings of beats decide anything: longer than a night's sleep, they say nothing of now.
_BACK = timedelta(hours=12)
#: From how many days what is usual is learned: older ones have faded from it (0.7 to the 14th is below 1 %).
_LEARNED = timedelta(days=14)
#: For how long a reading still says what the load is, to who asks between two beats.
RECENT = timedelta(minutes=10)


async def counted(situation: Situation) -> Reading:
    """Return what the system has counted since the last sample; nothing is waited for or looked up."""
    folder = situation.settings.outputs_dir
    return await anyio.to_thread.run_sync(meter.METER.since_sample, folder, situation.now)


async def watch(situation: Situation, log: Log) -> tuple[Situation, Reading]:
    """Watch the machine for some seconds; return the situation that knows the load, and the reading.

    The reading counts as that of the time at which the beat decides, whenever in the beat it was taken.
    """
    folder, now = situation.settings.outputs_dir, situation.now
    first, began = await anyio.to_thread.run_sync(meter.METER.look, folder), monotonic()
    try:  # meanwhile: what that takes of the CPU is Rhythm's own
        before = await anyio.to_thread.run_sync(known, situation.settings, now)
    except StoreError as error:
        log.warning("what the load was before is not known: %s", error)
        before = UNKNOWN
    with cancellation.current().heeded():
        await anyio.sleep(max(0.0, meter.WATCHED - (monotonic() - began)))
    reading = await anyio.to_thread.run_sync(meter.METER.since, first, folder, now)
    return replace(situation, load=replace(before, readings=(*before.readings, reading))), reading


def depends_on_load(situation: Situation) -> bool:
    """Return whether a group that may be deferred is about to run."""
    if not any(group.is_paced for group in situation.settings.groups.values()):
        return False
    return any(rests_on_load(choice, situation) for choice in decide(situation))


def rests_on_load(choice: Choice, situation: Situation) -> bool:
    """Return whether a choice that was made without the load may be another one with it."""
    is_paced = situation.settings.groups[choice.group].is_paced
    return choice.decision is Decision.RUN and is_paced and choice.group not in situation.force


def concerns_lanes(situation: Situation) -> bool:
    """Return whether what a beat starts in other lanes, before it runs anything, may depend on the load.

    Which group goes first there also follows from what the load lets run in `main`.
    """
    if not situation.apart or situation.settings.lanes == (MAIN,) or not depends_on_load(situation):
        return False
    return any(
        choice.lane != MAIN
        and choice.decision in (Decision.RUN, Decision.BUSY)
        and not under_way(choice.group, situation.history)
        for choice in decide(situation)
    )


def known(settings: Settings, now: datetime) -> Load:
    """Return what the store has of the load before `now`.

    Raises:
        StoreError: it cannot be read.
    """
    return Load(
        readings.of_beats(settings, now - _BACK, now, REMEMBERED),
        usual_load(readings.means(settings, now - _LEARNED, now), settings.zone),
        expectations.of_groups(settings, now),
    )


def last_known(settings: Settings, now: datetime) -> Load:
    """Return the same, for who asks what a beat would decide now: without readings if they are not of late.

    Raises:
        StoreError: the store cannot be read.
    """
    found = known(settings, now)
    is_recent = bool(found.readings) and now - found.readings[-1].at <= RECENT
    return found if is_recent else replace(found, readings=())
