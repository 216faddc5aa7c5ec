"""What a beat decides for a group: one of a few decisions, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.outcome import Outcome
from tasks.settings.groups import MAIN


class Decision(StrEnum):
    """What a beat decides for a group."""

    RUN = "run"
    NOT_DUE = "not_due"
    WAITS = "waits"
    DEFERRED = "deferred"
    PAUSED = "paused"
    BUSY = "busy"

    @property
    def label(self) -> str:
        """The decision as people read it: "not due"."""
        return self.value.replace("_", " ")


#: What is decided for a group that is due: it runs, or something is in its way.
DUE = (Decision.RUN, Decision.WAITS, Decision.DEFERRED, Decision.BUSY)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided for one group, and why.

    `next_due` is when it may run next, in UTC: None for one that is paused without an end. `failing` shows
    whether the reason lies in a failure, its own or one further up; `cause` is what a wait comes down to.
    `outcome` is how it ended, once it has run, and `seconds` how long that took; a group that was only
    started in another lane has neither.
    """

    group: str
    decision: Decision
    reason: str
    next_due: datetime | None
    failing: bool = False
    outcome: Outcome | None = None
    cause: str = ""
    lane: str = MAIN
    seconds: float | None = None

    @property
    def label(self) -> str:
        """The group as tables have it: with its lane, if that is not `main`."""
        return self.group if self.lane == MAIN else f"{self.group} ({self.lane})"

    @property
    def is_started(self) -> bool:
        """Whether the beat has started it in another lane, or would, and goes on without its outcome."""
        return self.decision is Decision.RUN and self.outcome is None and self.lane != MAIN
