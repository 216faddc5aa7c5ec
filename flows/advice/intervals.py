"""Advice: a longer interval for a group that takes much time and hardly ever finds anything new. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from flows.replay.recorded import Recorded
from tasks.outcome import Outcome
from tasks.settings.duration import format_duration

#: A group is looked at that takes this part of its interval, has run so often, and of whose runs at most such
#: a part found anything new: once a day is 1 % of the runs with 15 minutes.
_DUTY, _LEAST_RUNS, _RARE = 0.1, 100, 0.015
#: Which part of its interval it is to take, by how much the interval becomes longer, and which part of the
#: runs that remain finds something at most: once a day is one of 24 in an hour each.
_EASY, _LEAST, _MOST, _STILL_RARE = 0.05, 2, 6, 0.05
#: What comes as often as that looks for something; what comes less often may do something, which is as good
#: the hundredth time.
_OFTEN = timedelta(hours=1)
_INTERVALS = [timedelta(minutes=minutes) for minutes in (10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)]


def interval(evidence: Evidence, name: str) -> Advice | None:
    """Return the advice to run a group less often. One of critical priority is left alone."""
    group, seconds = evidence.settings.groups[name], evidence.usual_seconds(name)
    every = group.every
    if not isinstance(every, timedelta) or group.priority == "critical" or not group.enabled:
        return None
    if every >= _OFTEN or seconds < _DUTY * every.total_seconds():
        return None
    count, new = findings(evidence.recorded, name)
    if count < _LEAST_RUNS or new > _RARE * count:
        return None
    longer = [
        each
        for each in _INTERVALS
        if _LEAST * every <= each <= _MOST * every and new * each <= _STILL_RARE * count * every
    ]
    if not longer:
        return None
    wanted = next((each for each in longer if seconds <= _EASY * each.total_seconds()), longer[-1])
    changes = (SetKey(name, "every", format_duration(wanted)),)
    now, then = evidence.now, evidence.under(changes)
    if then is None:
        return None
    runs = now.groups[name].runs, then.groups[name].runs
    figures = (
        ("runs", f"{runs[0]:,}", f"{runs[1]:,}"),
        ("hours that they take", f"{runs[0] * seconds / 3600:,.1f}", f"{runs[1] * seconds / 3600:,.1f}"),
        ("others' slots late or lost", f"{now.late(name):,}", f"{then.late(name):,}"),
    )
    why = f"{new or 'none'} of {count:,} runs found anything new: a step that failed or warned, unlike before"
    return Advice("interval", name, f"every {format_duration(wanted)}", why, changes, figures)


def findings(recorded: Recorded, group: str) -> tuple[int, int]:
    """Return how many runs of a group are recorded, and how many found anything new.

    That is a step which failed, warned or was skipped, and was not so in the run before: what is recorded of
    a run is how each step ended, and whether it warned of something. What a report says beyond that is not.
    """
    usages = [usage for usage in recorded.usages if usage.group == group and usage.at >= recorded.start]
    runs = [run for run in recorded.by_group.get(group, ()) if run.began >= recorded.start]
    begun = [run.began - timedelta(seconds=1) for run in runs]
    last: dict[int, dict[str, tuple[Outcome, bool]]] = defaultdict(dict)
    for usage in usages:  # of several attempts at a step, the last one counts
        last[bisect_left(begun, usage.at) - 1][usage.step] = (usage.outcome, usage.has_warning)
    seen: list[set[tuple[str, Outcome, bool]]] = []
    for index, run in enumerate(runs):
        ended = {"": (run.outcome, False), **last[index]}
        seen.append({(step, *how) for step, how in ended.items() if how != (Outcome.COMPLETED, False)})
    return len(runs), sum(bool(after - before) for before, after in pairwise(seen))
