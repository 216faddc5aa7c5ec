"""From a command's words to the script that it runs: interpreters, wrappers and their options peeled off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deployments.adopt.job import Loss


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command runs. The fields mean what they mean in `Job`."""

    command: str
    script: str | None = None
    args: tuple[str, ...] = ()
    cwd: str | None = None
    python: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    doubts: tuple[str, ...] = ()


def from_words(words: Sequence[str], cwd: str | None = None) -> Invocation:
    """Given a command's words and the folder that it starts in, return what it runs."""
    return Invocation(words[0] if words else "", cwd=cwd)
