"""One beat in a fresh process, which prints its cost as JSON: seconds of wall and CPU from begin to end."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from prefect.client.orchestration import get_client

from flows.rhythm import BeatOptions, rhythm


def cpu() -> float:
    """Seconds of CPU of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


async def beat(force: list[str]) -> dict[str, float]:
    """Wall from the beat's start to its end, as Prefect records them; CPU with creating the run."""
    spent = cpu()
    state = await rhythm(BeatOptions(force=force), return_state=True)
    spent = cpu() - spent
    async with get_client() as client:
        assert state.state_details.flow_run_id
        run = await client.read_flow_run(state.state_details.flow_run_id)
    assert run.start_time
    assert run.end_time
    return {"wall": (run.end_time - run.start_time).total_seconds(), "cpu": spent}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(beat(sys.argv[1:]))))
