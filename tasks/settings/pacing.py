"""`[pacing]`: when a group waits for a quieter beat."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.byte_size import ByteSize
from tasks.settings.duration import Duration
from tasks.settings.table import Table


class PacingSettings(Table):
    """When a group waits for a quieter beat: one of low priority, or one that has `wait_at_most`.

    70 and 60 per cent, and 280 seconds, come from a replay of the load of 178 machines over four weeks.
    """

    busy_above: float = Field(
        default=70,
        ge=0,
        le=100,
        description="From which use of the CPU by others on a group is deferred, in per cent, measured for "
        "some seconds as a beat begins. 0: never for the sake of the CPU.",
    )
    free_below: float = Field(
        default=60,
        ge=0,
        le=100,
        description="Below which use of the CPU by others it runs again, in per cent; `busy_above`, if that "
        "is lower.",
    )
    beat_at_most: Duration = Field(
        default=timedelta(seconds=280),
        description="How long a beat may take: what would make it longer waits for the next one.",
    )
    memory_below: ByteSize = Field(
        default="500MiB",
        validate_default=True,
        description="Below how much available memory a group is deferred.",
    )

    @property
    def free(self) -> float:
        """Below which use of the CPU it runs again: never above `busy_above`."""
        return min(self.free_below, self.busy_above)

    @model_validator(mode="after")
    def _free_is_below_busy(self) -> PacingSettings:
        if "free_below" in self.model_fields_set and self.free_below > self.busy_above > 0:
            raise PydanticCustomError(
                "free_below",
                "is above busy_above, {busy}",
                {"busy": f"{self.busy_above:g}", "key": "free_below", "remedy": "Take a lower one."},
            )
        return self
