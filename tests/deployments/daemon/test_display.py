"""What `rhythm up` shows."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from deployments import overview
from deployments.daemon.display import Display
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
