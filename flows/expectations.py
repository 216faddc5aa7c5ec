"""How long groups and steps are expected to take, by what this machine's store has of their past runs."""

from __future__ import annotations

from datetime import datetime

from tasks.builtin.analysis import outgrowing
from tasks.builtin.analysis.expected import LATEST_OF, Expected, expectations
from tasks.builtin.analysis.outgrowing import Outgrowing
from tasks.settings.rhythm_toml import Settings
from tasks.store import durations
from tasks.store.durations import BACK


def of_groups(settings: Settings, now: datetime) -> dict[str, Expected]:
    """Return what to expect of each group that has completed on this machine.

    Raises:
        StoreError: the store cannot be read.
    """
    return expectations(durations.of_groups(settings, now - BACK, LATEST_OF))


def of_steps(settings: Settings, now: datetime) -> dict[tuple[str, str], Expected]:
    """Return what to expect of each step (group, step) that has completed on this machine.

    Raises:
        StoreError: the store cannot be read.
    """
    return expectations(durations.of_steps(settings, now - BACK, LATEST_OF))


def outgrown(settings: Settings, now: datetime) -> list[Outgrowing]:
    """Return what will soon take longer than it may, or does by now, because it takes longer each day.

    Raises:
        StoreError: the store cannot be read.
    """
    groups = durations.of_groups(settings, now - BACK)
    return outgrowing.outgrowing(groups, durations.of_steps(settings, now - BACK), settings, now)
