"""Advice: let a group wait for a quieter beat where that pays. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from flows.slots import slot_at
from tasks.settings.duration import format_duration

#: From which part of its CPU time on, used while others are busy, a group is worth looking at; at least so
#: many seconds a day; and which part of that must be gained.
_WORTH, _SECONDS_A_DAY, _GAIN = 0.15, 30.0, 0.3
#: As long as pacing has a group wait by default at most, and the shortest wait that can gain anything.
_MOST, _LEAST = timedelta(hours=3), timedelta(minutes=10)


def patience(evidence: Evidence) -> Iterator[Advice]:
    """Yield the advice to let a group wait that often runs while others are busy."""
    now, days = evidence.now, evidence.weeks * 7
    for name, group in evidence.settings.groups.items():
        before, used = now.groups[name].busy_cpu, evidence.cpu_seconds(name)
        if group.is_paced or group.priority == "critical" or not group.enabled or not before:
            continue
        if before < max(_WORTH * used, _SECONDS_A_DAY * days):
            continue
        slot = slot_at(group, evidence.recorded.end, evidence.settings.zone)
        wait = min((slot.end - slot.start) / 2, _MOST) // timedelta(minutes=5) * timedelta(minutes=5)
        if wait < _LEAST:
            continue
        changes = (SetKey(name, "wait_at_most", format_duration(wait)),)
        then = evidence.under(changes)
        if then is None or then.lost > now.lost or then.late(name) > now.late(name) + evidence.weeks:
            continue
        after = then.groups[name].busy_cpu
        if after is None or after > (1 - _GAIN) * before:
            continue
        figures = (
            ("CPU used in busy minutes", f"{before:,.0f} s", f"{after:,.0f} s"),
            ("slots lost", f"{now.lost:,}", f"{then.lost:,}"),
        )
        why = f"{before / used:.0%} of its CPU time is used while others use more than 70 %"
        yield Advice("wait", name, f"wait up to {format_duration(wait)}", why, changes, figures)
