"""The benchmark: how often it asks, what it tells, and what it keeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.save_performance_benchmark import EndpointBenchmark, benchmark, main
from tasks.measurements import Probe
from tasks.outcome import StepFailedError
from tasks.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.tasks.builtin.service import Service, nowhere

SINCE = NOW - timedelta(minutes=1)


def test_requests_are_counted_and_warm_ups_are_not(make_context: MakeContext, service: Service) -> None:
    context = make_context(service.endpoint())
    main(["--requests", "4", "--warmup", "2"], context)
    assert len(service.paths) == 6
    with store_of(context.settings) as store:
        assert [probe.ok for probe in store.probes("llm", SINCE)] == [True] * 4


def test_machine_figures_are_kept(make_context: MakeContext) -> None:
    context = make_context()
    assert "hashes/s" in main([], context)
    with store_of(context.settings) as store:
        for name in ("cpu_hashes_per_second", "disk_written_mb_per_second", "disk_read_mb_per_second"):
            (sample,) = store.samples(name, SINCE)
            assert sample.value > 0


def test_min_mean_max_and_success_rate_are_told() -> None:
    probes = [Probe("llm", NOW, True, seconds) for seconds in (0.010, 0.020, 0.060)]
    seen = EndpointBenchmark("llm", (*probes, Probe("llm", NOW, False, 0.5, "answered 500")))
    assert seen.success_rate == 0.75
    assert str(seen) == "llm: min 10.0, mean 30.0, max 60.0 ms, 75% of 4 requests succeeded"


def test_an_endpoint_that_does_not_answer_is_a_warning(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(nowhere())
    assert main(["--requests", "2"], context).startswith("gone down, ")
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("gone: 0% of 2 requests succeeded (")
    with store_of(context.settings) as store:
        assert [probe.ok for probe in store.probes("gone", SINCE)] == [False, False]


def test_a_disk_that_cannot_be_written_is_told(make_context: MakeContext, blocked: Path) -> None:
    settings = make_context(outputs_dir=blocked).settings
    seen = benchmark(settings, NOW, requests=1, warmup=0)
    assert seen.disk is None
    assert str(blocked) in seen.disk_fault
    assert "disk not measured" in seen.summary


def test_figures_that_cannot_be_stored_fail_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be stored: .*blocked"):
        main([], make_context(outputs_dir=blocked))


@pytest.mark.parametrize("argv", [["--requests", "0"], ["--requests", "x"], ["--warmup", "-1"]])
def test_a_count_that_is_none_fails_the_step(make_context: MakeContext, argv: list[str]) -> None:
    with pytest.raises(StepFailedError, match="no whole number"):
        main(argv, make_context())
