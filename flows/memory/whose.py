"""Whose a run is: which rhythm has made it, and for which of its groups.

A flow's name says nothing of that: a user's script may be a flow of the same name, and another rhythm on the
same server has flows of the same names. So it stands on the run itself, as the version of its flow: the one
text of Prefect's that a run has from its start on, and that both SQLite and PostgreSQL have an
index of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from prefect import Flow

from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.settings.rhythm_toml import Settings

P = ParamSpec("P")
R = TypeVar("R")

#: What a beat's runs have in the place of a group's name; no group may be called so.
BEAT = "beat"


def run_version(rhythm: str, group: str) -> str:
    """Given a rhythm's name and a group's (or BEAT), return the version that all its runs have."""
    return f"{rhythm}/{group}"


def run_versions(settings: Settings, groups: Iterable[str]) -> list[str]:
    """Return the versions of the runs of these groups, in this rhythm."""
    return [run_version(settings.name, group) for group in groups]


def part_version(rhythm: str, group: str) -> str:
    """Return the version of a run of some of a group's steps, which does not count as one of the group."""
    return f"{run_version(rhythm, group)}/part"


def all_versions(settings: Settings) -> list[str]:
    """Return the versions of all runs that this rhythm makes: beats, groups, and parts of groups."""
    parts = [part_version(settings.name, group) for group in settings.groups]
    return [*run_versions(settings, [BEAT, *settings.groups]), *parts]


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
