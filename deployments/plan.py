"""`rhythm plan`: what would run when, without Prefect."""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, timedelta

from deployments import output
from flows import clock
from flows.cadence import Choice, Decision
from flows.moments import iso
from flows.timetable import Beat, timetable
from tasks import settings as config
from tasks.problem import ConfigError, Problem
from tasks.settings import Settings


def run(args: argparse.Namespace) -> int:
    """Print the timetable. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or `--failing` names no group.
    """
    settings = config.load()
    if unknown := [name for name in args.failing if name not in settings.groups]:
        known = ", ".join(settings.groups)
        raise ConfigError([Problem("--failing", f"'{unknown[0]}' is no group", f"The groups are {known}.")])
    start = args.start or clock.now()
    start = start if start.tzinfo else start.replace(tzinfo=settings.zone)
    end = start.astimezone(UTC) + timedelta(hours=args.hours)
    beats = list(timetable(settings, start, end, args.failing))
    counts = Counter(dict.fromkeys(settings.order, 0))
    runs = [(beat.at, choice) for beat in beats for choice in beat.choices if choice.decision is Decision.RUN]
    counts.update(choice.group for _, choice in runs)
    if args.json:
        output.show_json(
            {
                "from": iso(start, settings.zone),
                "to": iso(end, settings.zone),
                "runs": [
                    {"at": iso(at, settings.zone), "group": choice.group, "reason": choice.reason}
                    for at, choice in runs
                ],
                "counts": dict(counts),
            }
        )
    else:
        _show(beats, counts, settings)
    return 0


def show_next(settings: Settings, hours: float) -> None:
    """Print the timetable from now on, and how often each group runs in a day."""
    start = clock.now()
    day = list(timetable(settings, start, start + timedelta(hours=24)))
    counts = Counter(dict.fromkeys(settings.order, 0))
    counts.update(choice.group for beat in day for choice in beat.choices if choice.decision is Decision.RUN)
    output.say(f"The next {hours:g} hours, and how often each group runs in 24:")
    _show([beat for beat in day if beat.at < start + timedelta(hours=hours)], counts, settings)


def _show(beats: list[Beat], counts: Counter[str], settings: Settings) -> None:
    rows = []
    for beat in beats:
        told = [choice for choice in beat.choices if choice.decision in (Decision.RUN, Decision.WAITS)]
        for choice in told:
            at = f"{beat.at.astimezone(settings.zone):%a %d %b %H:%M}"
            rows.append((at, choice.group, _what(choice), choice.reason))
    output.show(output.table(("at", "group", "", "why"), rows))
    output.say("  ".join(f"{name} {count}×" for name, count in counts.items()))


def _what(choice: Choice) -> str:
    if choice.decision is Decision.WAITS:
        return "waits"
    return "runs" if choice.outcome == "completed" else "fails"
