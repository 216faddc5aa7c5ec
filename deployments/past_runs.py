"""What ran, how it ended, what it cost and why: from this machine's measurements, and from Prefect."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.sorting import FlowRunSort

from flows.decisions.timestamps import iso
from flows.memory import history
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings
from tasks.step_output import places
from tasks.step_output.places import Attempt
from tasks.step_output.reading import lines
from tasks.store.measurements import GroupEvent, StepUsage
from tasks.store.store import store_of
from tasks.store.version import FILE_NAME

# A group's run is known to end a little before its last step's cost is written.
_SLACK = timedelta(seconds=1)
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of a group, or an attempt at a step of it.

    `outcome` and `seconds` are None while it runs; `cpu_seconds` and `peak_memory` (bytes) where they are not
    known. `reason` is why it failed, else why it ran.
    """

    at: datetime
    group: str
    step: str | None = None
    outcome: Outcome | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    reason: str = ""
    run_id: str | None = None

    @property
    def name(self) -> str:
        """The group, or GROUP/STEP."""
        return f"{self.group}/{self.step}" if self.step else self.group

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """It, as `rhythm history --json` prints it."""
        return {
            "at": iso(self.at, zone),
            "group": self.group,
            "step": self.step,
            "outcome": self.outcome.value if self.outcome else None,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "cpu_seconds": None if self.cpu_seconds is None else round(self.cpu_seconds, 3),
            "peak_memory": self.peak_memory,
            "reason": self.reason,
            "flow_run_id": self.run_id,
        }


def of_steps(settings: Settings, steps: Sequence[tuple[str, str]], most: int) -> list[PastRun]:
    """Return the last attempts at these steps (group, step) on this machine, oldest first.

    Raises:
        StoreError: the measurements cannot be read.
    """
    if not _has_store(settings):
        return []
    with store_of(settings) as store:
        usages = store.attempts(steps, most)
    return list(_attempts(usages, settings.outputs_dir))


def of_groups(
    settings: Settings, groups: Sequence[str], most: int, by_server: Sequence[PastRun] = ()
) -> list[PastRun]:
    """Return the last runs of these groups, oldest first: what the server knows, with this machine's.

    Raises:
        StoreError: the measurements cannot be read.
    """
    if not _has_store(settings):
        return list(by_server)[-most:]
    with store_of(settings) as store:
        runs = joined(by_server, store.runs(groups, most))[-most:]
        since = min((run.at for run in runs), default=None)
        usages = store.steps(since) if since else []
    return [with_cost(run, usages, settings.outputs_dir) for run in runs]


async def by_server(
    client: PrefectClient, settings: Settings, groups: Sequence[str], most: int
) -> list[PastRun]:
    """Ask Prefect for the last runs of these groups, oldest first.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    found = await client.read_flow_runs(
        flow_run_filter=history.begun(settings, groups), sort=FlowRunSort.START_TIME_DESC, limit=most
    )
    runs = []
    for flow_run in reversed(found):
        run = history.as_run(flow_run)
        group = (flow_run.flow_version or "").rpartition("/")[2]
        failed = run.outcome is not None and run.outcome is not Outcome.COMPLETED
        message = (flow_run.state.message or "") if flow_run.state and failed else ""
        runs.append(
            PastRun(
                run.started, group, None, run.outcome, run.seconds, reason=message, run_id=str(flow_run.id)
            )
        )
    return runs


def joined(by_server: Iterable[PastRun], here: Iterable[GroupEvent]) -> list[PastRun]:
    """Return the runs of both, each once, oldest first. The server knows best; this machine, why it ran."""
    known = {
        event.run_id or str(event.at): PastRun(
            event.at,
            event.group,
            None,
            event.outcome,
            event.seconds,
            reason="" if event.outcome and event.outcome.is_failure else event.reason,
            run_id=event.run_id,
        )
        for event in here
    }
    for run in by_server:
        mine = known.get(run.run_id or "")
        known[run.run_id or str(run.at)] = replace(run, reason=run.reason or (mine.reason if mine else ""))
    return sorted(known.values(), key=lambda run: run.at)


def with_cost(run: PastRun, usages: Iterable[StepUsage], outputs_dir: Path) -> PastRun:
    """Return a group's run with what its steps cost together, and, if that is not known, why it failed."""
    end = run.at + (_LONGEST if run.seconds is None else timedelta(seconds=run.seconds))
    mine = [each for each in usages if each.group == run.group and run.at - _SLACK <= each.at <= end + _SLACK]
    cpu = [each.cpu_seconds for each in mine if each.cpu_seconds is not None]
    memory = [each.peak_memory for each in mine if each.peak_memory is not None]
    reason = run.reason
    if not reason and run.outcome and run.outcome.is_failure:
        failed = _attempts([each for each in mine if each.outcome.is_failure], outputs_dir)
        reason = "; ".join(f"{each.step}: {each.reason or each.outcome}" for each in failed)
    return replace(
        run,
        cpu_seconds=sum(cpu) if cpu else None,
        peak_memory=max(memory) if memory else None,
        reason=reason,
    )


def _attempts(usages: Iterable[StepUsage], outputs_dir: Path) -> Iterator[PastRun]:
    files: dict[tuple[str, str], Mapping[datetime, Attempt]] = {}
    for usage in usages:
        step = (usage.group, usage.step)
        if step not in files:
            files[step] = {each.at: each for each in places.attempts(outputs_dir, *step)}
        attempt = files[step].get(usage.at)
        yield PastRun(
            usage.at,
            usage.group,
            usage.step,
            usage.outcome,
            usage.seconds,
            usage.cpu_seconds,
            usage.peak_memory,
            _verdict(attempt, outputs_dir) if attempt and usage.outcome is not Outcome.COMPLETED else "",
            (attempt.run_id or None) if attempt else None,
        )


def _verdict(attempt: Attempt, outputs_dir: Path) -> str:
    """Return how an attempt ended, as the last line of its file has it; "" if that is gone."""
    last = ""
    try:
        for _, line in lines(outputs_dir, attempt, lambda text, is_error: logging.INFO):
            last = line.text
    except OSError:
        return ""
    return last.partition(": ")[2]


def _has_store(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.outputs_dir / FILE_NAME).exists()
