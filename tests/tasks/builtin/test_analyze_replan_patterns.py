"""The replan patterns: from the store and a ledger, whatever shape they are in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.builtin.analyze_replan_patterns import main
from tasks.builtin.contract import Context, Report
from tasks.outcome import Outcome, StepFailedError
from tasks.settings.builtins import ReplanSettings
from tasks.store.measurements import GroupEvent
from tasks.store.store import store_of
from tests.tasks.builtin.conftest import NOW, MakeContext


def troubled(context: Context) -> Context:
    """Let health_check have waited in one of three beats of the last hour and a half."""
    with store_of(context.settings) as store:
        store.add_decisions(
            GroupEvent(NOW - timedelta(minutes=5 * count), "daily_routine", "waits", "health_check failed")
            if count % 3 == 0
            else GroupEvent(
                NOW - timedelta(minutes=5 * count), "daily_routine", "run", "due", Outcome.COMPLETED, 1.0
            )
            for count in range(18)
        )
    return context


def with_ledger(context: Context, path: Path) -> Context:
    replans = ReplanSettings(ledger=path)
    return replace(context, settings=context.settings.model_copy(update={"replans": replans}))


def test_what_often_waits_is_reported_and_published(
    make_context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    published: list[Report] = []
    said = main([], replace(troubled(make_context()), publish=published.append))
    assert said.startswith("33% of 18 times a group was due in 168 h it was blocked; daily_routine waits")
    assert "daily_routine waits in 33% of the 18 beats" in caplog.text
    assert "| daily_routine | 18 | 12 | 0 | 33% | health_check failed (6) |" in published[0].text


def test_without_data_it_says_so(make_context: MakeContext) -> None:
    assert main([], make_context()) == "too little data: groups were due 0 times in 168 h"


def test_a_ledger_is_read_line_by_line_and_its_bad_lines_are_reported(
    make_context: MakeContext, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.jsonl"
    with path.open("wb") as file:
        for minutes in range(0, 600, 6):
            at = (NOW - timedelta(minutes=minutes)).isoformat()
            kind = "replan" if minutes % 60 == 0 else "plan"
            file.write(json.dumps({"time": at, "event": kind, "reason": "tool failed"}).encode() + b"\n")
        file.write(b'{"half": ')
    said = main(["--hours", "10"], with_ledger(make_context(), path))
    assert "ledger: 10 of 100 events are replans, 1.0 an hour, mostly: tool failed" in said
    assert "1 of 101 lines are not events: 1 cut off" in caplog.text


def test_a_ledger_that_is_not_there_is_reported_and_the_rest_is_there(
    make_context: MakeContext, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    said = main([], with_ledger(troubled(make_context()), tmp_path / "gone.jsonl"))
    assert said.startswith("33% of 18 times")
    assert "gone.jsonl cannot be read" in caplog.text


def test_a_ledger_whose_reasons_all_differ_is_still_reported_in_a_few(
    make_context: MakeContext, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.jsonl"
    at = NOW.isoformat()
    lines = (json.dumps({"time": at, "event": "replan", "reason": f"task {count}"}) for count in range(1500))
    path.write_text("\n".join([*lines, '{"time": "9999-12-31T23:30:00Z", "event": "replan"}', ""]))
    said = main([], with_ledger(make_context(), path))
    assert "1500 of 1500 events are replans, 8.9 an hour, mostly: other causes" in said


def test_decisions_that_cannot_be_read_fail_the_step(make_context: MakeContext, blocked: Path) -> None:
    with pytest.raises(StepFailedError, match=r"could not be read: .*blocked"):
        main([], make_context(outputs_dir=blocked))
