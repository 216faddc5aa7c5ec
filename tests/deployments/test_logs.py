"""`rhythm logs`: what it prints of lines that somebody else has written."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

from prefect import Flow
from prefect.client.orchestration import get_client

from flows.history import flow_name
from tests.deployments.command_line import SOUND, CommandLine

RAW = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J\nnext"
SHOWN = "red ␛]0;title␇ \\x9b2J\nnext"


async def test_lines_of_others_reach_the_terminal_as_visible_text(
    rhythm: CommandLine, prefect_api: str
) -> None:
    rhythm.write(SOUND.replace("health_check]", "foreign_lines]"))
    group = Flow(fn=_nothing, name=flow_name("foreign_lines"), flow_run_name="foreign_lines now")
    state = await group(return_state=True)
    line = {"name": "elsewhere", "level": 20, "message": RAW, "timestamp": datetime.now(UTC).isoformat()}
    async with get_client() as client:
        await client.create_logs([{**line, "flow_run_id": str(state.state_details.flow_run_id)}])

    said = rhythm(
        "logs",
        "foreign_lines",
        PREFECT_API_URL=prefect_api,
        PREFECT_API_AUTH_STRING=os.environ["PREFECT_API_AUTH_STRING"],
    )
    as_json = rhythm(
        "logs",
        "foreign_lines",
        "--json",
        PREFECT_API_URL=prefect_api,
        PREFECT_API_AUTH_STRING=os.environ["PREFECT_API_AUTH_STRING"],
    )

    assert f"INFO    foreign_lines: {SHOWN}\n" in said.out
    assert SHOWN in [line["message"] for line in json.loads(as_json.out)["logs"]]


async def _nothing() -> None:
    """A flow that does nothing."""
