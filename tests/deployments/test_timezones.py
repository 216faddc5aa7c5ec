"""The names of the time zones, which Prefect asks for all the time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prefect._internal.schemas import validators
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.server.schemas import schedules as served
from pydantic import ValidationError

from deployments import timezones

_HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each look at the system's files, from now on."""
    found: list[str] = []

    def look() -> tuple[str, ...]:
        found.append("a look")
        return ("Asia/Seoul", "UTC")

    monkeypatch.setitem(vars(validators), "get_timezones", None)
    monkeypatch.setattr(timezones, "get_timezones", look)
    timezones.remember()
    return found


def test_they_are_looked_up_once_however_many_schedules_are_read(looks: list[str]) -> None:
    for _ in range(3):
        IntervalSchedule(interval=_HOUR, timezone="Asia/Seoul")
        served.IntervalSchedule(interval=_HOUR, timezone="Asia/Seoul")
        CronSchedule(cron="0 3 * * *", timezone="UTC")

    assert looks == ["a look"]


def test_a_zone_that_is_none_is_refused_as_before() -> None:
    with pytest.raises(ValidationError, match="Invalid timezone"):
        served.IntervalSchedule(interval=_HOUR, timezone="Asia/Nowhere")
