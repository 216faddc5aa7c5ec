"""`rhythm plan`: what would run when. It loads no Prefect: `rhythm up` notes whether beats are paused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table
from deployments.server import instance_lock
from flows import clock, hold_values, timestamps
from flows.choice import Choice, Decision
from flows.holds import NONE, Holds
from flows.pages import PAGE
from flows.timestamps import iso
from flows.timetable import SimulatedBeat, timetable
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

# What a timetable shows.
_SHOWN = (Decision.RUN, Decision.WAITS, Decision.DEFERRED)
#: Of the timetable.
COLUMNS = (Column("at"), Column("group", Kind.NAME), Column(""), Column("why", Kind.TEXT))


def run(*, start: datetime | None, hours: float, failing: Sequence[str], json: bool) -> int:
    """Print the timetable. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or `--failing` names no group.
    """
    settings = config.load()
    if unknown := [name for name in failing if name not in settings.groups]:
        remedy = alternatives("groups", unknown[0], settings.groups)
        raise ConfigError([Problem("--failing", f"no such group: '{unknown[0]}'", remedy)])
    start = start or clock.now()
    start = start if start.tzinfo else start.replace(tzinfo=settings.zone)
    end = start.astimezone(UTC) + timedelta(hours=hours)
    pause, holds = _pause(settings)
    beats = list(timetable(settings, start, end, failing, holds))
    counts = Counter(dict.fromkeys(settings.order, 0))
    runs = [(beat.at, choice) for beat in beats for choice in beat.choices if choice.decision is Decision.RUN]
    counts.update(choice.group for _, choice in runs)
    if json:
        console.show_json(
            {
                "paused": pause or None,
                "from": iso(start, settings.zone),
                "to": iso(end, settings.zone),
                "runs": [
                    {
                        "at": iso(at, settings.zone),
                        "group": choice.group,
                        "lane": choice.lane,
                        "reason": choice.reason,
                    }
                    for at, choice in runs
                ],
                "counts": dict(counts),
            }
        )
    else:
        if pause:
            console.warning(pause if holds.all else f"none of this runs for now: {pause}")
        _show(beats, counts, settings)
    return 0


def _pause(settings: Settings) -> tuple[str, Holds]:
    """Return why beats are paused, as `rhythm up` has found, and what commands have paused or left out.

    Nothing is, if it is not up.
    """
    up = instance_lock.running(settings.outputs_dir)
    return (up.paused, _holds(settings)) if up else ("", NONE)


def _holds(settings: Settings) -> Holds:
    """Return what the server has; nothing, if it does not answer."""
    import httpx  # 0.2 s, which a plan without a server does not need

    from deployments.server import lookup

    names = hold_values.names(settings)
    values: dict[str, object] = {}
    with suppress(lookup.ServerError, httpx.HTTPError):
        if address := lookup.find(settings):
            with lookup.client(address) as server:
                for start in range(0, len(names), PAGE):
                    query = hold_values.query(names[start : start + PAGE])
                    url = f"{address.url}/variables/filter"
                    answer = server.post(url, json=query, headers=address.headers).raise_for_status()
                    values |= {one["name"]: one["value"] for one in answer.json()}
    return hold_values.holds(values, settings)


def show_next(settings: Settings, hours: float) -> None:
    """Print the timetable from now on, and how often each group runs in a day."""
    start = clock.now()
    day = list(timetable(settings, start, start + timedelta(hours=24)))
    counts = Counter(dict.fromkeys(settings.order, 0))
    counts.update(choice.group for beat in day for choice in beat.choices if choice.decision is Decision.RUN)
    console.say(f"The next {hours:g} hours, and how often each group runs in 24:")
    _show([beat for beat in day if beat.at < start + timedelta(hours=hours)], counts, settings)


def _show(beats: list[SimulatedBeat], counts: Counter[str], settings: Settings) -> None:
    rows = []
    for beat in beats:
        shown = [choice for choice in beat.choices if choice.decision in _SHOWN]
        for choice in shown:
            day, time = beat.at.astimezone(settings.zone), timestamps.time_of_day(beat.at, settings.zone)
            at = f"{day:%a %d %b} {time}"
            rows.append((at, choice.label, _what(choice), choice.reason))
    console.show(Table(COLUMNS, rows))
    console.show(console.side_by_side([f"{name} {count}×" for name, count in counts.items()]), end="")


def _what(choice: Choice) -> str:
    if choice.decision is not Decision.RUN:
        return choice.decision.label
    return "runs" if choice.outcome == "completed" else "fails"
