"""The dashboard at /rhythm: who sees it, how it is drawn, and how often."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from deployments.server import dashboard, identity
from deployments.server.address import Address
from deployments.server.dashboard import DrawingError, Drawings
from deployments.server.sign_in import SignIn

PASSWORD = "rhythm:correct horse"  # noqa: S105 - a test's own
HEADERS = Address("", password=PASSWORD).headers


class Drawer:
    """Draws pages with a number; fails if it is asked to."""

    def __init__(self) -> None:
        self.drawn = 0
        self.fault = ""

    def __call__(self) -> str:
        if self.fault:
            raise DrawingError(self.fault)
        self.drawn += 1
        return f"page {self.drawn}"


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def asking(drawer: Drawer, password: str | None = PASSWORD, clock: Clock | None = None) -> httpx.AsyncClient:
    app = SignIn(Starlette(), password, drawings=Drawings(drawer, clock or Clock()))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:4200")


async def ticket(client: httpx.AsyncClient) -> str:
    answer = await client.post(identity.TICKETS, headers=HEADERS)
    return str(answer.json()["ticket"])


@pytest.mark.parametrize("path", ["/rhythm", "/rhythm/"])
async def test_the_entrance_shows_no_data_and_asks_for_a_ticket(path: str) -> None:
    drawer = Drawer()
    async with asking(drawer) as client:
        answer = await client.get(path)

    assert answer.status_code == 200
    assert identity.TICKETS in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert drawer.drawn == 0


async def test_a_ticket_opens_it_once_and_then_leads_back_to_the_entrance() -> None:
    async with asking(Drawer()) as client:
        url = f"{identity.DRAWN}?ticket={await ticket(client)}"
        first, second = await client.get(url), await client.get(url)

    assert (first.status_code, first.text) == (200, "page 1")
    assert first.headers["Cache-Control"] == "no-store"
    assert (second.status_code, second.headers["Location"]) == (303, identity.DASHBOARD)


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=nonsense"])
async def test_without_a_good_ticket_nothing_is_drawn(query: str) -> None:
    drawer = Drawer()
    async with asking(drawer) as client:
        answer = await client.get(identity.DRAWN + query)

    assert answer.status_code == 303
    assert drawer.drawn == 0


async def test_a_server_without_a_password_shows_it_to_everybody() -> None:
    async with asking(Drawer(), password=None) as client:
        assert (await client.get(identity.DRAWN)).text == "page 1"


async def test_it_is_drawn_once_a_minute_however_many_look() -> None:
    drawer, clock = Drawer(), Clock()
    drawings = Drawings(drawer, clock)

    pages = await asyncio.gather(*(drawings.latest() for _ in range(5)))
    clock.now = 59.0
    pages.append(await drawings.latest())
    assert set(pages) == {"page 1"}
    clock.now = 61.0
    assert await drawings.latest() == "page 2"


async def test_one_that_cannot_be_drawn_says_why_and_is_tried_again() -> None:
    drawer = Drawer()
    async with asking(drawer, password=None) as client:
        drawer.fault = "disk I/O error"
        failed = await client.get(identity.DRAWN)
        drawer.fault = ""
        drawn = await client.get(identity.DRAWN)

    assert (failed.status_code, drawer.drawn) == (503, 1)
    assert failed.text == "The dashboard could not be drawn: disk I/O error\n"
    assert drawn.text == "page 1"


def test_a_process_of_its_own_draws_it_with_links_to_prefects_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "rhythm.toml"
    config.write_text('[groups.health_check]\nevery = "10m"\nsteps = ["check_health"]\n', encoding="utf-8")
    monkeypatch.setenv("RHYTHM_CONFIG", str(config))

    page = dashboard.draw()

    assert page.startswith("<!DOCTYPE html>")
    assert '<a href="/runs">' in page


def test_a_rhythm_toml_that_cannot_be_used_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "rhythm.toml"
    config.write_text("every = 1\n", encoding="utf-8")
    monkeypatch.setenv("RHYTHM_CONFIG", str(config))

    with pytest.raises(DrawingError, match="unknown key"):
        dashboard.draw()
