"""How a step or a group ended: the words that the whole product uses for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The state that Prefect shows of what is completed, though not all is well.
WARNING = "Warning"


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


def labelled(outcome: Outcome, has_warning: bool) -> str:
    """Return an outcome as tables have it: "completed (warning)"."""
    return f"{outcome} (warning)" if has_warning else outcome.value


@dataclass(frozen=True, slots=True, repr=False)
class StepResult:
    """How one step ended.

    `exit_code` is None for a built-in, and for a script that never ran or was ended by us;
    `seconds` is wall time; `message` is for people: one line, and of a failed script its last lines below.
    With `has_warning`, it is completed, and its exit code says that not all is well.
    """

    name: str
    outcome: Outcome
    seconds: float
    message: str = ""
    exit_code: int | None = None
    has_warning: bool = False

    @property
    def label(self) -> str:
        """The outcome as tables have it."""
        return labelled(self.outcome, self.has_warning)

    @property
    def reason(self) -> str:
        """The one line that says why it ended so."""
        return self.message.split("\n", 1)[0]

    @property
    def fault(self) -> str:
        """The reason, if it is one to look at: of a failure, or a warning."""
        return self.reason if self.outcome.is_failure or self.has_warning else ""

    @property
    def did_nothing(self) -> bool:
        """Whether there was nothing to run; a script that skips itself by its exit code has run."""
        return self.outcome is Outcome.SKIPPED and self.exit_code is None

    @property
    def was_reached(self) -> bool:
        """Whether it was begun: a step after a failed one may not have been."""
        return self.seconds > 0

    def to_json(self) -> dict[str, str | float | int | None]:
        """The step as `--json` prints it."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 3),
            "message": self.message,
            "warning": self.has_warning,
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
