"""`rhythm up`'s display of a made-up rhythm, as a program: its argument is how many groups that has."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from deployments.daemon.display import Display
from deployments.overview import Overview, WorkerStatus, standings
from deployments.server.address import Address
from flows.decisions.group_runs import Run
from tasks.outcome import Outcome
from tests.flows.rhythms import rhythm

NOON = datetime(2026, 3, 2, 12, 7, tzinfo=UTC)
NEWS = (
    "this rhythm is /home/someone/rhythm.toml",
    "3 beats were missed while nothing ran; one makes up for all of them, and here it is, some words longer",
)
UI = "http://127.0.0.1:4200"
# What one group in ten does otherwise than to complete.
_OTHERWISE = {3: Outcome.FAILED, 4: None, 7: Outcome.TIMED_OUT}


def standing(count: int, *, long_names: bool = False) -> Overview:
    """How `count` groups stand, all after the first one, every tenth of which runs only at night."""
    name = "quarterly_report_of_the_{:03}rd_and_last_department_{:03}" if long_names else "group_{:03}"
    names = [name.format(number, number) for number in range(1, count + 1)]
    groups = {
        each: {
            **({"at": "03:00"} if number % 10 == 9 else {"every": f"{10 * (1 + number % 3)}m"}),
            "after": names[:1] if number else [],
        }
        for number, each in enumerate(names)
    }
    settings = rhythm(groups=groups)
    last = {
        each: run(
            NOON - timedelta(seconds=400 - number % 100), _OTHERWISE.get(number % 10, Outcome.COMPLETED)
        )
        for number, each in enumerate(names)
        if number % 10 != 8
    }
    past = {each: [last[each]] if each in last else [] for each in names}
    groups_now = standings(settings, past, last, NOON)
    worker = WorkerStatus("machine", NOON)
    return Overview(NOON, settings.zone, Address(f"{UI}/api", "its own"), groups_now, worker)


def run(started: datetime, outcome: Outcome | None) -> Run:
    return Run(started, started + timedelta(seconds=0.5) if outcome else None, outcome)


async def show(count: int) -> None:
    display = Display()
    display.say(NEWS[0])
    display.show(standing(count))
    display.say(NEWS[1])
    with suppress(asyncio.CancelledError):
        await display.follow_size()
    display.close()


if __name__ == "__main__":
    asyncio.run(show(int(sys.argv[1])))
