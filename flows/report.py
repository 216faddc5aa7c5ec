"""What a beat did: for every group, what was decided, why, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flows.decisions.choice import DUE, Choice, Decision
from flows.decisions.timestamps import iso
from tasks.outcome import Outcome, StepResult, labelled

BeatOutcome = Literal["completed", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One group in a beat. All but the choice is of its run, if it ran; `run_id` is Prefect's."""

    choice: Choice
    started: datetime | None = None
    seconds: float | None = None
    steps: tuple[StepResult, ...] = ()
    run_id: str | None = None
    fault: str = ""
    """Which steps failed or warn, and why."""

    @property
    def label(self) -> str:
        """How it ended, as tables have it; empty if it did not run."""
        outcome = self.choice.outcome
        return labelled(outcome, outcome is Outcome.COMPLETED and bool(self.fault)) if outcome else ""

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """The group as `rhythm beat --json` prints it."""
        return {
            "name": self.choice.group,
            "lane": self.choice.lane,
            "decision": self.choice.decision.value,
            "reason": self.choice.reason,
            "outcome": self.choice.outcome.value if self.choice.outcome else None,
            "fault": self.fault or None,
            "seconds": _rounded(self.seconds),
            "next_due": iso(self.choice.next_due, zone),
            "steps": [step.to_json() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class LaneFailure:
    """A run of a group in another lane that has failed, crashed or was cancelled; `ended` is when."""

    group: str
    lane: str
    outcome: Outcome
    ended: datetime

    def sentence(self, zone: ZoneInfo) -> str:
        """It, for people: "backup: failed at 12:03 in the lane long"."""
        how = self.outcome.value.replace("_", " ")
        return f"{self.group}: {how} at {self.ended.astimezone(zone):%H:%M} in the lane {self.lane}"

    def to_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """It, as `rhythm beat --json` prints it."""
        return {
            "group": self.group,
            "lane": self.lane,
            "outcome": self.outcome.value,
            "ended": iso(self.ended, zone),
        }


@dataclass(frozen=True, slots=True)
class BeatReport:
    """One beat: its groups in dependency order, and which of them were forced.

    `lane_failures` is what has failed in other lanes since the beat before.
    """

    at: datetime
    seconds: float
    groups: tuple[GroupReport, ...]
    flow_run_id: str | None
    zone: ZoneInfo
    forced: tuple[str, ...] = ()
    lane_failures: tuple[LaneFailure, ...] = ()

    @property
    def outcome(self) -> BeatOutcome:
        """`degraded` when a group failed, waits because one failed, or was forced and did not run.

        A group in another lane may have failed since the beat before.
        """
        troubled = any(
            group.choice.failing
            for group in self.groups
            if group.choice.decision in (Decision.RUN, Decision.WAITS)
        )
        return "degraded" if troubled or self.not_forced or self.lane_failures else "completed"

    @property
    def is_idle(self) -> bool:
        """Whether no group was due: none ran, and none is due and could not."""
        return not any(group.choice.decision in DUE for group in self.groups)

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
        said = [failure.sentence(self.zone) for failure in self.lane_failures]
        for group in self.groups:
            match group.choice:
                case Choice(outcome=Outcome()):
                    said.append(f"{group.choice.group} {group.label}")
                case Choice(is_started=True, lane=lane):
                    said.append(f"{group.choice.group} runs in the lane {lane}")
                case Choice(decision=Decision.RUN):
                    said.append(f"{group.choice.group} would run")
                case Choice(decision=Decision.WAITS | Decision.DEFERRED | Decision.BUSY as decision):
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
            row["outcome"] = group.label or None
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
                "lane_failures": [failure.to_json(self.zone) for failure in self.lane_failures],
            },
            "groups": [group.to_json(self.zone) for group in self.groups],
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
