"""Waiting for a moment that is about to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows import clock

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands at noon, and goes on only while somebody sleeps; how long they slept."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(seconds=sum(pauses)))
    monkeypatch.setattr("flows.clock.anyio.sleep", sleep)
    return pauses


@pytest.mark.parametrize(
    ("seconds", "pauses"), [(-1.0, []), (0.0, []), (0.4, [0.4]), (1.0, [1.0]), (1.01, []), (3600.0, [])]
)
async def test_only_a_time_that_is_about_to_come_is_waited_for(
    slept: list[float], seconds: float, pauses: list[float]
) -> None:
    await clock.reach(NOON + timedelta(seconds=seconds))

    assert slept == pauses


async def test_a_sleep_that_ends_too_early_is_followed_by_another(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        slept.append(seconds / 2 if len(slept) == 0 else seconds)

    monkeypatch.setattr("flows.clock.anyio.sleep", sleep)

    await clock.reach(NOON + timedelta(seconds=0.5))

    assert slept == [0.25, 0.25]
