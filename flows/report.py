"""What a beat did: for every group, what was decided, why, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flows.cadence import Choice, Decision
from flows.timestamps import iso
from tasks.outcome import Outcome, StepResult

BeatOutcome = Literal["completed", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One group in a beat. All but the choice is of its run, if it ran; `run_id` is Prefect's."""

    choice: Choice
    started: datetime | None = None
    seconds: float | None = None
    steps: tuple[StepResult, ...] = ()
    run_id: str | None = None

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm beat --json` prints it."""
        return {
            "name": self.choice.group,
            "lane": self.choice.lane,
            "decision": self.choice.decision.value,
            "reason": self.choice.reason,
            "outcome": self.choice.outcome.value if self.choice.outcome else None,
            "seconds": _rounded(self.seconds),
            "next_due": iso(self.choice.next_due, zone),
            "steps": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class BeatReport:
    """One beat: its groups in dependency order, and which of them were forced."""

    at: datetime
    seconds: float
    groups: tuple[GroupReport, ...]
    flow_run_id: str | None
    zone: ZoneInfo
    forced: tuple[str, ...] = ()

    @property
    def outcome(self) -> BeatOutcome:
        """`degraded` when a group failed, waits because one failed, or was forced and did not run."""
        troubled = any(
            group.choice.failing
            for group in self.groups
            if group.choice.decision in (Decision.RUN, Decision.WAITS)
        )
        return "degraded" if troubled or self.not_forced else "completed"

    @property
    def not_forced(self) -> dict[str, str]:
        """The groups that were forced and did not run, each with the reason."""
        reached = {group.choice.group: group.choice for group in self.groups}
        return {
            name: f"{reached[name].decision.label}: {reached[name].reason}"
            if name in reached
            else "not reached"
            for name in self.forced
            if name not in reached or reached[name].decision is not Decision.RUN
        }

    @property
    def summary(self) -> str:
        """One line: which groups ran, failed and wait."""
        said = []
        for group in self.groups:
            match group.choice:
                case Choice(outcome=Outcome() as outcome):
                    said.append(f"{group.choice.group} {outcome.value}")
                case Choice(is_started=True, lane=lane):
                    said.append(f"{group.choice.group} runs in the lane {lane}")
                case Choice(decision=Decision.RUN):
                    said.append(f"{group.choice.group} would run")
                case Choice(decision=Decision.WAITS | Decision.BUSY as decision):
                    said.append(f"{group.choice.group} {decision.label}: {group.choice.reason}")
        is_paused = all(group.choice.decision is Decision.PAUSED for group in self.groups)
        return "; ".join(said) or (
            "all groups are paused" if self.groups and is_paused else "nothing was due"
        )

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a group, as the beat's artifact in Prefect's UI shows it."""
        rows = []
        for group in self.groups:
            row = group.to_json(self.zone)
            del row["steps"]
            row["decision"] = group.choice.decision.label
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
