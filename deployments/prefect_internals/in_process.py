"""A flow run that is run in this process, where Prefect's process worker starts an interpreter for each.

The engine is the same: `prefect.flow_engine.run_flow`, which that interpreter calls as well. What else the
interpreter gives (its cancellation, its isolation), deployments/worker/hosted_run.py has to.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

from prefect import Flow, State
from prefect.client.schemas.objects import FlowRun

from deployments.prefect_internals import console_text, log_batches, suspension
from deployments.prefect_internals.internal import Internal, must_take
from deployments.prefect_internals.local_settings import local_settings


async def run_in_process(flow: Flow[..., Any], flow_run: FlowRun) -> State[Any]:
    """Run an async flow to its end, with the parameters of its run; return the state that the server has.

    Raises:
        Pause: it is suspended.
    """
    from prefect.flow_engine import run_flow

    log_batches.send_once()
    console_text.as_it_is()
    unobserved = suspension.unobserved(flow_run)
    with local_settings():
        return await cast("Awaitable[State[Any]]", run_flow(flow, flow_run=unobserved, return_type="state"))


def _check() -> None:
    from prefect.flow_engine import run_flow

    must_take(run_flow, "flow", "flow_run", "return_type")


IN_PROCESS = Internal(
    name="runs in the worker",
    purpose="Beats run in the worker's own process.",
    gain="an empty run takes 0.13 to 0.35 s of CPU time instead of 5.3 to 5.6 s",
    without="Each beat gets an interpreter of its own, as with `rhythm up --isolated`: some 3 s of CPU time.",
    upstream="https://github.com/PrefectHQ/prefect/issues/21944",
    check=_check,
)
