"""What Prefect remembers of the groups' runs over the last hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from flows.decisions.choice import Decision
from flows.memory.history import as_run, begun
from flows.memory.pages import PAGE, pages
from flows.server_fault import describe
from tasks.builtin.contract import Events
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent


def events_of(settings: Settings) -> Events:
    """Return the memory that a built-in step asks; it opens a client of its own, from any thread."""

    def events(since: datetime) -> Sequence[GroupEvent]:
        try:
            with get_client(sync_client=True) as client:
                found = list(_runs(client, settings, since))
        except httpx.HTTPError as error:
            raise ConnectionError(describe(error)) from error
        return sorted(found, key=lambda event: event.at)

    return events


def _runs(client: SyncPrefectClient, settings: Settings, since: datetime) -> Iterator[GroupEvent]:
    for name in settings.groups:

        def page(offset: int, group: str = name) -> Sequence[FlowRun]:
            return client.read_flow_runs(
                flow_run_filter=begun(settings, [group], since=since),
                sort=FlowRunSort.START_TIME_ASC,
                limit=PAGE,
                offset=offset,
            )

        for run in map(as_run, pages(page)):
            yield GroupEvent(run.started, name, Decision.RUN, "", run.outcome, run.seconds, fault=run.fault)
