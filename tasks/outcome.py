"""How a step or a group ended: the words that the whole product uses for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a step or group ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    CRASHED = "crashed"
    CANCELLED = "cancelled"

    @property
    def is_failure(self) -> bool:
        """Whether it counts against its group: anything but completed and skipped."""
        return self not in (Outcome.COMPLETED, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True, repr=False)
class StepResult:
    """How one step ended.

    `exit_code` is None for a built-in, and for a script that never ran or was ended by us;
    `seconds` is wall time; `message` is one line for people, or the last lines of a failed script.
    """

    name: str
    outcome: Outcome
    seconds: float
    message: str = ""
    exit_code: int | None = None

    @property
    def was_reached(self) -> bool:
        """Whether it had its turn: a step after a failed one may not have."""
        return self.seconds > 0

    def to_json(self) -> dict[str, str | float | int | None]:
        """The step as `--json` prints it."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "message": self.message,
        }

    def __repr__(self) -> str:
        # Prefect logs the state of a failed task with all that it holds; the message is in there once.
        return f"<{self.name} {self.outcome}>"


def unexpected(error: Exception) -> str:
    """Given an error that nothing handled, return it as a step's message: "ValueError: what it says"."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


class StepSkippedError(Exception):
    """A built-in step cannot do anything here, which is no fault; the message is meant for the user."""


class StepFailedError(Exception):
    """A built-in step found something wrong; the message is meant for the user."""
