"""Rhythms without Prefect: settings as plain values, and beats that remember what they ran."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from flows.decisions.cadence import after_run, run_order
from flows.decisions.choice import Choice, Decision
from flows.decisions.group_runs import Run
from flows.decisions.holds import NONE, Holds
from flows.decisions.situation import Situation
from tasks.outcome import Outcome
from tasks.settings.rhythm_toml import Settings

FIVE: dict[str, dict[str, Any]] = {
    "health_check": {"every": "10m"},
    "performance_analysis": {"every": "30m", "after": ["health_check"]},
    "system_maintenance": {"every": "60m", "after": ["performance_analysis"]},
    "daily_routine": {"at": "03:00", "after": ["system_maintenance"]},
    "event_analysis": {"every": "120m", "after": ["performance_analysis"]},
}
Ends = Callable[[str], Outcome]


def rhythm(zone: str = "UTC", groups: dict[str, dict[str, Any]] | None = None, **changed: Any) -> Settings:
    """The five groups, or `groups`, in a zone; a keyword adds keys to the group of its name."""
    tables = FIVE if groups is None else groups
    return Settings.model_validate(
        {
            "timezone": zone,
            "groups": {
                name: {"steps": ["check_health"], **table, **changed.get(name, {})}
                for name, table in tables.items()
            },
        }
    )


def failing(*names: str) -> Ends:
    return lambda name: Outcome.FAILED if name in names else Outcome.COMPLETED


ALL_WELL = failing()


class Simulation:
    """A rhythm that beats when it is asked to, and keeps every run of every group."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runs: dict[str, list[Run]] = {name: [] for name in settings.groups}

    def beat(
        self,
        now: datetime,
        ends: Ends = ALL_WELL,
        force: Collection[str] = (),
        held_by: str | None = None,
        holds: Holds = NONE,
    ) -> dict[str, Choice]:
        """Beat once as the rhythm's flow does: decide for one group after the other, and run it at once."""
        done: dict[str, Choice] = {}
        past = {group: list(runs) for group, runs in self.runs.items()}
        situation = Situation(self.settings, past, now, force=force, held_by=held_by, holds=holds)
        for choice in run_order(lambda: situation, earlier=done):
            if choice.decision is Decision.RUN:
                run = Run(now, now + timedelta(seconds=2), ends(choice.group))
                choice = after_run(choice, run, Situation(self.settings, past, now, holds=holds))
                self.runs[choice.group].append(run)
            done[choice.group] = choice
        return done

    def counts(self) -> dict[str, int]:
        return {name: len(runs) for name, runs in self.runs.items()}

    def completed(self, name: str) -> list[datetime]:
        return [run.started for run in self.runs[name] if run.outcome is Outcome.COMPLETED]


def every_five_minutes(start: datetime, end: datetime) -> list[datetime]:
    """The beats in [start, end)."""
    return [start + timedelta(minutes=5) * count for count in range(-((start - end) // timedelta(minutes=5)))]
