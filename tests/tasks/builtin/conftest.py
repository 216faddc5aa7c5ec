"""What a built-in step is given in a test: real settings, a real log, a clock that stands."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.contract import Context, Events, no_events
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.rhythm_toml import Settings
from tests.tasks.builtin.service import Service, running_service

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=ZoneInfo("Europe/Berlin"))

MakeContext = Callable[..., Context]


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as service:
        yield service


@pytest.fixture
def make_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> MakeContext:
    """Given endpoints and events, return a context whose outputs go to a folder that is not there yet."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    caplog.set_level(logging.INFO, logger="step")

    def make(
        *endpoints: EndpointSettings,
        events: Events = no_events,
        outputs_dir: Path = tmp_path / "outputs",
        now: datetime = NOW,
    ) -> Context:
        settings = Settings.model_validate(
            {
                "timezone": "Europe/Berlin",
                "outputs_dir": outputs_dir,
                "endpoints": endpoints,
                "groups": {
                    "health_check": {"every": "10m", "steps": ["check_health --fast"]},
                    "daily_routine": {"at": "03:00", "steps": ["generate_daily_briefing"]},
                },
            }
        )
        return Context(settings, logging.getLogger("step"), lambda: now, events)

    return make


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A folder that nobody can make: there is a file of that name."""
    path = tmp_path / "blocked"
    path.write_text("a file", encoding="utf-8")
    return path
