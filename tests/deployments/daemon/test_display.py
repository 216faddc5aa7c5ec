"""What `rhythm up` shows."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from deployments import overview
from deployments.daemon.display import Display
from flows.decisions.group_runs import Run
from flows.decisions.load import Load
from tasks.builtin.analysis.expected import Expected
from tasks.outcome import Outcome
from tests.flows.rhythms import rhythm


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_news_are_visible_text(
    on_a_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_a_terminal)
    display = Display()
    display.show(overview.unknown(rhythm(), datetime(2026, 3, 2, tzinfo=UTC), "nobody answers"))

    display.say("set 'a\x1b]0;title\x07' crashed")
    display.close()

    assert "set 'a␛]0;title␇' crashed\n" in capsys.readouterr().out


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_a_run_that_hangs_is_reported_once_as_late(
    on_a_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_a_terminal)
    settings, start = rhythm(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    running = Run(start)
    load = Load(durations={"health_check": Expected(40.0, 70.0)})
    display = Display()

    for minutes in (1, 2, 3):
        now = start + timedelta(minutes=minutes)
        past = {"health_check": [running]}
        groups = overview.standings(settings, past, {"health_check": running}, now, load=load)
        display.show(overview.Overview(now, settings.zone, None, groups, None))
    display.close()

    news = "health_check is late: running since 12:00, usually 40 s, 1 min 10 s at most"
    assert " ".join(capsys.readouterr().out.split()).count(news) == 1


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_what_failed_or_warns_is_shown_with_its_reason(
    on_a_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_a_terminal)
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    start = now - timedelta(minutes=5)
    last = {
        "health_check": Run(start, now, Outcome.FAILED, fault="copy: exit code 3: no such host"),
        "daily_routine": Run(start, now, Outcome.COMPLETED, fault="sync: exit code 24: vanished"),
        "event_analysis": Run(start, now, Outcome.COMPLETED),
    }
    display, state = Display(), overview.unknown(rhythm(), now, "nobody answers", last)

    display.show(state)
    display.close()

    said = " ".join(capsys.readouterr().out.split())
    assert state.faults == [
        "health_check failed: copy: exit code 3: no such host",
        "daily_routine completed (warning): sync: exit code 24: vanished",
    ]
    assert "copy: exit code 3: no such host" in said
    assert "completed (warning)" in said
    assert "sync: exit code 24: vanished" in said
