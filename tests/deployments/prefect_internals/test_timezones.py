"""The names of the time zones, which Prefect asks for all the time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prefect._internal.schemas import validators
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.server.schemas import schedules as served
from prefect.types import _datetime
from pydantic import ValidationError

from deployments.prefect_internals import timezones
from tests.deployments.prefect_internals.conftest import changed

_HOUR = timedelta(hours=1)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each look at the system's files, from now on; nothing is remembered yet."""
    found: list[str] = []

    def look() -> tuple[str, ...]:
        found.append("a look")
        return ("Asia/Seoul", "UTC")

    monkeypatch.setattr(_datetime, "available_timezones", look)
    monkeypatch.setattr(validators, "get_timezones", _datetime.get_timezones)
    return found


def read_schedules() -> None:
    for _ in range(3):
        IntervalSchedule(interval=_HOUR, timezone="Asia/Seoul")
        served.IntervalSchedule(interval=_HOUR, timezone="Asia/Seoul")
        CronSchedule(cron="0 3 * * *", timezone="UTC")


def test_they_are_looked_up_once_however_many_schedules_are_read(looks: list[str]) -> None:
    timezones.remember()
    read_schedules()

    assert looks == ["a look"]


def test_prefect_by_itself_looks_them_up_for_each_schedule(looks: list[str]) -> None:
    read_schedules()

    assert len(looks) >= 9


def test_where_prefect_has_changed_it_is_left_as_it_is(
    looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezones, "TIMEZONES", changed(timezones.TIMEZONES))

    timezones.remember()

    assert vars(validators)["get_timezones"] is _datetime.get_timezones


@pytest.mark.usefixtures("looks")
def test_a_zone_that_is_none_is_refused_as_before() -> None:
    timezones.remember()

    with pytest.raises(ValidationError, match="Invalid timezone"):
        served.IntervalSchedule(interval=_HOUR, timezone="Asia/Nowhere")
