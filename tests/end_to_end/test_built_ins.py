"""What ships does the whole job: every built-in step in its group, on a real server, and what it leaves."""

from __future__ import annotations

import json
import sys
import tomllib
from typing import Any

from tests.end_to_end.workspace import PROJECT, Workspace
from tests.permissions import open_to_others
from tests.tasks.builtin.service import running_service
from tests.umask import umask
from tests.waiting import eventually

SHIPPED = PROJECT / "rhythm.toml"


def reports(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """The latest artifact of each key, as Prefect's page of artifacts shows them."""
    return {found["key"]: found for found in workspace.post("artifacts/latest/filter")}


def test_the_shipped_rhythm_runs_every_step_and_leaves_its_reports(workspace: Workspace) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    workspace.toml(text)
    groups = tomllib.loads(text)["groups"]
    with umask(0), workspace.served():  # what others may read is not left to the umask
        beat = workspace.beat()

        ended = {step["name"]: step["outcome"] for group in beat["groups"] for step in group["steps"]}
        assert set(ended) == {step.split()[0] for group in groups.values() for step in group["steps"]}
        assert set(ended.values()) == {"completed"}, beat
        found = reports(workspace)
        assert {name.replace("_", "-") for name in groups} <= set(found)
        assert {"beat", "daily-briefing", "dashboard"} <= set(found)
        for name, group in groups.items():
            text = found[name.replace("_", "-")]["data"]
            assert all(f"| {step.split()[0]} | completed |" in text for step in group["steps"])
    outputs = workspace.root / "outputs"
    assert (outputs / "dashboard.html").stat().st_size < 1_500_000
    assert list((outputs / "briefings").glob("*.md"))
    assert json.loads((outputs / "routing_policy.json").read_text(encoding="utf-8"))
    if sys.platform != "win32":
        assert open_to_others(outputs) == {}


def test_a_breaker_that_opens_is_an_event_in_prefect(workspace: Workspace) -> None:
    with running_service() as service, workspace.served():
        service.status = 503
        workspace.toml(
            "[breaker]\nfailures = 1\n"
            '[groups.health_check]\nevery = "10m"\nsteps = ["circuit_breaker_router"]\n'
            f'[[endpoints]]\nname = "llm"\nurl = "{service.url}/health"\n'
        )
        workspace.beat()

        def opened() -> Any:
            wanted = {"event": {"name": ["rhythm.breaker.opened"]}}
            return workspace.post("events/filter", filter=wanted)["events"]

        (event,) = eventually(opened, "the event")
        assert event["resource"]["prefect.resource.id"] == "rhythm.endpoint/llm"
        assert "prefect.flow-run" in str(event["related"])
