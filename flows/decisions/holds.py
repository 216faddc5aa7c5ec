"""What a person has paused or left out, by `rhythm pause` and `rhythm skip`. Pure; kept by hold_variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flows.decisions.slots import Slot
from flows.decisions.timestamps import clock

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause until a time (in UTC), or until somebody resumes."""

    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.until is not None and self.until <= now

    def describe(self, now: datetime, zone: ZoneInfo) -> str:
        """Return until when it lasts and what ends it, as a clause."""
        if self.until is None:
            return "by `rhythm pause`, until `rhythm resume`"
        return f"by `rhythm pause`, until {clock(self.until, zone, now)}"


@dataclass(frozen=True, slots=True)
class Holds:
    """All pauses, and of each group the slot that is left out."""

    all: Pause | None = None
    groups: Mapping[str, Pause] = field(default_factory=dict)
    skips: Mapping[str, Slot] = field(default_factory=dict)

    def pause_of(self, group: str, now: datetime) -> Pause | None:
        """Return the pause that keeps a group from running: of several, the one that lasts longest."""
        found = [pause for pause in (self.all, self.groups.get(group)) if pause and not pause.is_over(now)]
        return max(found, key=lambda pause: pause.until or _FOR_EVER, default=None)

    def skip_of(self, group: str, now: datetime) -> Slot | None:
        """Return the slot of a group that is left out, if `now` lies in it."""
        slot = self.skips.get(group)
        return slot if slot and now in slot else None

    def keeps(self, group: str, now: datetime) -> bool:
        """Whether a group does not run now because of a person: then nothing waits for it."""
        return bool(self.pause_of(group, now) or self.skip_of(group, now))


#: Nobody has paused or left out anything.
NONE = Holds()
