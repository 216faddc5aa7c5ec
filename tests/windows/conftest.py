"""What only Windows has. Runs on Windows by plain pytest; under Wine it tells what Wine does not have."""

from __future__ import annotations

import sys

import pytest

from tests.family import family as family


def is_wine() -> bool:
    """Whether this Windows is Wine's."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/windows/" not in item.path.as_posix():
            continue
        if sys.platform != "win32":
            item.add_marker(pytest.mark.skip(reason="Windows' own"))
        elif is_wine() and (marker := item.get_closest_marker("real_windows")):
            item.add_marker(pytest.mark.skip(reason=f"Wine: {marker.args[0]}"))
