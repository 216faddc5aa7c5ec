"""Reads what this machine has recorded of its last days, for a replay. It loads no Prefect."""

from __future__ import annotations

from datetime import datetime, timedelta

from flows.replay.recorded import Recorded, recorded_runs
from tasks.settings.rhythm_toml import Settings
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME

#: How far back runs and readings are read that decisions of the first days may rest on: what usually happens
#: at a time of day is learned from weeks.
_BEFORE = timedelta(days=28)


def read(settings: Settings, since: datetime) -> Recorded | None:
    """Return what is recorded of the beats since a time (aware); None if there were none.

    Raises:
        tasks.store.fault.StoreError: the measurements cannot be read.
    """
    if settings.database_url is None and not (settings.outputs_dir / FILE_NAME).exists():
        return None
    with store_of(settings) as store:
        beats = store.beats(since)
        if not beats:
            return None
        before = beats[0].at - _BEFORE
        usages = store.steps(before)
        runs = list(recorded_runs(store.decisions(before), usages))
        return Recorded(beats, runs, store.readings(before), usages)
