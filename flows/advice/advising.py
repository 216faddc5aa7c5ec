"""All advice for a machine: each rests on what remains once what was advised before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from datetime import timedelta

from flows.advice.evidence import Advice, Evidence
from flows.advice.intervals import intervals
from flows.advice.lanes import lanes
from flows.advice.patience import patience
from flows.advice.quieter import quieter_times
from flows.advice.steps import steps

#: Of less than that, nothing is advised: a week has all kinds of days.
LEAST = timedelta(days=7)
#: In this order: what fails and what is done for nothing first, as it may be what holds up others.
_ADVISERS: tuple[Callable[[Evidence], Iterator[Advice]], ...] = (
    steps,
    intervals,
    lanes,
    quieter_times,
    patience,
)


def advise(evidence: Evidence) -> tuple[list[Advice], Evidence]:
    """Return all advice, and the evidence as it would be once all is taken."""
    taken: list[Advice] = []
    touched: set[tuple[str, str]] = set()
    for adviser in _ADVISERS:
        while advice := next(_untouched(adviser(evidence), touched), None):
            taken.append(advice)
            touched.update(change.target for change in advice.changes)
            evidence = evidence.after(advice)
    return taken, evidence


def _untouched(found: Iterator[Advice], touched: Set[tuple[str, str]]) -> Iterator[Advice]:
    """Yield the advice that changes nothing which is changed already."""
    return (each for each in found if touched.isdisjoint(change.target for change in each.changes))
