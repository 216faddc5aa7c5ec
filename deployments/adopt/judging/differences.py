"""What a job loses by its group: when it ran, against when it will run. Pure."""

from __future__ import annotations

from datetime import timedelta

from deployments.adopt.job import MINUTES_A_DAY, Difference, Job, Kind, Trigger
from deployments.adopt.judging.five_groups import TargetGroup
from deployments.adopt.judging.step_table import THREE_DAYS
from deployments.adopt.schedules.frequency import in_words, minutes_between, span
from flows.decisions.slots import BEAT

_CLOCKED = (Kind.INTERVAL, Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY, Kind.CRON)


def after(target: TargetGroup) -> str:
    """Return when a group's steps run, in words."""
    return f"daily {target.at}" if target.at else f"every {span(target.minutes)}"


def compared(job: Job, target: TargetGroup) -> list[Difference]:
    """Return what of a job's schedule is lost in a group, with what to do about it."""
    clocked = [trigger for trigger in job.triggers if trigger.kind in _CLOCKED]
    found = [*_rate(job, clocked, target), *_times(clocked, target)]
    if others := [trigger for trigger in job.triggers if trigger.kind not in _CLOCKED]:
        also = "also " if clocked else ""
        what = f"it ran {also}{in_words(others)}; here {after(target)}"
        found.append(Difference(what, "Start it by Prefect: a manual run, or an automation on that event."))
    if any(trigger.delay_minutes for trigger in clocked):
        found.append(
            Difference(
                "it waited, or was spread at random; here steps take turns", "Nothing: turns spread the load."
            )
        )
    return found


def held_up(job: Job) -> list[Difference]:
    """Return that a job may run for longer than a beat, if so, in a group that others wait for."""
    limit = job.time_limit_minutes
    if limit is None or limit == THREE_DAYS or timedelta(minutes=limit) <= BEAT:
        return []
    what = f"it may run for {span(limit)}, and other groups wait for its group meanwhile"
    remedy = 'Give it a group of its own (--assign NAME=GROUP@INTERVAL), and that lane = "long".'
    return [Difference(what, remedy)]


def _rate(job: Job, clocked: list[Trigger], target: TargetGroup) -> list[Difference]:
    every = minutes_between(clocked)
    if every is None or abs(every - target.minutes) < 0.01 * target.minutes:
        return []
    often = "rarer" if every < target.minutes else "more often"
    what = f"it ran {in_words(clocked)}; here {after(target)}, which is {often}"
    return [Difference(what, _own_group(every, clocked))]


def _times(clocked: list[Trigger], target: TargetGroup) -> list[Difference]:
    """A time of day that is not the group's."""
    daily = [trigger for trigger in clocked if trigger.kind is Kind.DAILY and trigger.at]
    if not target.at or not daily or len(clocked) > 1 or daily[0].every_minutes:
        return []
    if daily[0].at == target.at:
        return []
    own = f"give it a group of its own: --assign NAME=GROUP@{daily[0].at}"
    return [
        Difference(
            f"it ran at {daily[0].at}; here at {target.at}", f"Change `at` of {target.name}, or {own}."
        )
    ]


def _own_group(every: float, clocked: list[Trigger]) -> str:
    """Return how it gets a group of its own, with its own interval."""
    single = clocked[0] if len(clocked) == 1 else None
    if single and single.kind is Kind.DAILY and not single.every_minutes and single.at:
        cadence = single.at
    elif every >= MINUTES_A_DAY:
        cadence = f"{max(round(every / MINUTES_A_DAY), 1)}d"
    else:
        cadence = f"{max(round(every), 1)}m"
    return f"Give it a group of its own: --assign NAME=GROUP@{cadence}."
