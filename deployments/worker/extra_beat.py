"""A beat outside of the schedule: what ends has left something to run for which the next one would come late.

A beat that outlasts its interval has made Prefect cancel the ones that came meanwhile, and while a group was
run manually they could run nothing. And what a group of another lane has held up may run now.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_logger

from deployments.worker import schedule
from deployments.worker.own_flow import OwnFlow
from flows import clock, server_fault
from flows.decisions.slots import next_beat
from flows.memory import naming
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings

_log: logging.Logger = get_logger(__name__)


def is_wanted(lane: str, began: datetime, ended: datetime) -> bool:
    """Whether a beat is wanted at the end of a run in a lane; a beat itself is one in `main`."""
    return lane != MAIN or next_beat(began) <= ended


class ExtraBeats:
    """Asks for beats, one at a time: while one is under way, Prefect would cancel another."""

    def __init__(self) -> None:
        self._beats_under_way = 0
        self._is_wanted = False

    @asynccontextmanager
    async def after(self, own: OwnFlow, flow_run: FlowRun, client: PrefectClient) -> AsyncIterator[None]:
        """Ask for a beat when the block, which runs a flow run, has ended and one is wanted.

        Not if it was cancelled: the worker is about to stop.
        """
        name = own.entrypoint.rpartition(".")[2]
        is_beat = name == naming.RHYTHM
        now = clock.now()
        began = max(now, flow_run.expected_start_time or now)  # Prefect may start it a little early
        self._beats_under_way += is_beat
        try:
            yield
        finally:
            self._beats_under_way -= is_beat
        try:
            settings = config.load()
        except ConfigError:  # no beat would help
            return
        group = settings.groups.get(name)
        self._is_wanted |= is_wanted(group.lane if group else MAIN, began, clock.now())
        if self._is_wanted and not self._beats_under_way:
            self._is_wanted = False
            await _ask(client, settings)


async def _ask(client: PrefectClient, settings: Settings) -> None:
    try:
        await schedule.beat_unless_paused(client, settings, clock.now())
    except (httpx.HTTPError, ObjectNotFound) as error:
        why = server_fault.describe(error)
        _log.warning("no extra beat, the next scheduled one makes up for it: %s", why)
