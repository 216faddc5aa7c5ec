"""The optimizer: what it writes, when it writes nothing, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.adaptive_routing_optimizer import main
from tasks.builtin.contract import Context, Report
from tasks.builtin.endpoints.policy import FILE_NAME
from tasks.outcome import StepFailedError
from tasks.settings.endpoints import EndpointSettings
from tasks.store.measurements import Probe
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext


def endpoint(name: str, role: str) -> EndpointSettings:
    return EndpointSettings.model_validate({"name": name, "url": "http://127.0.0.1:1", "role": role})


CLOUD, LOCAL = endpoint("cloud", "primary"), endpoint("local", "fallback")


def answered(context: Context, name: str, latency: float, ok: int = 40, failed: int = 0) -> None:
    with store_of(context.settings) as store:
        store.add_probes(
            Probe(name, NOW - timedelta(minutes=10 * count), count < ok, latency, "" if count < ok else "503")
            for count in range(ok + failed)
        )


def policy(context: Context) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (context.settings.outputs_dir / FILE_NAME).read_text(encoding="utf-8")
    )
    return found


def test_the_better_endpoint_takes_over_and_the_file_says_why(make_context: MakeContext) -> None:
    context = make_context(CLOUD, LOCAL)
    answered(context, "cloud", 0.22, ok=20, failed=20)
    answered(context, "local", 0.02)
    published: list[Report] = []

    said = main([], replace(context, publish=published.append))

    written = policy(context)
    assert (written["version"], written["primary"], written["fallback"]) == (1, "local", "cloud")
    assert written["reasons"] == ["cloud answered only 50% of 40 requests: local takes over"]
    assert said.startswith("primary local, fallback cloud, slow above 500 ms; changed: ")
    assert "| local | closed | 100.0% of 40 | 20 ms |" in published[0].text


def test_a_dry_run_writes_nothing(make_context: MakeContext) -> None:
    context = make_context(CLOUD, LOCAL)
    assert main(["--dry-run"], context).startswith("dry run: primary cloud, fallback local")
    assert not (context.settings.outputs_dir / FILE_NAME).exists()


def test_what_does_not_change_is_no_event(make_context: MakeContext) -> None:
    emitted: list[str] = []
    context = replace(make_context(CLOUD, LOCAL), emit=lambda name, *_: emitted.append(name))
    answered(context, "cloud", 0.22)
    answered(context, "local", 0.21)
    main([], context)
    said = main([], context)
    assert emitted == ["rhythm.routing.changed"]  # the first policy of all
    assert "nothing changed" in said


def test_a_half_written_policy_is_reported_and_replaced(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(CLOUD, LOCAL)
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / FILE_NAME).write_text('{"version": 1, "primary": "lo')
    main([], context)
    assert "it is not a routing policy" in caplog.text
    assert policy(context)["primary"] == "cloud"


def test_one_that_degrades_is_a_warning(make_context: MakeContext, caplog: pytest.LogCaptureFixture) -> None:
    context = make_context(CLOUD)
    with store_of(context.settings) as store:
        store.add_probes(
            Probe("cloud", NOW - timedelta(minutes=100 - count), True, 0.1 if count < 50 else 0.4)
            for count in range(100)
        )
    main([], context)
    assert "cloud is degrading: median 100 ms before, 400 ms now" in caplog.text


def test_without_endpoints_nothing_is_written(make_context: MakeContext) -> None:
    context = make_context()
    assert main([], context) == "no endpoint to route to"
    assert not (context.settings.outputs_dir / FILE_NAME).exists()


def test_where_nothing_can_be_read_or_written_the_step_fails(
    make_context: MakeContext, blocked: Path
) -> None:
    with pytest.raises(StepFailedError, match=r"could not be read: .*blocked"):
        main([], make_context(CLOUD, outputs_dir=blocked))


def test_a_policy_that_cannot_be_written_fails_the_step(make_context: MakeContext) -> None:
    context = make_context(CLOUD)
    (context.settings.outputs_dir / FILE_NAME).mkdir(parents=True)
    with pytest.raises(StepFailedError, match=r"cannot be written"):
        main([], context)
