"""Durations as text for people; `tasks.settings.duration` has them as rhythm.toml spells them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Given seconds, return them as people read them."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return _minutes(seconds)


def about(seconds: float) -> str:
    """Given seconds that are only expected, return them as people say them: "4.2 s", "40 s", "1 min 10 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return _minutes(seconds)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
