"""Two memories of what ran, made one: neither is complete.

Prefect knows of runs that crashed before they were written down; the store outlives Prefect's database.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from tasks.store.measurements import GroupEvent

_RUN = "run"


def merged(kept: Iterable[GroupEvent], remembered: Iterable[GroupEvent]) -> list[GroupEvent]:
    """Given what the store and what Prefect have, return all of it, oldest first, each run once.

    A group never runs twice at a time, so runs of it that overlap are the same one: then Prefect's word
    counts. Of a run that is not over the store knows nothing.
    """
    runs = list(remembered)
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for run in runs:
        if run.outcome:
            spans.setdefault(run.group, []).append(_span(run))
    begins, ends = {}, {}
    for group, found in spans.items():
        found.sort()
        begins[group] = [begin for begin, _ in found]
        ends[group] = list(accumulate((end for _, end in found), max))

    def is_known(run: GroupEvent) -> bool:
        if run.group not in spans:
            return False
        begin, end = _span(run)
        before = bisect_right(begins[run.group], end)
        return before > 0 and ends[run.group][before - 1] >= begin

    runs += [event for event in kept if event.decision != _RUN or not is_known(event)]
    return sorted(runs, key=lambda event: event.at)


def _span(run: GroupEvent) -> tuple[datetime, datetime]:
    return run.at, run.at + timedelta(seconds=run.seconds or 0.0)
