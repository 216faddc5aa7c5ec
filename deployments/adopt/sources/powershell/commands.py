"""PowerShell's commands that registrations are built with, and what each puts out."""

from __future__ import annotations

import re
from datetime import timedelta

from deployments.adopt import paths
from deployments.adopt.sources.powershell import com, members, native, scheduled_tasks, schtasks
from deployments.adopt.sources.powershell.binding import bind
from deployments.adopt.sources.powershell.state import Call, Command, ScriptState
from deployments.adopt.sources.powershell.values import (
    DateTime,
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    items,
    known,
    number,
    text,
    truth,
)


def _join_path(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Path", "ChildPath", "AdditionalChildPath"), ("Resolve",))
    parts = [bound.get("path", call.piped[0] if call.piped else ""), bound.get("childpath", "")]
    parts += [*items(bound.get("additionalchildpath")), *items(bound.get(""))]
    texts = [text(part) for part in parts]
    missing = doubts(list(texts))
    whole = _joined_path(texts)
    return [Unknown(whole, missing) if missing else whole]


def _joined_path(parts: list[str]) -> str:
    """Join-Path never starts anew at a part that begins with a separator."""
    first, *rest = parts
    return paths.join(str(first), *(str(part).lstrip("\\/") for part in rest))


def _split_path(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(
        call.given, ("Path", "LiteralPath"), ("Parent", "Leaf", "LeafBase", "Extension", "Qualifier")
    )
    value = text(bound.get("path", bound.get("literalpath", call.piped[0] if call.piped else "")))
    taken = paths.parent(value)
    if bound.get("leaf"):
        taken = paths.name(value)
    elif bound.get("leafbase"):
        taken = paths.stem(value)
    if isinstance(value, Unknown):
        shown = taken if taken and taken != value else f"{value}\\.."
        return [Unknown(shown, value.names)]
    return [taken]


def _same(state: ScriptState, call: Call) -> list[Value]:
    """Commands that give back the path that they are given: Resolve-Path, Get-Item, Convert-Path."""
    bound = bind(call.given, ("Path", "LiteralPath"), ("Force",))
    value = bound.get("path", bound.get("literalpath", call.piped[0] if call.piped else None))
    return [value if isinstance(value, str) and not re.search(r"[*?]", value) else Unknown(call.shown)]


def _piped(state: ScriptState, call: Call) -> list[Value]:
    """Commands that give on what the pipeline gives them."""
    return list(call.piped or [])


def _nothing(state: ScriptState, call: Call) -> list[Value]:
    return []


def _unknown(state: ScriptState, call: Call) -> list[Value]:
    return [Unknown(call.shown)]


def _get_date(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(
        call.given, ("Date", "Year", "Month", "Day", "Hour", "Minute", "Second", "Format", "UFormat")
    )
    if "format" in bound or "uformat" in bound:
        return [Unknown(call.shown)]
    found = date_time(bound["date"]) if "date" in bound else DateTime()
    if "hour" in bound or "minute" in bound:
        hour, minute = number(bound.get("hour", 0.0)), number(bound.get("minute", 0.0))
        found = None if hour is None or minute is None else DateTime((hour * 60 + minute) % 1440)
    return [Unknown(call.shown, doubts(list(bound.values()))) if found is None else found]


def _new_timespan(state: ScriptState, call: Call) -> list[Value]:
    units = ("Days", "Hours", "Minutes", "Seconds", "Milliseconds")
    bound = bind(call.given, (*units, "Start", "End"), positional=())
    missing = doubts(list(bound.values()))
    amounts = {unit.lower(): number(bound.get(unit.lower(), 0.0)) for unit in units}
    if (
        "start" in bound
        or "end" in bound
        or any(each is None or abs(each) > 1e9 for each in amounts.values())
    ):
        return [Unknown(call.shown, missing)]
    span = timedelta(**{unit: amount or 0.0 for unit, amount in amounts.items()})
    return [Unknown(call.shown, missing, span) if missing else span]


def _get_command(state: ScriptState, call: Call) -> list[Value]:
    """The path of a program depends on PATH; that it is this program is known."""
    bound = bind(call.given, ("Name", "CommandType"), ("All", "Syntax"))
    name = text(bound.get("name"))
    return [Thing("command", {"source": name, "path": name, "definition": name, "name": name})]


def _new_object(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("TypeName", "ArgumentList", "Property", "ComObject", "Strict"))
    if text(bound.get("comobject")).lower() == "schedule.service":
        return [com.service()]
    kind = text(bound.get("typename")).lower().removeprefix("system.")
    if kind in ("psobject", "pscustomobject", "object"):
        given = bound.get("property")
        return [given if isinstance(given, Thing) else Thing("table")]
    if kind in ("timespan", "datetime"):
        parts = bound.get("argumentlist")
        return [members.new(kind, [*items(parts), *items(bound.get(""))], call.shown)]
    if "list" in kind or "arraylist" in kind:
        return [[]]
    return [Unknown(call.shown)]


def _for_each(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Process", "Begin", "End", "MemberName", "InputObject"))
    block = bound.get("process")
    over = list(call.piped or items(bound.get("inputobject")))
    if len(over) == 1 and isinstance(over[0], list):
        over = over[0]
    out: list[Value] = []
    for item in over:
        if isinstance(block, Thing) and block.kind == "block":
            out += state.block(block.get("node"), [], {"_": item})
        elif block is not None:
            out.append(members.member(item, text(block), call.shown))
    return out


def _where(state: ScriptState, call: Call) -> list[Value]:
    block = next((word.value for word in call.given if isinstance(word.value, Thing)), None)
    over = list(call.piped or [])
    if len(over) == 1 and isinstance(over[0], list):
        over = over[0]
    if block is None or block.kind != "block":
        return over
    kept = []
    for item in over:
        seen = state.block(block.get("node"), [], {"_": item})
        if truth(seen[0] if seen else None) is not False:
            kept.append(item)
    return kept


def _cmd(state: ScriptState, call: Call) -> list[Value]:
    """`cmd /c schtasks …`."""
    words = native.words(state, call.raw)
    while words and words[0].startswith("/"):
        words = words[1:]
    if len(words) == 1:
        words = native.words(state, words[0])
    return _program(state, call, words)


def _start_process(state: ScriptState, call: Call) -> list[Value]:
    """`Start-Process schtasks -ArgumentList …`."""
    bound = bind(
        call.given,
        ("FilePath", "ArgumentList", "Verb", "WindowStyle", "WorkingDirectory"),
        ("Wait", "NoNewWindow"),
    )
    words: list[str] = []
    for part in items(bound.get("argumentlist")):
        # Start-Process joins them with spaces, and quotes none.
        words += native.words(state, text(part)) if isinstance(part, str) else [text(part)]
    return _program(state, call, [text(bound.get("filepath")), *words])


def _invoke_expression(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Command",))
    code = text(bound.get("command", call.piped[0] if call.piped else ""))
    return _program(state, call, native.words(state, code))


def _program(state: ScriptState, call: Call, words: list[str]) -> list[Value]:
    if words and paths.name(words[0]).lower().removesuffix(".exe") == "schtasks":
        schtasks.call(state, words[1:], call)
    return []


def _schtasks(state: ScriptState, call: Call) -> list[Value]:
    words = native.words(state, call.raw)
    if "$" in call.raw and any(isinstance(word.value, list) for word in call.given):  # & schtasks $list
        words = [text(item) for word in call.given for item in items(word.value)]
    schtasks.call(state, words, call)
    return []


def _get_variable(state: ScriptState, call: Call) -> list[Value]:
    name = text(call.given[0].value if call.given else "").lower()
    return [known(state.variable(name))] if name else []


def _set_variable(state: ScriptState, call: Call) -> list[Value]:
    bound = bind(call.given, ("Name", "Value", "Scope", "Option"), ("Force",))
    state.assign(text(bound.get("name")).lower(), bound.get("value"))
    return []


def _write_output(state: ScriptState, call: Call) -> list[Value]:
    return [*(call.piped or ()), *(word.value for word in call.given if word.parameter is None)]


COMMANDS: dict[str, Command] = {
    **scheduled_tasks.COMMANDS,
    "join-path": _join_path,
    "split-path": _split_path,
    **dict.fromkeys(("resolve-path", "convert-path", "get-item", "gi", "rvpa"), _same),
    **dict.fromkeys(("select-object", "sort-object", "select", "sort", "tee-object"), _piped),
    **dict.fromkeys(("out-null", "import-module", "set-strictmode", "requires", "return"), _nothing),
    **dict.fromkeys(("test-path", "read-host", "get-content", "get-scheduledtask"), _unknown),
    **dict.fromkeys(("write-output", "echo"), _write_output),
    "get-date": _get_date,
    "new-timespan": _new_timespan,
    "get-command": _get_command,
    "gcm": _get_command,
    "new-object": _new_object,
    **dict.fromkeys(("foreach-object", "%", "foreach"), _for_each),
    **dict.fromkeys(("where-object", "?", "where"), _where),
    "schtasks": _schtasks,
    "cmd": _cmd,
    **dict.fromkeys(("start-process", "saps", "start"), _start_process),
    **dict.fromkeys(("invoke-expression", "iex"), _invoke_expression),
    "get-variable": _get_variable,
    "set-variable": _set_variable,
}
