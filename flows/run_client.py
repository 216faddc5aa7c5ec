"""The connection to Prefect that the flow run which calls already has.

A client of one's own takes 30 ms to make (mostly for certificates that a local server never asks for).
"""

from __future__ import annotations

from prefect.client.orchestration import PrefectClient
from prefect.context import FlowRunContext


def run_client() -> PrefectClient:
    """Return it; for async flows only."""
    context = FlowRunContext.get()
    if context is None or not isinstance(context.client, PrefectClient):  # pragma: no cover
        raise RuntimeError("no async flow runs here")
    return context.client
