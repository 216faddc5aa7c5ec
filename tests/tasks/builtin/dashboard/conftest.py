"""What the tests of the dashboard share: pasts to show, and a browser to show them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tasks.builtin.dashboard.data import Past, gather
from tasks.builtin.dashboard.essence import essence
from tasks.builtin.dashboard.library import bundling
from tasks.builtin.dashboard.page import page
from tasks.settings.rhythm_toml import PROJECT, Settings
from tasks.store.store import Store, store_of
from tests.bench.history import fill
from tests.browser import Page, browser

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 15, 30, tzinfo=BERLIN)

#: Puts something into an empty store, and returns the past that it makes.
MakePast = Callable[..., Past]


def settings_in(folder: Path) -> Settings:
    """Settings with two groups and nothing else, whose store is in that folder."""
    return Settings.model_validate(
        {
            "timezone": "Europe/Berlin",
            "outputs_dir": folder,
            "groups": {
                "health_check": {"every": "10m", "steps": ["check_health --fast"]},
                "daily_routine": {"at": "03:00", "steps": ["generate_daily_briefing"]},
            },
        }
    )


@pytest.fixture
def make_past(tmp_path: Path) -> MakePast:
    """Given what fills the store, return the past as the dashboard asks for it."""

    def make(write: Callable[[Store], None], now: datetime = NOW, hours: float = 24) -> Past:
        settings = settings_in(tmp_path)
        with store_of(settings) as store:
            write(store)
            return gather(store, settings, now, hours=hours)

    return make


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A plausible past of nine days, with outages, failures, waits and timeouts."""
    settings = settings_in(tmp_path_factory.mktemp("week"))
    with store_of(settings) as store:
        fill(store, NOW, days=9, samples=40_000, dice=Random(5))
        return gather(store, settings, NOW, hours=24)


@pytest.fixture(scope="session")
def library() -> str:
    """The script that draws the charts, made once."""
    with bundling() as bundle:
        return bundle()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    """One browser for all tests."""
    with browser() as page:
        yield page


@pytest.fixture
def show(chromium: Page, library: str, tmp_path: Path) -> Callable[[Past], Page]:
    """Given a past, return its page, open in the browser and drawn."""

    def open_it(past: Past) -> Page:
        path = tmp_path / "dashboard.html"
        path.write_text(page(past, essence(past), library), encoding="utf-8", newline="\n")
        chromium.shape(1200, 900)
        chromium.visit(path.as_uri())
        chromium.wait_for("document.documentElement.dataset.ready === 'yes'")
        return chromium

    return open_it


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where people and CI find it."""
    page.screenshot(PROJECT / "outputs" / "screenshots" / f"{name}.png")
