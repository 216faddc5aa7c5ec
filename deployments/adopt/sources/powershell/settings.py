"""From a task's settings and principal, as a script builds them, to its conditions."""

from __future__ import annotations

from deployments.adopt.sources.conditions import DEFAULT_LIMIT, Conditions
from deployments.adopt.sources.powershell.schedules import minutes
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, number, text, truth


def conditions(task: Thing) -> Conditions:
    """Return the conditions of a task.

    The ScheduledTasks module has switches that allow what is not the default; the COM object and
    objects that are changed afterwards have the settings' own names.
    """
    settings = task.get("settings") if isinstance(task.get("settings"), Thing) else Thing("settings")
    principal = task.get("principal") if isinstance(task.get("principal"), Thing) else Thing("principal")
    count = number(settings.get("restartcount"))
    return Conditions(
        enabled=_is(settings, "enabled", default=True) and not _is(settings, "disable"),
        not_on_batteries=_is(settings, "disallowstartifonbatteries", default=True)
        and not _is(settings, "allowstartifonbatteries"),
        stop_on_batteries=_is(settings, "stopifgoingonbatteries", default=True)
        and not _is(settings, "dontstopifgoingonbatteries"),
        needs_network=_is(settings, "runonlyifnetworkavailable"),
        needs_idle=_is(settings, "runonlyifidle"),
        start_when_available=_is(settings, "startwhenavailable"),
        instances=_instances(settings.get("multipleinstances")),
        time_limit_minutes=_limit(settings.get("executiontimelimit")),
        wakes=_is(settings, "waketorun"),
        restart_count=int(count) if count is not None and count > 0 else 0,
        restart_minutes=minutes(settings.get("restartinterval")),
        elevated=text(principal.get("runlevel") or "").lower() in ("highest", "highestavailable", "1"),
        account=text(principal.get("userid") or ""),
    )


def _is(settings: Thing, name: str, *, default: bool = False) -> bool:
    value = settings.get(name)
    seen = None if value is None else truth(value)
    return default if seen is None else seen


def _instances(value: Value) -> str:
    """The module writes names, the COM object numbers (TASK_INSTANCES_POLICY)."""
    names = ("Parallel", "Queue", "IgnoreNew", "StopExisting")
    place = number(value)
    if place is not None and 0 <= place < len(names):
        return names[int(place)]
    return next((name for name in names if name.lower() == text(value or "").lower()), "IgnoreNew")


def _limit(value: Value) -> float | None:
    """Return a time limit in minutes: the default if none is said, None for a limit of nothing."""
    if value is None or (isinstance(value, Unknown) and value.guess is None):
        return DEFAULT_LIMIT
    return minutes(value)
