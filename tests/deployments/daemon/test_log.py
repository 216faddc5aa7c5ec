"""What the daemon's log says of why it ended."""

from __future__ import annotations

import pytest

from deployments.daemon.log import last_error

RAISED = """\
12:00:00 | INFO | a line
Traceback (most recent call last):
  File "a.py", line 1, in <module>
sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) file is not a database
(Background on this error at: https://sqlalche.me/e/20/4xp6)
12:00:01 | ERROR | Application startup failed. Exiting.
"""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        (RAISED, "sqlalchemy.exc.DatabaseError: (sqlite3.DatabaseError) file is not a database"),
        (RAISED + "asyncio.exceptions.CancelledError\n", "asyncio.exceptions.CancelledError"),
        ("Fatal Python error: Segmentation fault\n", "Fatal Python error: Segmentation fault"),
        ("MemoryError\nmore", "MemoryError"),
    ],
)
def test_its_last_error_is_the_last_that_python_raised(text: str, error: str) -> None:
    assert last_error(text) == error
