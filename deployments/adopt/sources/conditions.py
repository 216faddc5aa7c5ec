"""Under which conditions Task Scheduler ran a task: many of them its defaults, which nobody chose."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.adopt.job import Difference, Switch
from deployments.adopt.schedules.frequency import span

#: Task Scheduler's own limit (PT72H), which a task has that sets none.
DEFAULT_LIMIT = 72 * 60.0  # minutes

_SYSTEM = {"s-1-5-18", "system", "nt authority\\system", "localsystem"}
_SERVICES = {"s-1-5-19", "s-1-5-20", "nt authority\\local service", "nt authority\\network service"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """A task's settings and principal; what is not said is as Task Scheduler has it by default.

    Source: Microsoft, Task Scheduler schema, settingsType and principalType.
    """

    enabled: bool = True
    not_on_batteries: bool = True
    stop_on_batteries: bool = True
    needs_network: bool = False
    needs_idle: bool = False
    start_when_available: bool = False
    instances: str = "IgnoreNew"
    time_limit_minutes: float | None = DEFAULT_LIMIT
    wakes: bool = False
    restart_count: int = 0
    restart_minutes: float | None = None
    elevated: bool = False
    account: str = ""
    deleted_when_expired: bool = False


def differences(conditions: Conditions) -> tuple[Difference, ...]:
    """Return what of a task's conditions is otherwise under Rhythm, with what to do about it."""
    found = []
    if conditions.not_on_batteries:
        what = "on battery it was not started (Task Scheduler's default)"
        if conditions.stop_on_batteries:
            what += ", and was stopped when the mains went"
        found.append(
            Difference(f"{what}; here it runs all the same", "Nothing, unless the script is a heavy one.")
        )
    if conditions.needs_network:
        found.append(
            Difference("it ran only with a network", "Let the script look for it, and give the step retries.")
        )
    if conditions.needs_idle:
        found.append(
            Difference(
                "it ran only while the machine was idle", "Let the script look, or choose a quiet hour."
            )
        )
    found += _limit(conditions.time_limit_minutes)
    if conditions.instances in ("Parallel", "StopExisting"):
        how = (
            "beside one that still ran"
            if conditions.instances == "Parallel"
            else "in the place of one that still ran"
        )
        found.append(
            Difference(
                f"it could start {how}; here nothing runs beside anything", "Give it a timeout that fits."
            )
        )
    if conditions.wakes:
        found.append(
            Difference(
                "it woke the machine; Rhythm does not", "Keep a task that wakes it, with nothing else to do."
            )
        )
    if conditions.elevated:
        found.append(
            Difference(
                "it ran with highest privileges", "Start Rhythm's worker with them, if it really needs them."
            )
        )
    account = conditions.account.strip()
    if account.lower() in _SYSTEM | _SERVICES:
        what = "SYSTEM" if account.lower() in _SYSTEM else "a service account"
        found.append(
            Difference(
                f"it ran as {what}; here as whoever starts Rhythm", "Look what it may then no longer do."
            )
        )
    return tuple(found)


def _limit(limit: float | None) -> list[Difference]:
    remedy = 'Give its step a longer one: timeout = "1h".'
    if limit is None:
        return [Difference("it had no time limit; here it is ended after 10 minutes", remedy)]
    if limit == DEFAULT_LIMIT:
        return [
            Difference(
                f"it might run for {span(limit)} (the default); here it is ended after 10 minutes", remedy
            )
        ]
    return []


def switch(name: str) -> Switch:
    """Return the commands that take a task out of service, and bring it back.

    `name` is that of the task with its folders, with or without a backslash before it.
    """
    path = "\\" + name.lstrip("\\")
    quoted = path.replace("`", "``").replace("$", "`$")  # as PowerShell has it; cmd leaves both alone
    command = f'schtasks /Change /TN "{quoted}"'
    return Switch(off=f"{command} /DISABLE", on=f"{command} /ENABLE")
