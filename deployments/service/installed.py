"""Which of the installed services is this rhythm's: the one that runs its rhythm.toml, whatever it is called.

A service is called as its rhythm is. One that was installed before rhythms had names, or before this one got
another, keeps the name that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deployments.service.actions import Installation

#: The installed services: for the name of each rhythm, the rhythm.toml that runs; "" if that is not known.
Services = Mapping[str, str]


def as_installed(what: Installation, found: Services) -> Installation:
    """Return it under the name by which it is installed; as it is, if it is not."""
    ours = [name for name, config in found.items() if _is(config, what.config)]
    return what if what.name in ours or not ours else replace(what, name=min(ours))


def is_installed(what: Installation, found: Services) -> bool:
    """Whether it is installed under its name."""
    return _is(found.get(what.name, ""), what.config)


def holder(what: Installation, found: Services) -> str:
    """Return the rhythm.toml of another rhythm whose service is called as `what` is; "" if there is none.

    One that is there no more holds no name.
    """
    config = found.get(what.name, "")
    return config if config and not _is(config, what.config) and _exists(Path(config)) else ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder of another account's
        return True


def _is(config: str, ours: Path) -> bool:
    return bool(config) and Path(config) == ours
