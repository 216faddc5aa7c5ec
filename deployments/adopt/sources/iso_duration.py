"""Durations as XML writes them: PT5M, P1D, P31DT12H."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
# Task Scheduler writes years and months hardly ever; these are XML Schema's own mean lengths.
_MINUTES = (365.2425 * 1440, 30.436875 * 1440, 1440.0, 60.0, 1.0, 1 / 60)


def minutes(text: str) -> float:
    """Given an xs:duration, return it in minutes.

    Raises:
        ValueError: it is none.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"{text!r} is not a duration")
    return sum(float(part or 0) * size for part, size in zip(found.groups(), _MINUTES, strict=True))
