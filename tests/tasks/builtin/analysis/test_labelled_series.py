"""The detector on labelled real series, with the constants that ship."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.builtin.analysis.deviations import RARE
from tasks.builtin.analysis.news import ALIKE, ENOUGH, REST, WITHIN
from tasks.builtin.analysis.spikes import LONG, SHORT, TIMES
from tests.bench import spikes

HOUR = timedelta(hours=1)


def test_the_constants_are_those_that_were_chosen() -> None:
    """Another choice is one of `python -m tests.bench spikes`, and of docs/benchmarks.md."""
    assert (TIMES.value, TIMES.mean, RARE, SHORT, LONG) == (3.4, 2.3, 0.03, 6, (36, 144))
    assert (REST / HOUR, ENOUGH, WITHIN / HOUR, ALIKE) == (18, 3, 6 * 24, 1.2)


@pytest.mark.skipif(not spikes.FOLDER.is_dir(), reason="the labelled series are not part of Rhythm")
def test_labelled_windows_are_found_with_few_false_alerts() -> None:
    found = spikes.total(
        [spikes.judge(series, spikes.detector(series.points)) for series in spikes.all_series(spikes.FOLDER)]
    )

    assert found.scaled() >= 68
    assert found.scaled(0.22) >= 60
    assert found.per_thousand <= 0.9
