"""Writes down what beats decide, what their steps cost and what was read of the machine.

That is for the built-in steps that look back. What ran, a beat asks of Prefect alone; of what is written
here, only how busy the machine was, and how long runs took.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import anyio.to_thread

from flows.decisions.choice import Decision
from flows.report import GroupReport
from tasks.settings.rhythm_toml import Settings
from tasks.store import journal
from tasks.store.fault import StoreError
from tasks.store.measurements import BeatRecord, GroupEvent, Reading, StepUsage

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

_QUIET = (Decision.NOT_DUE, Decision.PAUSED)


async def keep(
    settings: Settings,
    log: Log,
    *,
    decisions: Sequence[GroupEvent] = (),
    steps: Sequence[StepUsage] = (),
    readings: Sequence[Reading] = (),
    beats: Sequence[BeatRecord] = (),
) -> None:
    """Put them into the store. One that cannot be written to is a warning: it holds up no beat.

    Of a beat in which nothing was due, the decisions are left out, apart from what is paused.
    """
    if all(event.decision in _QUIET for event in decisions):
        decisions = [event for event in decisions if event.decision == Decision.PAUSED]
    if not (decisions or steps or readings or beats):
        return
    try:
        await anyio.to_thread.run_sync(journal.write, settings, decisions, steps, readings, beats)
    except StoreError as error:
        log.warning("what this beat did is not written down: %s", error)


def decision_of(group: GroupReport, at: datetime) -> GroupEvent:
    """Return what the beat at the time `at` decided for a group; a run has the time at which it began."""
    return GroupEvent(
        group.started or at,
        group.choice.group,
        group.choice.decision.value,
        group.choice.reason,
        group.choice.outcome,
        group.seconds,
        group.run_id,
        group.fault,
    )
