"""Collecting metrics: what is kept, and what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tasks.builtin.collect_system_metrics import main
from tasks.builtin.contract import Report
from tasks.outcome import StepFailedError
from tasks.store.measurements import Sample
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext
from tests.tasks.builtin.service import Service, nowhere


def test_every_figure_is_kept(make_context: MakeContext) -> None:
    context = make_context()
    summary = main([], context)
    with store_of(context.settings) as store:
        for name in ("cpu_percent", "memory_percent", "processes", "python_processes", "python_rss_bytes"):
            (sample,) = store.samples(name, NOW)
            assert sample.at == NOW
            assert sample.value >= 0
    assert summary.endswith("figures kept")


def test_endpoints_are_asked_and_kept(make_context: MakeContext, service: Service) -> None:
    context = make_context(service.endpoint(), nowhere())
    main([], context)
    with store_of(context.settings) as store:
        found = {probe.endpoint: probe.ok for probe in store.probes(None, NOW)}
    assert found == {"llm": True, "gone": False}


def test_single_cores_and_processes_are_kept(make_context: MakeContext) -> None:
    context = make_context()
    main([], context)
    with store_of(context.settings) as store:
        names = store.sample_names()
    assert "cpu_percent core 0" in names
    assert 1 <= sum(name.startswith("process_rss_bytes ") for name in names) <= 15


@pytest.mark.skipif(psutil.net_io_counters() is None, reason="a machine without a network")
def test_the_second_time_reports_how_fast_counters_have_grown(make_context: MakeContext) -> None:
    context = make_context()
    main([], context)
    hour_later = NOW + timedelta(hours=1)
    main([], replace(context, now=lambda: hour_later))
    with store_of(context.settings) as store:
        (rate,) = store.samples("network_sent_bytes_per_second", NOW)
    assert rate.at == hour_later
    assert rate.value >= 0


def test_a_prefect_server_of_ours_is_counted(make_context: MakeContext, prefect_api: str) -> None:
    context = make_context()
    reports: list[Report] = []
    main([], replace(context, publish=reports.append))
    with store_of(context.settings) as store:
        (memory,) = store.samples("prefect_server_rss_bytes", NOW)
        (cpu,) = store.samples("prefect_server_cpu_seconds", NOW)
    assert memory.value > 50_000_000
    assert cpu.value > 0
    assert "prefect_server_rss_bytes" in reports[0].text


def test_what_is_older_than_90_days_is_forgotten(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_context()
    old, young = NOW - timedelta(days=91), NOW - timedelta(days=89)
    with store_of(context.settings) as store:
        store.add_samples([Sample(old, "cpu_percent", 1.0), Sample(young, "cpu_percent", 2.0)])
    main([], context)
    with store_of(context.settings) as store:
        kept = store.samples("cpu_percent", old)
    assert [sample.at for sample in kept] == [young, NOW]
    assert "1 measurements older than 90 days deleted" in caplog.text


def test_rhythm_toml_says_how_long_is_kept(make_context: MakeContext) -> None:
    context = make_context()
    month = context.settings.model_copy(update={"retention": timedelta(days=30)})
    with store_of(context.settings) as store:
        store.add_samples([Sample(NOW - timedelta(days=31), "cpu_percent", 1.0)])
    main([], replace(context, settings=month))
    with store_of(context.settings) as store:
        assert [sample.at for sample in store.samples("cpu_percent", NOW - timedelta(days=90))] == [NOW]


def test_figures_that_cannot_be_stored_fail_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be stored: .*blocked"):
        main([], make_context(outputs_dir=blocked))
