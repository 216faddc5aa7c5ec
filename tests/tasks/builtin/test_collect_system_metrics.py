"""Collecting metrics: what is kept, and what is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.collect_system_metrics import main
from tasks.measurements import Sample
from tasks.outcome import StepFailedError
from tasks.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext


def test_every_figure_is_kept(make_context: MakeContext) -> None:
    context = make_context()
    summary = main([], context)
    with store_of(context.settings) as store:
        for name in ("cpu_percent", "memory_percent", "processes", "python_processes", "python_rss_bytes"):
            (sample,) = store.samples(name, NOW)
            assert sample.at == NOW
            assert sample.value >= 0
    assert summary.endswith("figures kept")


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


def test_figures_that_cannot_be_stored_fail_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be stored: .*blocked"):
        main([], make_context(outputs_dir=blocked))
