"""One group as rhythm.toml writes it: `[groups.NAME]`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.clock_time import ClockTime
from tasks.duration import Duration
from tasks.step_settings import StepSettings
from tasks.table import Table

#: How much of the processor a group's scripts may have of what others want as well.
Priority = Literal["critical", "normal", "low"]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class GroupSettings(Table):
    """One group: how often or when, after what, and its steps in order."""

    every: Duration | None = None
    at: ClockTime | None = None
    after: tuple[GroupName, ...] = ()
    steps: tuple[StepSettings, ...] = Field(min_length=1)
    enabled: bool = True
    attempts: int = Field(default=3, ge=1, le=100)
    on_failure: Literal["continue", "stop"] = "continue"
    priority: Priority = "normal"

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
