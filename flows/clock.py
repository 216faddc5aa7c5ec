"""The one place where the time of day comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import anyio

_NEAR = 1.0  # seconds


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


async def reach(time: datetime) -> None:
    """Wait for a time that is about to come; one that is further away than a second is not waited for.

    Prefect rounds to seconds, and starts a run up to half of one before its time: a beat that looks at
    09:59:59.6 finds that nothing is due, and what is due at 10:00 would wait for the beat of 10:05.
    """
    while 0 < (left := (time - now()).total_seconds()) <= _NEAR:
        await anyio.sleep(left)
