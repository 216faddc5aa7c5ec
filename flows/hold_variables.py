"""Where pauses and skips are kept: variables on Prefect's server, which its UI shows and changes as well.

Each has its own, so two commands at once do not undo each other. To delete one is to end what it stands for;
a pause that somebody writes there themselves, with a time or any other text, is as good as a command's.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows import naming
from flows.holds import Holds, Pause
from flows.pages import PAGE
from flows.slots import Slot
from flows.timestamps import iso
from tasks.settings.rhythm_toml import Settings

_PAUSED, _SKIPPED = "paused", "skipped"
_NO_END = "until resumed"


async def read(client: PrefectClient, settings: Settings) -> Holds:
    """Return what is paused and left out.

    Raises:
        httpx.HTTPError: Prefect does not answer.
    """
    names = [_pause(settings), *(_pause(settings, group) for group in settings.groups)]
    names += [_skip(settings, group) for group in settings.groups]
    values: dict[str, Any] = {}
    for start in range(0, len(names), PAGE):  # no more answers than names
        asked = {"variables": {"name": {"any_": names[start : start + PAGE]}}, "limit": PAGE}
        answer = await client.request("POST", "/variables/filter", json=asked)
        values |= {one["name"]: one["value"] for one in answer.json()}
    pauses = {
        group: _as_pause(values[name], settings.zone)
        for group in settings.groups
        if (name := _pause(settings, group)) in values
    }
    skips = {group: _as_slot(values.get(_skip(settings, group)), settings.zone) for group in settings.groups}
    name = _pause(settings)
    return Holds(
        all=_as_pause(values[name], settings.zone) if name in values else None,
        groups=pauses,
        skips={group: slot for group, slot in skips.items() if slot},
    )


async def pause(client: PrefectClient, settings: Settings, group: str | None, pause: Pause) -> None:
    """Keep that a group, or all of them, is paused."""
    until = iso(pause.until, settings.zone)
    await _write(client, settings, _pause(settings, group), until or _NO_END)


async def resume(client: PrefectClient, settings: Settings, group: str | None) -> None:
    """Keep no longer that a group, or all of them, is paused."""
    await _delete(client, _pause(settings, group))


async def skip(client: PrefectClient, settings: Settings, group: str, slot: Slot) -> None:
    """Keep that a slot of a group is left out."""
    value = "/".join(time.astimezone(settings.zone).isoformat() for time in (slot.start, slot.end))
    await _write(client, settings, _skip(settings, group), value)


async def unskip(client: PrefectClient, settings: Settings, group: str) -> None:
    """Keep no longer that a slot of a group is left out."""
    await _delete(client, _skip(settings, group))


async def clear_past(client: PrefectClient, settings: Settings, holds: Holds, now: datetime) -> None:
    """Delete what is over: in Prefect's UI, it would look as if it were not."""
    if holds.all and holds.all.is_over(now):
        await resume(client, settings, None)
    for group, paused in holds.groups.items():
        if paused.is_over(now):
            await resume(client, settings, group)
    for group, slot in holds.skips.items():
        if slot.end <= now:
            await unskip(client, settings, group)


def _pause(settings: Settings, group: str | None = None) -> str:
    return naming.variable(settings, _PAUSED, group)


def _skip(settings: Settings, group: str) -> str:
    return naming.variable(settings, _SKIPPED, group)


def _as_pause(value: object, zone: ZoneInfo) -> Pause:
    """Return the pause that a variable stands for: one without an end, if it is no time."""
    return Pause(_as_time(str(value), zone))


def _as_slot(value: object, zone: ZoneInfo) -> Slot | None:
    """Return the slot that a variable stands for; None if somebody has written something else there."""
    first, _, last = str(value).partition("/")
    start, end = _as_time(first, zone), _as_time(last, zone)
    return Slot(start, end) if start and end else None


def _as_time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1970 <= time.year < 9000:  # what lies beyond has no time of another zone
        return None
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


async def _write(client: PrefectClient, settings: Settings, name: str, value: str) -> None:
    try:
        await client.create_variable(VariableCreate(name=name, value=value, tags=[settings.name]))
    except ObjectAlreadyExists:
        await client.update_variable(VariableUpdate(name=name, value=value))


async def _delete(client: PrefectClient, name: str) -> None:
    with suppress(ObjectNotFound):
        await client.delete_variable_by_name(name)
