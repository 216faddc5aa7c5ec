"""One group as rhythm.toml writes it: `[groups.NAME]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.clock_time import ClockTime
from tasks.settings.duration import Duration
from tasks.settings.env import REFERENCES, Env
from tasks.settings.steps import StepSettings
from tasks.settings.table import Table
from tasks.settings.user_path import UserPath

#: How much of the processor a group's scripts may have of what others want as well.
Priority = Literal["critical", "normal", "low"]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
LaneName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=30)]

#: The lane whose groups a beat runs itself.
MAIN = "main"

#: What no group may be called, as Rhythm has it on Prefect's server itself: the flow and deployment of the
#: beat, its artifact, and those of built-in steps. And what rhythm_entry.py has, where Prefect finds a group.
RESERVED = ("rhythm", "beat", "dashboard", "daily_briefing", "command")


class GroupSettings(Table):
    """One group: how often or when it runs, after what, and its steps. It has either `every` or `at`."""

    every: Duration | None = Field(
        default=None,
        description="How often. Slots of this length are aligned to the wall clock.",
        examples=["90s", "10m", "2h", "1d"],
    )
    at: ClockTime | None = Field(
        default=None, description="When, once a day, in `timezone`.", examples=["03:00"]
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
        "the order of groups.",
    )

    @model_validator(mode="after")
    def _one_cadence(self) -> GroupSettings:
        if (self.every is None) == (self.at is None):
            raise PydanticCustomError(
                "cadence",
                "needs exactly one of `every` and `at`",
                {"remedy": 'Write every = "10m", or at = "03:00".'},
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
