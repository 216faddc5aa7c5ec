"""What Prefect remembers of the groups' runs over the last hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from flows.cadence import Decision
from flows.history import as_run, begun, flows_of
from tasks.builtin.contract import Events
from tasks.measurements import GroupEvent
from tasks.settings import Settings

_PAGE = 200  # the most that Prefect's API returns at once

T = TypeVar("T")


def events_of(settings: Settings) -> Events:
    """Return the memory that a built-in step asks; it opens a client of its own, from any thread."""

    def events(since: datetime) -> Sequence[GroupEvent]:
        try:
            with get_client(sync_client=True) as client:
                found = list(_runs(client, settings.groups, since))
        except httpx.HTTPError as error:
            raise ConnectionError(f"Prefect does not answer: {error}") from error
        return sorted(found, key=lambda event: event.at)

    return events


def _runs(client: SyncPrefectClient, groups: Iterable[str], since: datetime) -> Iterator[GroupEvent]:
    for name in groups:

        def page(offset: int, group: str = name) -> Sequence[FlowRun]:
            return client.read_flow_runs(
                flow_filter=flows_of([group]),
                flow_run_filter=begun(since=since),
                sort=FlowRunSort.START_TIME_ASC,
                limit=_PAGE,
                offset=offset,
            )

        for run in map(as_run, _pages(page)):
            yield GroupEvent(run.started, name, Decision.RUN, "", run.outcome, run.seconds)


def _pages(read: Callable[[int], Sequence[T]]) -> Iterator[T]:
    """Yield everything that `read` returns, page after page, given the offset."""
    offset = 0
    while page := read(offset):
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE
