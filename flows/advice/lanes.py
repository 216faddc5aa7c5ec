"""Advice: a lane of its own for what holds up others. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import MOST_LANES

#: A shorter run holds up nothing for long, in seconds.
_LONG = 60.0
#: What has to be gained: so many slots a week that are late or lost, and such a part of all of them.
_A_WEEK, _PART = 2.0, 0.5
#: So many are replayed, those that are most in the way of others: with many groups, a replay takes seconds.
_TRIED = 4
#: What a lane is called, where there is none yet.
_NAME = "long"


def lanes(evidence: Evidence) -> Iterator[Advice]:
    """Yield the advice to move that group out of `main` which holds up others most."""
    settings, now = evidence.settings, evidence.now
    others = [lane for lane in settings.lanes if lane != MAIN]
    lane = others[0] if others else _NAME
    if lane == _NAME and len(settings.lanes) >= MOST_LANES:
        return
    best: tuple[int, Advice] | None = None
    for name, seconds in _in_the_way(evidence):
        before = now.late(but=name)
        if before < _A_WEEK * evidence.weeks:
            continue
        changes = (SetKey(name, "lane", lane),)
        then = evidence.under(changes)
        if then is None or then.lost > now.lost:
            continue
        gained = before - then.late(but=name)
        if gained < max(_A_WEEK * evidence.weeks, _PART * before) or (best and gained <= best[0]):
            continue
        figures = (
            ("others' slots late or lost", f"{before:,}", f"{then.late(but=name):,}"),
            ("beats skipped", f"{now.skipped:,}", f"{then.skipped:,}"),
        )
        why = f"its runs of about {_minutes(seconds)} hold up the other groups of main"
        best = gained, Advice("lane", name, "a lane of its own", why, changes, figures)
    if best:
        yield best[1]


def _in_the_way(evidence: Evidence) -> list[tuple[str, float]]:
    """Return the groups of `main` that others wait for longest, and how long their runs usually take."""
    waited: dict[str, float] = defaultdict(float)
    for (waiting, running), seconds in evidence.now.held_up.items():
        if waiting != running:
            waited[running] += seconds
    usual = ((name, evidence.usual_seconds(name)) for name in sorted(waited, key=lambda name: -waited[name]))
    return [(name, seconds) for name, seconds in usual if seconds >= _LONG][:_TRIED]


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
