"""In which of Prefect's states a group's run ends."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.decisions.steps import GroupRun
from tasks.outcome import WARNING, Outcome

#: The state of a run in which nothing ran: nothing could, or it was not due any more.
SKIPPED = "Skipped"


def state_of(run: GroupRun) -> State[Any]:
    """Return the final state of a run that has ended so, which holds it."""
    match run.outcome:
        case Outcome.COMPLETED:
            name = WARNING if run.has_warning else None
            return Completed(name=name, message=run.message, data=run)
        case Outcome.SKIPPED:
            return Completed(name=SKIPPED, message=f"nothing could run: {run.message}", data=run)
        case Outcome.CANCELLED:
            return Cancelled(message=run.message, data=run)
        case _:
            return Failed(message=run.message, data=run)
