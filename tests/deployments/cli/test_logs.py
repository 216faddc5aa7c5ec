"""`rhythm logs`: what it prints of lines that somebody else has written."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from uuid import UUID, uuid4

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Log

from deployments.cli.logs import without_repeats
from flows.memory.whose import run_version
from tests.deployments.command_line import VALID, CommandLine

RAW = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J\nnext"
SHOWN = "red ␛]0;title␇ \\x9b2J\nnext"


async def test_lines_of_others_reach_the_terminal_as_visible_text(
    rhythm: CommandLine, prefect_api: str
) -> None:
    rhythm.write(VALID.replace("health_check]", "foreign_lines]"))
    version = run_version("rhythm", "foreign_lines")
    group = Flow(fn=_nothing, name="foreign-lines", version=version, flow_run_name="foreign_lines now")
    state = await group(return_state=True)
    line = {"name": "elsewhere", "level": 20, "message": RAW, "timestamp": datetime.now(UTC).isoformat()}
    async with get_client() as client:
        await client.create_logs([{**line, "flow_run_id": str(state.state_details.flow_run_id)}])

    said = rhythm(
        "logs",
        PREFECT_API_URL=prefect_api,
        PREFECT_API_AUTH_STRING=os.environ["PREFECT_API_AUTH_STRING"],
    )
    as_json = rhythm(
        "logs",
        "--json",
        PREFECT_API_URL=prefect_api,
        PREFECT_API_AUTH_STRING=os.environ["PREFECT_API_AUTH_STRING"],
    )

    assert f"INFO    foreign_lines: {SHOWN}\n" in said.out
    assert SHOWN in [line["message"] for line in json.loads(as_json.out)["logs"]]


def test_a_failed_step_is_reported_once() -> None:
    run, task = uuid4(), uuid4()
    at = datetime.now(UTC)

    def line(message: str, task_run: UUID | None = None) -> Log:
        known = {"name": "x", "level": 40, "timestamp": at, "flow_run_id": run}
        return Log.model_validate({**known, "message": message, "task_run_id": task_run})

    message = r"exit code 3: reading\nno such host"
    lines = [
        line("no such host", task),
        line(f"Task run failed with state: Failed(message='{message}')\nNoneType: None", task),
        line(f"Finished in state Failed('{message}')", task),
        line(f"Finished in state Failed('work: {message}')"),
        line("health_check failed"),
    ]

    assert [each.message for each in without_repeats(lines)] == [
        "no such host",
        "Finished in state Failed('exit code 3: reading …",
        "health_check failed",
    ]
    assert [each.message for each in without_repeats(lines[3:])] == [
        "Finished in state Failed('work: exit code 3: reading …",
        "health_check failed",
    ]


async def _nothing() -> None:
    """A flow that does nothing."""
