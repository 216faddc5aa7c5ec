"""`rhythm history`: what ran, how it ended, how long it took, what it cost, and why."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Sequence

import httpx
from prefect.client.orchestration import get_client

from deployments import past_runs
from deployments.cli import console
from deployments.cli.step_logs import named
from deployments.cli.tables import Column, Kind, Table
from deployments.past_runs import PastRun
from deployments.server import address as addresses
from deployments.server import lookup
from deployments.worker import name_claim
from flows import clock
from tasks.problem import CommandError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings
from tasks.store.fault import StoreError

_COUNT = 20  # runs, if it is not said how many
_BARS = "▁▂▃▄▅▆▇█"
#: Of the table of runs, and of the one of their durations.
COLUMNS = (
    Column("began"),
    Column("", Kind.NAME),
    Column("outcome"),
    Column("took"),
    Column("CPU", spare=True),
    Column("memory", spare=True),
    Column("why", Kind.TEXT),
)
DURATIONS = (
    Column("", Kind.NAME),
    Column("runs"),
    Column("median"),
    Column("longest"),
    Column("took", Kind.NAME),
)


def run(*, name: str | None, count: int | None, json: bool) -> int:
    """Print the last runs, the newest last. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used, or there is no such group or step.
        CommandError: the measurements cannot be read, or the server has refused us.
    """
    settings = config.load()
    steps = named(name, settings, "history") if name and name not in settings.groups else []
    most = _COUNT if count is None else count
    try:
        if steps:
            runs = past_runs.of_steps(settings, steps, most)
        else:
            groups = [name] if name else list(settings.groups)
            asked = asyncio.run(_ask(settings, groups, most))
            runs = past_runs.of_groups(settings, groups, most, asked)
    except StoreError as error:
        raise CommandError(str(error)) from None
    if json:
        console.show_json({"runs": [each.to_json(settings.zone) for each in runs]})
    elif runs:
        _show(runs, settings)
    else:
        console.say(f"no run of {name} is known" if name else "no run is known")
    return 0


async def _ask(settings: Settings, groups: Sequence[str], most: int) -> list[PastRun]:
    """Return what the server knows; nothing if none answers."""
    address = await asyncio.to_thread(lookup.find, settings)
    if address is None:
        return []
    addresses.use(address)
    try:
        async with get_client() as client:
            await name_claim.check(client, settings)
            return await past_runs.by_server(client, settings, groups, most)
    except httpx.HTTPError:
        return []


def _show(runs: Sequence[PastRun], settings: Settings) -> None:
    now = clock.now()
    rows = [
        (
            console.clock(each.at, settings.zone, now),
            each.name,
            each.outcome.value if each.outcome else "running",
            console.seconds(each.seconds),
            console.seconds(each.cpu_seconds),
            _memory(each.peak_memory),
            each.reason,
        )
        for each in runs
    ]
    console.show(Table(COLUMNS, rows))
    console.show(Table(DURATIONS, [_durations(name, runs) for name in dict.fromkeys(r.name for r in runs)]))


def _durations(name: str, runs: Sequence[PastRun]) -> tuple[str, ...]:
    took = [each.seconds for each in runs if each.name == name and each.seconds is not None]
    count = sum(1 for each in runs if each.name == name)
    if not took:
        return name, str(count), "–", "–", ""
    median, longest = statistics.median(took), max(took)
    return name, str(count), console.seconds(median), console.seconds(longest), sparkline(took, _bars())


def sparkline(values: Sequence[float], bars: str = _BARS) -> str:
    """Return a line of bars, each as high as its value (0 or more) is, compared with the largest. Pure."""
    highest = max(values, default=0.0)
    steps = len(bars) - 1
    return "".join(bars[round(value / highest * steps) if highest else 0] for value in values)


def _bars() -> str:
    """Return bars that the terminal has; digits, where it has none."""
    try:
        _BARS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "12345678"
    return _BARS


def _memory(size: int | None) -> str:
    return "–" if size is None else f"{size / 2**20:,.0f} MiB"
