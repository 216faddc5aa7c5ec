"""One run of a group that a command asks for: what is wanted, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect import State

from deployments.cli import console
from flows.group import GroupOptions
from flows.memory.history import outcome_of
from tasks.outcome import WARNING, Outcome, StepResult, labelled


@dataclass(frozen=True, slots=True)
class Wanted:
    """A group, the options of its run, and the arguments that the step of `only` gets behind its own."""

    group: str
    options: GroupOptions
    arguments: Sequence[str] = ()

    @property
    def label(self) -> str:
        """As messages name it: "backup", or "backup/copy" if it does not count as one of the group."""
        only = self.options.only
        return f"{self.group}/{','.join(only)}" if self.options.is_part else self.group


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: by the worker, or in this process. `seconds` is None if it never began."""

    outcome: Outcome
    message: str
    seconds: float | None
    steps: Sequence[StepResult]
    flow_run_id: str | None
    by_worker: bool
    has_warning: bool = False

    @classmethod
    def of(
        cls,
        state: State[Any],
        seconds: float | None,
        steps: Sequence[StepResult],
        flow_run_id: str | None,
        *,
        by_worker: bool,
    ) -> Ended:
        """Return the end of a run, given its final state."""
        outcome = outcome_of(state) or Outcome.CRASHED
        has_warning = state.name == WARNING
        return cls(outcome, state.message or "", seconds, steps, flow_run_id, by_worker, has_warning)

    def to_json(self, wanted: Wanted) -> dict[str, Any]:
        """It, as `--json` prints it."""
        return {
            "group": wanted.group,
            "only": list(wanted.options.only),
            "counts": not wanted.options.is_part,
            "by": "worker" if self.by_worker else "command",
            "outcome": self.outcome.value,
            "warning": self.has_warning,
            "message": self.message,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "flow_run_id": self.flow_run_id,
            "steps": [step.to_json() for step in self.steps],
        }

    def show(self, wanted: Wanted) -> None:
        """Print it for people."""
        took = f" after {console.seconds(self.seconds)}" if self.seconds is not None else ""
        if self.has_warning:
            console.warning(f"{wanted.label} {labelled(self.outcome, True)}{took}: {self.message}")
        elif self.outcome is Outcome.COMPLETED:
            console.say(f"{wanted.label} completed{took}")
        else:
            outcome = self.outcome.value.replace("_", " ")
            console.error(f"{wanted.label} {outcome}{took}: {self.message}")
