"""`rhythm pause`: nothing of a group, or nothing at all, runs by itself until it is resumed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from deployments.cli import console
from deployments.cli.own_server import own_client
from flows import clock
from flows.decisions import timestamps
from flows.decisions.holds import Pause
from flows.decisions.timestamps import iso
from flows.memory import hold_variables
from flows.rhythm import known_groups
from tasks.problem import ConfigError, Problem
from tasks.settings import rhythm_toml as config
from tasks.settings.clock_time import parse_clock_time
from tasks.settings.duration import parse_duration
from tasks.settings.rhythm_toml import Settings


def run(*, group: str | None, until: str | None, json: bool) -> int:
    """Pause it, and print until when. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, there is no such group, or that is no time to come.
        CommandError: there is no server.
    """
    settings = config.load()
    known_groups([group] if group else [], settings, where="pause")
    now = clock.now()
    pause = Pause(until=timestamp(until, now, settings.zone) if until else None)
    asyncio.run(_pause(settings, group, pause))
    if json:
        console.show_json({"paused": group, "until": iso(pause.until, settings.zone)})
    else:
        resume = f"rhythm resume {group}" if group else "rhythm resume"
        end = (
            f"until {timestamps.clock(pause.until, settings.zone, now)}; `{resume}` ends it sooner"
            if pause.until
            else f"until `{resume}`"
        )
        console.say(f"{group or 'all groups'} paused {end}. What runs now goes on.")
    return 0


async def _pause(settings: Settings, group: str | None, pause: Pause) -> None:
    async with own_client(settings) as client:
        await hold_variables.pause(client, settings, group, pause)


def timestamp(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Given "14:00" (the next), "2h" (from now on) or "2026-12-01T07:00", return that time, in UTC.

    Times without an offset are those of the zone; one that a clock change skips or repeats counts as if the
    clock had not been changed yet.

    Raises:
        ConfigError: it is none of these, or not ahead.
    """
    found = _time_of_day(text, now, zone) or _duration(text, now) or _date_and_time(text, zone)
    if found is None or not now < found < now + timedelta(days=366 * 10):
        problem = "is not a time" if found is None else "is not ahead, or too far"
        remedy = "Write 14:00, 2h, 1h30m, or 2026-12-01T07:00 (without an offset: in the rhythm's timezone)."
        raise ConfigError([Problem("--until", f"{text!r} {problem}", remedy)])
    return found.replace(microsecond=0) if found.replace(microsecond=0) > now else found


def _time_of_day(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    try:
        at = parse_clock_time(text)
    except PydanticCustomError:
        return None
    today = now.astimezone(zone).date()
    times = (_local(today + timedelta(days=days), at, zone) for days in range(3))
    return next(time for time in times if time > now)


def _local(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def _duration(text: str, now: datetime) -> datetime | None:
    try:
        return now.astimezone(UTC) + parse_duration(text)
    except PydanticCustomError:
        return None


def _date_and_time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
