"""What is known of groups for longer than Prefect keeps runs: since when there are, and what used up a slot.

Kept as variables of Prefect's, for the groups that need it. Without it, a new yearly group would run in
the first beat, and an old one again as soon as its run of January is cleaned away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate

from flows.decisions.group_runs import Run
from flows.decisions.slots import slot_at
from flows.decisions.timestamps import iso
from flows.memory import history, naming
from tasks.outcome import Outcome
from tasks.settings.groups import GroupSettings
from tasks.settings.rhythm_toml import Settings

#: Prefect keeps runs for 90 days by the settings that ship with Rhythm; somebody's own may be shorter.
_SURE = timedelta(days=25)
#: Groups a variable: Prefect takes 5,000 characters of JSON, and one group has 150 at most.
_PART = 30


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Since when a group is known, and when its last completed run began, if that is remembered."""

    since: datetime
    completed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of groups; `is_new`: whether that has still to be kept."""

    groups: Mapping[str, GroupMemory] = field(default_factory=dict)
    is_new: bool = False

    @property
    def since(self) -> dict[str, datetime]:
        """Since when each group is known whose first run is at its first time."""
        return {name: known.since for name, known in self.groups.items()}

    def completing(self, runs: Mapping[str, list[Run]]) -> dict[str, list[Run]]:
        """Return the groups' runs with the completed ones that Prefect has cleaned away."""
        found = dict(runs)
        for name, known in self.groups.items():
            if known.completed and not any(run.outcome is Outcome.COMPLETED for run in runs.get(name, ())):
                forgotten = Run(known.completed, known.completed, Outcome.COMPLETED)
                found[name] = [*runs.get(name, ()), forgotten]
        return found


async def recall(
    client: PrefectClient, settings: Settings, runs: Mapping[str, list[Run]], now: datetime
) -> Memory:
    """Return what is known of the groups that need it, given the runs of their slots.

    A group that is seen for the first time is known since its last run, or since now. Prefect is not asked if
    no group needs it.

    Raises:
        httpx.HTTPError: Prefect does not answer.
    """
    needed = [name for name, group in settings.groups.items() if _needs(group, settings, now)]
    if not needed:
        return Memory()
    kept = await _kept(client, settings)
    new = [name for name in needed if name not in kept]
    last = await history.latest(client, settings, new, now)
    groups = {
        name: kept.get(name) or GroupMemory(_whole(last[name].started if name in last else now))
        for name in needed
    }
    groups = {name: _used(known, runs.get(name, [])) for name, known in groups.items()}
    return Memory(groups, is_new=groups != kept)


async def keep(client: PrefectClient, settings: Settings, memory: Memory) -> None:
    """Keep what is known, if it is new. A group that does not need it any more is forgotten.

    Raises:
        httpx.HTTPError: Prefect did not take it.
    """
    if not memory.is_new:
        return
    rest = [
        (name, {"since": iso(known.since, settings.zone), "completed": iso(known.completed, settings.zone)})
        for name, known in memory.groups.items()
    ]
    number = 1
    while rest:
        await _set(client, _name(settings, number), dict(rest[:_PART]))
        rest, number = rest[_PART:], number + 1
    while await client.read_variable_by_name(name := _name(settings, number)):
        await client.delete_variable_by_name(name)
        number += 1


async def _set(client: PrefectClient, name: str, value: dict[str, Any]) -> None:
    if await client.read_variable_by_name(name):
        await client.update_variable(VariableUpdate(name=name, value=value))
    else:
        await client.create_variable(VariableCreate(name=name, value=value))


async def _kept(client: PrefectClient, settings: Settings) -> dict[str, GroupMemory]:
    kept: dict[str, GroupMemory] = {}
    number = 1
    while variable := await client.read_variable_by_name(_name(settings, number)):
        kept |= _read(variable.value)
        number += 1
    return kept


def _name(settings: Settings, number: int) -> str:
    return naming.variable(settings, "groups", str(number))


def _needs(group: GroupSettings, settings: Settings, now: datetime) -> bool:
    if not group.begins_at_once:
        return True
    slot = slot_at(group, now, settings.zone)
    return slot.end - slot.start > _SURE


def _used(known: GroupMemory, runs: list[Run]) -> GroupMemory:
    """Return it with the completed run among those of the slot, if there is one."""
    completed = [run.started for run in runs if run.outcome is Outcome.COMPLETED]
    return replace(known, completed=_whole(max(completed))) if completed else known


def _whole(time: datetime) -> datetime:
    """Return a time without a fraction of a second, as it is kept."""
    return time.replace(microsecond=0)


def _read(value: Any) -> dict[str, GroupMemory]:
    """Given the variable's value, which somebody may have changed in the UI, return what it says."""
    found = {}
    for name, entry in value.items() if isinstance(value, dict) else ():
        try:
            completed = entry["completed"] and datetime.fromisoformat(entry["completed"])
            found[name] = GroupMemory(datetime.fromisoformat(entry["since"]), completed)
        except (KeyError, TypeError, ValueError):
            continue  # as if it were seen for the first time
    return found
