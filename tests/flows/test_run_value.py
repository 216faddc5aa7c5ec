"""What a run has returned comes from memory, and never from a file that a state names."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from prefect import State, flow
from prefect._internal.result_records import ResultRecordMetadata
from prefect.client.schemas.objects import StateType
from prefect.serializers import PickleSerializer
from prefect.states import Completed

from flows.run_value import run_value
from tasks.outcome import Outcome, StepResult

RESULT = StepResult("a", Outcome.COMPLETED, 1.0, "")


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self._mark,)


@flow(persist_result=False)
async def returns() -> State[StepResult]:
    return Completed(data=RESULT)


async def test_the_value_is_what_the_run_here_has_returned(prefect_api: str) -> None:
    state: State[Any] = await returns(return_state=True)

    assert run_value(state, StepResult) == RESULT
    assert run_value(state, str) is None


async def test_a_file_that_a_state_names_is_not_opened(tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", tmp_path / "evil"
    file.write_bytes(pickle.dumps(Trap(mark)))
    data = ResultRecordMetadata(storage_key=str(file), serializer=PickleSerializer())
    state: State[Any] = State(type=StateType.COMPLETED, data=data)

    assert run_value(state, StepResult) is None
    assert not mark.exists()


@pytest.mark.parametrize(
    "kind", [StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED, StateType.FAILED]
)
async def test_a_run_that_has_not_ended_well_has_none(kind: StateType) -> None:
    assert run_value(State(type=kind), StepResult) is None
