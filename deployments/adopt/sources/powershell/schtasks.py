"""`schtasks /create …`: one command line that registers a task."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployments.adopt.commands import windows_argv
from deployments.adopt.sources.powershell.state import Call, ScriptState
from deployments.adopt.sources.powershell.values import (
    DateTime,
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    number,
)

_FLAGS = (
    "create",
    "f",
    "z",
    "it",
    "np",
    "v1",
    "hresult",
    "change",
    "disable",
    "enable",
    "delete",
    "query",
    "run",
    "end",
)
_EVERY_DAY = "mon,tue,wed,thu,fri,sat,sun"
_KINDS = {
    "minute": "timetrigger",
    "hourly": "timetrigger",
    "daily": "dailytrigger",
    "weekly": "weeklytrigger",
    "monthly": "monthlytrigger",
    "once": "timetrigger",
    "onstart": "boottrigger",
    "onlogon": "logontrigger",
    "onidle": "idletrigger",
    "onevent": "eventtrigger",
}


def options(words: Sequence[str]) -> dict[str, str]:
    """Given what follows schtasks, return its options in lower case, without their slash; flags are ""."""
    found: dict[str, str] = {}
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word[:1] not in "/-" or not word[1:]:
            continue
        name = word[1:].lower()
        takes = name not in _FLAGS and at < len(words) and not re.fullmatch(r"/[A-Za-z]{1,6}", words[at])
        found[name] = words[at] if takes else ""
        at += takes
    return found


def call(state: ScriptState, words: Sequence[str], made: Call) -> None:
    """Note what one call of schtasks registers, or disables."""
    given = options(words)
    name = given.get("tn", Unknown("/tn"))
    bare = name.lstrip("\\")
    whole = Unknown(bare, name.names) if isinstance(name, Unknown) else bare
    if "change" in given and "disable" in given:
        for each in state.registered:
            each.enabled &= str(each.name).casefold() != bare.casefold()
    if "create" not in given:
        return
    if "xml" in given:
        task = Thing("otherxml", {"path": given["xml"]}, doubts=frozenset({f"the file {given['xml']}"}))
        task.set("actions", [])
        task.set("triggers", [])
    else:
        task = Thing("definition", {"actions": [_action(given)], "triggers": [_trigger(given)]})
        task.set("principal", Thing("principal", {"userid": given.get("ru"), "runlevel": given.get("rl")}))
    state.register(whole, task, made.line)


def _action(given: dict[str, str]) -> Thing:
    """/TR is a whole command line. What is quoted, or the first word, is the program."""
    line = given.get("tr", Unknown("/tr"))
    missing = doubts(line)
    plain = str(line).replace('\\"', '"')  # Windows PowerShell hands quotes on only if they are written so
    words = windows_argv.split(plain.replace("'", '"') if plain.startswith("'") else plain)
    command, rest = (words[0] if words else ""), words[1:]
    action = Thing(
        "words", {"execute": command, "words": [Unknown(word, missing) if missing else word for word in rest]}
    )
    action.doubts = missing
    return action


def _trigger(given: dict[str, str]) -> Thing:
    schedule = given.get("sc", "once").lower()
    kind = _KINDS.get(schedule, "othertrigger")
    every = number(given.get("mo", "1")) if not isinstance(given.get("mo"), Unknown) else None
    start: Value = date_time(given["st"]) if "st" in given else DateTime()
    if start is None:
        start = Unknown(given["st"])
    repetition = Thing("repetition")
    trigger = Thing(kind, {"startboundary": start, "repetition": repetition})
    unclear = doubts(given.get("mo")) | doubts(given.get("sc"))
    if schedule in ("minute", "hourly"):
        minutes = (every or 1) * (60 if schedule == "hourly" else 1)
        repetition.set("interval", Unknown("/mo", unclear) if every is None else f"PT{int(minutes)}M")
    elif schedule == "daily":
        trigger.set("daysinterval", every)
    elif schedule == "weekly":
        trigger.set("weeksinterval", every)
        trigger.set("daysofweek", given.get("d", "").replace("*", _EVERY_DAY).split(","))
    elif schedule == "monthly":
        _monthly(trigger, given)
    if "ri" in given:
        repetition.set("interval", f"PT{int(number(given['ri']) or 0)}M")
    if "du" in given and (found := re.fullmatch(r"(\d+):(\d\d)", given["du"])):
        repetition.set("duration", f"PT{found[1]}H{found[2]}M")
    if "delay" in given and (found := re.fullmatch(r"(\d+):(\d\d)", given["delay"])):
        trigger.set("delay", f"PT{int(found[1])}M{int(found[2])}S")
    if "ec" in given:
        trigger.set("subscription", f'<Select Path="{given["ec"]}">{given.get("mo", "*")}</Select>')
    if unclear:
        trigger.doubts = unclear
    return trigger


def _monthly(trigger: Thing, given: dict[str, str]) -> None:
    """/MO is first to fourth, last, lastday, or every so many months; /D a weekday or a day of the month."""
    which, day = given.get("mo", "").lower(), given.get("d", "1").lower()
    if which in ("first", "second", "third", "fourth", "last"):
        trigger.set("daysofmonth", [f"{which} {each}" for each in day.split(",")])
    else:
        trigger.set("daysofmonth", ["last"] if which == "lastday" else day.split(","))
    if which.isdigit() and which != "1":
        trigger.set("monthsinterval", which)
    if "m" in given and given["m"] not in ("*", ""):
        trigger.set("months", given["m"])
