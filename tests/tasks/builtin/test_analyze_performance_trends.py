"""The trends of what was measured: what is reported, and what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.analyze_performance_trends import main
from tasks.builtin.contract import Context, Report
from tasks.outcome import StepFailedError
from tasks.store.measurements import Probe, Sample
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext

QUARTER = timedelta(minutes=15)


def measured(context: Context) -> Context:
    """Two days: a CPU at 30 %, then rising to 78; memory at 40 %; an llm that answers 9 of 10 times."""
    with store_of(context.settings) as store:
        for index in range(192):
            at = NOW - index * QUARTER
            rising = max(0, 96 - index) / 2
            store.add_samples([Sample(at, "cpu_percent", 30 + rising), Sample(at, "memory_percent", 40)])
        store.add_probes(
            Probe("llm", NOW - index * QUARTER, bool(index % 10), 0.02 if index % 10 else None)
            for index in range(192)
        )
    return context


def test_what_goes_up_is_reported_and_written(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    published: list[Report] = []
    context = replace(measured(make_context()), publish=published.append)

    said = main([], context)

    assert said.startswith("health ")
    assert said.endswith("; CPU up")
    assert "CPU: up, mean" in caplog.text
    folder = context.settings.outputs_dir / "trends"
    written = json.loads((folder / "latest.json").read_text(encoding="utf-8"))
    by_name = {trend["name"]: trend for trend in written["trends"]}
    assert {name: trend["trend"] for name, trend in by_name.items()} == {
        "CPU": "up",
        "memory": "stable",
        "llm latency": "stable",
    }
    assert by_name["CPU"]["before"]["mean"] == pytest.approx(30, abs=0.5)
    assert by_name["CPU"]["against_before"] == pytest.approx(0.8, abs=0.05)
    assert written["availability"]["llm"] == pytest.approx(0.9, abs=0.02)
    assert written["rests_on"] == ["CPU", "memory", "endpoints"]
    assert 0 < written["health_score"] < 75
    assert (folder / "latest.md").read_text(encoding="utf-8").strip() == published[0].text
    assert "| CPU | up (+2" in published[0].text


def test_without_data_it_says_so(make_context: MakeContext) -> None:
    assert main([], make_context()) == "health unknown; too little data of the last 24 h for trends"


def test_a_report_that_was_half_written_is_replaced(make_context: MakeContext) -> None:
    context = make_context()
    folder = context.settings.outputs_dir / "trends"
    folder.mkdir(parents=True)
    (folder / "latest.json").write_text("{")
    main([], context)
    assert json.loads((folder / "latest.json").read_text(encoding="utf-8"))["health_score"] is None


def test_measurements_that_cannot_be_read_fail_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be read: .*blocked"):
        main([], make_context(outputs_dir=blocked))


def test_a_report_that_cannot_be_written_fails_the_step(make_context: MakeContext) -> None:
    context = make_context()
    context.settings.outputs_dir.mkdir()
    (context.settings.outputs_dir / "trends").write_text("a file in the way")
    with pytest.raises(StepFailedError, match=r"latest\.json cannot be written"):
        main([], context)
