"""`rhythm plan`: what would run when. It loads no Prefect: `rhythm up` notes whether beats are paused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from deployments.cli import console
from deployments.cli.tables import Column, Kind, Table
from deployments.server import instance_lock
from flows import clock
from flows.decisions import timestamps
from flows.decisions.choice import Choice, Decision
from flows.decisions.collisions import PlannedRun, collisions, planned
from flows.decisions.holds import NONE, Holds
from flows.decisions.timestamps import iso
from flows.decisions.timetable import SimulatedBeat, timetable
from flows.memory import hold_values
from flows.memory.pages import PAGE
from tasks.builtin.analysis.deferrals import BACK, deferrals
from tasks.builtin.analysis.expected import LATEST_OF, expectations
from tasks.duration_text import about
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store import durations, readings
from tasks.store.durations import Took
from tasks.store.fault import StoreError

# What a timetable shows.
_SHOWN = (Decision.RUN, Decision.WAITS, Decision.DEFERRED)
#: Of the timetable; how long runs take only if any has run before.
_TAKES = Column("takes")
COLUMNS = (Column("at"), Column("group", Kind.NAME), Column(""), _TAKES, Column("why", Kind.TEXT))
#: For how long the load must have been recorded before anything is advised by it.
_ADVISED = timedelta(days=2)


def run(*, start: datetime | None, hours: float, failing: Sequence[str], why: bool, json: bool) -> int:
    """Print the timetable; with `why`, also which groups had better wait for a quieter beat. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or `--failing` names no group.
    """
    settings = config.load()
    if unknown := [name for name in failing if name not in settings.groups]:
        remedy = alternatives("groups", unknown[0], settings.groups)
        raise ConfigError([Problem("--failing", f"no such group: '{unknown[0]}'", remedy)])
    took = _durations(settings)
    is_first = start is None and took == {}
    new = [name for name, group in settings.groups.items() if is_first and group.begins_at_once]
    start = start or clock.now()
    start = start if start.tzinfo else start.replace(tzinfo=settings.zone)
    end = start.astimezone(UTC) + timedelta(hours=hours)
    pause, holds = _pause(settings)
    beats = list(timetable(settings, start, end, failing, holds, new))
    counts = Counter(dict.fromkeys(settings.order, 0))
    runs = list(planned(beats, expectations(took or {})))
    counts.update(run.choice.group for run in runs)
    found = collisions(runs, settings)
    advice = _advice(settings) if why else []
    if json:
        console.show_json(
            {
                "paused": pause or None,
                "from": iso(start, settings.zone),
                "to": iso(end, settings.zone),
                "runs": [_to_json(run, settings) for run in runs],
                "counts": dict(counts),
                "collisions": [
                    {
                        "lane": each.lane,
                        "groups": each.groups,
                        "held": each.held or None,
                        "seconds": round(each.seconds, 3),
                        "at": [iso(at, settings.zone) for at in each.at],
                    }
                    for each in found
                ],
                **({"advice": advice} if why else {}),
            }
        )
    else:
        if pause:
            console.warning(pause if holds.all else f"none of this runs for now: {pause}")
        _show(beats, counts, settings, runs)
        for each in found:
            console.warning(each.sentence(lambda at: timestamps.clock(at, settings.zone, start)))
        for sentence in advice:
            console.say(sentence)
    return 0


def _advice(settings: Settings) -> list[str]:
    """Return a sentence for each group that would better have waited for a quieter beat."""
    now = clock.now()
    since = now - BACK
    try:
        means = readings.means(settings, since, now)
        found = deferrals(durations.of_groups(settings, since), means, settings)
    except StoreError as error:
        return [f"how busy the machine was is not known: {error}"]
    if not means:
        return ["how busy the machine was is not known yet: `rhythm up` and each beat record it"]
    if means[-1].at - means[0].at < _ADVISED:
        first = timestamps.clock(means[0].at, settings.zone, now)
        return [f"how busy the machine was is only known since {first}: there is no advice before two days"]
    return [str(each) for each in found] or ["no group would have found a quieter time by waiting"]


def _durations(settings: Settings) -> dict[str, list[Took]] | None:
    """Return how long the last runs of groups took here; None if that is not known."""
    try:
        return durations.of_groups(settings, clock.now() - durations.BACK, LATEST_OF)
    except StoreError as error:
        console.warning(f"how long groups take is not known: {error}")
        return None


def _to_json(run: PlannedRun, settings: Settings) -> dict[str, Any]:
    needs = run.needs
    return {
        "at": iso(run.at, settings.zone),
        "group": run.choice.group,
        "lane": run.choice.lane,
        "reason": run.choice.reason,
        "seconds": round(needs.seconds, 3) if needs else None,
        "at_most": round(needs.at_most, 3) if needs else None,
        "ends": iso(run.ends, settings.zone),
    }


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


def _show(
    beats: Sequence[SimulatedBeat],
    counts: Counter[str],
    settings: Settings,
    runs: Sequence[PlannedRun] = (),
) -> None:
    # The end of a run in another lane brings a beat at the same time, in which a group may run again.
    of_choice = {id(run.choice): run for run in runs}
    is_known = any(run.needs for run in runs)
    rows: list[tuple[str, ...]] = []
    for beat in beats:
        shown = [choice for choice in beat.choices if choice.decision in _SHOWN]
        for choice in shown:
            day, time = beat.at.astimezone(settings.zone), timestamps.time_of_day(beat.at, settings.zone)
            at = f"{day:%a %d %b} {time}"
            takes = [_takes(of_choice.get(id(choice)))] if is_known else []
            rows.append((at, choice.label, _what(choice), *takes, choice.reason))
    columns = [column for column in COLUMNS if is_known or column is not _TAKES]
    console.show(Table(columns, rows))
    console.show(console.side_by_side([f"{name} {count}×" for name, count in counts.items()]), end="")


def _takes(run: PlannedRun | None) -> str:
    return about(run.needs.seconds) if run and run.needs else "–"


def _what(choice: Choice) -> str:
    if choice.decision is not Decision.RUN:
        return choice.decision.label
    return "runs" if choice.outcome == "completed" else "fails"
