"""Whether this Windows is Wine's, which lacks much of what a real one has."""

from __future__ import annotations

import sys


def is_wine() -> bool:
    """Whether it is; not, if this is no Windows at all."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.windll.ntdll, "wine_get_version")
