"""Advice: a longer interval for a group that takes much time and hardly ever finds anything new. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from flows.replay.recorded import Recorded
from tasks.settings.duration import format_duration

#: A group is looked at that takes this part of its interval, has run so often, and of whose runs at most such
#: a part found anything new.
_DUTY, _LEAST_RUNS, _RARE = 0.1, 100, 0.01
#: Which part of its interval it is to take, and by how much the interval becomes longer at most.
_EASY, _MOST = 0.05, 6
#: What comes as often as that looks for something; what comes less often may do something, which is as good
#: the hundredth time.
_OFTEN = timedelta(hours=1)
_INTERVALS = [timedelta(minutes=minutes) for minutes in (10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)]


def intervals(evidence: Evidence) -> Iterator[Advice]:
    """Yield the advice to run a group less often. One of critical priority is left alone."""
    for name, group in evidence.settings.groups.items():
        every, seconds = group.every, evidence.usual_seconds(name)
        if (
            not isinstance(every, timedelta)
            or group.priority == "critical"
            or not group.enabled
            or every >= _OFTEN
        ):
            continue
        count, new = findings(evidence.recorded, name)
        if count < _LEAST_RUNS or new > _RARE * count or seconds < _DUTY * every.total_seconds():
            continue
        longer = [each for each in _INTERVALS if every < each <= _MOST * every]
        easy = (each for each in longer if seconds <= _EASY * each.total_seconds())
        wanted = next(easy, longer[-1] if longer else every)
        changes = (SetKey(name, "every", format_duration(wanted)),)
        then = evidence.under(changes)
        if wanted == every or then is None:
            continue
        now = evidence.now
        runs = now.groups[name].runs, then.groups[name].runs
        figures = (
            ("runs", f"{runs[0]:,}", f"{runs[1]:,}"),
            ("hours that they take", f"{runs[0] * seconds / 3600:,.1f}", f"{runs[1] * seconds / 3600:,.1f}"),
            ("others' slots late or lost", f"{now.late(name):,}", f"{then.late(name):,}"),
        )
        times = "never" if not new else f"{new} time{'s' if new > 1 else ''}"
        why = f"of {count:,} runs, something had changed in the outcome or the warnings of its steps {times}"
        yield Advice("interval", name, f"every {format_duration(wanted)}", why, changes, figures)


def findings(recorded: Recorded, group: str) -> tuple[int, int]:
    """Return how many runs of a group are recorded, and in how many its steps ended otherwise than before.

    That is what is recorded of a run: how each step ended, and whether it warned of something. What a report
    says beyond that is not.
    """
    usages = [usage for usage in recorded.usages if usage.group == group and usage.at >= recorded.start]
    runs = [run for run in recorded.by_group.get(group, ()) if run.began >= recorded.start]
    begun = [run.began - timedelta(seconds=1) for run in runs]
    seen: dict[int, dict[str, tuple[str, bool]]] = defaultdict(dict)
    for usage in usages:
        index = bisect_left(begun, usage.at) - 1
        seen[index][usage.step] = (usage.outcome.value, usage.has_warning)
    ended = [(run.outcome, sorted(seen[index].items())) for index, run in enumerate(runs)]
    return len(runs), sum(before != after for before, after in pairwise(ended))
