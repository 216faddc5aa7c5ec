"""How long it takes to plan a year of 200 groups with random calendars: `python -m tests.bench calendars`."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

from flows.decisions.choice import Decision
from flows.decisions.timetable import timetable
from tests.flows.rhythms import rhythm

GROUPS = 200
_ZONES = ("Europe/Berlin", "Asia/Seoul", "Australia/Lord_Howe")
_DAYS = ("weekdays", "weekends", ["mon", "thu"], [1, 15, "last"], ["first sun", "last fri"])


def calendar(dice: random.Random) -> dict[str, Any]:
    """Return one of the kinds, each as likely as the others; intervals are of an hour to a month."""
    at = f"{dice.randrange(24):02}:{dice.randrange(0, 60, 5):02}"
    kinds: list[dict[str, Any]] = [
        {"every": dice.choice(["1h", "2h", "6h", "12h", "1d"])},
        {"every": dice.choice(["1w", "1 month"]), "from": f"2025-11-{dice.randrange(1, 30):02}T{at}"},
        {"at": at},
        {"at": [at, "12:00"], "days": dice.choice(_DAYS)},
        {"cron": f"{dice.randrange(60)} {dice.randrange(24)} * * {dice.choice(['*', '1-5', '0'])}"},
        {"every": "2h", "between": ["08:00", "20:00"], "days": dice.choice(_DAYS)},
        {"at": at, "except": ["2026-12-24..2027-01-01"]},
    ]
    return {**dice.choice(kinds), "timezone": dice.choice(_ZONES)}


def run(repeats: int, quick: bool) -> None:
    """Print the seconds of processor time for each repetition, and how much was planned."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for seed in range(repeats):
        dice = random.Random(seed)
        settings = rhythm(groups={f"group_{number}": calendar(dice) for number in range(GROUPS)})
        began = process_time()
        beats = list(timetable(settings, start, start + timedelta(days=30 if quick else 365)))
        runs = sum(choice.decision is Decision.RUN for beat in beats for choice in beat.choices)
        print(f"{process_time() - began:.1f} s: {runs} runs in {len(beats)} beats")
