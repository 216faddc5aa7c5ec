"""`rhythm skip`: leaves out a group's next slot."""

from __future__ import annotations

import asyncio
from datetime import datetime

from deployments.cli import console
from deployments.cli.own_server import own_client
from flows import clock
from flows.decisions import timestamps
from flows.decisions.cadence import choose_alone
from flows.decisions.choice import Decision
from flows.decisions.group_runs import History
from flows.decisions.situation import Situation
from flows.decisions.slots import Slot, slot_at
from flows.decisions.timestamps import iso
from flows.memory import history, hold_variables
from flows.rhythm import known_groups
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings


def run(*, group: str, json: bool) -> int:
    """Leave it out, and print which slot that is. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group.
        CommandError: the group is disabled, or there is no server.
    """
    settings = config.load()
    known_groups([group], settings, where="skip")
    if not settings.groups[group].enabled:
        raise CommandError(f"{group} does not run: it has enabled = false in rhythm.toml.")
    slot, is_new = asyncio.run(_skip(group, settings))
    if json:
        start, end = iso(slot.start, settings.zone), iso(slot.end, settings.zone)
        console.show_json({"group": group, "slot": {"start": start, "end": end}})
    else:
        now = clock.now()
        start, end = (timestamps.clock(time, settings.zone, now) for time in (slot.start, slot.end))
        done = "is left out" if is_new else "is left out already"
        console.say(
            f"{group}: the slot from {start} to {end} {done}; `rhythm resume {group}` takes that back"
        )
    return 0


async def _skip(group: str, settings: Settings) -> tuple[Slot, bool]:
    """Return the slot that is left out, and whether it was not before: to skip twice leaves out one slot."""
    async with own_client(settings) as client:
        now = clock.now()
        known = (await hold_variables.read(client, settings)).skips.get(group)
        if known and now < known.end:
            return known, False
        slot = next_slot(group, settings, await history.in_slots(client, settings, now), now)
        await hold_variables.skip(client, settings, group, slot)
        return slot, True


def next_slot(group: str, settings: Settings, past: History, now: datetime) -> Slot:
    """Return the slot of a group that it would use next: this one, or the one after if that is used up."""
    slot = slot_at(settings.groups[group], now, settings.zone)
    choice = choose_alone(group, Situation(settings, past, now), earlier={})
    is_to_come = choice.decision in (Decision.RUN, Decision.WAITS, Decision.DEFERRED)
    return slot if is_to_come else slot_at(settings.groups[group], slot.end, settings.zone)
