"""Advice: let a group wait for a quieter beat where that pays. Pure."""

from __future__ import annotations

from datetime import timedelta

from flows.advice.changes import SetKey
from flows.advice.evidence import Advice, Evidence
from flows.decisions.slots import slot_at
from tasks.settings.duration import format_duration

#: From which part of its CPU time on, used while others are busy, a group is worth looking at; at least so
#: many seconds a day; and which part of that must be gained.
_WORTH, _SECONDS_A_DAY, _GAIN = 0.15, 30.0, 0.3
#: As long as pacing has a group wait by default at most, and the shortest wait that can gain anything.
_MOST, _LEAST = timedelta(hours=3), timedelta(minutes=10)


def patience(evidence: Evidence, name: str) -> Advice | None:
    """Return the advice to let a group wait that often runs while others are busy."""
    now, days, group = evidence.now, evidence.weeks * 7, evidence.settings.groups[name]
    before, used = now.groups[name].busy_cpu, evidence.cpu_seconds(name)
    if group.is_paced or group.priority == "critical" or not group.enabled or not before:
        return None
    if before < max(_WORTH * used, _SECONDS_A_DAY * days):
        return None
    slot = slot_at(group, evidence.recorded.end, evidence.settings.zone)
    wait = min((slot.end - slot.start) / 2, _MOST) // timedelta(minutes=5) * timedelta(minutes=5)
    if wait < _LEAST:
        return None
    changes = (SetKey(name, "wait_at_most", format_duration(wait)),)
    then = evidence.under(changes)
    if then is None or then.lost > now.lost or then.late(name) > now.late(name) + evidence.weeks:
        return None
    after = then.groups[name].busy_cpu
    if after is None or after > (1 - _GAIN) * before:
        return None
    figures = (
        ("CPU used in busy minutes", f"{before:,.0f} s", f"{after:,.0f} s"),
        ("slots lost", f"{now.lost:,}", f"{then.lost:,}"),
    )
    why = f"{before / used:.0%} of its CPU time is used while others use more than 70 %"
    return Advice("wait", name, f"wait up to {format_duration(wait)}", why, changes, figures)
