"""What only Windows has. Runs on Windows by plain pytest; under Wine it reports what Wine does not have."""

from __future__ import annotations

import sys

import pytest

from tests.family import family as family


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if sys.platform != "win32" and "tests/windows/" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason="Windows' own"))
