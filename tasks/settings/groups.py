"""One group as rhythm.toml writes it: `[groups.NAME]`."""

from __future__ import annotations

from datetime import time, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.calendar import combinations
from tasks.settings.calendar.calendar import Calendar
from tasks.settings.calendar.cron import CronField
from tasks.settings.calendar.days import DaysField
from tasks.settings.calendar.exceptions import ExemptField
from tasks.settings.calendar.fields import AtField, CatchUpField, FromField
from tasks.settings.calendar.hours import HoursField
from tasks.settings.calendar.period import PeriodField
from tasks.settings.calendar.phrase import phrase
from tasks.settings.duration import Duration
from tasks.settings.env import REFERENCES, Env
from tasks.settings.steps import StepSettings
from tasks.settings.table import Table
from tasks.settings.timezone import ZoneName
from tasks.settings.user_path import UserPath

#: How much of the processor a group's scripts may have of what others want as well.
Priority = Literal["critical", "normal", "low"]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
LaneName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)]

#: The lane whose groups a beat runs itself.
MAIN = "main"

#: How late a run may begin that nobody has missed: the beat before it may have run other groups.
ON_TIME = timedelta(minutes=15)

#: What no group may be called, as Rhythm has it on Prefect's server itself: the flow and deployment of the
#: beat, its artifact, and those of built-in steps. And what rhythm_entry.py has, where Prefect finds a group.
RESERVED = ("rhythm", "beat", "dashboard", "daily_briefing", "command")


class GroupSettings(Table):
    """One group: how often or when it runs, after what, and its steps. One of `every`, `at` and `cron`."""

    every: PeriodField | None = Field(
        default=None,
        description="How often. Slots of this length are aligned to the wall clock: those of a week begin on "
        "Monday, those of months on the 1st, unless `from` says otherwise.",
        examples=["90s", "10m", "2h", "1d", "1w", "1 month", "1 year"],
    )
    at: AtField | None = Field(
        default=None,
        description="When, at one time of day or several, in `timezone`: every day, or on `days`.",
        examples=["03:00", ["09:00", "18:00"]],
    )
    cron: CronField | None = Field(
        default=None,
        description="When, by cron's five fields: minute, hour, day of the month, month, day of the week. If "
        "both of those for days are restricted, a day that either matches will do, as cron has it.",
        examples=["0 7 * * 1-5"],
    )
    days: DaysField | None = Field(
        default=None,
        description="On which days only, for `at` and `every`: weekdays, days of the month, or both.",
        examples=["weekdays", ["mon", "thu"], [1, 15, "last"], ["first sun", "last fri"]],
    )
    between: HoursField | None = Field(
        default=None,
        description="Within which hours only, for an `every` of up to a day: it counts from the first of "
        "these times each day, and nothing runs from the second on. If earlier, it is the next day's.",
        examples=[["08:00", "20:00"]],
    )
    exceptions: tuple[ExemptField, ...] = Field(
        default=(),
        alias="except",
        description="Days on which it does not run: dates, or the public holidays of a country or a part "
        "of it (which needs the extra `holidays`).",
        examples=[["2026-12-24..2027-01-01", "holidays:DE-BY"]],
    )
    start: FromField | None = Field(
        default=None,
        alias="from",
        description="When `every` is counted from: one slot begins then, and it does not run before. Whole "
        "days, weeks and months then keep that time of day through clock changes.",
        examples=["2026-11-30T07:00"],
    )
    timezone: ZoneName | None = Field(
        default=None, description="Its own time zone. Default: that of the rhythm.", examples=["Asia/Seoul"]
    )
    catch_up: CatchUpField = Field(
        default=True,
        description="Whether a run is made up that was missed (the machine was off, say): `true`, `false`, "
        "or how late it may still be. `false` leaves it a quarter of an hour: beats are not on the second.",
        examples=[False, "4h"],
    )
    first_run: Literal["now", "scheduled"] | None = Field(
        default=None,
        description="When a new group runs for the first time: `now`, in the next beat, or when it is "
        "`scheduled`. Default: `now` for an `every` of up to a day, else `scheduled`.",
    )
    after: tuple[GroupName, ...] = Field(
        default=(),
        description="Groups that must have completed in their own latest slot first.",
        examples=[["health_check"]],
    )
    lane: LaneName = Field(
        default=MAIN,
        description="The queue that it runs in, one group at a time. Groups of another lane than `main` run "
        "beside the beat, and only those that come after one wait for it: for long work. 8 lanes at most.",
        examples=["long"],
    )
    steps: tuple[StepSettings, ...] = Field(
        min_length=1,
        description="What runs, in this order: built-in steps and scripts.",
        examples=[["check_health --fast", "backup.ps1 -Target D:"]],
    )
    env: Env = Field(
        default={},
        description="Variables for its scripts, which win over those at the top level." + REFERENCES,
        examples=[{"LANG": "ko_KR"}],
    )
    env_file: UserPath | None = Field(
        default=None,
        description="A file of variables, relative to the folder of rhythm.toml; `env` wins over it.",
        examples=["nightly.env"],
    )
    enabled: bool = Field(
        default=True, description="`false` pauses the group. Groups that come after it do not wait for it."
    )
    attempts: int = Field(
        default=3,
        ge=1,
        le=100,
        description="How often a failing group is run within one slot, each time at a later beat.",
    )
    on_failure: Literal["continue", "stop"] = Field(
        default="continue",
        description="After a failed step, `continue` with the others or `stop`. The group fails either way.",
    )
    priority: Priority = Field(
        default="normal",
        description="The CPU that its scripts get while other programs want it too. Windows: the priority "
        "class above normal, normal, or below normal. Elsewhere: `low` is niceness 10. It does not change "
        "the order of groups. A group of `low` priority waits for a quieter beat: see `[pacing]`.",
    )
    wait_at_most: Duration | None = Field(
        default=None,
        description="How long a run may wait for a quieter beat: a group that has it waits, whatever its "
        "priority; a `critical` one never does. Default of one of `low` priority: half its slot, but 3h at "
        "most of a slot of a day or more.",
        examples=["60m"],
    )

    @cached_property
    def calendar(self) -> Calendar:
        """When it comes due, by all of these keys. It remembers the slot that it was last asked for."""
        return Calendar(
            self.every, self.times, self.cron, self.days, self.between, self.exceptions, self.start
        )

    @property
    def times(self) -> tuple[time, ...]:
        """The times of day of `at`, in order."""
        return (self.at,) if isinstance(self.at, time) else self.at or ()

    @property
    def zone(self) -> ZoneInfo | None:
        """Its own time zone, if it has one."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def when(self) -> str:
        """When it comes due, for people: "weekdays at 09:00 (Asia/Seoul)"."""
        return phrase(self.calendar, self.timezone)

    @property
    def latest(self) -> timedelta | None:
        """How long after its time it may still begin; None if that does not matter."""
        if isinstance(self.catch_up, bool):
            return None if self.catch_up else ON_TIME
        return self.catch_up

    @property
    def is_paced(self) -> bool:
        """Whether it waits for a quieter beat, within its slot."""
        return self.priority == "low" or self.wait_at_most is not None

    @property
    def begins_at_once(self) -> bool:
        """Whether a new one runs in the next beat, and does not wait for its first time."""
        if self.first_run:
            return self.first_run == "now"
        return isinstance(self.every, timedelta) and self.every <= timedelta(days=1)

    @model_validator(mode="after")
    def _one_calendar(self) -> GroupSettings:
        if fault := combinations.fault(self.calendar):
            raise PydanticCustomError(
                "calendar",
                fault.problem,
                {"remedy": fault.remedy, **({"key": fault.key} if fault.key else {})},
            )
        return self

    @model_validator(mode="after")
    def _critical_never_waits(self) -> GroupSettings:
        if self.priority == "critical" and self.wait_at_most is not None:
            raise PydanticCustomError(
                "wait_at_most",
                "is of a critical group, which never waits",
                {"key": "wait_at_most", "remedy": "Take it out, or take another priority."},
            )
        return self

    @model_validator(mode="after")
    def _distinct_steps(self) -> GroupSettings:
        names = [step.name for step in self.steps]
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise PydanticCustomError(
                "steps",
                "has two steps named '{name}'",
                {
                    "name": name,
                    "key": "steps",
                    "remedy": 'Give one of them another name: { run = "…", name = "…" }.',
                },
            )
        return self
