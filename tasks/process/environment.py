"""Variables of the environment, merged and looked up by the platform's rule of upper and lower case."""

from __future__ import annotations

import os
from collections.abc import Mapping

#: Whether PATH and Path are one variable, as they are on Windows.
IGNORES_CASE = os.name == "nt"


def merged(
    base: Mapping[str, str], over: Mapping[str, str], *, ignore_case: bool = IGNORES_CASE
) -> dict[str, str]:
    """Given two environments, return `base` with `over` on top: each variable once, spelled as in `over`."""
    replaced = {_key(name, ignore_case) for name in over}
    kept = {name: value for name, value in base.items() if _key(name, ignore_case) not in replaced}
    return kept | {name: value for name, value in over.items() if _is_last(name, over, ignore_case)}


def lookup(environ: Mapping[str, str], name: str, *, ignore_case: bool = IGNORES_CASE) -> str:
    """Return a variable's value, empty if it is not set; of several that are one, the last."""
    key = _key(name, ignore_case)
    return next((environ[found] for found in reversed([*environ]) if _key(found, ignore_case) == key), "")


def _key(name: str, ignore_case: bool) -> str:
    return name.upper() if ignore_case else name


def _is_last(name: str, environ: Mapping[str, str], ignore_case: bool) -> bool:
    """Whether no later variable of the same environment is the same one."""
    key = _key(name, ignore_case)
    return [found for found in environ if _key(found, ignore_case) == key][-1] == name
