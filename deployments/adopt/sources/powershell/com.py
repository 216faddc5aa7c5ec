"""The Schedule.Service COM object: what a script builds with it, until it is registered."""

from __future__ import annotations

from collections.abc import Sequence

from deployments.adopt.sources.powershell.state import ScriptState
from deployments.adopt.sources.powershell.values import Thing, Unknown, Value, doubts, joined, number, text

# TASK_TRIGGER_TYPE2 and the classes that the ScheduledTasks module has for the same triggers.
TRIGGERS = {
    0: "eventtrigger",
    1: "timetrigger",
    2: "dailytrigger",
    3: "weeklytrigger",
    4: "monthlytrigger",
    5: "monthlydowtrigger",
    6: "idletrigger",
    7: "registrationtrigger",
    8: "boottrigger",
    9: "logontrigger",
    11: "sessiontrigger",
}


def service() -> Thing:
    """Return a new Schedule.Service."""
    return Thing("com.service")


def definition() -> Thing:
    """Return an empty task definition."""
    return Thing(
        "com.definition",
        {
            "actions": Thing("com.actions", {"made": []}),
            "triggers": Thing("com.triggers", {"made": []}),
            "settings": Thing("com.settings", {"idlesettings": Thing("com.idle")}),
            "principal": Thing("com.principal"),
            "registrationinfo": Thing("com.info"),
        },
    )


def method(
    state: ScriptState, target: Thing, name: str, given: Sequence[Value], shown: str, line: int
) -> Value:
    """Return what a method of the service, its folders, definitions and collections comes to."""
    match target.kind, name:
        case ("com.service", "newtask"):
            return definition()
        case ("com.service", "getfolder"):
            return Thing("com.folder", {"path": text(given[0]) if given else "\\"})
        case ("com.folder", "createfolder" | "getfolder"):
            inner = text(given[0]) if given else ""
            whole = (
                inner if inner.startswith("\\") else f"{text(target.get('path')).rstrip(chr(92))}\\{inner}"
            )
            return Thing("com.folder", {"path": whole})
        case ("com.triggers", "create"):
            kind = number(given[0]) if given else None
            trigger = Thing(
                TRIGGERS.get(int(kind), "othertrigger") if kind is not None else "othertrigger",
                {"repetition": Thing("repetition")},
                doubts=frozenset() if kind is not None else frozenset({shown}),
            )
            target.get("made").append(trigger)
            return trigger
        case ("com.actions", "create"):
            kind = number(given[0]) if given else 0
            action = Thing("action" if kind == 0 else "otheraction")
            target.get("made").append(action)
            return action
        case ("com.folder", "registertaskdefinition" | "registertask") if len(given) > 1:
            folder = text(target.get("path")).strip("\\")
            name_in = joined([folder, "\\", text(given[0])] if folder else [text(given[0]).lstrip("\\")])
            made = given[1]
            xml = Thing("xml", {"xml": made}, doubts=doubts(made))
            state.register(name_in, made if isinstance(made, Thing) else xml, line)
            return Thing("registered", {"taskname": name_in})
        case ("com.service", "connect"):
            return None
        case _:
            return Unknown(shown)
