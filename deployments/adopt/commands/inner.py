"""The command within another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployments.adopt.job import Difference


@dataclass(frozen=True, slots=True)
class Inner:
    """The command within another: its words, and what the outer one did for it.

    Without words nothing is known of it but what `doubts` say.
    """

    words: tuple[str, ...] = ()
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    time_limit_minutes: float | None = None
    differences: tuple[Difference, ...] = ()
    doubts: tuple[str, ...] = ()
