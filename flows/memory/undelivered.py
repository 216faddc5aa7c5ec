"""How groups' runs have ended, on disk until Prefect's server has taken it.

A server that is away when a script ends would never learn how, and the script would run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel

from flows.decisions.group_runs import Run
from flows.decisions.steps import GroupRun
from flows.memory import stale
from flows.memory.states import state_of
from tasks.files import atomic_file
from tasks.machine_id import machine_id
from tasks.outcome import Outcome

#: The folder, below outputs_dir.
FOLDER = "undelivered"


class _Ended(BaseModel):
    """The contents of the file of a run that has ended; the file has the run's id for its name."""

    group: str
    started: datetime
    ended: datetime
    outcome: Outcome
    message: str
    has_warning: bool = False

    @property
    def run(self) -> GroupRun:
        """How it has ended, without its steps: the server has those already."""
        seconds = (self.ended - self.started).total_seconds()
        return GroupRun(self.outcome, seconds, (), self.message, self.has_warning)

    def is_of(self, run: Run) -> bool:
        """Whether it is the end of this run of the group: two of them are never at once."""
        return run.started <= self.ended and (run.ended is None or run.ended >= self.started)


def keep(
    outputs_dir: Path, run_id: str, group: str, started: datetime, ended: datetime, run: GroupRun
) -> str:
    """Write down how a run has ended, before the server learns of it; return why that could not be.

    Nothing of a cancelled one: whoever cancelled it knows.
    """
    if run.outcome is Outcome.CANCELLED:
        return ""
    record = _Ended(
        group=group,
        started=started,
        ended=ended,
        outcome=run.outcome,
        message=run.message,
        has_warning=run.has_warning,
    )
    path = _path(outputs_dir, run_id)
    try:
        atomic_file.write_text(path, record.model_dump_json())
    except OSError as error:
        return (
            f"{path} cannot be written ({error.strerror}): without Prefect's server, this run would be lost"
        )
    return ""


def forget(outputs_dir: Path, run_id: str) -> None:
    """Take away what is written down of a run: the server has it."""
    with suppress(OSError):  # the next delivery finds out
        _path(outputs_dir, run_id).unlink(missing_ok=True)


async def deliver(client: PrefectClient, outputs_dir: Path, now: datetime) -> list[str]:
    """Give the server what it has not taken; return the names of the runs whose end it did not know.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    late, machine = [], machine_id(outputs_dir)
    for run_id, record in _records(outputs_dir):
        try:
            run = await client.read_flow_run(run_id)
        except ObjectNotFound:
            forget(outputs_dir, str(run_id))
            continue
        is_known = run.state is not None and (run.state.is_completed() or run.state.is_failed())
        if not is_known:
            is_over = run.state is not None and run.state.is_final()
            if not is_over and not await stale.is_stale(client, run, machine, now):
                continue  # it is about to report that itself
            await client.set_flow_run_state(run.id, state_of(record.run), force=True)
            late.append(run.name)
        forget(outputs_dir, str(run_id))
    return late


def known(outputs_dir: Path, past: Mapping[str, Sequence[Run]]) -> dict[str, list[Run]]:
    """Return every group's runs as they are, where the server does not know yet how they have ended."""
    runs = {group: list(of_group) for group, of_group in past.items()}
    for _, record in _records(outputs_dir):
        if record.group in runs:
            same = [run for run in runs[record.group] if record.is_of(run)]
            if any(run.outcome is record.outcome for run in same):
                continue  # it has taken it meanwhile
            others = [run for run in runs[record.group] if run not in same]
            # It began when the server says, if that knows it: who follows runs knows them by that.
            began = same[0].started if same else record.started
            ended = Run(began, record.ended, record.outcome, fault=record.run.fault)
            runs[record.group] = [*others, ended]
    return runs


def _path(outputs_dir: Path, run_id: str) -> Path:
    return outputs_dir / FOLDER / f"{run_id}.json"


def _records(outputs_dir: Path) -> Iterator[tuple[UUID, _Ended]]:
    """Yield the ids of runs, and how they have ended."""
    for path in sorted((outputs_dir / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError):  # just delivered; or broken, and then it has nothing to report
            record = _Ended.model_validate_json(path.read_bytes())
            yield UUID(path.stem), record
