"""The groups' last runs as the database of measurements has them, for when Prefect cannot be asked.

No beat decides by it: it has only what ran on this machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.decisions.choice import Decision
from flows.decisions.group_runs import Run
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME

#: How far back it is looked: a month of the database takes a while to read.
_BACK = timedelta(days=8)
_NO_RUNS = tuple(decision.value for decision in Decision if decision is not Decision.RUN)


def last_runs(settings: Settings, now: datetime) -> dict[str, Run]:
    """Return the last run of every group that has ended one in the last 8 days.

    Raises:
        StoreError: the database cannot be read.
    """
    if settings.database_url is None and not (settings.outputs_dir / FILE_NAME).exists():
        return {}
    with store_of(settings) as store:
        events = store.decisions(now - _BACK, _NO_RUNS)
    return {event.group: _run(event) for event in events if event.group in settings.groups}


def _run(event: GroupEvent) -> Run:
    ended = None if event.seconds is None else event.at + timedelta(seconds=event.seconds)
    return Run(event.at, ended, event.outcome, fault=event.fault)
