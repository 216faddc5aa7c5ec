"""The ScheduledTasks module: actions, triggers, settings, and their registration."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployments.adopt.sources.powershell.binding import bind
from deployments.adopt.sources.powershell.state import Call, Command, Registration, ScriptState
from deployments.adopt.sources.powershell.values import (
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    items,
    text,
    truth,
)

_TRIGGER = (
    *("At", "DaysInterval", "WeeksInterval", "DaysOfWeek", "RandomDelay", "RepetitionInterval"),
    *("RepetitionDuration", "User"),
)
_TRIGGER_KINDS = {
    "once": "timetrigger",
    "daily": "dailytrigger",
    "weekly": "weeklytrigger",
    "atstartup": "boottrigger",
    "atlogon": "logontrigger",
}
_SETTINGS = (
    *(
        "ExecutionTimeLimit",
        "RestartCount",
        "RestartInterval",
        "MultipleInstances",
        "Priority",
        "IdleDuration",
    ),
    *("IdleWaitTimeout", "DeleteExpiredTaskAfter", "Compatibility", "NetworkId", "NetworkName"),
    *("MaintenancePeriod", "MaintenanceDeadline"),
)
_SETTINGS_SWITCHES = (
    *(
        "AllowStartIfOnBatteries",
        "DontStopIfGoingOnBatteries",
        "StartWhenAvailable",
        "RunOnlyIfNetworkAvailable",
    ),
    *("RunOnlyIfIdle", "WakeToRun", "Hidden", "Disable", "DisallowHardTerminate", "DisallowDemandStart"),
    *("DontStopOnIdleEnd", "RestartOnIdle", "MaintenanceExclusive", "DisallowStartOnRemoteAppSession"),
)
_REGISTER = (
    *("TaskName", "TaskPath", "Action", "Trigger", "Settings", "User", "Password", "RunLevel", "Principal"),
    *("Description", "InputObject", "Xml", "CimSession", "ThrottleLimit"),
)


def _action(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Execute", "Argument", "WorkingDirectory", "Id"))
    return [Thing("action", {key: value for key, value in bound.items() if key})]


def _trigger(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, _TRIGGER, (*_TRIGGER_KINDS, "RepeatIndefinitely"), positional=())
    kind = next((made for name, made in _TRIGGER_KINDS.items() if truth(bound.get(name))), "")
    if not kind:
        return [Thing("othertrigger", doubts=doubts(list(bound.values())) or frozenset({call.shown}))]
    at = bound.get("at")
    start = date_time(at)
    made = Thing(
        kind,
        {
            "startboundary": Unknown(text(at), doubts(at)) if start is None and at is not None else start,
            "daysinterval": bound.get("daysinterval"),
            "weeksinterval": bound.get("weeksinterval"),
            "daysofweek": _days(bound.get("daysofweek")),
            "randomdelay": bound.get("randomdelay"),
            "repetition": Thing(
                "repetition",
                {"interval": bound.get("repetitioninterval"), "duration": bound.get("repetitionduration")},
            ),
        },
        doubts=doubts(at),
    )
    return [made]


def _days(value: Value) -> list[Value]:
    """`Monday,Friday` is one word of two days where no space is in it."""
    parts: list[Value] = []
    for item in items(value):
        whole = isinstance(item, str) and not isinstance(item, Unknown)
        parts += [part for part in item.split(",") if part] if whole else [item]
    return parts


def _settings(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, _SETTINGS, _SETTINGS_SWITCHES, positional=())
    return [Thing("settings", {key: value for key, value in bound.items() if key})]


def _principal(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("UserId", "GroupId", "LogonType", "RunLevel", "Id", "ProcessTokenSidType"))
    return [Thing("principal", {key: value for key, value in bound.items() if key})]


def _definition(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Action", "Trigger", "Settings", "Principal", "Description"))
    return [_task(bound)]


def _task(bound: dict[str, Value]) -> Thing:
    return Thing(
        "definition",
        {
            "actions": _flat(bound.get("action")),
            "triggers": _flat(bound.get("trigger")),
            "settings": bound.get("settings"),
            "principal": bound.get("principal")
            or Thing("principal", {"userid": bound.get("user"), "runlevel": bound.get("runlevel")}),
            "description": bound.get("description"),
        },
    )


def _flat(value: Value) -> list[Value]:
    return [each for item in items(value) for each in (item if isinstance(item, list) else [item])]


def _register(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, _REGISTER, ("Force", "AsJob"), positional=_REGISTER)
    given = bound.get("inputobject", call.piped[0] if call.piped else None)
    if isinstance(given, Thing) and "actions" in given.fields:
        task = given
    elif "xml" in bound:
        task = Thing("xml", {"xml": bound["xml"]})
    else:
        task = _task(bound)
    if given is not None and not isinstance(given, Thing):
        task = Thing(task.kind, task.fields, task.names, task.doubts | doubts(given))
    name = bound.get("taskname") or task.get("taskname") or Unknown("-TaskName")
    state.register(_with_folder(bound.get("taskpath"), name), task, call.line)
    return [Thing("registered", {"taskname": name, "taskpath": bound.get("taskpath", "\\"), **task.fields})]


def _with_folder(folder: Value, name: Value) -> str:
    """Return a task's name with its folders: `AGI\\Watchdog`."""
    where, what = text(folder), text(name)
    whole = (
        f"{where.strip(chr(92))}\\{what.lstrip(chr(92))}".lstrip("\\")
        if where.strip("\\")
        else what.lstrip("\\")
    )
    missing = doubts(where) | doubts(what)
    return Unknown(whole, missing) if missing else whole


def _set(state: ScriptState, call: Call) -> list[Value]:
    """Set-ScheduledTask changes what is registered: its action, trigger or settings."""
    bound = bind(call.given, _REGISTER, positional=_REGISTER)
    for each in _meant(state, bound, call.piped):
        for key in ("action", "trigger"):
            if bound.get(key) is not None:
                each.definition.set(f"{key}s", _flat(bound[key]))
        for key in ("settings", "principal"):
            if bound.get(key) is not None:
                each.definition.set(key, bound[key])
    return []


def _disable(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("TaskName", "TaskPath", "InputObject"))
    for each in _meant(state, bound, call.piped):
        each.enabled = False
    return []


def _unregister(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("TaskName", "TaskPath", "InputObject"), ("Confirm", "PassThru"))
    for each in _meant(state, bound, call.piped):
        each.removed = True
    return []


def _meant(state: ScriptState, bound: dict[str, Value], piped: Sequence[Value] | None) -> list[Registration]:
    given = bound.get("inputobject", piped[0] if piped else None)
    name = bound.get("taskname") or (given.get("taskname") if isinstance(given, Thing) else None)
    folder = bound.get("taskpath") or (given.get("taskpath") if isinstance(given, Thing) else None)
    whole = _with_folder(folder, name).casefold()
    return [each for each in state.registered if text(each.name).casefold() == whole]


def _cim_class(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("ClassName", "Namespace"))
    return [Thing("class", {"name": bound.get("classname")})]


def _cim_instance(state: ScriptState, call: Call) -> list[Value]:
    """Triggers that New-ScheduledTaskTrigger cannot make: events, sessions, idle time, registration."""
    bound = bind(call.given, ("ClassName", "CimClass", "Property", "Namespace"), ("ClientOnly",))
    of = bound.get("cimclass")
    name = text(of.get("name") if isinstance(of, Thing) else bound.get("classname")).lower()
    found = re.fullmatch(
        r"(?:root/microsoft/windows/taskscheduler:)?msft_task(\w+?)(statechange)?trigger", name
    )
    if not found:
        return [Unknown(call.shown)]
    made = Thing(f"{found[1]}trigger", {"repetition": Thing("repetition")})
    given = bound.get("property")
    if isinstance(given, Thing):
        for key, value in given.fields.items():
            made.set(given.names.get(key, key), value)
    return [made]


def _job(state: ScriptState, call: Call) -> list[Value]:
    """Register-ScheduledJob: PowerShell's own jobs, which Task Scheduler keeps as well."""
    bound = bind(
        call.given,
        ("Name", "FilePath", "Trigger", "ScriptBlock", "ArgumentList", "ScheduledJobOption"),
        ("RunNow",),
    )
    path = bound.get("filepath")
    block = bound.get("scriptblock")
    action = Thing(
        "action", {"execute": "powershell.exe", "argument": f'-File "{text(path)}"' if path else ""}
    )
    if path is None:
        shown = text(block) if isinstance(block, str) else "a script block"
        action = Thing("otheraction", {"execute": shown})
    task = Thing("definition", {"actions": [action], "triggers": _flat(bound.get("trigger"))})
    task.doubts = doubts(path)
    name = _with_folder("Microsoft\\Windows\\PowerShell\\ScheduledJobs", bound.get("name"))
    state.register(name, task, call.line)
    return []


COMMANDS: dict[str, Command] = {
    "new-scheduledtaskaction": _action,
    "new-scheduledtasktrigger": _trigger,
    "new-jobtrigger": _trigger,
    "new-scheduledtasksettingsset": _settings,
    "new-scheduledtaskprincipal": _principal,
    "new-scheduledtask": _definition,
    "register-scheduledtask": _register,
    "set-scheduledtask": _set,
    "disable-scheduledtask": _disable,
    "unregister-scheduledtask": _unregister,
    "get-cimclass": _cim_class,
    "new-ciminstance": _cim_instance,
    "register-scheduledjob": _job,
}
