"""Writes down what beats decide and what their steps cost, for the built-in steps that look back.

Prefect alone decides by what it remembers; nothing here is ever asked by a beat.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import anyio.to_thread

from flows.choice import Decision
from flows.report import GroupReport
from tasks.settings.rhythm_toml import Settings
from tasks.store import journal
from tasks.store.fault import StoreError
from tasks.store.measurements import BeatRecord, GroupEvent, StepUsage

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

_QUIET = (Decision.NOT_DUE, Decision.PAUSED)


async def keep(
    settings: Settings,
    log: Log,
    *,
    decisions: Sequence[GroupEvent] = (),
    steps: Sequence[StepUsage] = (),
    beats: Sequence[BeatRecord] = (),
) -> None:
    """Put them into the store. One that cannot be written to is a warning: it holds up no beat.

    Of a beat in which nothing was due, there is no more to write than that it was.
    """
    if all(event.decision in _QUIET for event in decisions):
        decisions = ()
    if not (decisions or steps or beats):
        return
    try:
        await anyio.to_thread.run_sync(journal.write, settings, decisions, steps, (), beats)
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
