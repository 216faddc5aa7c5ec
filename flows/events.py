"""What happened to the groups over the last hours: their runs, and why others did not run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort, FlowRunSort

from flows.cadence import Decision
from flows.history import as_run, begun, flows_of
from tasks.builtin.contract import Events
from tasks.measurements import GroupEvent
from tasks.settings import Settings

#: The key of the table that each beat leaves.
BEAT_KEY = "beat"

_PAGE = 200  # the most that Prefect's API returns at once
_QUIET = (Decision.RUN, Decision.NOT_DUE)  # a run is known from itself; not being due is no event

T = TypeVar("T")


def events_of(settings: Settings) -> Events:
    """Return the memory that a built-in step asks; it opens a client of its own, from any thread."""

    def events(since: datetime) -> Sequence[GroupEvent]:
        try:
            with get_client(sync_client=True) as client:
                found = [*_runs(client, settings.groups, since), *_refusals(client, since)]
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


def _refusals(client: SyncPrefectClient, since: datetime) -> Iterator[GroupEvent]:
    """What beats decided against, from the tables that they left, newest first."""
    for artifact in _pages(
        lambda offset: client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[BEAT_KEY])),
            sort=ArtifactSort.CREATED_DESC,
            limit=_PAGE,
            offset=offset,
        )
    ):
        if artifact.created is None or artifact.created < since:
            return
        rows = json.loads(artifact.data) if isinstance(artifact.data, str) else artifact.data
        for row in rows if isinstance(rows, list) else []:
            if row["decision"] not in _QUIET:
                yield GroupEvent(artifact.created, row["group"], row["decision"], row["reason"])


def _pages(read: Callable[[int], Sequence[T]]) -> Iterator[T]:
    """Yield everything that `read` returns, page after page, given the offset."""
    offset = 0
    while page := read(offset):
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE
