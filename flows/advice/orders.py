"""Advice: another order of the groups, in which short ones do not wait for long ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flows.advice.changes import MoveGroup
from flows.advice.evidence import Advice, Evidence
from tasks.settings.groups import MAIN

#: What has to be gained, as for a lane: so many slots a week that are late or lost, and such a part of all.
_A_WEEK, _PART = 2.0, 0.5


def orders(evidence: Evidence) -> Iterator[Advice]:
    """Yield the advice to put one group of `main` above another, longer one, where that gains most.

    Groups of a beat run in the order of rhythm.toml, as far as what they come after allows.
    """
    settings, now = evidence.settings, evidence.now
    before = now.late()
    if before < _A_WEEK * evidence.weeks:
        return
    order = [name for name in settings.order if settings.groups[name].lane == MAIN]
    best: tuple[int, Advice] | None = None
    for place, long in enumerate(order):
        for short in order[place + 1 :]:
            if evidence.usual_seconds(short) >= evidence.usual_seconds(long):
                continue
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
