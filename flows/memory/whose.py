"""Whose a run is: which rhythm has made it, and for which of its groups.

A flow's name says nothing of that: a user's script may be a flow of the same name, and another rhythm on the
same server has flows of the same names. So it stands on the run itself, as the version of its flow: the one
text of Prefect's that a run has from its start on, and that both SQLite and PostgreSQL have an
index of.
"""

from __future__ import annotations

from collections.abc import Iterable

from tasks.settings.rhythm_toml import Settings

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
