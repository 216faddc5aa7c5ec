"""What a beat did: for every group, what was decided, why, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flows.cadence import Choice, Decision
from flows.moments import iso
from tasks.outcome import Outcome, StepResult

BeatOutcome = Literal["completed", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One group in a beat. `started`, `seconds` and `steps` are those of its run, if it ran."""

    choice: Choice
    started: datetime | None = None
    seconds: float | None = None
    steps: tuple[StepResult, ...] = ()

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm beat --json` prints it."""
        return {
            "name": self.choice.group,
            "decision": self.choice.decision.value,
            "reason": self.choice.reason,
            "outcome": self.choice.outcome.value if self.choice.outcome else None,
            "seconds": _rounded(self.seconds),
            "next_due": iso(self.choice.next_due, zone),
            "steps": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class BeatReport:
    """One beat: its groups in dependency order."""

    at: datetime
    seconds: float
    groups: tuple[GroupReport, ...]
    flow_run_id: str | None
    zone: ZoneInfo

    @property
    def outcome(self) -> BeatOutcome:
        """`degraded` when a group failed, or waits because one failed."""
        troubled = any(
            group.choice.failing
            for group in self.groups
            if group.choice.decision in (Decision.RUN, Decision.WAITS)
        )
        return "degraded" if troubled else "completed"

    @property
    def summary(self) -> str:
        """One line: which groups ran, failed and wait."""
        said = []
        for group in self.groups:
            match group.choice:
                case Choice(outcome=Outcome() as outcome):
                    said.append(f"{group.choice.group} {outcome.value}")
                case Choice(decision=Decision.RUN):
                    said.append(f"{group.choice.group} would run")
                case Choice(decision=Decision.WAITS | Decision.BUSY as decision):
                    said.append(f"{group.choice.group} {decision.value}: {group.choice.reason}")
        return "; ".join(said) or "nothing was due"

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a group, as the beat's artifact in Prefect's UI shows it."""
        rows = []
        for group in self.groups:
            row = group.to_json(self.zone)
            del row["steps"]
            rows.append({"group": row.pop("name"), **row})
        return rows

    def to_json(self) -> dict[str, Any]:
        """The beat as `rhythm beat --json` prints it."""
        return {
            "beat": {
                "at": iso(self.at, self.zone),
                "outcome": self.outcome,
                "seconds": _rounded(self.seconds),
                "flow_run_id": self.flow_run_id,
            },
            "groups": [group.to_json(self.zone) for group in self.groups],
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
