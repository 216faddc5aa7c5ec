"""Writes down what beats decide and what their steps cost, for the built-in steps that look back.

Prefect alone decides by what it remembers; nothing here is ever asked by a beat.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import anyio.to_thread

from flows.report import BeatReport
from tasks.measurements import GroupEvent, StepUsage
from tasks.settings import Settings

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

#: How long a beat waits for whoever is writing to the store, in seconds.
_PATIENCE = 2.0


async def keep(
    settings: Settings, log: Log, *, decisions: Sequence[GroupEvent] = (), steps: Sequence[StepUsage] = ()
) -> None:
    """Put them into the store. One that cannot be written to is a warning: it holds up no beat."""

    def write() -> str:
        from tasks.store import StoreError, store_of  # SQLAlchemy: not before the group has run

        try:
            with store_of(settings, busy_seconds=_PATIENCE) as store:
                store.add_decisions(decisions)
                store.add_steps(steps)
        except StoreError as error:
            return str(error)
        return ""

    if not (decisions or steps):
        return
    if fault := await anyio.to_thread.run_sync(write):
        log.warning("what this beat did is not written down: %s", fault)


def decisions_of(report: BeatReport) -> list[GroupEvent]:
    """Given a beat, return what it decided for each group; a run is of the moment it began."""
    return [
        GroupEvent(
            group.started or report.at,
            group.choice.group,
            group.choice.decision.value,
            group.choice.reason,
            group.choice.outcome,
            group.seconds,
        )
        for group in report.groups
    ]
