"""A time as it is kept: whole microseconds since 1970, the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Given an aware time, return its whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(micros: int) -> datetime:
    """Given microseconds since 1970, return the time, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)
