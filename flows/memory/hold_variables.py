"""Where pauses and skips are kept: variables on Prefect's server, which its UI shows and changes as well.

Each has its own, so two commands at once do not undo each other. To delete one is to end what it stands for;
a pause that somebody writes there themselves, with a time or any other text, is as good as a command's.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows.decisions.holds import Holds, Pause
from flows.decisions.slots import Slot
from flows.decisions.timestamps import iso
from flows.memory import hold_values
from flows.memory.pages import PAGE
from tasks.settings.rhythm_toml import Settings

_NO_END = "until resumed"


async def read(client: PrefectClient, settings: Settings) -> Holds:
    """Return what is paused and left out.

    Raises:
        httpx.HTTPError: Prefect does not answer.
    """
    names = hold_values.names(settings)
    values: dict[str, object] = {}
    for start in range(0, len(names), PAGE):
        answer = await client.request(
            "POST", "/variables/filter", json=hold_values.query(names[start : start + PAGE])
        )
        values |= {one["name"]: one["value"] for one in answer.json()}
    return hold_values.holds(values, settings)


async def pause(client: PrefectClient, settings: Settings, group: str | None, pause: Pause) -> None:
    """Keep that a group, or all of them, is paused."""
    until = iso(pause.until, settings.zone)
    await _write(client, settings, hold_values.pause_name(settings, group), until or _NO_END)


async def resume(client: PrefectClient, settings: Settings, group: str | None) -> None:
    """Keep no longer that a group, or all of them, is paused."""
    await _delete(client, hold_values.pause_name(settings, group))


async def skip(client: PrefectClient, settings: Settings, group: str, slot: Slot) -> None:
    """Keep that a slot of a group is left out."""
    value = "/".join(time.astimezone(settings.zone).isoformat() for time in (slot.start, slot.end))
    await _write(client, settings, hold_values.skip_name(settings, group), value)


async def unskip(client: PrefectClient, settings: Settings, group: str) -> None:
    """Keep no longer that a slot of a group is left out."""
    await _delete(client, hold_values.skip_name(settings, group))


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


async def _write(client: PrefectClient, settings: Settings, name: str, value: str) -> None:
    try:
        await client.create_variable(VariableCreate(name=name, value=value, tags=[settings.name]))
    except ObjectAlreadyExists:
        await client.update_variable(VariableUpdate(name=name, value=value))


async def _delete(client: PrefectClient, name: str) -> None:
    with suppress(ObjectNotFound):
        await client.delete_variable_by_name(name)
