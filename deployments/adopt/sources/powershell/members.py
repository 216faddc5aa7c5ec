"""Properties and methods of PowerShell's and .NET's objects, as far as registrations use them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from deployments.adopt import paths
from deployments.adopt.sources.powershell.values import (
    DateTime,
    Thing,
    Unknown,
    Value,
    date_time,
    doubts,
    joined,
    number,
    span,
    text,
)

_UNITS = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
    "milliseconds": timedelta(milliseconds=1),
}


def member(target: Value, name: str, shown: str) -> Value:
    """Return the property `name` of a value."""
    low = name.lower()
    if isinstance(target, Thing):
        return _of_thing(target, low, shown)
    if isinstance(target, Unknown):
        return Unknown(shown, target.names)
    if isinstance(target, DateTime):
        return DateTime(0.0, target.date) if low == "date" else target
    if isinstance(target, timedelta) and low.removeprefix("total") in _UNITS:
        return target / _UNITS[low.removeprefix("total")]
    if low in ("count", "length"):
        return len(target) if isinstance(target, str | list) else int(target is not None)
    if isinstance(target, list):
        found = [member(item, name, shown) for item in target]
        return found[0] if len(found) == 1 else found
    if isinstance(target, str) and low in ("fullname", "path", "source", "definition"):
        return target
    if isinstance(target, str) and low in ("name", "basename", "directoryname"):
        return {"name": paths.name, "basename": paths.stem, "directoryname": paths.parent}[low](target)
    return Unknown(shown) if target is not None else None


def _of_thing(target: Thing, name: str, shown: str) -> Value:
    if name in target.fields:
        return target.fields[name]
    if target.kind == "type":
        return _static(str(target.get("name")), name, shown)
    if target.kind == "table":
        if name in ("keys", "values", "count"):
            keys = [target.names.get(key, key) for key in target.fields]
            return {"keys": keys, "values": list(target.fields.values()), "count": len(keys)}[name]
        return None
    return Unknown(shown, target.doubts)


def _static(type_name: str, name: str, shown: str) -> Value:
    """[TYPE]::NAME."""
    kind = type_name.lower().removeprefix("system.")
    found = {
        ("timespan", "maxvalue"): timedelta.max,
        ("timespan", "zero"): timedelta(0),
        ("datetime", "now"): DateTime(),
        ("datetime", "utcnow"): DateTime(),
        ("datetime", "today"): DateTime(0.0),
        ("int", "maxvalue"): 2**31 - 1,
        ("string", "empty"): "",
    }.get((kind, name))
    return Unknown(shown) if found is None else found


def method(target: Value, name: str, given: Sequence[Value], shown: str) -> Value:
    """Return what `target.NAME(given…)` comes to."""
    low = name.lower()
    if isinstance(target, Thing):
        if target.kind == "type":
            return _static_method(str(target.get("name")), low, given, shown)
        return _table_method(target, low, given, shown)
    if isinstance(target, Unknown):
        return Unknown(shown, target.names.union(*(doubts(item) for item in given)))
    if isinstance(target, DateTime):
        return _date_time_method(target, low, given, shown)
    if isinstance(target, list) and low in ("add", "addrange"):
        target += given if low == "add" else [item for part in given for item in part]
        return None
    if isinstance(target, str):
        return _text_method(target, low, given, shown)
    return text(target) if low == "tostring" else Unknown(shown)


def _static_method(type_name: str, name: str, given: Sequence[Value], shown: str) -> Value:
    kind = type_name.lower().removeprefix("system.")
    if kind == "timespan" and name.startswith("from") and name[4:] in _UNITS:
        amount = number(given[0]) if given else None
        if amount is None or abs(amount) > 1e9:
            return Unknown(shown, doubts(list(given)))
        found = _UNITS[name[4:]] * amount
        return Unknown(shown, doubts(given[0]), found) if isinstance(given[0], Unknown) else found
    if kind in ("timespan", "datetime") and name in ("parse", "new", "parseexact"):
        return new(kind, list(given), shown)
    if kind == "io.path":
        return _path(name, [text(item) for item in given], shown)
    if kind == "string" and name in ("isnullorempty", "isnullorwhitespace"):
        return Unknown(shown) if doubts(given[0]) else not text(given[0]).strip() if given else True
    if kind == "string" and name == "format" and given:
        from deployments.adopt.sources.powershell.operators import formatted

        return formatted(given[0], list(given[1:]))
    return Unknown(shown, doubts(list(given)))


def _path(name: str, given: list[str], shown: str) -> Value:
    """[IO.Path]::NAME(…)."""
    missing = doubts(list(given))
    if name == "combine" and given:
        whole = paths.join(*given)
    elif name == "getfullpath" and given:
        whole = paths.normal(given[0])
    elif name in ("getdirectoryname", "getfilename", "getfilenamewithoutextension") and given:
        take = {"getdirectoryname": paths.parent, "getfilename": paths.name}.get(name, paths.stem)
        whole = take(given[0])
    else:
        return Unknown(shown, missing)
    return Unknown(whole, missing) if missing else whole


def new(kind: str, given: list[Value], shown: str) -> Value:
    """Return a new TimeSpan or DateTime of these arguments."""
    if len(given) == 1 or kind == "datetime":
        found = (span if kind == "timespan" else date_time)(given[0]) if given else None
        return Unknown(shown, doubts(given)) if found is None else found
    numbers = [number(item) for item in given]
    if any(each is None or abs(each) > 1e6 for each in numbers):
        return Unknown(shown, doubts(given))
    whole = [each or 0.0 for each in numbers]
    days = whole.pop(0) if len(whole) > 3 else 0.0
    hours, minutes, seconds = [*whole, 0.0, 0.0, 0.0][:3]
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _date_time_method(target: DateTime, name: str, given: Sequence[Value], shown: str) -> Value:
    amount = number(given[0]) if given else None
    if name.startswith("add") and name[3:] in _UNITS and amount is not None and abs(amount) < 1e8:
        return target.after(_UNITS[name[3:]] * amount)
    if name == "add" and given and (later := span(given[0])) is not None:
        return target.after(later)
    if name in ("addmonths", "addyears", "touniversaltime", "tolocaltime"):
        return target
    return text(target) if name == "tostring" else Unknown(shown, doubts(list(given)))


def _text_method(target: str, name: str, given: Sequence[Value], shown: str) -> Value:
    words = [text(item) for item in given]
    if doubts(list(given)):
        return Unknown(shown, doubts(list(given)))
    match name, words:
        case "tostring", _:
            return target
        case (("trim" | "trimstart" | "trimend"), _):
            take = {"trim": target.strip, "trimstart": target.lstrip, "trimend": target.rstrip}[name]
            return take(words[0]) if words else take()
        case (("tolower" | "tolowerinvariant"), _):
            return target.lower()
        case (("toupper" | "toupperinvariant"), _):
            return target.upper()
        case "replace", [old, new] if old:
            return target.replace(old, new)
        case (("startswith" | "endswith" | "contains"), [part, *_]):
            found = {
                "startswith": target.startswith,
                "endswith": target.endswith,
                "contains": target.__contains__,
            }
            return found[name](part)
        case "split", [mark, *_] if mark:
            return list(target.split(mark))
        case _:
            return Unknown(shown)


def _table_method(target: Thing, name: str, given: Sequence[Value], shown: str) -> Value:
    key = text(given[0]) if given else ""
    match name:
        case "add" | "set_item" if len(given) > 1:
            target.set(key, given[1])
            return None
        case "remove":
            target.fields.pop(key.lower(), None)
            return None
        case "containskey" | "contains":
            return key.lower() in target.fields
        case "getenumerator":
            pairs = []
            for low, value in target.fields.items():
                name_of = target.names.get(low, low)
                pairs.append(Thing("pair", {"key": name_of, "name": name_of, "value": value}))
            return pairs
        case "tostring":
            return joined([text(target)])
        case "clone":
            return Thing(target.kind, dict(target.fields), dict(target.names), target.doubts)
        case _:
            return Unknown(shown, target.doubts)
