"""What was registered with the old scheduler, whichever that was: jobs, their triggers, and what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from tasks.problem import Problem

MINUTES_A_DAY = 1440.0

_LOOK = "Look it up, and correct its step in rhythm.toml."
_WRITE = "Put it into a script below scripts_dir, and add that as a step."


class Kind(StrEnum):
    """What sets a job off."""

    INTERVAL = "interval"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    LOGON = "logon"
    STARTUP = "startup"
    ONCE = "once"
    EVENT = "event"
    SESSION = "session"
    CRON = "cron"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a job is set off.

    `every_minutes` is set for intervals, and for days that are not each day (2880: every other
    day). `at` is a time of day, "HH:MM"; of ONCE the whole date and time, "YYYY-MM-DDTHH:MM". `days` are
    "mon" to "sun" for WEEKLY, and for MONTHLY numbers, "last" or "first mon". `delay_minutes` is
    how long the scheduler waits, or may wait at random, once the trigger has come. `cron` is the
    five fields of a crontab's line. A CRON trigger is one that only these five fields can express.
    """

    kind: Kind
    every_minutes: float | None = None
    at: str | None = None
    days: tuple[str | int, ...] = ()
    delay_minutes: float | None = None
    cron: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The trigger as `--json` prints it."""
        return {
            "kind": str(self.kind),
            "every_minutes": _whole(self.every_minutes),
            "at": self.at,
            "days": list(self.days),
            "delay_minutes": _whole(self.delay_minutes),
            "cron": self.cron,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What a job does under Rhythm otherwise than before, and what can be done about it."""

    what: str
    remedy: str

    def to_json(self) -> dict[str, str]:
        """The difference as `--json` prints it."""
        return {"what": self.what, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class Switch:
    """The commands that take the old registration out of service, and that bring it back."""

    off: str
    on: str


@dataclass(frozen=True, slots=True)
class Job:
    """One registration. Paths are written as the old scheduler's machine writes them.

    `command` is the program as registered; `script` the whole path of what it runs, None where no
    script can be determined; `args` what that is given. `through` are the words before the script where
    more is needed than its suffix shows, as `[C:\\node\\node.exe]`; `python` is the interpreter of a
    .py that was asked for by its path. `retries` are tried `retry_minutes` apart. `doubts` list, one
    by one, what cannot be known without running the registration; with none, the job is certain.
    `text` is what is known of the job besides its names: its description, for example.
    """

    source: str
    name: str
    command: str
    script: str | None = None
    args: tuple[str, ...] = ()
    cwd: str | None = None
    through: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    enabled: bool = True
    time_limit_minutes: float | None = None
    retries: int = 0
    retry_minutes: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None
    differences: tuple[Difference, ...] = ()
    doubts: tuple[str, ...] = ()
    switch: Switch | None = None
    text: str = ""
    group: str | None = None

    @property
    def certain(self) -> bool:
        """Whether all of it is known."""
        return not self.doubts

    @property
    def unknowns(self) -> tuple[Difference, ...]:
        """The doubts, with what can be done about them."""
        remedy = _LOOK if self.script or self.through else _WRITE
        return tuple(Difference(doubt, remedy) for doubt in self.doubts)

    def with_differences(self, *differences: Difference) -> Job:
        """Return the job with these differences as well."""
        return replace(
            self,
            differences=(
                *self.differences,
                *(difference for difference in differences if difference not in self.differences),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """The job as `--json` prints it."""
        return {
            "source": self.source,
            "name": self.name,
            "enabled": self.enabled,
            "triggers": [trigger.to_json() for trigger in self.triggers],
            "command": self.command,
            "script": self.script,
            "args": list(self.args),
            "cwd": self.cwd,
            "time_limit_minutes": _whole(self.time_limit_minutes),
            "group": self.group,
            "certain": self.certain,
            "losses": [difference.to_json() for difference in (*self.differences, *self.unknowns)],
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from: what to call it, and its folder, if it is a file."""

    name: str
    folder: PurePath | None = None

    def line(self, number: int) -> str:
        """Return what to call the line `number`, counted from 1."""
        return f"{self.name}:{number}"


@dataclass(slots=True)
class Found:
    """What a source holds."""

    jobs: list[Job] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _whole(minutes: float | None) -> float | int | None:
    return int(minutes) if minutes is not None and minutes == int(minutes) else minutes
