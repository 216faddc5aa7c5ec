"""What a job loses by its group: when it ran, against when it will run. Pure."""

from __future__ import annotations

from deployments.adopt.frequency import minutes_between, span, told
from deployments.adopt.house import Room
from deployments.adopt.job import MINUTES_A_DAY, Job, Kind, Loss, Trigger

_CLOCKED = (Kind.INTERVAL, Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY, Kind.CRON)


def after(room: Room) -> str:
    """Return when a group's steps run, as people say it."""
    return f"daily {room.at}" if room.at else f"every {span(room.minutes)}"


def differences(job: Job, room: Room) -> list[Loss]:
    """Return what of a job's schedule is lost in a group, with what to do about it."""
    clocked = [trigger for trigger in job.triggers if trigger.kind in _CLOCKED]
    found = [*_rate(job, clocked, room), *_times(clocked, room)]
    if others := [trigger for trigger in job.triggers if trigger.kind not in _CLOCKED]:
        also = "also " if clocked else ""
        what = f"it ran {also}{told(others)}; here {after(room)}"
        found.append(Loss(what, "Start it by Prefect: a run by hand, or an automation on that event."))
    if any(trigger.delay_minutes for trigger in clocked):
        found.append(
            Loss(
                "it waited, or was spread at random; here steps take turns", "Nothing: turns spread the load."
            )
        )
    return found


def _rate(job: Job, clocked: list[Trigger], room: Room) -> list[Loss]:
    every = minutes_between(clocked)
    if every is None or abs(every - room.minutes) < 0.01 * room.minutes:
        return []
    often = "rarer" if every < room.minutes else "more often"
    what = f"it ran {told(clocked)}; here {after(room)}, which is {often}"
    return [Loss(what, _own_group(every, clocked))]


def _times(clocked: list[Trigger], room: Room) -> list[Loss]:
    """A time of day that is not the group's."""
    daily = [trigger for trigger in clocked if trigger.kind is Kind.DAILY and trigger.at]
    if not room.at or not daily or len(clocked) > 1 or daily[0].every_minutes:
        return []
    if daily[0].at == room.at:
        return []
    own = f"give it a group of its own: --assign NAME=GROUP@{daily[0].at}"
    return [Loss(f"it ran at {daily[0].at}; here at {room.at}", f"Change `at` of {room.name}, or {own}.")]


def _own_group(every: float, clocked: list[Trigger]) -> str:
    """Say how it gets a group of its own, with its own interval."""
    single = clocked[0] if len(clocked) == 1 else None
    if single and single.kind is Kind.DAILY and not single.every_minutes and single.at:
        cadence = single.at
    elif every >= MINUTES_A_DAY:
        cadence = f"{max(round(every / MINUTES_A_DAY), 1)}d"
    else:
        cadence = f"{max(round(every), 1)}m"
    return f"Give it a group of its own: --assign NAME=GROUP@{cadence}."
