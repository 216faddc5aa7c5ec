"""`rhythm plan`: what would run when. It needs no Prefect, and asks a running one only whether beats come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from deployments.cli import console
from deployments.server import instance_lock
from flows import clock, timestamps
from flows.cadence import Choice, Decision
from flows.timestamps import iso
from flows.timetable import SimulatedBeat, timetable
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings


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
    beats = list(timetable(settings, start, end, failing))
    counts = Counter(dict.fromkeys(settings.order, 0))
    runs = [(beat.at, choice) for beat in beats for choice in beat.choices if choice.decision is Decision.RUN]
    counts.update(choice.group for _, choice in runs)
    pause = _pause(settings)
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
            console.warning(f"none of this runs for now: {pause}")
        _show(beats, counts, settings)
    return 0


def _pause(settings: Settings) -> str:
    """Return why beats are paused in Prefect; "" if they are not, or no `rhythm up` is there to be asked."""
    if not instance_lock.running(settings.outputs_dir):
        return ""
    from deployments.cli.status import beats_paused  # which loads Prefect

    return beats_paused(settings)


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
        shown = [choice for choice in beat.choices if choice.decision in (Decision.RUN, Decision.WAITS)]
        for choice in shown:
            at = f"{beat.at.astimezone(settings.zone):%a %d %b} {timestamps.clock(beat.at, settings.zone)}"
            rows.append((at, choice.label, _what(choice), choice.reason))
    console.show(console.table(("at", "group", "", "why"), rows))
    console.say("  ".join(f"{name} {count}×" for name, count in counts.items()))


def _what(choice: Choice) -> str:
    if choice.decision is Decision.WAITS:
        return "waits"
    return "runs" if choice.outcome == "completed" else "fails"
