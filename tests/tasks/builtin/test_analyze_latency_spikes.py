"""The analysis of stored latencies, from an empty store to events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.builtin import analyze_latency_spikes
from tasks.builtin.analysis.deviations import ENOUGH
from tasks.builtin.analyze_latency_spikes import main
from tasks.builtin.contract import Context, Report
from tasks.builtin.incidents import record
from tasks.builtin.incidents.alerts import FILE_NAME
from tasks.outcome import Outcome, StepFailedError
from tasks.store.measurements import CPU, Probe, Reading, Sample, StepUsage
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext

EVERY = timedelta(minutes=10)


def keep(context: Context, endpoint: str, latencies: Sequence[float | None], until: datetime = NOW) -> None:
    """Store answers every ten minutes, the last of them ten minutes ago; None is a failure."""
    begin = until - len(latencies) * EVERY
    with store_of(context.settings) as store:
        store.add_probes(
            Probe(endpoint, begin + n * EVERY, latency is not None, latency, "" if latency else "HTTP 503")
            for n, latency in enumerate(latencies)
        )


@pytest.fixture
def emitted() -> list[tuple[str, str, Any]]:
    return []


@pytest.fixture
def context(make_context: MakeContext, emitted: list[tuple[str, str, Any]]) -> Context:
    return replace(make_context(), emit=lambda name, about, more: emitted.append((name, about, more)))


def later(context: Context, hours: float) -> Context:
    return replace(context, now=lambda: NOW + timedelta(hours=hours))


def test_the_first_run_has_nothing_to_analyze(context: Context) -> None:
    assert main([], context) == "no endpoint was asked in the last 24 h"


def test_too_little_data_is_said(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    keep(context, "llm", [0.02] * ENOUGH)
    assert main([], context) == "too little data: no endpoint has more than 100 answers yet"
    assert "llm: too little data (100 answers, more than 100 are needed)" in caplog.text


def test_a_constant_series_has_no_spikes(context: Context, emitted: list[Any]) -> None:
    keep(context, "llm", [0.02] * 200)
    assert main([], context) == "no spikes in the last 24 h at 1 endpoint"
    assert emitted == []
    assert not (context.settings.outputs_dir / FILE_NAME).exists()


def test_spikes_are_reported_by_endpoint_and_hour(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    keep(context, "llm", [0.02] * 200 + [2.0, 3.0])
    keep(context, "gateway", [0.2] * 200)
    keep(context, "new", [0.2])
    published: list[Report] = []
    said = main([], replace(context, publish=published.append))
    assert said == "2 spikes (llm 2) in the last 24 h at 2 endpoints; too little data of 1 more"
    assert (
        "llm: 2 spikes of 144 answers (median 20 ms); worst 3,000 ms on 03-04 at 15:20; by hour: 15h 2"
        in caplog.text
    )
    (report,) = published
    assert "| llm | 144 | 20 ms | 2 | 15h 2 |" in report.text
    assert "| new | 1 | 200 ms | too little data |  |" in report.text
    assert "| llm | 03-04 15:10 | 03-04 15:20 | 2 | 0 | 3,000 ms (expected 20 ms) |  |" in report.text
    assert "- llm may still be slow (since 03-04 15:10)" in report.text


def test_what_is_usual_is_learnt_from_before_the_reported_hours(context: Context) -> None:
    keep(context, "llm", [0.02] * 150 + [2.0] + [0.02] * 20)
    assert main(["--hours", "2"], context) == "no spikes in the last 2 h at 1 endpoint"
    assert main(["--hours", "4"], context) == "1 spike (llm 1) in the last 4 h at 1 endpoint"


def test_a_service_that_is_asked_no_more_is_left_out(context: Context) -> None:
    keep(context, "old", [0.02] * 200, until=NOW - timedelta(days=2))
    assert main([], context) == "no endpoint was asked in the last 24 h"


def test_a_threshold_of_ones_own_is_in_milliseconds(context: Context) -> None:
    keep(context, "llm", [0.02, 0.02, 0.9])
    assert main(["--threshold", "800"], context) == "1 spike (llm 1) in the last 24 h at 1 endpoint"
    assert main(["--threshold", "1000"], context) == "no spikes in the last 24 h at 1 endpoint"


def test_a_new_incident_is_an_event_once(context: Context, emitted: list[tuple[str, str, Any]]) -> None:
    keep(context, "local llm", [0.02] * 200 + [2.0])
    main([], context)
    main([], context)
    ((name, about, more),) = emitted
    assert (name, about) == ("rhythm.latency.spike", "endpoint/local llm")
    assert (more["spikes"], more["failures"], more["worst_ms"]) == (1, 0, 2000.0)
    assert json.loads(json.dumps(more)) == more

    keep(context, "local llm", [2.0, *[0.02] * 5], until=NOW + timedelta(hours=1))
    main([], later(context, 1))  # the same incident goes on
    assert len(emitted) == 1
    keep(context, "local llm", [0.02] * 107 + [2.0], until=NOW + timedelta(hours=19))
    main([], later(context, 19))  # 18 hours after its alert
    assert len(emitted) == 2


@pytest.mark.parametrize("text", ["", '{"version": 1, "until": {"llm": "2026-', '["no", "such"]'])
def test_what_is_half_written_is_reported_and_written_anew(
    context: Context, emitted: list[Any], caplog: pytest.LogCaptureFixture, text: str
) -> None:
    keep(context, "llm", [0.02] * 200 + [2.0])
    path = context.settings.outputs_dir / FILE_NAME
    path.write_text(text, encoding="utf-8")
    main([], context)
    assert "incidents may be reported twice" in caplog.text
    assert len(emitted) == 1
    assert list(json.loads(path.read_text(encoding="utf-8"))["until"]) == ["endpoint/llm"]


def test_what_cannot_be_written_is_a_warning(
    context: Context, emitted: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    keep(context, "llm", [0.02] * 200 + [2.0])
    (context.settings.outputs_dir / FILE_NAME).mkdir()
    assert main([], context).startswith("1 spike")
    assert "cannot be written" in caplog.text
    assert len(emitted) == 1


def test_a_clock_that_was_set_back_silences_nothing(context: Context, emitted: list[Any]) -> None:
    keep(context, "llm", [0.02] * 200 + [2.0])
    path = context.settings.outputs_dir / FILE_NAME
    path.write_text('{"version": 1, "until": {"llm": "2031-01-01T00:00:00Z"}}', encoding="utf-8")
    main([], context)
    assert len(emitted) == 1


def test_failures_in_a_row_are_reported_but_are_the_breakers_event(
    context: Context, emitted: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    keep(context, "llm", [0.02] * 200 + [None] * 4)
    published: list[Report] = []
    said = main([], replace(context, publish=published.append))
    assert said == "no spikes in the last 24 h at 1 endpoint; failures in a row: llm 4"
    assert "| llm | 03-04 14:50 | 03-04 15:20 | 0 | 4 | HTTP 503 |  |" in published[0].text
    assert "llm may still be down" in caplog.text
    assert emitted == []


def test_the_step_that_makes_it_slow_is_named(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    day = [0.02] * 71 + [2.0, 2.0] + [0.02] * 71
    keep(context, "llm", day * 6)
    first = NOW - 6 * timedelta(days=1) + 71 * EVERY
    runs = [first + timedelta(days=n) for n in range(6)]
    with store_of(context.settings) as store:
        store.add_steps(
            StepUsage(at, "daily_routine", "backup.ps1", 1, Outcome.COMPLETED, 700, None, None) for at in runs
        )
    main([], context)
    # The first day is the one that is learnt from.
    assert "llm gets into trouble when backup.ps1 runs (at 03:20): so it did in 5 of 5" in caplog.text


def test_only_so_many_probes_are_looked_at(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze_latency_spikes, "MOST_PROBES", 150)
    keep(context, "llm", [9.0] * 400 + [0.02] * 150)
    report = analyze_latency_spikes.analyze(context.settings, NOW, hours=90)
    (found,) = report.latency.endpoints
    assert 100 < found.answers <= 150
    assert found.median == 0.02


def test_where_nothing_can_be_read_the_step_fails(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be read: .*blocked"):
        main([], make_context(outputs_dir=blocked))


def keep_runs(
    context: Context, step: str, seconds: Sequence[float], every: timedelta = EVERY, until: datetime = NOW
) -> None:
    """Store completed runs of a step of daily_routine, the last of them `every` ago."""
    begin = until - len(seconds) * every
    with store_of(context.settings) as store:
        store.add_steps(
            StepUsage(begin + n * every, "daily_routine", step, 1, Outcome.COMPLETED, took, None, None)
            for n, took in enumerate(seconds)
        )


def keep_cpu(context: Context, percents: Sequence[float], until: datetime = NOW) -> None:
    with store_of(context.settings) as store:
        begin = until - len(percents) * EVERY
        store.add_samples(Sample(begin + n * EVERY, CPU, percent) for n, percent in enumerate(percents))


def test_a_step_that_takes_longer_than_usual_is_an_event_with_its_unit(
    context: Context, emitted: list[tuple[str, str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    keep_runs(context, "backup.ps1", [40.0 + n % 2 for n in range(200)] + [250.0, 40.0])
    published: list[Report] = []

    said = main([], replace(context, publish=published.append))

    assert said == "no endpoint was asked in the last 24 h; 1 incident of steps, groups and the machine"
    text = "daily_routine / backup.ps1 took 4 min 10 s, usually 40 s"
    assert f"03-04 15:10: {text}" in caplog.text
    assert f"| 03-04 15:10 | 03-04 15:14 | {text} |" in published[0].text
    ((name, about, more),) = emitted
    assert (name, about) == ("rhythm.duration.spike", "step/daily_routine/backup.ps1")
    assert (more["what"], more["value"]) == (text, 250.0)
    assert json.loads(json.dumps(more)) == more


def test_a_step_that_becomes_faster_is_none(context: Context, emitted: list[Any]) -> None:
    keep_runs(context, "backup.ps1", [40.0 + n % 2 for n in range(200)] + [1.0] * 20)

    assert main([], context) == "no endpoint was asked in the last 24 h"
    assert emitted == []


def test_what_moves_together_is_one_event_about_what_moved_first(
    context: Context, emitted: list[tuple[str, str, Any]]
) -> None:
    keep_runs(context, "backup.ps1", [40.0] * 200 + [1500.0], until=NOW - 2 * EVERY)
    keep_cpu(context, [20.0 + n % 3 for n in range(200)] + [95.0, 96.0], until=NOW - EVERY)
    keep(context, "llm", [0.02] * 200 + [2.0, 3.0])

    main([], context)
    main([], context)

    ((_, about, more),) = emitted
    assert about == "step/daily_routine/backup.ps1"
    assert [each["about"] for each in more["members"]] == [about, "machine/cpu", "endpoint/llm"]
    assert more["what"] == (
        "daily_routine / backup.ps1 took 25 min 00 s, usually 40 s; then the CPU was used to 96 %, "
        "usually 21 %; llm answered in 3,000 ms, usually 20 ms"
    )


def test_the_cpu_is_judged_by_readings_where_there_are_more_of_them(
    context: Context, emitted: list[tuple[str, str, Any]]
) -> None:
    keep_cpu(context, [20.0, 99.0], until=NOW)  # of one second each
    with store_of(context.settings) as store:
        begin = NOW - timedelta(minutes=2_000)
        others = [10.0] * 1_990 + [90.0] * 10
        store.add_readings(
            Reading(begin + timedelta(minutes=n), percent, 10.0) for n, percent in enumerate(others)
        )

    main([], context)

    ((_, about, more),) = emitted
    assert (about, more["what"]) == ("machine/cpu", "the CPU was used to 100 %, usually 20 %")


def test_five_minutes_that_are_not_over_are_not_judged(context: Context, emitted: list[Any]) -> None:
    keep_cpu(context, [20.0 + n % 3 for n in range(200)] + [99.0], until=NOW + EVERY)

    main([], replace(context, now=lambda: NOW + timedelta(minutes=4)))
    assert emitted == []

    main([], replace(context, now=lambda: NOW + timedelta(minutes=5)))
    assert len(emitted) == 1


def test_what_is_not_judged_yet_is_named(context: Context) -> None:
    keep_runs(context, "daily.ps1", [40.0] * 20, every=timedelta(days=1))
    keep_runs(context, "known.ps1", [40.0] * 21, every=timedelta(days=1))
    published: list[Report] = []

    main([], replace(context, publish=published.append))

    assert "1 series of steps, groups and the machine is judged." in published[0].text
    assert "Not yet, for want of values: daily_routine / daily.ps1." in published[0].text


def test_what_runs_every_other_day_is_judged_by_what_is_older(context: Context) -> None:
    keep_runs(context, "backup.ps1", [40.0 + n % 3 for n in range(40)] + [95.0], every=timedelta(days=2))

    main(["--hours", "72"], context)

    (found,) = record.worth_showing(context.settings.outputs_dir, NOW - timedelta(days=3))
    assert found.text == "daily_routine / backup.ps1 took 95 s, usually 41 s"


def test_what_was_found_is_kept_for_briefing_and_dashboard(context: Context) -> None:
    keep_runs(context, "backup.ps1", [40.0] * 200 + [250.0])
    main([], context)

    since = NOW - timedelta(hours=1)
    (kept,) = record.worth_showing(context.settings.outputs_dir, since)

    assert kept.members == ("step/daily_routine/backup.ps1",)
    assert record.worth_showing(context.settings.outputs_dir, NOW) == []  # over before
    main(["--hours", "1"], later(context, 24 * 40))  # forgotten: older than what is looked at
    assert record.worth_showing(context.settings.outputs_dir, since) == []


def test_alerts_of_an_earlier_version_are_understood(context: Context, emitted: list[Any]) -> None:
    keep(context, "llm", [0.02] * 200 + [2.0])
    path = context.settings.outputs_dir / FILE_NAME
    path.write_text(f'{{"version": 1, "until": {{"llm": "{(NOW - EVERY).isoformat()}"}}}}', encoding="utf-8")

    main([], context)

    assert emitted == []
