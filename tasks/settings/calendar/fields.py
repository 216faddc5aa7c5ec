"""The shorter keys of a calendar: `at`, `from` and `catch_up`, as rhythm.toml writes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from tasks.settings.clock_time import CLOCK_PATTERN, parse_clock_time
from tasks.settings.duration import DURATION_SCHEMA, format_duration, parse_duration

_CLOCK = {"title": "time of day", "type": "string", "pattern": CLOCK_PATTERN}


def parse_at(value: Any) -> time | tuple[time, ...]:
    """Given a time of day or a list of them, return it, or those in order.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if not isinstance(value, list | tuple):
        return parse_clock_time(value)
    if not value:
        raise PydanticCustomError("at", "is empty", {"remedy": 'Write times of day: ["09:00", "18:00"].'})
    return tuple(sorted({parse_clock_time(each) for each in value}))


def parse_from(value: Any) -> datetime:
    """Given a date and a time, or a date alone, return that time: without an offset, of whatever zone.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return datetime.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        remedy = "Write one like '2026-11-30T07:00'."
        raise PydanticCustomError("from", "is not a date and time", {"remedy": remedy}) from None


def parse_catch_up(value: Any) -> bool | timedelta:
    """Given true, false or a duration, return it.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return value if isinstance(value, bool) else value.lower() == "true"
    try:
        return parse_duration(value)
    except PydanticCustomError:
        remedy = "Write true, false, or how late it may be: '4h'."
        raise PydanticCustomError(
            "catch_up", "is neither true, false nor a duration", {"remedy": remedy}
        ) from None


def _clock_text(value: time | tuple[time, ...]) -> str | list[str]:
    return f"{value:%H:%M}" if isinstance(value, time) else [f"{each:%H:%M}" for each in value]


AtField = Annotated[
    time | tuple[time, ...],
    BeforeValidator(parse_at),
    PlainSerializer(_clock_text, when_used="json"),
    WithJsonSchema(
        {
            "title": "time of day, or list of times",
            "anyOf": [_CLOCK, {"type": "array", "items": _CLOCK, "minItems": 1}],
        }
    ),
]
FromField = Annotated[
    datetime,
    BeforeValidator(parse_from),
    WithJsonSchema({"title": "date and time", "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].*)?$"}),
]
CatchUpField = Annotated[
    bool | timedelta,
    BeforeValidator(parse_catch_up),
    PlainSerializer(
        lambda value: value if isinstance(value, bool) else format_duration(value), when_used="json"
    ),
    WithJsonSchema({"title": "Boolean or duration", "anyOf": [{"type": "boolean"}, DURATION_SCHEMA]}),
]
