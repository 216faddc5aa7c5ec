"""How long runs of groups and steps took, out of the store, at little cost."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.store.quick_read import PATIENCE, rows
from tasks.store.timestamp import from_microseconds, microseconds

#: How far back expectations look: a daily group's last 50 runs lie in it.
BACK = timedelta(days=60)
#: Outcomes that say something of how long a run takes. What is cancelled or crashes says nothing.
TELLING = (Outcome.COMPLETED, Outcome.FAILED, Outcome.TIMED_OUT)

_GROUPS = (
    "SELECT group_name, at, seconds, outcome FROM decisions WHERE host = ? AND at >= ? "
    "AND decision = 'run' AND seconds IS NOT NULL ORDER BY at, id"
)
_STEPS = (
    "SELECT group_name, step_name, at, seconds, outcome FROM step_usage WHERE host = ? AND at >= ? "
    "ORDER BY at, id"
)

K = TypeVar("K", bound=Hashable)


class Took(NamedTuple):
    """How long a run took that began `at`, in seconds, and how it ended."""

    at: datetime
    seconds: float
    outcome: Outcome = Outcome.COMPLETED

    @property
    def is_completed(self) -> bool:
        """Whether it took as long as it needed; else it would have taken at least that long."""
        return self.outcome is Outcome.COMPLETED


def of_groups(settings: Settings, since: datetime, most: int | None = None) -> dict[str, list[Took]]:
    """Return how long the runs of each group took on this machine since a time, oldest first.

    With `most`, only the last so many of each.

    Raises:
        tasks.store.store.StoreError: the store cannot be read.
    """
    found = rows(settings, _GROUPS, microseconds(since))
    if found is not None:
        return _gathered(((group, took) for group, *took in found), most)
    from tasks.store.store import store_of

    with store_of(settings, busy_seconds=PATIENCE) as store:
        events = store.decisions(since)
    ended = (event for event in events if event.decision == "run" and event.seconds is not None)
    return _gathered(
        ((each.group, (microseconds(each.at), each.seconds, each.outcome)) for each in ended), most
    )


def of_steps(
    settings: Settings, since: datetime, most: int | None = None
) -> dict[tuple[str, str], list[Took]]:
    """Return the same of each step (group, step); every attempt counts for itself.

    Raises:
        tasks.store.store.StoreError: the store cannot be read.
    """
    found = rows(settings, _STEPS, microseconds(since))
    if found is not None:
        return _gathered((((group, step), took) for group, step, *took in found), most)
    from tasks.store.store import store_of

    with store_of(settings, busy_seconds=PATIENCE) as store:
        usages = store.steps(since)
    return _gathered(
        (((each.group, each.step), (microseconds(each.at), each.seconds, each.outcome)) for each in usages),
        most,
    )


def _gathered(found: Iterable[tuple[K, Sequence[Any]]], most: int | None) -> dict[K, list[Took]]:
    """Given keys with when a run began, its seconds and its outcome, return what says something of each."""
    gathered: dict[K, list[Sequence[Any]]] = {}
    for key, row in found:
        if row[2] in TELLING:
            gathered.setdefault(key, []).append(row)
    return {key: [_took(*row) for row in rows[-(most or 0) :]] for key, rows in gathered.items()}


def _took(at: int, seconds: float, outcome: str) -> Took:
    return Took(from_microseconds(at), seconds, Outcome(outcome))
