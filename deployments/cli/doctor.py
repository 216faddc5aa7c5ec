"""`rhythm doctor`: proves that the installation works, and says what to do where it does not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from importlib.metadata import requires, version
from time import monotonic
from typing import Any

import httpx
from packaging.requirements import Requirement
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from deployments import overview
from deployments.cli import console
from deployments.cli.check import Findings, examine
from deployments.cli.tables import Column, Kind, Table
from deployments.diagnosis import Diagnosis, Repair, diagnose
from deployments.prefect_internals import catalogue
from deployments.prefect_internals.catalogue import Status
from deployments.server import address as addresses
from deployments.server import exposure, lookup, password, resources
from deployments.server.lookup import PasswordError
from deployments.worker import name_claim, pool, schedule
from flows import clock, server_fault
from flows.memory import hold_variables, naming, stale
from tasks import extras
from tasks.problem import ConfigError, Problem
from tasks.settings import rhythm_toml as config
from tasks.settings.name import DEFAULT
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen
from tasks.store.store import StoreError, store_of

#: Versions outside these ranges start, and then fail in silence or at the first request.
DELICATE = ("prefect", "fastapi", "sqlalchemy")

_SCHEDULER = 75.0  # seconds in which Prefect's scheduler, which looks once a minute, must have acted

#: Of the table of Prefect's insides.
COLUMNS = (Column("name", Kind.TEXT), Column("state"), Column("what it gains", Kind.TEXT))


def run(*, json: bool) -> int:
    """Examine, print, and return 0, or 1 with problems, or 2 if rhythm.toml cannot be used."""
    code = 1
    try:
        findings = asyncio.run(_examine(config.load()))
    except ConfigError as error:
        findings, code = Findings(problems=list(error.problems)), 2
    internals = catalogue.statuses()
    findings.warnings += changed(internals)
    if json:
        shown: dict[str, Any] = {"prefect_internals": [status.to_json() for status in internals]}
        console.show_json(findings.to_json() | shown)
    else:
        console.say(f"What Rhythm uses of the insides of Prefect {version('prefect')}:")
        rows = [(status.internal.name, status.label, status.internal.gain) for status in internals]
        console.show(Table(COLUMNS, rows))
        findings.show("all is well: the next beat will come")
    return code if findings.problems else 0


async def _examine(settings: Settings) -> Findings:
    findings = examine(settings)
    findings.problems += [*versions(), *_store(settings)]
    home = [get_current_settings().home]
    findings.problems += resources.full(home)
    findings.warnings += resources.low(home)
    listen = settings.listen or Listen(addresses.HOST, addresses.default_port())
    findings.warnings += exposure.warnings(listen, settings, is_open=password.is_off(settings))
    try:
        address = await asyncio.to_thread(lookup.find, settings)
    except PasswordError as error:
        findings.problems.append(Problem("server", error.fault, error.remedy))
        return findings
    if address is None:
        where = lookup.expected(settings)
        problem = Problem("server", f"none answers at {where}", "Start it with `rhythm up`.")
        findings.problems.append(problem)
        return findings
    addresses.use(address)
    try:
        async with get_client() as client:
            findings.problems += await _name(client, settings) or await _server(client, settings)
            findings.warnings += [*await _stale(client, settings), *await _held(client, settings)]
    except httpx.HTTPError as error:
        findings.problems.append(Problem("server", server_fault.describe(error), "Look at its log."))
    return findings


def changed(internals: Sequence[Status]) -> list[Problem]:
    """Return which of Prefect's insides have changed, so that Rhythm does without."""
    remedy = _install(_wanted()["prefect"])
    return [
        Problem(
            "prefect",
            f"{status.internal.name!r} is not in use, as Prefect has changed ({status.fault}). "
            f"{status.internal.without}",
            remedy,
        )
        for status in internals
        if status.fault
    ]


def versions() -> list[Problem]:
    """Return which of the delicate packages are outside the range that pyproject.toml allows."""
    problems = []
    wanted = _wanted()
    for name in DELICATE:
        here = version(name)
        if not wanted[name].specifier.contains(here, prereleases=True):
            problems.append(
                Problem(
                    "versions",
                    f"{name} {here} is outside {wanted[name].specifier}, which is known to work",
                    _install(wanted[name]),
                )
            )
    return problems


def _wanted() -> dict[str, Requirement]:
    """Return what Rhythm is installed to need, by the packages' names."""
    return {need.name.lower(): need for need in map(Requirement, requires("rhythm") or [])}


def _install(need: Requirement) -> str:
    return f'Install one that is known to work: {extras.installer()} "{need}"'


def _store(settings: Settings) -> list[Problem]:
    """Whether the measurements can be reached, and their tables are such as this Rhythm knows."""
    try:
        with store_of(settings) as store:
            store.last_transitions()
    except StoreError as error:
        return [Problem(f"store {error.where}", error.fault, error.remedy)]
    return []


async def _name(client: PrefectClient, settings: Settings) -> list[Problem]:
    """Whether all that the server has by this rhythm's name is its own."""
    try:
        await name_claim.check(client, settings)
    except name_claim.NameTakenError as error:
        return [Problem("name", error.fault, error.remedy)]
    return []


async def _server(client: PrefectClient, settings: Settings) -> list[Problem]:
    """The pool, the deployments, and whether beats come, in the order they rest on each other."""
    deploy = "Run `rhythm up`."
    if settings.name == DEFAULT:  # which the names in prefect.yaml are for
        deploy = "Run `rhythm up`, or `prefect --no-prompt deploy --all` in the project's folder."
    try:
        await client.read_work_pool(name := naming.pool(settings))
    except ObjectNotFound:
        remedy = f"Run `rhythm up`, or `prefect work-pool create {name} --type {pool.POOL_TYPE}`."
        return [Problem("pool", f"there is no work pool {name}", remedy)]
    problems = [
        Problem("deployments", f"{each} is not deployed", deploy)
        for each in await pool.missing(client, settings)
    ]
    now = await overview.read(client, None, settings, clock.now())
    found = await _diagnosis(client, settings, has_worker=now.worker_is_live)
    if found and not (problems and found.repair is Repair.DEPLOY):  # that is reported already
        problems.append(Problem("beats", f"none comes: {found.why}", found.remedy))
    return problems


async def _diagnosis(client: PrefectClient, settings: Settings, *, has_worker: bool) -> Diagnosis | None:
    """Return why no beat comes. A scheduler that has scheduled none yet is given the time that it needs."""
    deadline = monotonic() + _SCHEDULER
    while True:
        found = diagnose(await schedule.facts(client, settings, clock.now(), has_worker=has_worker))
        if found is None or found.repair is not Repair.SCHEDULE or monotonic() > deadline:
            return found
        print("waiting for Prefect's scheduler …", file=sys.stderr)
        await asyncio.sleep(2.0)


async def _held(client: PrefectClient, settings: Settings) -> list[Problem]:
    """Which groups somebody has paused: what is forgotten never runs."""
    now, holds = clock.now(), await hold_variables.read(client, settings)
    return [
        Problem(
            f"groups.{name}",
            f"it is paused {pause.describe(now, settings.zone)}",
            f"`rhythm resume {name}` ends that.",
        )
        for name, pause in holds.groups.items()
        if not pause.is_over(now)
    ]


async def _stale(client: PrefectClient, settings: Settings) -> list[Problem]:
    crashed = await stale.find_stale(client, settings, clock.now())
    return [
        Problem(
            "runs",
            f"{run.name!r} is in state {run.state_name}, but the process that ran it is gone",
            "The next beat sets it crashed; so does `rhythm up` when it starts.",
        )
        for run in crashed
    ]
