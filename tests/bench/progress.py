"""What a benchmark says of itself: when, where and by which command; and on stderr, how far it is."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version


def heading() -> str:
    """Return the line above a table."""
    words = " ".join(["python -m tests.bench", *sys.argv[1:]])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, Prefect {version('prefect')}: `{words}`"
    )


def tell(what: str) -> None:
    """Say on stderr how far it is."""
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)
