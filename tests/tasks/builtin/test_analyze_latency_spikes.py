"""The analysis of stored latencies, from an empty store to real spikes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.analysis.spikes import ENOUGH
from tasks.builtin.analyze_latency_spikes import main
from tasks.builtin.contract import Context
from tasks.measurements import Probe
from tasks.outcome import StepFailedError
from tasks.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext


def keep(context: Context, endpoint: str, latencies: Sequence[float], hours_ago: float = 1) -> None:
    at = NOW - timedelta(hours=hours_ago)
    with store_of(context.settings) as store:
        store.add_probes(
            Probe(endpoint, at + timedelta(seconds=n), True, latency) for n, latency in enumerate(latencies)
        )


def test_the_first_run_has_nothing_to_analyze(make_context: MakeContext) -> None:
    assert main([], make_context()) == "no endpoint was asked in the last 24 h"


def test_too_little_data_is_said(make_context: MakeContext, caplog: pytest.LogCaptureFixture) -> None:
    context = make_context()
    keep(context, "llm", [0.02] * (ENOUGH - 1))
    assert main([], context) == "too little data: no endpoint has 30 answers in the last 24 h"
    assert "llm: too little data (29 answers, 30 are needed)" in caplog.text


def test_a_constant_series_has_no_spikes(make_context: MakeContext) -> None:
    context = make_context()
    keep(context, "llm", [0.02] * ENOUGH)
    assert main([], context) == "no spikes in the last 24 h at 1 endpoints"


def test_spikes_are_told_by_endpoint_and_hour(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context()
    keep(context, "llm", [0.02] * ENOUGH + [2.0, 3.0])
    keep(context, "gateway", [0.2] * ENOUGH)
    keep(context, "new", [0.2])
    assert main([], context) == "2 spikes (llm 2) in the last 24 h at 2 endpoints; too little data for 1 more"
    assert (
        "llm: 2 spikes of 32 answers (median 20 ms, threshold 40 ms), "
        "worst 3,000 ms on 2026-03-04 at 14:30; by hour: 14h 2" in caplog.text
    )


def test_hours_limit_how_far_back_is_looked(make_context: MakeContext) -> None:
    context = make_context()
    keep(context, "llm", [0.02] * ENOUGH, hours_ago=3)
    assert main(["--hours", "2"], context) == "no endpoint was asked in the last 2 h"
    assert main(["--hours", "4"], context) == "no spikes in the last 4 h at 1 endpoints"


def test_a_threshold_of_ones_own_is_in_milliseconds(make_context: MakeContext) -> None:
    context = make_context()
    keep(context, "llm", [0.02, 0.02, 0.9])
    assert main(["--threshold", "800"], context) == "1 spikes (llm 1) in the last 24 h at 1 endpoints"
    assert main(["--threshold", "1000"], context) == "no spikes in the last 24 h at 1 endpoints"


@pytest.mark.parametrize("argv", [["--hours", "0"], ["--threshold", "-5"], ["--hours", "long"]])
def test_a_number_that_makes_no_sense_fails_the_step(make_context: MakeContext, argv: list[str]) -> None:
    with pytest.raises(StepFailedError, match="no number above 0"):
        main(argv, make_context())


def test_a_store_that_cannot_be_read_fails_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be read: .*blocked"):
        main([], make_context(outputs_dir=blocked))
