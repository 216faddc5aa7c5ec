"""The five groups that jobs are placed in, as the shipped rhythm.toml has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A group to place jobs in: how often it runs, in minutes, or when each day, and after which."""

    name: str
    minutes: float
    at: str | None = None
    after: str | None = None
    options: tuple[tuple[str, str], ...] = ()


FIVE_GROUPS = (
    TargetGroup("health_check", 10, options=(("priority", "critical"),)),
    TargetGroup("performance_analysis", 30, after="health_check"),
    TargetGroup("system_maintenance", 60, after="performance_analysis"),
    TargetGroup("daily_routine", 1440, at="03:00", after="system_maintenance"),
    TargetGroup("event_analysis", 120, after="performance_analysis", options=(("priority", "low"),)),
)

#: What is said in a group's place of jobs that only start something which goes on by itself.
SERVICE = "service"
