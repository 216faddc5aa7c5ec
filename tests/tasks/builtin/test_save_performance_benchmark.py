"""The benchmark: how often it asks, what it reports, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.contract import Report
from tasks.builtin.endpoints.probe import ProbeAnswer
from tasks.builtin.save_performance_benchmark import EndpointBenchmark, benchmark, main
from tasks.outcome import StepFailedError
from tasks.store.measurements import Probe
from tasks.store.store import store_of
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


def answered(*seconds: float, tokens: int | None = None) -> tuple[ProbeAnswer, ...]:
    return tuple(ProbeAnswer(Probe("llm", NOW, True, each), tokens) for each in seconds)


def test_percentiles_and_success_rate_are_reported() -> None:
    failed = ProbeAnswer(Probe("llm", NOW, False, 0.5, "answered 500"))
    seen = EndpointBenchmark("llm", (*answered(0.010, 0.020, 0.060), failed))
    assert seen.success_rate == 0.75
    assert str(seen) == ("llm: succeeded 75% of 4, mean 30.0 ms, P50 20.0 ms, P95 56.0 ms, P99 59.2 ms")


def test_tokens_a_second_count_the_answers_that_report_them() -> None:
    seen = EndpointBenchmark("llm", (*answered(0.5, 1.5, tokens=40), *answered(9.0)))
    assert seen.tokens_per_second == 40
    assert EndpointBenchmark("llm", answered(0.5)).tokens_per_second is None


def test_an_llm_is_timed_by_what_it_writes(make_context: MakeContext, service: Service) -> None:
    service.body = b'{"usage": {"completion_tokens": 64}}'
    context = make_context(service.endpoint(path="/v1", kind="openai"))
    reports: list[Report] = []
    main([], replace(context, publish=reports.append))
    assert set(service.paths) == {"/v1/chat/completions"}
    assert "a second" in reports[0].text
    with store_of(context.settings) as store:
        (speed,) = store.samples("tokens_per_second llm", SINCE)
        assert speed.value > 0


def test_an_endpoint_that_does_not_answer_is_a_warning_and_soon_left_alone(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context(nowhere())
    assert main(["--requests", "100", "--warmup", "0"], context).startswith("gone down, ")
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("gone: succeeded 0% of 2, error ")
    with store_of(context.settings) as store:
        assert [probe.ok for probe in store.probes("gone", SINCE)] == [False, False]


def test_a_disk_that_cannot_be_written_is_reported(make_context: MakeContext, blocked: Path) -> None:
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
    with pytest.raises(StepFailedError, match="not a whole number"):
        main(argv, make_context())
