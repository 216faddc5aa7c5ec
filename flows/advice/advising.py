"""All advice for a machine: each rests on what remains once what was advised before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from flows.advice.evidence import Advice, Evidence
from flows.advice.intervals import interval
from flows.advice.lanes import lanes
from flows.advice.orders import orders
from flows.advice.patience import patience
from flows.advice.quieter import quieter_time
from flows.advice.steps import steps

#: Of less than that, nothing is advised: a week has all kinds of days.
LEAST = timedelta(days=7)


def advise(evidence: Evidence) -> tuple[list[Advice], Evidence]:
    """Return all advice, and the evidence as it would be once all is taken.

    What fails and what is done for nothing comes first, as it may be what holds up others.
    """
    taken = _Taken(evidence)
    taken.all_of(steps)
    taken.of_each_group(interval)
    taken.all_of(orders)
    taken.all_of(lanes)
    taken.of_each_group(quieter_time)
    taken.of_each_group(patience)
    return taken.advice, taken.evidence


class _Taken:
    """The advice so far, and the evidence as it would be with it. Nothing is changed twice."""

    def __init__(self, evidence: Evidence) -> None:
        self.advice: list[Advice] = []
        self.evidence = evidence
        self._targets: set[tuple[str, str]] = set()

    def all_of(self, adviser: Callable[[Evidence], Iterator[Advice]]) -> None:
        """Take the first advice, and look again, until there is none."""
        while advice := next(filter(self._is_new, adviser(self.evidence)), None):
            self._take(advice)

    def of_each_group(self, adviser: Callable[[Evidence, str], Advice | None]) -> None:
        """Take the advice for each group, one after the other."""
        for name in self.evidence.settings.groups:
            advice = adviser(self.evidence, name)
            if advice and self._is_new(advice):
                self._take(advice)

    def _is_new(self, advice: Advice) -> bool:
        return self._targets.isdisjoint(change.target for change in advice.changes)

    def _take(self, advice: Advice) -> None:
        self.advice.append(advice)
        self._targets.update(change.target for change in advice.changes)
        self.evidence = self.evidence.after(advice)
