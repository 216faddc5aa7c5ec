"""Replans that come one after the other, again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from tasks.store.measurements import GroupEvent

_RUN = "run"
#: Sequences of so many different replans in a row are looked for; one must come at least this often.
LENGTHS, LEAST_SEQUENCE = (2, 3, 4), 3
#: Replans that lie further apart do not belong together, in seconds: two beats and a bit.
_APART = 660.0
_SEQUENCES = 5


@dataclass(frozen=True, slots=True)
class Repeated:
    """Replans that came one after the other, and how often just so."""

    parts: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        return " → ".join(self.parts)


def sequences(due: Iterable[GroupEvent]) -> tuple[Repeated, ...]:
    """Return the sequences of replans that repeat, longest first among those that come equally often.

    A sequence that only ever comes within a longer one, and as often, is left out.
    """
    troubles = [(event.at, label) for event in due if (label := _label(event))]
    counts: Counter[tuple[str, ...]] = Counter()
    for chain in _chains(troubles):
        for length in LENGTHS:
            counts.update(tuple(chain[at : at + length]) for at in range(len(chain) - length + 1))
    within: Counter[tuple[str, ...]] = Counter()  # how often each comes in the longer one that comes most
    for longer, count in counts.items():
        for shorter in (longer[:-1], longer[1:]):
            within[shorter] = max(within[shorter], count)
    found = [
        Repeated(parts, count)
        for parts, count in counts.items()
        if count >= LEAST_SEQUENCE and within[parts] < count
    ]
    return tuple(sorted(found, key=lambda each: (-each.count, -len(each.parts), each.parts))[:_SEQUENCES])


def _chains(troubles: Sequence[tuple[datetime, str]]) -> list[list[str]]:
    """Cut replans where they lie apart in time; the same one again and again counts once."""
    chains: list[list[str]] = []
    last: datetime | None = None
    for at, label in troubles:
        if last is None or (at - last).total_seconds() > _APART:
            chains.append([])
        chains[-1].append(label)
        last = at
    return [[label for label, _ in groupby(chain)] for chain in chains]


def _label(event: GroupEvent) -> str:
    """Name a replan in a sequence; empty for a run that went well or is not over."""
    if event.decision != _RUN:
        return f"{event.group} {event.decision}"
    return f"{event.group} {event.outcome}" if event.outcome and event.outcome.is_failure else ""
