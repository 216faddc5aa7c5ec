"""Advice: another order of the groups, in which short ones do not wait for long ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flows.advice.changes import MoveGroup
from flows.advice.evidence import Advice, Evidence
from tasks.settings.groups import MAIN

#: What has to be gained, as for a lane: so many slots a week that are late or lost, and such a part of all.
_A_WEEK, _PART = 2.0, 0.5
#: So many are replayed, those that wait longest: of 42 groups there are 861 pairs, a replay takes seconds.
_TRIED = 6


def orders(evidence: Evidence) -> Iterator[Advice]:
    """Yield the advice to put one group of `main` above another, longer one, where that gains most.

    Groups of a beat run in the order of rhythm.toml, as far as what they come after allows.
    """
    now = evidence.now
    before = now.late()
    if before < _A_WEEK * evidence.weeks:
        return
    best: tuple[int, Advice] | None = None
    for short, long in _waiting(evidence):
        changes = (MoveGroup(short, above=long),)
        then = evidence.under(changes)
        if then is None or then.lost > now.lost:
            continue
        gained = before - then.late()
        if gained < max(_A_WEEK * evidence.weeks, _PART * before) or (best and gained <= best[0]):
            continue
        figures = (("slots late or lost", f"{before:,}", f"{then.late():,}"),)
        why = f"{short} waits for {long} in the beats in which both are due"
        best = gained, Advice("order", short, f"above {long}", why, changes, figures)
    if best:
        yield best[1]


def _waiting(evidence: Evidence) -> list[tuple[str, str]]:
    """Return groups of `main` that wait for a longer one which comes before them, longest wait first."""
    order = {name: place for place, name in enumerate(evidence.settings.order)}
    waited = sorted(evidence.now.held_up.items(), key=lambda each: -each[1])
    return [
        (short, long)
        for (short, long), _ in waited
        if order[long] < order[short]
        and evidence.settings.groups[short].lane == MAIN
        and evidence.usual_seconds(short) < evidence.usual_seconds(long)
    ][:_TRIED]
