"""The flows whose runs are this rhythm's own.

They are apart from flows.memory.whose, which names those runs: a flow needs all of Prefect, and commands that
only ask for runs do without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Flow

from flows.memory.whose import run_version
from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config

P = ParamSpec("P")
R = TypeVar("R")


class OwnedFlow(Flow[P, R]):
    """A flow of a group's, or the beat's: whose its runs are is decided by the rhythm.toml of that time."""

    def __init__(self, fn: Callable[P, R], *, group: str, **options: Any) -> None:
        self._group = group
        super().__init__(fn, version=group, **options)

    @property
    def version(self) -> str | None:
        """What its runs have; None if rhythm.toml cannot be read: then they only fail, and count for none."""
        try:
            return run_version(config.load().name, self._group)
        except ConfigError:
            return None

    @version.setter
    def version(self, value: str | None) -> None:
        pass


def owned(**options: Any) -> Callable[[Callable[P, R]], OwnedFlow[P, R]]:
    """Make a flow of a function, as Prefect's decorator does; `options` are those of OwnedFlow."""
    return lambda fn: OwnedFlow(fn, **options)
