"""`rhythm doctor`: proves that the installation works, and tells what to do where it does not."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime, timedelta
from importlib.metadata import requires, version
from time import monotonic

import httpx
from packaging.requirements import Requirement
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from deployments import address as addresses
from deployments import exposure, output, password, pool, server_lookup, state
from deployments.check import Findings, examine
from deployments.server_lookup import PasswordError
from flows import clock, stale
from flows.rhythm import flow_names
from flows.slots import BEAT
from tasks import settings as config
from tasks.problem import ConfigError, Problem
from tasks.server_settings import Listen
from tasks.settings import Settings
from tasks.store import StoreError, store_of

#: Versions outside these ranges start, and then fail in silence or at the first request.
DELICATE = ("prefect", "fastapi", "sqlalchemy")

_SCHEDULER = 75.0  # seconds in which Prefect's scheduler, which looks once a minute, must have acted


def run(args: argparse.Namespace) -> int:
    """Examine, print, and return 0, or 1 with problems."""
    try:
        findings = asyncio.run(_examine(config.load()))
    except ConfigError as error:
        findings = Findings(problems=list(error.problems))
    if args.json:
        output.show_json(findings.to_json())
    else:
        findings.show("all is well: the next beat will come")
    return 1 if findings.problems else 0


async def _examine(settings: Settings) -> Findings:
    findings = examine(settings)
    findings.problems += [*versions(), *_store(settings)]
    listen = settings.listen or Listen(addresses.HOST, addresses.default_port())
    findings.warnings += exposure.warnings(listen, settings, is_open=password.is_off(settings))
    try:
        address = await asyncio.to_thread(server_lookup.find, settings)
    except PasswordError as error:
        findings.problems.append(Problem("server", error.fault, error.remedy))
        return findings
    if address is None:
        named = addresses.named()
        where = named.url if named else f"port {addresses.default_port()}"
        problem = Problem("server", f"none answers at {where}", "Start it with `rhythm up`.")
        findings.problems.append(problem)
        return findings
    addresses.use(address)
    try:
        async with get_client() as client:
            findings.problems += await _server(client, settings)
            findings.warnings += await _stale(client, settings)
    except httpx.HTTPError as error:
        findings.problems.append(Problem("server", f"it stopped answering ({error!r})", "Look at its log."))
    return findings


def versions() -> list[Problem]:
    """Return which of the delicate packages are outside the range that pyproject.toml allows."""
    problems = []
    wanted = {need.name.lower(): need for need in map(Requirement, requires("rhythm") or [])}
    for name in DELICATE:
        here = version(name)
        if not wanted[name].specifier.contains(here, prereleases=True):
            problems.append(
                Problem(
                    "versions",
                    f"{name} {here} is outside {wanted[name].specifier}, which is known to work",
                    "Install the pinned set again: python -m pip install -r requirements.txt",
                )
            )
    return problems


def _store(settings: Settings) -> list[Problem]:
    """Whether the measurements can be reached, and their tables are such as this Rhythm knows."""
    try:
        with store_of(settings) as store:
            store.last_transitions()
    except StoreError as error:
        return [Problem(f"store {error.where}", error.fault, error.remedy)]
    return []


async def _server(client: PrefectClient, settings: Settings) -> list[Problem]:
    """The pool, the deployments, the scheduler and the worker, in the order they rest on each other."""
    deploy = "Run `rhythm up`, or `prefect --no-prompt deploy --all` in the project's folder."
    try:
        work_pool = await client.read_work_pool(pool.POOL)
    except ObjectNotFound:
        remedy = f"Run `rhythm up`, or `prefect work-pool create {pool.POOL} --type {pool.POOL_TYPE}`."
        return [Problem("pool", f"there is no work pool {pool.POOL}", remedy)]
    problems = []
    if work_pool.is_paused:
        remedy = f"`prefect work-pool resume {pool.POOL}`"
        problems.append(Problem("pool", f"the work pool {pool.POOL} is paused", remedy))
    problems += [
        Problem("deployments", f"{name} is not deployed", deploy) for name in await pool.missing(client)
    ]
    problems += await _schedule(client)
    now = await state.read(client, None, settings, clock.now())
    if not now.worker_is_live:
        problems.append(
            Problem("worker", "none is online", "Run `rhythm up`, or `prefect worker start --pool rhythm`.")
        )
    return problems


async def _schedule(client: PrefectClient) -> list[Problem]:
    """Whether the server really schedules beats: with a wrong SQLAlchemy it never does, and says nothing."""
    deployment = await pool.find(client, pool.RHYTHM)
    if deployment is None:
        return []  # told already
    if deployment.paused or not any(schedule.active for schedule in deployment.schedules):
        remedy = f"`prefect deployment schedule resume {pool.RHYTHM} --all`, or switch it on in the UI."
        return [Problem("schedule", "the schedule of the rhythm is switched off", remedy)]
    deadline = monotonic() + _SCHEDULER
    while True:
        coming = await pool.next_scheduled(client, clock.now())
        if coming and _is_soon(coming, clock.now()):
            return []
        if monotonic() > deadline:
            found = f"the next is at {coming:%H:%M}" if coming else "none has appeared"
            remedy = "Look into the server's log; the usual cause is a SQLAlchemy outside the known range."
            return [Problem("schedule", f"no beat is scheduled within {BEAT}: {found}", remedy)]
        print("waiting for Prefect's scheduler …", file=sys.stderr)
        await asyncio.sleep(2.0)


async def _stale(client: PrefectClient, settings: Settings) -> list[Problem]:
    crashed = await stale.find_stale(client, flow_names(settings), clock.now())
    return [
        Problem(
            "runs",
            f"{run.name!r} says {run.state_name}, but the process that ran it is gone",
            "The next beat sets it crashed; so does `rhythm up` when it starts.",
        )
        for run in crashed
    ]


def _is_soon(coming: datetime, now: datetime) -> bool:
    return coming - now <= BEAT + timedelta(seconds=5)
