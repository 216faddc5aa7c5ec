"""What a user may write as RHYTHM_DATABASE_URL, and what is shown of it."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from tasks.store.database import database_url, where
from tasks.store.fault import StoreError


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgresql://me:secret@db/rhythm", "postgresql+psycopg"),
        ("postgres://me:secret@db/rhythm", "postgresql+psycopg"),
        ("postgresql+psycopg://me:secret@db/rhythm", "postgresql+psycopg"),
        ("postgresql+asyncpg://me:secret@db/rhythm", "postgresql+psycopg"),
        ("sqlite:////var/lib/rhythm.db", "sqlite"),
        ("sqlite+aiosqlite:////var/lib/rhythm.db", "sqlite"),
    ],
)
def test_a_url_is_taken_with_a_driver_that_is_at_hand(text: str, driver: str) -> None:
    url = database_url(text)
    assert url == make_url(text).set(drivername=driver)


@pytest.mark.parametrize(
    "text",
    [
        "rhythm.db",
        "secret",
        "postgresql://me:secret@db:secret/rhythm",
        "mysql://me:secret@db/rhythm",
        "https://me:secret@db/rhythm",
    ],
)
def test_what_is_no_such_url_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(StoreError, match=r"RHYTHM_DATABASE_URL") as caught:
        database_url(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sqlite:////var/lib/rhythm.db", "/var/lib/rhythm.db"),
        ("postgresql://me:secret@db:5433/rhythm", "postgresql+psycopg://me:***@db:5433/rhythm"),
        ("postgresql://db/rhythm?user=me&password=secret", "postgresql+psycopg://db/rhythm"),
    ],
)
def test_a_database_is_named_without_its_secrets(text: str, shown: str) -> None:
    assert where(database_url(text)) == shown
